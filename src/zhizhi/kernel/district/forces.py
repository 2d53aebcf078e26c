"""Police stations, cameras and the units that can be sent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.strtree import STRtree

from zhizhi.kernel.district.cells import Index, Shapes
from zhizhi.kernel.district.hierarchy import Hierarchy
from zhizhi.kernel.district.places import Campuses
from zhizhi.kernel.district.plane import Points, point_array
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.river import Reach, Waters
from zhizhi.kernel.district.roads import Roads

BANK_SHARE = 0.3
_REACH_CAMERAS = 14
_BANK_M = 45.0


@dataclass(frozen=True, slots=True)
class Spots:
    """Points of the plane with a word for their place and the key of a reach, or nothing."""

    points: Points
    place: tuple[str, ...]
    reach: tuple[str, ...]


def stations(levels: Hierarchy, count: int) -> tuple[Points, Index]:
    """Return station places and towns: one for each town, the rest in the most populous towns."""
    town = levels.communities.parent[levels.grids.parent]
    towns = len(levels.towns.codes)
    extra = np.argsort(-levels.towns.people, kind="stable")[: count - towns]
    serves = np.concatenate([np.arange(towns), extra])
    seen = np.zeros(towns, dtype=np.int64)
    places = np.empty((count, 2))
    for number, one in enumerate(serves):
        own = np.flatnonzero(town == one)
        busiest = own[np.argsort(-levels.grids.people[own], kind="stable")]
        pick = busiest[min(int(seen[one]) * (len(busiest) // 2), len(busiest) - 1)]
        places[number] = levels.seats[pick] + (24.0, -17.0)
        seen[one] += 1
    return places, serves


def cameras(
    seed: int,
    waters: Waters,
    reaches: tuple[Reach, ...],
    roads: Roads,
    schools: Campuses,
    count: int,
) -> Spots:
    """Return camera places: 30 % on the banks, every reach watched, then gates and crossings."""
    random = layer(seed, "cameras")
    bank, keys = _on_banks(random, waters, reaches, int(count * BANK_SHARE))
    gates = np.vstack(schools.gates)
    gates = gates[random.permutation(len(gates))[: count // 4]]
    ends = shapely.get_coordinates(shapely.get_point(roads.lines, 0))
    streets = np.flatnonzero(roads.is_street)
    crossings = ends[streets]
    rest = count - len(bank) - len(gates) - len(crossings)
    others = np.flatnonzero(~roads.is_street)
    where = shapely.line_interpolate_point(
        roads.lines[others[np.arange(rest) % len(others)]],
        random.uniform(0.1, 0.9, rest),
        normalized=True,
    )
    points = np.vstack([bank, gates, crossings, shapely.get_coordinates(where)])
    place = (
        ["bank"] * len(bank) + ["school_gate"] * len(gates)
        + ["crossing"] * len(crossings) + ["street"] * rest
    )  # fmt: skip
    return Spots(points, tuple(place), tuple(keys) + ("",) * (count - len(bank)))


def _on_banks(
    random: np.random.Generator, waters: Waters, reaches: tuple[Reach, ...], count: int
) -> tuple[Points, list[str]]:
    """Return places just above the waterline: first along the reaches, then anywhere."""
    shore = shapely.buffer(waters.surface, _BANK_M).exterior
    found: list[Points] = []
    keys: list[str] = []
    for reach in reaches:
        own = shapely.intersection(shore, shapely.buffer(reach.geometry, 2 * _BANK_M))
        found.append(_along(own, _REACH_CAMERAS, random))
        keys.extend([reach.key] * _REACH_CAMERAS)
    inland = shapely.intersection(shore, shapely.Point(0, 0).buffer(30_000.0))
    found.append(_along(inland, count - len(keys), random))
    keys.extend([""] * (count - len(keys)))
    return np.vstack(found), keys


def _along(line: shapely.Geometry, count: int, random: np.random.Generator) -> Points:
    parts = shapely.get_parts(line)
    ends = np.cumsum(shapely.length(parts))
    place = (np.arange(count) + random.uniform(0.2, 0.8, count)) / count * ends[-1]
    part = np.searchsorted(ends, place)
    inner = place - np.concatenate([[0.0], ends])[part]
    return shapely.get_coordinates(shapely.line_interpolate_point(parts[part], inner))


def boats(waters: Waters, reaches: tuple[Reach, ...]) -> tuple[Points, tuple[str, ...]]:
    """Return where the river patrols wait: two boats near each reach."""
    places, keys = [], []
    for reach in reaches:
        line = waters.tributary if reach.key == "nf-mouth" else waters.main
        own = shapely.intersection(line, reach.geometry)
        own = max(shapely.get_parts(own), key=lambda part: float(part.length))
        for share in (0.25, 0.8):
            places.append(shapely.get_coordinates(own.interpolate(share, normalized=True))[0])
            keys.append(reach.key)
    return np.array(places), tuple(keys)


def nearest_grid(grids: Shapes, points: Points) -> Index:
    """Return the grid that holds each point, or the nearest for a point outside."""
    return np.asarray(STRtree(grids).nearest(point_array(points)), dtype=np.int64)
