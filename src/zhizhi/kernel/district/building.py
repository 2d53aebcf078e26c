"""Putting the layers together and giving everything its code, name and address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from zhizhi.kernel.district import (
    cells,
    forces,
    hierarchy,
    naming,
    outline,
    places,
    river,
    roads,
    settlement,
    terrain,
)
from zhizhi.kernel.district.cells import Shapes
from zhizhi.kernel.district.model import (
    AreaRecord,
    Camera,
    District,
    Patrol,
    ReachRecord,
    School,
    Station,
)
from zhizhi.kernel.district.plane import Points, degrees_of, to_degrees
from zhizhi.kernel.district.randomness import layer

TOWNS, COMMUNITIES, GRIDS, BUILDINGS = 27, 420, 2_000, 6_000
SCHOOLS, STATIONS, CAMERAS = 120, 31, 800
DISTRICT_CODE = naming.COUNTY.ljust(15, "0")
_SCHOOL_KINDS = ("小学", "小学", "中学", "幼儿园", "中心校")


@dataclass(frozen=True, slots=True)
class _Layers:
    """Everything in plane metres, before it is named."""

    seed: int
    waters: river.Waters
    reaches: tuple[river.Reach, ...]
    levels: hierarchy.Hierarchy
    roads: roads.Roads
    campuses: places.Campuses
    exclusives: places.Exclusives
    footprints: Shapes
    footprint_grid: cells.Index


def build(seed: int = 7) -> District:
    """Return the district of ``seed``."""
    one = _layers(seed)
    grids = tuple(one.levels.grids.codes)
    main, tributary = degrees_of(np.array([one.waters.main, one.waters.tributary], dtype=object))
    near = shapely.intersection(one.waters.surface, shapely.buffer(one.levels.outline, 2_500.0))
    water = degrees_of(np.array([river.largest(near)], dtype=object))[0]
    return District(
        seed=seed,
        areas=tuple(_areas(one)),
        reaches=tuple(_reaches(one)),
        schools=tuple(_schools(one, grids)),
        stations=tuple(_stations(one)),
        cameras=tuple(_cameras(one, grids)),
        patrols=tuple(_patrols(one)),
        river=_line(main),
        tributary=_line(tributary),
        water=_polygon(water),
    )


def _layers(seed: int) -> _Layers:
    waters = river.draw(seed)
    ground = terrain.survey(seed, waters)
    land = settlement.banks(outline.draw(seed, ground), ground)
    tiling = cells.tile(seed, land, settlement.seats(seed, land, GRIDS))
    levels = hierarchy.nest(seed, land, tiling, towns=TOWNS, communities=COMMUNITIES)
    streets = roads.build(seed, levels, waters)
    campuses = places.campuses(seed, levels, SCHOOLS)
    exclusives = places.exclusives(seed, levels, streets, campuses.shapes)
    footprints, grid = places.buildings(seed, levels, streets, waters, campuses.shapes, BUILDINGS)
    return _Layers(
        seed, waters, river.reaches(waters), levels, streets, campuses, exclusives, footprints, grid
    )


def _areas(one: _Layers) -> Iterator[AreaRecord]:
    """Yield every area, larger before smaller."""
    levels = one.levels
    whole = np.array([levels.outline], dtype=object)
    people = int(levels.towns.people.sum())
    head = naming.DISTRICT_NAME
    yield from _records("district", whole, [DISTRICT_CODE], [head], [""], facts=([people], [head]))
    parents = [DISTRICT_CODE] * TOWNS
    address = [head + name for name in levels.towns.names]
    yield from _level("town", levels.towns, parents, address)
    up = levels.communities.parent
    address = [address[t] + name for t, name in zip(up, levels.communities.names, strict=True)]
    yield from _level("community", levels.communities, [levels.towns.codes[t] for t in up], address)
    up = levels.grids.parent
    grid_address = [
        address[c] + name.removeprefix(levels.communities.names[c])
        for c, name in zip(up, levels.grids.names, strict=True)
    ]
    yield from _level(
        "grid_cell", levels.grids, [levels.communities.codes[c] for c in up], grid_address
    )
    yield from _road_records(one)
    yield from _exclusive_records(one)
    yield from _building_records(one)


def _level(
    kind: str, level: hierarchy.Level, parents: list[str], addresses: list[str]
) -> Iterator[AreaRecord]:
    yield from _records(
        kind, level.shapes, level.codes, level.names, parents,
        facts=(level.people.tolist(), addresses),
    )  # fmt: skip


def _records(
    kind: str,
    shapes: Shapes,
    codes: list[str],
    names: list[str],
    parents: list[str],
    *,
    facts: tuple[list[int], list[str]] | None = None,
) -> Iterator[AreaRecord]:
    people, addresses = facts or ([0] * len(codes), [""] * len(codes))
    points = to_degrees(shapely.get_coordinates(shapely.point_on_surface(shapes)))
    for number, shape in enumerate(degrees_of(shapes)):
        yield AreaRecord(
            kind,
            codes[number],
            names[number],
            parents[number],
            shape,
            float(points[number, 0]),
            float(points[number, 1]),
            people[number],
            addresses[number],
        )


def _road_records(one: _Layers) -> Iterator[AreaRecord]:
    random = layer(one.seed, "street names")
    names = naming.street_names(random, roads.STREETS)
    villages = one.levels.communities.names
    own = one.roads.community
    labels = [
        f"{names[i]}段" if street else f"{villages[own[i]][:2]}乡道{i - roads.STREETS + 1}号段"
        for i, street in enumerate(one.roads.is_street)
    ]
    codes, parents = _in_communities(one, own, "2")
    yield from _records("road_section", one.roads.surfaces, codes, labels, parents)


def _exclusive_records(one: _Layers) -> Iterator[AreaRecord]:
    own = one.exclusives.community
    villages = one.levels.communities.names
    labels = [villages[c][:2] + kind for c, kind in zip(own, one.exclusives.kinds, strict=True)]
    codes, parents = _in_communities(one, own, "3")
    yield from _records("exclusive_area", one.exclusives.shapes, codes, labels, parents)


def _in_communities(one: _Layers, own: cells.Index, digit: str) -> tuple[list[str], list[str]]:
    """Return codes (community, a digit for the kind, serial number) and parents."""
    parents = [one.levels.communities.codes[c] for c in own]
    used: dict[str, int] = {}
    codes = []
    for parent in parents:
        used[parent] = used.get(parent, 0) + 1
        codes.append(f"{parent}{digit}{used[parent]:03d}")
    return codes, parents


def _building_records(one: _Layers) -> Iterator[AreaRecord]:
    levels, own = one.levels, one.footprint_grid
    parents = [levels.grids.codes[g] for g in own]
    serial = np.arange(len(own)) - np.searchsorted(own, own) + 1
    number = np.bincount(own, minlength=GRIDS)
    people = (levels.grids.people[own] * 0.9 / number[own]).astype(np.int64).tolist()
    labels, addresses = [], []
    for grid, count in zip(own, serial, strict=True):
        community = levels.grids.parent[grid]
        town = levels.communities.parent[community]
        door = int(levels.grids.codes[grid][-3:]) * 20 + int(count)
        labels.append(f"{levels.communities.names[community][:2]}{door}号楼")
        addresses.append(
            f"{naming.DISTRICT_NAME}{levels.towns.names[town]}"
            f"{levels.communities.names[community]}{door}号 邮编 9990{int(town) + 1:02d}"
        )
    codes = [f"{parent}1{count:03d}" for parent, count in zip(parents, serial, strict=True)]
    yield from _records(
        "building", one.footprints, codes, labels, parents, facts=(people, addresses)
    )


def _reaches(one: _Layers) -> Iterator[ReachRecord]:
    shapes = degrees_of(np.array([reach.geometry for reach in one.reaches], dtype=object))
    for reach, shape in zip(one.reaches, shapes, strict=True):
        yield ReachRecord(reach.key, reach.name, _polygon(shape), reach.seasons, reach.length_m)


def _schools(one: _Layers, grids: tuple[str, ...]) -> Iterator[School]:
    random = layer(one.seed, "school names")
    shapes = degrees_of(one.campuses.shapes)
    levels = one.levels
    for number, grid in enumerate(one.campuses.grid):
        name = levels.communities.names[levels.grids.parent[grid]][:2]
        kind = _SCHOOL_KINDS[number % len(_SCHOOL_KINDS)]
        gates = to_degrees(one.campuses.gates[number])
        yield School(
            f"SC{number + 1:03d}",
            f"{name}{kind}",
            grids[grid],
            _polygon(shapes[number]),
            tuple((float(x), float(y)) for x, y in gates),
            int(random.integers(80, 1800)),
        )


def _stations(one: _Layers) -> Iterator[Station]:
    points, towns = forces.stations(one.levels, STATIONS)
    for number, (town, (lon, lat)) in enumerate(zip(towns, to_degrees(points), strict=True)):
        suffix = "派出所" if number < TOWNS else "第二派出所"
        name = one.levels.towns.names[town].removesuffix("街道")
        code = f"PS{number + 1:02d}"
        yield Station(code, name + suffix, one.levels.towns.codes[town], float(lon), float(lat))


def _cameras(one: _Layers, grids: tuple[str, ...]) -> Iterator[Camera]:
    spots = forces.cameras(one.seed, one.waters, one.reaches, one.roads, one.campuses, CAMERAS)
    own = forces.nearest_grid(one.levels.grids.shapes, spots.points)
    for number, (lon, lat) in enumerate(to_degrees(spots.points)):
        yield Camera(
            f"CAM{number + 1:04d}",
            spots.place[number],
            grids[own[number]],
            float(lon),
            float(lat),
            spots.reach[number],
        )


def _patrols(one: _Layers) -> Iterator[Patrol]:
    """Two cars for each station, two boats for each reach, a grid worker for each community."""
    random = layer(one.seed, "patrols")
    points, towns = forces.stations(one.levels, STATIONS)
    levels = one.levels
    cars = np.repeat(points, 2, axis=0) + random.normal(0, 350, (2 * len(points), 2))
    yield from _units(
        "police_patrol", "巡逻车", cars, [levels.towns.codes[t] for t in np.repeat(towns, 2)]
    )
    harbours, keys = forces.boats(one.waters, one.reaches)
    names = {reach.key: reach.name for reach in one.reaches}
    labels = [f"渔政艇{names[key][:4]}" for key in keys]
    yield from _units("river_patrol", "渔政艇", harbours, [DISTRICT_CODE] * len(keys), labels)
    first = np.searchsorted(levels.grids.parent, np.arange(COMMUNITIES))
    yield from _units("grid_worker", "网格员", levels.seats[first], list(levels.communities.codes))


_UNITS = {  # prefix, agency, speed in km/h, capabilities
    "police_patrol": ("PC", "police", 40.0, ("road", "dissuasion", "enforcement")),
    "river_patrol": ("RB", "fishery", 28.0, ("water", "dissuasion", "evidence")),
    "grid_worker": ("GW", "grid", 9.0, ("foot", "dissuasion")),
}


def _units(
    kind: str, name: str, points: Points, areas: list[str], labels: list[str] | None = None
) -> Iterator[Patrol]:
    prefix, agency, speed, capabilities = _UNITS[kind]
    for number, (lon, lat) in enumerate(to_degrees(points)):
        code = f"{prefix}{number + 1:03d}"
        label = f"{labels[number] if labels else name}{number + 1:03d}"
        yield Patrol(
            code, label, kind, capabilities, agency, areas[number], speed, float(lon), float(lat)
        )


def _line(geometry: shapely.Geometry) -> LineString:
    if not isinstance(geometry, LineString):
        message = f"expected a line, got {shapely.get_type_id(geometry)}"
        raise TypeError(message)
    return geometry


def _polygon(geometry: shapely.Geometry) -> Polygon:
    if not isinstance(geometry, Polygon):
        message = f"expected a polygon, got {shapely.get_type_id(geometry)}"
        raise TypeError(message)
    return geometry
