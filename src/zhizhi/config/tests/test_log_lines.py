"""Log lines: codes and numbers come through, people do not."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from zhizhi.config.log_lines import SafeLines

PEOPLE = (
    "Wagtail", "Canary Wagtail", "wagtail", "韦小禾", "12012345678", "990001195001010015",
    "person:12012345678", "wei@12012345678", "Person:Wagtail",
)  # fmt: skip


def line(
    words: object, *values: object, logger: str = "zhizhi.engine", **more: Any
) -> dict[str, Any]:
    record = logging.LogRecord(logger, logging.WARNING, "/src/a.py", 7, words, values, None, "f")
    for name, value in more.items():
        setattr(record, name, value)
    return dict(json.loads(SafeLines().format(record)))


def test_a_line_is_one_object_with_moment_level_logger_and_place() -> None:
    told = line("%d envelopes were not stored", 3, created=1677225600.5)

    assert told == {
        "at": "2023-02-24T08:00:00.500000+00:00", "level": "WARNING", "logger": "zhizhi.engine",
        "message": "3 envelopes were not stored", "where": "a.py:7 f",
    }  # fmt: skip


@pytest.mark.parametrize(
    "value", ["fishery.loitering", "case:41", "account:12", 9_999_999_999, 2.5, True, None]
)
def test_codes_and_numbers_come_through(value: object) -> None:
    assert line("about %s", value)["message"] == f"about {value}"


@pytest.mark.parametrize("value", [*PEOPLE, 12012345678, ["Wagtail"], {"name": "Wagtail"}, b"Wag"])
def test_people_do_not(value: object) -> None:
    told = line("about %s", value)

    assert told["message"] in {"about (str)", "about (number)", f"about ({type(value).__name__})"}
    assert "agtail" not in json.dumps(told)


@pytest.mark.parametrize(("number", "told"), [(10**10 - 1, str(10**10 - 1)), (10**10, "(number)")])
def test_a_number_as_long_as_a_telephone_number_is_none(number: int, told: str) -> None:
    assert line("%s", number)["message"] == told
    assert line("%s", -number)["message"] == (f"-{told}" if told[0] != "(" else told)


@pytest.mark.parametrize(
    ("code", "told"), [("case:123456", "case:123456"), ("case:1234567", "(str)")]
)
def test_a_code_with_a_long_number_in_it_is_left_out(code: str, told: str) -> None:
    assert line("%s", code)["message"] == told


def test_of_an_error_its_type_and_place_are_told_and_not_its_text() -> None:
    try:
        raise ValueError("Key (phone)=(12012345678) exists")
    except ValueError as error:
        told = line("failed: %s", error, exc_info=sys.exc_info())

    assert (told["message"], told["error"]) == ("failed: ValueError", "ValueError")
    assert [frame.split(":")[0] for frame in told["trace"]] == ["test_log_lines.py"]
    assert "12012345678" not in json.dumps(told)


def test_a_value_that_no_longer_fits_leaves_the_words() -> None:
    assert line("%d of %s", "Wagtail", "x")["message"] == "%d of %s"


def test_words_of_others_without_values_are_left_out_because_values_may_be_in_them() -> None:
    assert line("Wagtail signed in", logger="axes")["message"] == ""
    assert line("AXES: version %s", "8.3.1", logger="axes")["message"] == "AXES: version (str)"
    assert line("a part failed")["message"] == "a part failed"


def test_something_that_is_no_text_is_left_out() -> None:
    assert line(ValueError("Wagtail"))["message"] == ""


def test_named_values_are_looked_at_as_well() -> None:
    assert line("%(who)s did %(what)s", {"who": "Wagtail", "what": "case:4"})["message"] == (
        "(str) did case:4"
    )


def test_moments_are_told() -> None:
    at = datetime(2023, 2, 24, 8, tzinfo=UTC)

    assert line("at %s", at)["message"] == "at 2023-02-24 08:00:00+00:00"
