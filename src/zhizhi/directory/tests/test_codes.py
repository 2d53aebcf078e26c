"""Area codes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

from zhizhi.directory.codes import CodeInvalid, read_code


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("code", "kind", "parent"),
    [
        ("990101000000000", "district", ""),
        ("990101001000000", "town", "990101000000000"),
        ("990101001002000", "community", "990101001000000"),
        ("990101001002003", "grid_cell", "990101001002000"),
        ("990101001002003", "exclusive_area", "990101001002003"),
        ("990101001002003000000007", "building", "990101001002003"),
        ("9901010010020031", "road_section", "990101001002003"),
    ],
)
def test_a_code_names_its_level_and_the_level_above(code: str, kind: str, parent: str) -> None:
    read = read_code(f" {code} ", kind)

    assert (read.code, read.kind, read.parent) == (code, kind, parent)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("", "district", "other characters than digits"),
        ("99010100000000O", "district", "other characters than digits"),
        ("\uff1990101000000000", "district", "other characters than digits"),
        ("99010100000000", "district", "14 digits, not 15"),
        ("9901010000000000", "district", "16 digits, not 15"),
        ("990101001000000", "district", "less than a unit of kind District"),
        ("990101001002000", "town", "less than a unit of kind Town"),
        ("990101001002003", "community", "less than a unit of kind Community"),
        ("990101000000000", "town", "more than a unit of kind Town"),
        ("990101001000000", "community", "more than a unit of kind Community"),
        ("990101001002000", "grid_cell", "more than a unit of kind Grid cell"),
        ("000101000000000", "district", "no region"),
        ("99010100100200", "building", "14 digits, not 15 to 24"),
        ("9901010010020030000000071", "building", "25 digits, not 15 to 24"),
    ],
)
def test_a_wrong_code_says_why(code: str, kind: str, reason: str) -> None:
    with pytest.raises(CodeInvalid, match=reason):
        read_code(code, kind)
