"""The zones of a past moment: by when a version began, not by when somebody wrote it down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from zhizhi.engine import timing, zone_history, zoning
from zhizhi.engine.models import Zone

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
SQUARE = shapely.to_wkb(shapely.box(107.0, 29.7, 107.01, 29.71))
DRAFT = zoning.ZoneDraft("reach-1", "no_fishing", "now", SQUARE)
LATER = replace(DRAFT, name="later", based_on=1, valid_from=NOW + DAY)


def saved(*drafts: zoning.ZoneDraft, at: datetime = NOW) -> Zone:
    return zoning.save(drafts, by="account:1", now=at)[-1]


def names(at: datetime) -> list[str]:
    return [zone.name for zone in zone_history.in_force_at(at)]


@pytest.mark.parametrize(("after", "name"), [(-SECOND, []), (0 * SECOND, ["now"]), (DAY, ["now"])])
def test_a_version_is_in_force_from_when_it_was_saved(after: timedelta, name: list[str]) -> None:
    saved(DRAFT)

    assert names(NOW + after) == name


@pytest.mark.parametrize(
    ("after", "name"), [(DAY - SECOND, "now"), (DAY, "later"), (DAY + SECOND, "later")]
)
def test_a_planned_version_is_left_out_until_its_moment(after: timedelta, name: str) -> None:
    saved(DRAFT)
    saved(LATER, at=NOW + HOUR)
    timing.fire_due(NOW + DAY)

    assert names(NOW + after) == [name]
    assert zone_history.begun_until(NOW + after)["reach-1"].name == name


@pytest.mark.parametrize(("after", "known"), [(DAY - SECOND, 0), (DAY, 1)])
def test_a_zone_that_is_only_planned_is_not_there_yet(after: timedelta, known: int) -> None:
    saved(replace(LATER, based_on=0))

    assert len(names(NOW + after)) == known
    assert len(zone_history.begun_until(NOW + after)) == known


def another(_planned: Zone) -> None:
    saved(replace(DRAFT, name="another", based_on=2), at=NOW + 2 * HOUR)


def dropped(planned: Zone) -> None:
    zoning.retire(planned, by="account:1", now=NOW + 2 * HOUR)


@pytest.mark.parametrize(("act", "name"), [(another, "another"), (dropped, "now")])
def test_a_plan_that_was_given_up_never_begins(act: Callable[[Zone], None], name: str) -> None:
    saved(DRAFT)
    act(saved(LATER, at=NOW + HOUR))

    assert names(NOW + 2 * HOUR - SECOND) == ["now"]
    assert names(NOW + 2 * DAY) == [name]
    assert [zone.name for zone in zoning.current()] == [name]


@pytest.mark.parametrize(
    ("after", "name"), [(HOUR - SECOND, ["now"]), (HOUR, []), (HOUR + SECOND, []), (2 * DAY, [])]
)
def test_a_retired_zone_is_drawn_until_then_and_keeps_its_name(
    after: timedelta, name: list[str]
) -> None:
    current = saved(DRAFT)
    saved(LATER)
    zoning.retire(current, by="account:1", now=NOW + HOUR)

    assert names(NOW + after) == name
    assert zone_history.begun_until(NOW + after, but=("boundary",))["reach-1"].name == "now"


def test_a_zone_that_was_retired_may_be_drawn_again() -> None:
    zoning.retire(saved(DRAFT), by="account:1", now=NOW + HOUR)
    saved(replace(DRAFT, name="again"), at=NOW + 2 * HOUR)

    assert names(NOW + HOUR) == []
    assert names(NOW + 2 * HOUR) == ["again"]
