"""The units of the desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.district_world import AT, World

from zhizhi.directory.models import Unit
from zhizhi.web import board
from zhizhi.web.unit_filter import UnitFilter


def another(world: World, number: int, **columns: object) -> Unit:
    first = world.records["unit"]
    return Unit.objects.create(
        **{"code": f"u{number}", "name": f"U{number}", "kind": "river_patrol", "area": first.area,
           "lon": first.lon, "lat": first.lat, "position_at": AT, **columns}
    )  # fmt: skip


def test_an_operator_sees_the_units_of_the_town_and_a_member_the_own_one(world: World) -> None:
    mine = another(world, 1)

    everybody = board.board(world.here["operator"].scope(), now=AT)
    alone = board.board(world.here["unit_member"].scope(), now=AT)

    assert {line["unit"] for line in everybody["lines"]} == {world.records["unit"], mine}
    assert [line["unit"] for line in alone["lines"]] == [world.records["unit"]]


def test_whoever_is_busy_comes_first_and_the_counts_say_how_many(world: World) -> None:
    off, busy = another(world, 1, status="off_duty"), another(world, 2, status="on_scene")

    found = board.board(world.here["operator"].scope(), now=AT)

    assert [line["unit"] for line in found["lines"]] == [busy, world.records["unit"], off]
    assert [one["count"] for one in found["statuses"]] == [1, 0, 0, 1, 1]


@pytest.mark.parametrize(("minutes", "is_stale"), [(29, False), (30, False), (31, True)])
def test_a_position_is_uncertain_after_half_an_hour(
    minutes: int, is_stale: bool, world: World
) -> None:
    now = AT + timedelta(minutes=minutes)

    [line] = board.board(world.here["operator"].scope(), now=now)["lines"]

    assert line["is_stale"] is is_stale


def test_a_unit_shows_its_case_only_to_whoever_may_see_that(world: World) -> None:
    task = world.records["unit_task"]
    Unit.objects.update(task=task.pk, status="reserved")
    stranger = world.elsewhere["operator"]
    stranger.roles.update(unit=world.records["unit"])

    mine = board.board(world.here["operator"].scope(), now=AT)["lines"]
    theirs = board.board(stranger.scope(), now=AT)["lines"]

    assert [line["task"] for line in mine] == [task]
    assert [line["task"] for line in theirs if line["unit"] == world.records["unit"]] == [None]


def test_the_map_shows_who_is_on_duty(world: World) -> None:
    another(world, 1, status="off_duty")
    another(world, 2, status="en_route")

    points = board.board(world.here["operator"].scope(), now=AT)["points"]

    assert sorted(points["kind"]) == [board.FREE, board.BUSY]


def test_the_map_knows_what_each_unit_can_do(world: World) -> None:
    another(world, 1, capabilities=["foot"])
    another(world, 2, capabilities=["water", "dissuasion"])

    points = board.board(world.here["operator"].scope(), now=AT)["points"]

    able = [points["abilities"][at] for at in points["able"]]
    capable = dict(Unit.objects.values_list("pk", "capabilities"))
    assert able == [" ".join(sorted(capable[pk])) for pk in points["id"]]
    assert len(set(able)) == len(points["abilities"])


@pytest.mark.parametrize("units", [1, 70])
def test_the_number_of_queries_does_not_depend_on_the_number_of_units(
    units: int, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    scope = world.here["operator"].scope()
    Unit.objects.update(task=world.records["unit_task"].pk, status="reserved")
    for number in range(units):
        another(world, number)

    with django_assert_num_queries(3):
        found = board.board(scope, now=AT)

    assert found["is_cut"] is (units + 1 > board.SHOWN)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"Boat", "U1", "U2"}),
        ({"units": "nonsense", "unit_kind": "car"}, {"Boat", "U1", "U2"}),
        ({"units": "all"}, {"Boat", "U1", "U2"}),
        ({"units": "on_scene"}, {"U1"}),
        ({"units": "all", "unit_kind": "car"}, {"U2"}),
        ({"units": "all", "agency": "fishery-990101001000000"}, {"Boat"}),
        ({"units": "all", "area": "/990101000000000/990101002000000/"}, set()),
        ({"area": "/990101000000000/990101002000000/"}, {"Boat", "U1", "U2"}),
    ],
)
def test_the_address_of_the_desk_chooses_units(
    query: dict[str, str], names: set[str], world: World
) -> None:
    another(world, 1, status="on_scene")
    another(world, 2, kind="car")

    wanted = UnitFilter.of(query)
    found = board.board(world.here["operator"].scope(), now=AT, wanted=wanted)

    assert {line["unit"].name for line in found["lines"]} == names
    assert found["count"] == len(names)


@pytest.mark.parametrize(("minutes", "count"), [(29, 0), (30, 0), (31, 1)])
def test_units_with_an_uncertain_position_are_those_that_the_board_calls_so(
    minutes: int, count: int, world: World
) -> None:
    now, wanted = AT + timedelta(minutes=minutes), UnitFilter("uncertain")

    found = board.board(world.here["operator"].scope(), now=now, wanted=wanted)

    assert found["count"] == count
    assert all(line["is_stale"] for line in found["lines"])


def test_free_units_that_fit_what_waits_stand_before_the_others(world: World) -> None:
    boat = world.records["unit"]
    walker = Unit.objects.create(
        code="w", name="Walker", kind="grid_worker", area=boat.area, capabilities=["foot"],
        lon=boat.lon, lat=boat.lat, position_at=AT + timedelta(minutes=1),
    )  # fmt: skip

    def lines(*needs: frozenset[str]) -> list[Unit]:
        told = board.board(world.here["operator"].scope(), now=AT, needs=needs)
        return [line["unit"] for line in told["lines"]]

    assert lines() == [walker, boat]
    assert lines(frozenset({"water"})) == [boat, walker]
    assert lines(frozenset({"water"}), frozenset({"foot"})) == [walker, boat]
