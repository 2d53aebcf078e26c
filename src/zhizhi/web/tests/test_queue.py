"""The queue of the desk: who sees which cases, in which order, by how many queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries
from tests.district_world import AT, ROLES, World

from zhizhi.engine.models import Case, Clock
from zhizhi.trust.scoping import Scope
from zhizhi.web import queue
from zhizhi.web.queue import QueueFilter
from zhizhi.web.tests.building import case

EVERYTHING = QueueFilter(state="all")


def listed(scope: Scope, wanted: QueueFilter = EVERYTHING) -> list[int]:
    return [one.pk for one in queue.cases_of(scope, wanted, now=AT)]


@pytest.mark.parametrize("role", ROLES)
def test_a_queue_holds_what_its_reader_may_see(role: str, world: World) -> None:
    seen = Case.objects.visible_to(world.here[role].scope()).values_list("pk", flat=True)

    assert listed(world.here[role].scope()) == list(seen)
    assert listed(world.elsewhere[role].scope()) == []


def test_what_waits_for_a_unit_stands_first_then_the_worst_then_the_newest(world: World) -> None:
    scope, sent = world.here["operator"].scope(), world.records["case"]
    ended = case(world, 1, state="closed")
    old, new = case(world, 2), case(world, 3)
    urgent = case(world, 0, key="urgent", severity="urgent")
    handled = case(world, 4, state="handled")

    assert listed(scope) == [urgent.pk, new.pk, old.pk, handled.pk, sent.pk, ended.pk]


@pytest.mark.parametrize("wanted", queue.STATES)
def test_a_queue_of_one_state_holds_every_case_of_it_and_no_other(
    wanted: str, world: World
) -> None:
    made = {state: case(world, 1, key=state, state=state).pk for state in Case.State.values}
    here = world.here["operator"].scope()

    seen = {pk for pk in listed(here, QueueFilter(state=wanted)) if pk in made.values()}

    assert seen == {made[state] for state in queue.STATES[wanted]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"open", "handled", "dispatched"}),
        ({"state": "open"}, {"open"}),
        ({"state": "all"}, {"open", "handled", "dispatched", "closed"}),
        ({"state": "nonsense"}, {"open", "handled", "dispatched"}),
        ({"severity": "urgent"}, {"handled"}),
        ({"severity": "nonsense"}, {"open", "handled", "dispatched"}),
        ({"q": "Reach"}, {"open", "handled", "dispatched"}),
        ({"q": "nowhere"}, set()),
    ],
)
def test_the_address_of_the_page_is_the_filter(
    query: dict[str, str], found: set[str], world: World
) -> None:
    case(world, 1, state="open")
    case(world, 2, state="handled", severity="urgent")
    case(world, 3, state="closed")

    wanted = QueueFilter.of(query)

    cases = queue.cases_of(world.here["operator"].scope(), wanted, now=AT)
    assert {one.state for one in cases} == found


def test_a_case_is_found_by_the_number_that_people_say(world: World) -> None:
    one, _other = case(world, 1), case(world, 2)

    assert listed(world.here["operator"].scope(), QueueFilter(search=one.code)) == [one.pk]
    assert listed(world.here["operator"].scope(), QueueFilter(search="9" * 30)) == []


def test_a_filter_survives_the_way_through_its_address() -> None:
    wanted = QueueFilter("handled", "urgent", "白涛 & co")

    assert wanted.address() == "?state=handled&severity=urgent&q=%E7%99%BD%E6%B6%9B+%26+co"
    assert QueueFilter().address() == "?state=live"


@pytest.mark.parametrize(("left", "is_overdue"), [(-1, True), (0, False), (1, False)])
def test_a_case_is_overdue_after_its_limit_and_not_at_it(
    left: int, is_overdue: bool, world: World
) -> None:
    Clock.objects.create(
        case=world.records["case"], kind="accept", started_at=AT, due_at=AT + timedelta(hours=1)
    )

    now = AT + timedelta(hours=1, seconds=-left)
    page = queue.page(world.here["operator"].scope(), EVERYTHING, now=now)

    assert [row["is_overdue"] for group in page["groups"] for row in group["rows"]] == [is_overdue]


def test_a_long_queue_is_cut_and_says_how_much_there_is(world: World) -> None:
    for number in range(queue.WINDOW):
        case(world, number)

    page = queue.page(world.here["operator"].scope(), EVERYTHING, now=AT)

    assert sum(len(group["rows"]) for group in page["groups"]) == queue.WINDOW
    assert page["total"] == queue.WINDOW + 1
    assert page["is_cut"]


def test_a_row_names_zone_and_units_on_their_way(world: World) -> None:
    page = queue.page(world.here["operator"].scope(), EVERYTHING, now=AT)

    [row] = page["groups"][0]["rows"]
    assert (row["zone"], row["units"]) == ("Reach", ["Boat"])


@pytest.mark.parametrize("rows", [1, 30])
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    rows: int, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    scope: Any = world.here["operator"].scope()
    for number in range(rows):
        case(world, number)

    with django_assert_num_queries(5):
        queue.page(scope, EVERYTHING, now=AT)


def shown(world: World, **query: str) -> tuple[list[int], dict[str, Any]]:
    """Return the cases of a window of the queue and what the page says of it."""
    scope: Any = world.here["operator"].scope()
    page = queue.page(scope, EVERYTHING, queue.Window.of(query), now=AT)
    rows = [row["case"].pk for group in page["groups"] for row in group["rows"]]
    return rows, page["window"]


def test_windows_show_every_row_once(world: World) -> None:
    for number in range(249):
        case(world, number)

    windows = [shown(world, **{"from": str(first)}) for first in (0, 100, 200)]

    rows = [pk for found, _facts in windows for pk in found]
    assert (len(rows), len(set(rows))) == (250, 250)
    assert [facts["has_earlier"] for _rows, facts in windows] == [False, True, True]
    assert [facts["has_later"] for _rows, facts in windows] == [True, True, False]
    assert shown(world, **{"from": "0", "windows": "3"})[0] == rows
    assert shown(world, **{"from": "100"})[1] | {} == {
        "first": 100, "first_shown": 101, "last": 200, "left": 50, "earlier": 0, "later": 200,
        "has_earlier": True, "has_later": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "first"),
    [("99", 0), ("100", 100), ("101", 100), ("102", 100), ("9" * 17, 100), ("9" * 18, 0),
     ("-1", 0), ("x", 0)],
)  # fmt: skip
def test_a_window_behind_the_end_is_the_last_one(asked: str, first: int, world: World) -> None:
    for number in range(101):
        case(world, number)

    assert shown(world, **{"from": asked})[1]["first"] == first


@pytest.mark.parametrize(("asked", "windows"), [("0", 1), ("9", 9), ("10", 10), ("11", 10)])
def test_at_most_ten_windows_are_shown_at_once(asked: str, windows: int) -> None:
    assert queue.Window.of({"windows": asked}).windows == windows


def test_the_newest_case_of_a_filter_is_known_wherever_it_stands(world: World) -> None:
    scope: Any = world.here["operator"].scope()
    case(world, 1, severity="urgent")
    last = case(world, 2, severity="normal")

    assert queue.newest(scope, EVERYTHING, now=AT) == last.pk
    assert queue.newest(scope, queue.QueueFilter(search="nothing"), now=AT) is None


def test_a_row_says_why_no_unit_can_be_dropped_on_it(world: World) -> None:
    waiting = case(world, 1)
    handled = case(world, 2, state="handled")
    with override("en"):
        page = queue.page(world.here["operator"].scope(), EVERYTHING, now=AT)

    told = {row["case"]: row["refuses"] for group in page["groups"] for row in group["rows"]}

    assert told[waiting] == ""
    assert told[handled] == f"{handled.code}: Handled, to be inspected"
    assert told[world.records["case"]] == f"{world.records['case'].code}: Boat is on it already"
