"""A dry run tells new, gone and unchanged stays apart."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zhizhi.web.trial import compared, points

EIGHT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def stay(*, entity: int = 1, zone: str = "z", start: int = 0, length: int = 31) -> dict[str, Any]:
    started_at = EIGHT + timedelta(minutes=start)
    found_at = started_at + timedelta(minutes=length)
    return {"entity": entity, "zone": zone, "started_at": started_at, "found_at": found_at}


def changes(was: list[dict[str, Any]], will: list[dict[str, Any]]) -> list[str]:
    return [told["change"] for told in compared(was, will)]


def test_a_stay_that_only_the_draft_finds_is_new() -> None:
    assert changes([], [stay()]) == ["new"]


def test_a_stay_that_the_draft_no_longer_finds_is_gone() -> None:
    assert changes([stay()], []) == ["gone"]


@pytest.mark.parametrize(
    ("start", "expected"), [(30, ["same"]), (31, ["same"]), (32, ["new", "gone"])]
)
def test_a_stay_that_begins_later_is_the_same_while_the_two_overlap(
    start: int, expected: list[str]
) -> None:
    assert changes([stay()], [stay(start=start)]) == expected


def test_the_same_time_of_somebody_else_or_elsewhere_is_another_stay() -> None:
    assert changes([stay()], [stay(entity=2), stay(zone="y")]) == ["new", "new", "gone"]


def test_one_stay_is_not_the_same_as_two() -> None:
    assert changes([stay(length=60)], [stay(), stay(start=32, length=28)]) == ["same", "new"]


def test_the_map_leaves_out_a_stay_that_a_camera_counted_without_a_position() -> None:
    seen = {"change": "new", "lon": 107.0, "lat": 29.6, "is_placed": True}
    counted = {"change": "gone", "lon": math.nan, "lat": math.nan, "is_placed": False}

    drawn = points([seen, counted])

    assert drawn["found"] == {"id": [0], "lon": [107.0], "lat": [29.6], "kind": [1]}
    assert drawn["gone"] == {"id": [], "lon": [], "lat": [], "kind": []}
