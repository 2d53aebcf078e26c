"""What narrows a queue beside state, severity and words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.district_world import AT, World

from zhizhi.engine.models import Alert, Case, Clock
from zhizhi.web import queue
from zhizhi.web.queue import QueueFilter
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse

NOW = AT + timedelta(hours=6)
MIDNIGHT = datetime(2026, 2, 28, 16, tzinfo=UTC)  # of the first of March in Shanghai


def listed(world: World, *, now: datetime = NOW, **query: str) -> set[int]:
    scope, wanted = world.here["operator"].scope(), QueueFilter.of({"state": "all", **query})
    found = {one.pk for one in queue.cases_of(scope, wanted, now=now)}
    assert queue.count(scope, wanted, now=now) == len(found)
    return found


def clock(of: Case, **columns: Any) -> Clock:
    given = {"kind": "accept", "started_at": AT, "due_at": AT + timedelta(hours=1), **columns}
    return Clock.objects.create(case=of, **given)


@pytest.mark.parametrize(
    "query",
    [
        {"area": "/990101000000000/"},
        {"overdue": "1"},
        {"missed": "accept", "due": "2026-03-01"},
        {"opened": "2026-02-28T13..2026-03-01T12", "closed": "2026-03-01"},
        {"alerted": "2026-03-01"},
    ],
)
def test_an_address_survives_the_way_through_the_filter(query: dict[str, str]) -> None:
    address = QueueFilter.of(query).address()

    assert address == "?" + "&".join(f"{name}={word}" for name, word in sorted_words(query))


def sorted_words(query: dict[str, str]) -> list[tuple[str, str]]:
    order = ("area", "overdue", "missed", "due", "opened", "closed", "alerted")
    return sorted(query.items(), key=lambda one: order.index(one[0]))


@pytest.mark.parametrize(
    "query",
    [{"area": "here"}, {"area": "/a/%"}, {"overdue": "2"}, {"missed": "soon"}, {"opened": "x"}],
)
def test_an_unknown_word_narrows_nothing(query: dict[str, str]) -> None:
    assert QueueFilter.of(query) == QueueFilter()


def test_an_area_holds_the_cases_in_it_alone(world: World) -> None:
    here = world.records["case"]
    area, there = here.area_path, here.area_path.replace("1001", "1002")

    assert listed(world, area=area) == {here.pk}
    assert listed(world, area="/990101000000000/") == {here.pk}
    assert listed(world, area=there) == set()


@pytest.mark.parametrize(("second", "is_overdue"), [(-1, False), (0, False), (1, True)])
def test_overdue_is_what_is_past_its_limit_and_unmet(
    second: int, is_overdue: bool, world: World
) -> None:
    one = world.records["case"]
    clock(one)
    clock(one, kind="inspect", state="met", ended_at=AT)

    now = AT + timedelta(hours=1, seconds=second)

    assert listed(world, now=now, overdue="1") == ({one.pk} if is_overdue else set())


@pytest.mark.parametrize(
    ("columns", "is_missed"),
    [
        ({"state": "met", "ended_at": AT + timedelta(minutes=59)}, False),
        ({"state": "met", "ended_at": AT + timedelta(minutes=60)}, False),
        ({"state": "met", "ended_at": AT + timedelta(minutes=61)}, True),
        ({"state": "overdue"}, True),
        ({"state": "overdue", "ended_at": AT + timedelta(hours=2)}, True),
        ({"state": "running"}, True),
        ({"state": "running", "due_at": NOW}, False),
        ({"state": "cancelled", "ended_at": AT + timedelta(hours=2)}, False),
    ],
)
def test_a_limit_is_missed_when_it_was_not_kept(
    columns: dict[str, Any], is_missed: bool, world: World
) -> None:
    one = world.records["case"]
    clock(one, **columns)

    expected = {one.pk} if is_missed else set()
    assert listed(world, missed="accept") == expected
    assert listed(world, missed="any") == expected
    assert listed(world, missed="inspect") == set()


def test_a_missed_limit_counts_on_the_day_on_which_it_ended(world: World) -> None:
    one = world.records["case"]
    clock(one, state="overdue")

    assert listed(world, missed="accept", due="2026-03-01") == {one.pk}
    assert listed(world, missed="accept", due="2026-02-28") == set()


@pytest.mark.parametrize(("second", "days"), [(-1, "2026-02-28"), (0, "2026-03-01")])
@pytest.mark.parametrize("span", ["opened", "closed", "alerted"])
def test_a_case_belongs_to_the_day_on_which_it_was_opened_alerted_and_ended(
    span: str, second: int, days: str, world: World
) -> None:
    at = MIDNIGHT + timedelta(seconds=second)
    one = case(world, 1, opened_at=at, closed_at=at, state="closed")
    Alert.everything.update(case=one, raised_at=at)

    queries: list[dict[str, Any]] = [{span: day} for day in ("2026-02-28", "2026-03-01")]
    found = {query[span] for query in queries if one.pk in listed(world, **query)}

    assert found == {days}


def test_a_case_with_several_alerts_is_listed_once(world: World) -> None:
    first = Alert.everything.get()
    first.pk = "b" * 32
    first.save(force_insert=True)

    assert listed(world, alerted="2026-03-01") == {world.records["case"].pk}
    assert listed(world, alerted="2026-03-02") == set()


def test_the_desk_says_what_narrows_it_and_how_to_leave_that_out(
    world: World, browse: Browse
) -> None:
    area = world.records["case"].area_path
    query = f"?state=in_hand&area={area}&missed=any&due=2026-03-01&opened=2026-03-01T12"

    page = browse("operator").get(f"/desk/{query}")

    assert [part["label"] for part in page.context["wanted"].parts()] == [
        "In hand", "990101001000000", "Limit missed: any limit (03-01)", "Opened 03-01 12:00",
    ]  # fmt: skip
    assert f"?area={area}&amp;missed=any" in page.content.decode()
    assert '<input type="hidden" name="opened" value="2026-03-01T12">' in page.content.decode()
