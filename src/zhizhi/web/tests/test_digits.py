"""Reading numbers out of addresses and forms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zhizhi.web.digits import whole_number, whole_numbers

DIGITS = re.compile(r"\.is(decimal|digit|numeric)\(")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        ("9" * 16, 10**16 - 1),
        ("9" * 17, 10**17 - 1),
        ("9" * 18, None),
        ("", None),
        (" 7", None),
        ("-7", None),
        ("+7", None),
        ("7.0", None),
        ("1_000", None),
        ("\u0667", None),
        ("\uff17", None),
        ("\u00b2", None),
        ("seven", None),
    ],
)
def test_only_up_to_seventeen_plain_digits_are_a_number(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_of_several_texts_the_numbers_are_taken() -> None:
    assert whole_numbers(["3", "x", "", "12"]) == [3, 12]


def test_no_other_module_of_the_pages_reads_digits_by_itself() -> None:
    web = Path(__file__).resolve().parents[1]
    readers = {
        path.name
        for path in web.rglob("*.py")
        if path.parent.name != "tests" and DIGITS.search(path.read_text(encoding="utf-8"))
    }

    assert readers == {"digits.py"}
