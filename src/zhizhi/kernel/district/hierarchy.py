"""District, towns, communities and grids: their shapes, codes, names and people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from zhizhi.kernel.district import cells, grouping, naming
from zhizhi.kernel.district.cells import Index, Shapes
from zhizhi.kernel.district.plane import Points
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.settlement import Land

POPULATION = 1_103_000
_STREETS, _TOWNS = 8, 14  # by size: streets are the smallest, townships the largest
_STREET_M2 = 4.0e6  # a community below this size is built up


@dataclass(frozen=True, slots=True)
class Level:
    """All areas of one level in the order of their codes; ``parent`` indexes the level above."""

    shapes: Shapes  # plane metres
    codes: list[str]
    names: list[str]
    parent: Index
    people: Index


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The nested levels, and the seat of each grid."""

    outline: shapely.Geometry
    towns: Level
    communities: Level
    grids: Level
    seats: Points
    is_built_up: np.ndarray[tuple[int], np.dtype[np.bool_]]  # by community


def nest(seed: int, land: Land, tiling: cells.Tiling, *, towns: int, communities: int) -> Hierarchy:
    """Return the levels dissolved from ``tiling``."""
    random = layer(seed, "communities")
    community_of = grouping.gather(random, _around(land, tiling, river=8.0), communities)
    shapes = cells.dissolve(tiling.cells, community_of, communities)
    left, right, border = cells.neighbours(shapes)
    places = shapely.get_coordinates(shapely.point_on_surface(shapes))
    coarse = cells.Tiling(places, shapes, left, right, border)
    random = layer(seed, "towns")
    town_of = grouping.gather(random, _around(land, coarse, river=3.0), towns)
    town_shapes = cells.dissolve(shapes, town_of, towns)
    people = _people(seed, tiling)
    return _numbered(seed, tiling, _Grouping(community_of, shapes, town_of, town_shapes, people))


@dataclass(frozen=True, slots=True)
class _Grouping:
    community_of: Index  # by grid
    communities: Shapes
    town_of: Index  # by community
    towns: Shapes
    people: Index  # by grid


def _around(land: Land, tiling: cells.Tiling, *, river: float) -> grouping.Neighbourhood:
    """Return how far apart neighbours feel: water between them counts ``river`` times more."""
    ends = np.stack([tiling.seats[tiling.left], tiling.seats[tiling.right]], axis=1)
    metres = np.hypot(*(ends[:, 0] - ends[:, 1]).T)
    waters = shapely.union_all([land.terrain.waters.main, land.terrain.waters.tributary])
    wet = shapely.intersects(shapely.linestrings(ends), waters)
    height = land.terrain.height(tiling.seats)
    climb = np.abs(height[tiling.left] - height[tiling.right])
    cost = metres * (1 + river * wet) + 6 * climb
    return grouping.Neighbourhood(tiling.seats, tiling.left, tiling.right, cost)


def _people(seed: int, tiling: cells.Tiling) -> Index:
    """Return the residents of each grid: more where cells are small, and uneven everywhere."""
    random = layer(seed, "people")
    weight = shapely.area(tiling.cells) ** -0.22 * random.lognormal(0, 0.35, len(tiling.cells))
    people: Index = np.maximum(np.rint(weight / weight.sum() * POPULATION).astype(np.int64), 12)
    return people


def _numbered(seed: int, tiling: cells.Tiling, found: _Grouping) -> Hierarchy:
    """Give codes: streets 001.., towns 100.., townships 200.., nearer to the centre first."""
    random = layer(seed, "names")
    names = naming.place_names(random, len(found.towns) + len(found.communities))
    order = np.argsort(shapely.area(found.towns), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    town_codes, town_names = _town_codes(names, len(order))
    community_order = _sorted_within(rank[found.town_of], found.communities)
    parent = rank[found.town_of][community_order]
    area = shapely.area(found.communities[community_order])
    built_up = area < _STREET_M2
    codes = _serial(town_codes, parent, np.where(built_up, 1, 200))
    labels = [
        name + ("社区" if town else "村")
        for name, town in zip(names[len(order) :], built_up, strict=True)
    ]
    back = np.empty(len(community_order), dtype=np.int64)
    back[community_order] = np.arange(len(community_order))
    grid_order = _sorted_within(back[found.community_of], tiling.cells)
    grid_parent = back[found.community_of][grid_order]
    grid_codes = _serial(codes, grid_parent, np.ones(len(grid_parent), dtype=np.int64))
    grid_names = [
        f"{labels[up]}第{naming.number_word(int(code[-3:]))}网格"
        for up, code in zip(grid_parent, grid_codes, strict=True)
    ]
    people = found.people[grid_order]
    community_people = np.bincount(grid_parent, people, len(codes)).astype(np.int64)
    town_people = np.bincount(parent, community_people, len(order)).astype(np.int64)
    top = np.zeros(len(order), dtype=np.int64)
    return Hierarchy(
        shapely.coverage_union_all(found.towns),
        Level(found.towns[order], _padded(town_codes), town_names, top, town_people),
        Level(found.communities[community_order], _padded(codes), labels, parent, community_people),
        Level(tiling.cells[grid_order], grid_codes, grid_names, grid_parent, people),
        tiling.seats[grid_order],
        built_up,
    )


def _town_codes(names: list[str], count: int) -> tuple[list[str], list[str]]:
    codes, labels = [], []
    for number in range(count):
        if number < _STREETS:
            serial, kind = 1 + number, "街道"
        elif number < _STREETS + _TOWNS:
            serial, kind = 100 + number - _STREETS, "镇"
        else:
            serial, kind = 200 + number - _STREETS - _TOWNS, "乡"
        codes.append(f"{naming.COUNTY}{serial:03d}")
        labels.append(names[number] + kind)
    return codes, labels


def _sorted_within(parent: Index, shapes: Shapes) -> Index:
    """Return an order by parent, then from north to south, as registers are written."""
    north = -shapely.get_y(shapely.centroid(shapes))
    return np.lexsort((north, parent)).astype(np.int64)


def _serial(parents: list[str], parent: Index, start: Index) -> list[str]:
    """Return parent code + three digits counted from ``start`` within the parent."""
    used: dict[tuple[int, int], int] = {}
    codes = []
    for up, first in zip(parent.tolist(), start.tolist(), strict=True):
        number = used.get((up, first), 0)
        used[up, first] = number + 1
        codes.append(f"{parents[up]}{first + number:03d}")
    return codes


def _padded(codes: list[str]) -> list[str]:
    return [code.ljust(15, "0") for code in codes]
