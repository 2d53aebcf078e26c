"""The map as a drawing: what it shows, for whom, how exact, and how small it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree

import pytest
import shapely
from django.test import override_settings
from django.utils import translation
from tests.district_world import AT, LAT, LON, World, build

from zhizhi.directory.models import Area
from zhizhi.engine.models import Case, Severity, Zone
from zhizhi.trust.scoping import Scope
from zhizhi.web import contrast, places
from zhizhi.web.exporting.colours import THEMES
from zhizhi.web.exporting.drawing import MARK, WIDE, Viewport, _ground, case_map, district_map
from zhizhi.web.queue import QueueFilter
from zhizhi.web.tests.building import case

NOW = AT + timedelta(hours=1)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def world(db: None) -> World:
    return build()


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    _ground.cache_clear()  # rows of another test had the same numbers
    with override_settings(DATA=tmp_path), translation.override("zh-hans"):
        yield tmp_path


def drawn(scope: Scope, theme: str = "light", **wanted: str) -> ElementTree.Element:
    told = district_map(scope, QueueFilter.of(wanted), now=NOW, theme=theme)
    return ElementTree.fromstring(told)  # noqa: S314 - our own drawing


def words(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in root.iter() if one.tag in {f"{SVG}text", f"{SVG}desc"}]


def marks(root: ElementTree.Element) -> list[str]:
    [ground] = root.findall(f"{SVG}g")
    return [use.get("href", "") for use in ground.iter(f"{SVG}use")]


def cells(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [path for path in root.iter(f"{SVG}path") if path.get("stroke-width") == "1"]


def sides(ring: str) -> tuple[int, int]:
    """The left and the right end of one drawn ring."""
    steps = [int(number) for number in re.findall(r"[Ml](-?\d+) ", ring)]
    walked = list(accumulate(steps))
    return min(walked), max(walked)


def grid(world: World, number: int, lon: float) -> Area:
    town = world.records["area"]
    box = shapely.box(lon, LAT - 0.05, lon + 0.1, LAT + 0.05)
    west, south, east, north = box.bounds
    return Area.objects.create(
        kind="grid_cell", code=f"{number:015}", name=f"g{number}",
        path=f"{town.path}99{number}/{number:015}/", boundary=shapely.to_wkb(box), min_lon=west,
        min_lat=south, max_lon=east, max_lat=north, lon=lon + 0.05, lat=LAT, valid_from=AT,
    )  # fmt: skip


def test_a_place_is_where_it_is_within_one_unit() -> None:
    view = Viewport((107.0, 29.0, 108.0, 30.0), wide=1000)

    corners = view.place([(107.0, 30.0), (108.0, 29.0), (107.5, 29.5)]).tolist()

    assert corners[0] == [0, 0]
    assert corners[1] == [1000, view.high]
    assert corners[2] == [500, round(view.high / 2)]
    assert view.high == pytest.approx(1000 / 0.8704, abs=2)


def test_a_kilometre_is_as_long_as_on_the_ground() -> None:
    view = Viewport((107.0, 29.0, 108.0, 30.0), wide=1000)

    assert view.km(1) * 111.32 == pytest.approx(view.high, rel=0.01)


def test_the_map_shows_the_cases_of_the_viewers_town_alone(world: World) -> None:
    here, there = world.here["operator"].scope(), world.elsewhere["operator"].scope()

    assert marks(drawn(here)) == ["#important"]
    assert marks(drawn(there)) == []
    assert "990101001000000" in "".join(words(drawn(here)))
    assert "990101002000000" in "".join(words(drawn(there)))


def test_the_filter_of_the_desk_chooses_the_cases(world: World) -> None:
    case(world, 1, severity="urgent", lon=LON + 0.2)
    scope = world.here["operator"].scope()

    assert marks(drawn(scope, severity="urgent")) == ["#urgent"]
    assert marks(drawn(scope)) == ["#important", "#urgent"]


def test_of_many_cases_at_one_spot_the_worst_is_drawn(world: World) -> None:
    for number, severity in enumerate(["normal", "urgent", "normal"], 1):
        case(world, number, severity=severity)

    assert marks(drawn(world.here["operator"].scope())) == ["#urgent"]


@pytest.mark.parametrize(
    ("cases", "shade"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (6, 3), (7, 4)]
)
def test_a_cell_is_shaded_by_its_cases(cases: int, shade: int, world: World) -> None:
    cell = grid(world, 1, LON)
    for number in range(cases):
        case(world, number + 1, area_path=cell.path)

    root = drawn(world.here["operator"].scope())

    assert [path.get("fill") for path in cells(root)] == [THEMES["light"].shades[shade]]


def test_neighbours_meet_and_borders_are_whole_numbers(world: World) -> None:
    grid(world, 1, LON - 0.1), grid(world, 2, LON)

    root = drawn(world.here["operator"].scope())

    [path] = [one.get("d", "") for one in cells(root)]
    assert re.fullmatch(r"(M\d+ \d+(l-?\d+ -?\d+){3}z){2}", path)
    left, right = (sides(ring) for ring in path.split("z")[:2])
    assert left[1] == right[0]
    assert right[1] - right[0] == pytest.approx(WIDE * 0.1 / (0.8 * 1.04), abs=1)


def test_a_zone_in_season_is_hatched_and_one_out_of_season_dashed(world: World) -> None:
    scope = world.here["operator"].scope()

    def of_zone(root: ElementTree.Element) -> tuple[str | None, str | None]:
        colour = THEMES["light"].hatch
        [ground] = root.findall(f"{SVG}g")
        [path] = [one for one in ground.iter(f"{SVG}path") if one.get("stroke") == colour]
        return path.get("fill"), path.get("stroke-dasharray")

    assert of_zone(drawn(scope)) == ("url(#hatch)", None)
    Zone.objects.update(seasons=[["07-01", "07-31"]])
    assert of_zone(drawn(scope)) == ("none", "8 8")
    assert "Reach" in words(drawn(scope))


def test_waters_are_drawn_where_the_deployer_gave_them(world: World) -> None:
    scope = world.here["operator"].scope()
    colour = THEMES["light"].water

    assert colour not in {one.get("fill") for one in drawn(scope).iter()}
    places.draw_water(shapely.box(LON - 0.3, LAT, LON + 0.3, LAT + 0.1))
    assert colour in {one.get("fill") for one in drawn(scope).iter()}


def test_a_name_with_signs_of_markup_stays_a_name(world: World) -> None:
    Area.objects.filter(pk=world.records["area"].pk).update(name="<b>&镇")

    assert "<b>&镇" in words(drawn(world.here["operator"].scope()))


def test_head_scale_and_key_are_words(world: World) -> None:
    told = words(drawn(world.here["operator"].scope()))

    assert any(re.fullmatch(r"[\d.]+ .+", word) for word in told)  # the scale
    for severity in ("紧急", "重要", "一般"):
        assert severity in told


def test_a_case_is_drawn_with_its_surroundings_and_nothing_else(world: World) -> None:
    other = case(world, 1, lon=LON + 0.001)
    mine: Case = world.records["case"]

    root = ElementTree.fromstring(case_map(mine, now=NOW))  # noqa: S314 - our own drawing

    assert marks(root) == ["#important"]
    assert mine.code in words(root)
    assert other.code not in words(root)
    assert len(list(root.iter(f"{SVG}circle"))) == 1


def test_the_colours_are_those_of_the_pages() -> None:
    light, dark = THEMES["light"], THEMES["dark"]

    assert (light.ground, dark.ground) == tuple(
        contrast.themes()[name]["bg"] for name in ("light", "dark")
    )
    assert len({*light.shades, *dark.shades}) == 10
    assert list(light.severities) == Severity.values


def test_two_thousand_cells_stay_below_four_hundred_kilobytes(world: World) -> None:
    rows = [
        grid_row(world, number, LON - 0.35 + 0.7 * (number % 50) / 50, number // 50)
        for number in range(2000)
    ]
    Area.objects.bulk_create(rows)
    for number in range(200):
        case(world, number + 1, lon=LON + 0.003 * (number % 20), lat=LAT + 0.005 * (number // 20))

    told = district_map(world.here["operator"].scope(), QueueFilter(), now=NOW)

    assert told.count("z") > 1000
    assert 20_000 < len(told.encode()) < 400_000


def grid_row(world: World, number: int, lon: float, row: int) -> Area:
    """One of 2,000 cells with many small corners."""
    south, wide, high = LAT - 0.35 + 0.7 * row / 40, 0.7 / 50, 0.7 / 40
    ring = shapely.segmentize(shapely.box(lon, south, lon + wide, south + high), 0.0005)
    return Area(
        kind="grid_cell", code=f"{number:015}", name=f"g{number}",
        path=f"{world.records['area'].path}9/{number:015}/", boundary=shapely.to_wkb(ring),
        min_lon=lon, min_lat=south, max_lon=lon + wide, max_lat=south + high, lon=lon + wide / 2,
        lat=south + high / 2, valid_from=AT,
    )  # fmt: skip


def test_marks_are_large_enough_to_be_told_apart() -> None:
    assert MARK / 2 >= 12  # dots, where the drawing is shown at half its units
