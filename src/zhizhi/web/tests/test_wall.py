"""The wall: what it shows, for which area, and that each number is that of the desk's list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from tests.district_world import AT, World

from zhizhi.directory import walls
from zhizhi.directory.models import Area, Unit
from zhizhi.engine.models import Alert, Case, Clock, Task
from zhizhi.trust.scoping import Grant, Scope
from zhizhi.web import places
from zhizhi.web.charts import scale_top
from zhizhi.web.spans import Span
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse
from zhizhi.web.wall import admission, figures, scenes
from zhizhi.web.wall.crews import crews
from zhizhi.web.wall.drawing import chart
from zhizhi.web.wall.keeping import keeping
from zhizhi.web.wall.outline import outline
from zhizhi.web.wall.trend import minutes_between, per_part, trend

NOW = AT + timedelta(hours=6)
LINK = re.compile(r'<a\s+href="(/desk/[^"]*)"\s+class="n[^"]*"[^>]*>(\d+)</a>')
LINK_OF_TREND = re.compile(r'<a class="n" href="(/desk/[^"]*)"[^>]*>(\d+)</a>')
Open = Callable[..., Client]


@pytest.fixture
def screen(world: World) -> Iterator[Open]:
    """Open a wall of the town, or of another area."""
    admission.forget()

    def opened(area: Area | None = None) -> Client:
        shown = area or world.records["area"]
        _row, token = walls.issue("Wall", shown, expires_at=None, by="account:1", now=AT)
        client = Client(headers={"accept-language": "en"})
        client.get(f"/wall/?token={token}")
        return client

    yield opened
    admission.forget()


@pytest.fixture
def busy(world: World) -> World:
    """A town with something of everything."""
    first = world.records["case"]
    waiting = case(world, 1, state="open", severity="urgent")
    handling = case(world, 2, state="handling")
    case(world, 3, state="handled")
    closed = case(world, 4, state="closed", closed_at=NOW - timedelta(hours=1))
    case(world, 5, state="closed", closed_at=NOW - timedelta(days=2), opened_at=AT - 3 * DAY)
    case(world, 6, state="dismissed", closed_at=NOW)
    case(world, 7, state="open", area_path="/990101000000000/990101002000000/")
    for one, kind, state, ended in (
        (first, "accept", "overdue", None),
        (waiting, "acknowledge", "running", None),
        (handling, "accept", "met", AT + timedelta(minutes=50)),
        (closed, "handle", "met", AT + timedelta(minutes=61)),
        (closed, "accept", "overdue", AT + timedelta(hours=2)),
    ):
        Clock.objects.create(
            case=one, kind=kind, state=state, started_at=AT, due_at=AT + HOUR, ended_at=ended
        )
    Task.everything.update(arrived_at=AT + timedelta(minutes=12))
    Alert.everything.create(
        **{**Alert.everything.values().get(), "id": "b" * 32, "raised_at": AT + HOUR}
    )
    unit: Unit = world.records["unit"]
    for number, status in enumerate(Unit.Status.values):
        Unit.objects.create(
            code=f"w{number}", name=f"W{number}", kind="police_patrol", area=unit.area,
            status=status, lon=unit.lon, lat=unit.lat, position_at=NOW - number * HOUR / 4,
        )  # fmt: skip
    return world


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def numbers(page: str) -> list[tuple[str, int]]:
    found = [*LINK.findall(page), *LINK_OF_TREND.findall(page)]
    return [(unescape(href), int(count)) for href, count in found]


def scope_of(world: World) -> Scope:
    return Scope(None, (Grant("leader", world.records["area"].path),))


def test_every_number_of_a_wall_is_the_number_of_rows_that_its_link_lists(
    busy: World, screen: Open, browse: Browse
) -> None:
    with time_machine.travel(NOW, tick=False):
        shown = numbers(screen().get("/wall/").content.decode())
        desk = browse("operator")
        listed = []
        for href, _count in shown:
            page = desk.get(href).context
            is_units = "units=" in href
            listed.append((href, page["board"]["count"] if is_units else page["total"]))

    assert listed == shown
    assert len(shown) > 60
    assert len({count for _href, count in shown}) >= 4


def test_a_desk_that_sees_more_lists_what_the_wall_counts_and_no_more(
    busy: World, screen: Open, browse: Browse
) -> None:
    wide = busy.here["operator"].roles.get()
    wide.area = None
    wide.save()

    with time_machine.travel(NOW, tick=False):
        shown = numbers(screen().get("/wall/").content.decode())
        desk = browse("operator")
        listed = [
            (href, desk.get(href).context["total"]) for href, _ in shown if "units=" not in href
        ]

    assert listed == [one for one in shown if "units=" not in one[0]]


def test_the_big_numbers_are_those_of_the_area(busy: World) -> None:
    area = busy.records["area"]

    found = {one.name: one.count for one in figures.big(scope_of(busy), area, now=NOW)}

    assert found == {
        "open": 4, "waiting": 1, "overdue": 2, "in-hand": 2, "to-inspect": 1, "closed": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("second", "count"), [(-1, 0), (0, 1), (1, 1)])
def test_closed_today_begins_at_local_midnight(second: int, count: int, world: World) -> None:
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    case(world, 1, state="closed", closed_at=midnight + timedelta(seconds=second))

    found = figures.big(scope_of(world), world.records["area"], now=midnight + HOUR)

    assert found[-1].count == count


@pytest.mark.parametrize(("second", "count", "tone"), [(-1, 0, ""), (0, 0, ""), (1, 1, "urgent")])
def test_red_is_what_is_overdue_and_nothing_before(
    second: int, count: int, tone: str, world: World
) -> None:
    Clock.objects.create(case=world.records["case"], kind="accept", started_at=AT, due_at=AT + HOUR)

    now = AT + HOUR + timedelta(seconds=second)
    found = {f.name: f for f in figures.big(scope_of(world), world.records["area"], now=now)}

    assert (found["overdue"].count, found["overdue"].tone) == (count, tone)
    assert {figure.tone for name, figure in found.items() if name != "overdue"} == {""}


def test_a_wall_shows_nothing_of_another_town(busy: World, screen: Open) -> None:
    there = Area.objects.get(code="990101002000000")

    with time_machine.travel(NOW, tick=False):
        page = screen(there).get("/wall/").content.decode()
        now = screen(there).get("/wall/now").json()

    assert busy.records["case"].code not in page
    assert len(now["alerts"]["id"]) == 1
    assert dict(numbers(page))[f"/desk/?area={there.path}"] == 1


def test_a_wall_names_no_person_and_shows_no_text_of_a_case(busy: World, screen: Open) -> None:
    Task.everything.update(note="secret note")
    accounts = [str(one) for one in busy.here.values()]

    with time_machine.travel(NOW, tick=False):
        client = screen()
        texts = [client.get(path).content.decode() for path in ("/wall/", "/wall/now")]

    for text in texts:
        assert busy.records["case"].code in text
        assert [one for one in ("secret note", *accounts) if one in text] == []


def test_places_are_those_one_step_below_and_what_lies_in_none_has_no_list(world: World) -> None:
    district = Area.objects.create(
        kind="district", code="990101000000000", name="District", path="/990101000000000/",
        min_lon=107, min_lat=29, max_lon=109, max_lat=30, lon=108, lat=29.5, valid_from=AT,
    )  # fmt: skip
    case(world, 1, area_path=world.records["area"].path + "990101001001000/")
    case(world, 2, area_path=district.path)
    scope = Scope(None, (Grant("leader", district.path),))

    found = figures.places(scope, district, now=NOW)["rows"]

    assert [(one.label, one.count, bool(one.href)) for one in found] == [
        ("990101001000000", 2, True), ("District", 1, False),
    ]  # fmt: skip


def test_cases_of_one_place_and_one_moment_count_one_by_one(world: World) -> None:
    case(world, 1, opened_at=AT)
    case(world, 2, opened_at=AT)
    scope, area = scope_of(world), world.records["area"]

    shown = trend(scope, area, now=NOW)

    assert sum(bar.cases for bar in shown["charts"][1]["bars"]) == 3
    assert shown["waits"][0]["count"] == 3
    grid = Area.objects.create(
        kind="grid_cell", code="990101001001001", name="Grid", parent=area, valid_from=AT,
        path=area.path + "990101001001000/990101001001001/", boundary=area.boundary,
        min_lon=107, min_lat=29, max_lon=108, max_lat=30, lon=107.5, lat=29.5,
    )  # fmt: skip
    Case.everything.update(area_path=grid.path)
    assert places.counts(scope) == {grid.pk: 3}


@pytest.mark.parametrize(
    ("second", "counts"),
    [(-1, [0, 0]), (0, [1, 0]), (3599, [1, 0]), (3600, [0, 1]), (7200, [0, 0])],
)
def test_an_hour_begins_with_its_first_second(second: int, counts: list[int]) -> None:
    parts = Span("2026-03-01T12", "2026-03-01T13").parts()

    assert per_part([AT + timedelta(seconds=second)], parts) == counts


def test_medians_leave_out_what_has_not_happened() -> None:
    def minutes(*values: int | None) -> Any:
        return minutes_between((AT, None if n is None else AT + n * HOUR / 60) for n in values)

    assert minutes() == {"count": 0, "median": None}
    assert minutes(None, None) == {"count": 0, "median": None}
    assert minutes(4, None, 10) == {"count": 2, "median": 7}
    assert minutes(1, 2, 90) == {"count": 3, "median": 2}


def test_the_first_unit_sent_and_arrived_is_what_counts(world: World) -> None:
    one = world.records["case"]
    unit_task = world.records["unit_task"]
    Task.everything.filter(pk=unit_task.pk).update(
        state="cancelled", offered_at=AT + 4 * HOUR / 60, arrived_at=None
    )
    Task.everything.create(
        case=one, unit=world.records["unit"], kind="dissuade", offered_by="account:1",
        offered_at=AT + 9 * HOUR / 60, arrived_at=AT + 20 * HOUR / 60,
    )  # fmt: skip

    [day, _fortnight] = trend(scope_of(world), world.records["area"], now=NOW)["waits"]

    assert (day["sent"]["median"], day["there"]["median"]) == (4, 20)


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (2, 2), (3, 4), (4, 4), (5, 6), (7, 10), (11, 20), (61, 100)]
)
def test_a_scale_ends_at_an_even_round_number(most: int, top: int) -> None:
    assert scale_top(most) == top


def test_a_chart_begins_at_zero_and_its_highest_bar_reaches_its_share_of_the_scale() -> None:
    drawn = chart([0, 5, 10], [10, 0, 5])

    assert [(bar[1], bar[3]) for bar in drawn.bars] == [
        ("40.00", "0.00"), ("20.00", "20.00"), ("0.00", "40.00"),
    ]  # fmt: skip
    assert drawn.line == "50,0.00 150,40.00 250,20.00"
    assert drawn.grid == [("0.00", 10), ("20.00", 5), ("40.00", 0)]


def test_units_are_counted_by_state_kind_and_agency(busy: World) -> None:
    found = crews(scope_of(busy), busy.records["area"], now=NOW)

    assert [one.count for one in found["totals"]] == [6, 2, 1, 1, 1, 1, 3]
    rows = [(row["agency"], row["cells"][0].count) for row in found["rows"]]
    assert rows == [(None, 5), (busy.records["unit"].agency, 1)]
    assert [line["unit"].name for line in found["busy"]] == ["W3", "W2", "W1"]


def test_time_limits_are_shared_out_by_kind_and_place(busy: World) -> None:
    found = keeping(scope_of(busy), busy.records["area"], now=NOW)

    kinds = [(row.label, row.kept, row.total, row.late.count) for row in found["kinds"]]
    assert [row[1:] for row in kinds] == [(0, 1, 1), (1, 3, 2), (0, 1, 1)]
    [town] = found["places"]
    assert (town.share, town.total, town.late.count, town.overdue.count) == (20, 5, 3, 2)


@pytest.mark.parametrize(("day", "total"), [(0, 1), (13, 1), (14, 0), (-1, 0)])
def test_limits_of_the_last_fourteen_days_count(day: int, total: int, world: World) -> None:
    due = NOW - timedelta(days=day)
    Clock.objects.create(
        case=world.records["case"], kind="accept", state="met", started_at=AT, due_at=due,
        ended_at=due,
    )  # fmt: skip

    found = keeping(scope_of(world), world.records["area"], now=NOW)["kinds"]

    assert sum(row.total for row in found) == total


def test_the_five_that_wait_longest_are_named_by_number(world: World) -> None:
    for number in range(1, 8):
        case(world, number)
    case(world, -9, state="closed")

    found = keeping(scope_of(world), world.records["area"], now=NOW)["oldest"]

    first = world.records["case"]
    assert [one["case"].opened_at - first.opened_at for one in found] == [
        n * HOUR / 60 for n in range(5)
    ]
    assert found[0]["href"] == f"/desk/?case={first.pk}"


def test_scenes_with_nothing_to_show_say_so(world: World, screen: Open) -> None:
    there = Area.objects.get(code="990101002000000")
    Unit.objects.update(area=world.records["area"])

    page = screen(there).get("/wall/").content.decode()

    for said in (
        "No case is in work.", "No alert and no case in the last 14 days.",
        "No unit has its home in this area.", "No time limit has ended yet.",
    ):  # fmt: skip
        assert said in page


def test_a_page_without_script_has_every_scene_and_asks_again_in_a_minute(
    busy: World, screen: Open
) -> None:
    page = screen().get("/wall/").content.decode()

    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in page
    assert [name for name, _title in scenes.SCENES if f'id="scene-{name}"' not in page] == []
    assert "style=" not in page


def test_without_script_the_map_is_a_drawing_of_places_and_cases(world: World) -> None:
    area, one = world.records["area"], world.records["case"]
    points = {"lon": [one.lon, area.max_lon], "lat": [one.lat, area.max_lat], "kind": [1, 0]}

    drawn = outline(area, {area.path: 4}, points)

    [(path, shade)] = drawn["parts"]
    assert path.startswith("M1000 ")
    assert shade == 3
    marks = [(mark["kind"], mark["x"], mark["y"]) for mark in drawn["marks"]]
    assert marks == [
        ("important", "492", str(round(drawn["height"] / 2 - 8))),
        ("urgent", "992", "-8"),
    ]


@pytest.mark.parametrize(
    ("count", "shade"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (6, 3), (7, 4), (99, 4)]
)
def test_a_place_is_shaded_as_the_legend_says(count: int, shade: int, world: World) -> None:
    area = world.records["area"]

    drawn = outline(area, {area.path: count}, {"lon": [], "lat": [], "kind": []})

    assert drawn["parts"][0][1] == shade


def test_what_is_asked_for_again_has_the_parts_of_the_page_and_the_time(
    busy: World, screen: Open
) -> None:
    with time_machine.travel(NOW, tick=False):
        client = screen()
        page, answer = client.get("/wall/").content.decode(), client.get("/wall/now")

    assert [name for name in answer.json()["parts"] if f'id="{name}"' not in page] == []
    assert answer["X-Now"] == str(round(NOW.timestamp() * 1000))
    assert answer["Cache-Control"] == "no-store"


def test_the_number_of_queries_does_not_grow_with_the_cases(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        Clock.objects.create(
            case=case(world, number), kind="accept", started_at=AT, due_at=AT + HOUR
        )

    with django_assert_max_num_queries(45):
        scenes.snapshot(scope_of(world), world.records["area"], now=NOW)


def test_a_database_that_is_away_lets_a_wall_come_back_by_itself(
    world: World, screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError  # noqa: PLC0415 - beside its only use

    def away(*_arguments: object) -> None:
        raise OperationalError

    client = screen()
    monkeypatch.setattr(admission, "_look_up", away)

    answer = client.get("/wall/")

    assert (answer.status_code, answer["Refresh"]) == (503, "5")


def test_the_first_scene_stands_before_the_scripts_have_come(busy: World, screen: Open) -> None:
    """Else all scenes stand below one another for a moment: a layout shift of 0.9."""
    page = screen(busy.records["area"]).get("/wall/").content.decode()

    head, _body, rest = page.partition("<body")
    assert "web/build/early.js" in head
    assert rest.count("is-shown") == 1
    assert 'scene-map is-shown" id="scene-map"' in rest
