"""Where people live: crowded seats near the river, villages in the valleys, few on the ridges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.strtree import STRtree

from zhizhi.kernel.district.plane import Points, point_array
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.terrain import Terrain

_TOWN_SHARE = 0.52  # of the grids lie in the built-up cores
_CORES = ((900.0, -4_300.0, 2_900.0, 0.55), (6_400.0, -3_000.0, 1_700.0, 0.2),
          (-12_800.0, 900.0, 1_900.0, 0.16), (19_300.0, 3_000.0, 1_300.0, 0.09))  # fmt: skip
_SHORE_M = 60.0


@dataclass(frozen=True, slots=True)
class Land:
    """The district cut by its waters: people settle on the banks, not in the river."""

    outline: Polygon
    banks: tuple[Polygon, ...]
    terrain: Terrain


def banks(outline: Polygon, terrain: Terrain) -> Land:
    """Return ``outline`` cut along the centrelines of the waters into its large banks."""
    lines = [outline.boundary, terrain.waters.main, terrain.waters.tributary]
    pieces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines, grid_size=0.1)]))
    inside = pieces[shapely.contains_xy(outline, *_middle(pieces))]
    large = inside[shapely.area(inside) > 0.05 * outline.area]
    return Land(outline, tuple(large), terrain)


def seats(seed: int, land: Land, count: int) -> Points:
    """Return ``count`` places for grid cells, dense where many people live."""
    random = layer(seed, "seats")
    crowd = _people(random, land, 14 * count)
    chosen = crowd[random.choice(len(crowd), count, replace=False)]
    for _ in range(3):  # Lloyd steps on the crowd keep the density and even out the gaps
        nearest = STRtree(point_array(chosen)).nearest(point_array(crowd))
        sums = np.stack([np.bincount(nearest, crowd[:, axis], count) for axis in (0, 1)], axis=1)
        number = np.bincount(nearest, minlength=count)[:, None]
        moved = np.where(number > 0, sums / np.maximum(number, 1), chosen)
        chosen = np.where(_on_land(land, moved)[:, None], moved, chosen)
    return chosen


def _people(random: np.random.Generator, land: Land, count: int) -> Points:
    town = _in_cores(random, land, int(count * _TOWN_SHARE))
    return np.vstack([town, _in_country(random, land, count - len(town))])


def _in_cores(random: np.random.Generator, land: Land, count: int) -> Points:
    found: list[Points] = []
    total = 0
    weights = np.array([core[3] for core in _CORES])
    while total < count:
        core = np.array(_CORES)[random.choice(len(_CORES), 2 * count, p=weights)]
        spread = random.normal(size=(2 * count, 2)) * core[:, 2:3] * (1.25, 0.8)
        points = core[:, :2] + spread
        points = points[_on_land(land, points)]
        found.append(points)
        total += len(points)
    return np.vstack(found)[:count]


def _in_country(random: np.random.Generator, land: Land, count: int) -> Points:
    """Valleys are settled densely, slopes thinly: rejection by height."""
    west, south, east, north = land.outline.bounds
    found: list[Points] = []
    total = 0
    while total < count:
        points = random.uniform((west, south), (east, north), (3 * count, 2))
        points = points[_on_land(land, points)]
        wish = np.exp(-np.maximum(land.terrain.height(points) - 260.0, 0.0) / 240.0)
        points = points[random.uniform(size=len(points)) < wish]
        found.append(points)
        total += len(points)
    return np.vstack(found)[:count]


def _on_land(land: Land, points: Points) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    for shape in (land.terrain.waters.surface, *land.banks):
        shapely.prepare(shape)
    dry = np.zeros(len(points), dtype=bool)
    for bank in land.banks:
        dry |= shapely.contains_xy(bank, points[:, 0], points[:, 1])
    dry &= ~shapely.contains_xy(land.terrain.waters.surface, points[:, 0], points[:, 1])
    near = shapely.dwithin(shapely.points(points), land.terrain.waters.surface, _SHORE_M)
    mask: np.ndarray[tuple[int], np.dtype[np.bool_]] = dry & ~near
    return mask


def _middle(pieces: np.ndarray[tuple[int], np.dtype[np.object_]]) -> tuple[Points, Points]:
    points = shapely.point_on_surface(pieces)
    return shapely.get_x(points), shapely.get_y(points)
