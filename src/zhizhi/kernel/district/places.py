"""Buildings, schools with gates, markets, parks and the other exclusive areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.strtree import STRtree

from zhizhi.kernel.district.cells import Index, Shapes
from zhizhi.kernel.district.hierarchy import Hierarchy
from zhizhi.kernel.district.plane import Points
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.river import Waters, largest
from zhizhi.kernel.district.roads import Roads

BLOCK_PLACES = (("市场", 14), ("公园", 10), ("医院", 8), ("车站", 2), ("商圈", 4))
COUNTRY_PLACES = (("工业园", 8), ("景区", 8), ("物流园", 6))
_SLOTS = 28
_SPACING_M = (62.0, 46.0)


@dataclass(frozen=True, slots=True)
class Campuses:
    """School grounds, the grid of each, and their gates."""

    shapes: Shapes
    grid: Index
    gates: tuple[Points, ...]


@dataclass(frozen=True, slots=True)
class Exclusives:
    """Exclusive areas with kind and community."""

    shapes: Shapes
    kinds: tuple[str, ...]
    community: Index


def campuses(seed: int, levels: Hierarchy, count: int) -> Campuses:
    """Return ``count`` school grounds: one in each town, the others where people live."""
    random = layer(seed, "schools")
    people = levels.grids.people.astype(np.float64)
    town = levels.communities.parent[levels.grids.parent]
    busiest = [int(np.argmax(np.where(town == one, people, -1))) for one in np.unique(town)]
    people[busiest] = 0
    others = random.choice(
        len(people), count - len(busiest), replace=False, p=people / people.sum()
    )
    grid = np.concatenate([busiest, others]).astype(np.int64)
    seats = levels.seats[grid]
    room = shapely.distance(shapely.points(seats), shapely.boundary(levels.grids.shapes[grid]))
    half = np.column_stack([random.uniform(50, 95, count), random.uniform(38, 70, count)])
    half = np.minimum(half, 0.55 * room[:, None])
    angle = random.uniform(0, np.pi, count)
    axes = np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], 1)
    axes = axes.reshape(-1, 2, 2) * half[:, :, None]
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float64)
    shapes = shapely.polygons(seats[:, None] + corners @ axes)
    sides = np.array([(0.0, -1.0), (1.0, 0.2), (0.1, 1.0)])
    gates = tuple(
        seats[one] + sides[: 1 + int(random.integers(0, 3))] @ axes[one] for one in range(count)
    )
    return Campuses(shapes, grid, gates)


def exclusives(seed: int, levels: Hierarchy, roads: Roads, taken: Shapes) -> Exclusives:
    """Return the 60 exclusive areas; none touches a school."""
    random = layer(seed, "exclusive areas")
    tree = STRtree(taken)
    shapes: list[shapely.Geometry] = []
    kinds: list[str] = []
    community: list[int] = []
    free = iter(random.permutation(len(roads.blocks)))
    for kind, count in BLOCK_PLACES:
        for _ in range(count):
            block = next(
                b
                for b in (roads.blocks[i] for i in free)
                if b.shape.area > 15_000 and not len(tree.query(b.shape, "intersects"))
            )
            inner = shapely.buffer(block.shape, -14.0, join_style="mitre")
            shapes.append(max(shapely.get_parts(inner), key=lambda part: float(part.area)))
            kinds.append(kind)
            community.append(block.community)
    rural = iter(random.permutation(np.flatnonzero(shapely.area(levels.grids.shapes) > 1.2e6)))
    for kind, count in COUNTRY_PLACES:
        for _ in range(count):
            grid = int(next(rural))
            shapes.append(_blob(levels, grid, random))
            kinds.append(kind)
            community.append(int(levels.grids.parent[grid]))
    return Exclusives(np.array(shapes, dtype=object), tuple(kinds), np.array(community))


def _blob(levels: Hierarchy, grid: int, random: np.random.Generator) -> shapely.Geometry:
    """Return an irregular piece of one rural grid beside its village."""
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    swing = np.zeros_like(turn)
    for wave in (2, 3, 5):
        swing += random.normal(0, 0.16 / wave) * np.cos(wave * turn + random.uniform(0, 6))
    radius = random.uniform(260, 430) * (1 + swing)
    middle = levels.seats[grid] + random.normal(0, 120, 2)
    ring = middle + radius[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    inside = shapely.intersection(
        shapely.polygons(ring), shapely.buffer(levels.grids.shapes[grid], -25.0)
    )
    return largest(inside)


def buildings(
    seed: int, levels: Hierarchy, roads: Roads, waters: Waters, taken: Shapes, count: int
) -> tuple[Shapes, Index]:
    """Return ``count`` building footprints and the grid of each; every grid has one where one fits.

    Candidates stand in rows along the streets, nearest to the seat first; what would stand in
    water, on a road, on a school ground or across a border is left out.
    """
    random = layer(seed, "buildings")
    grids = levels.grids
    angle = roads.angles[grids.parent] + random.normal(0, 0.12, len(grids.codes))
    shapes, grid = _candidates(levels.seats, angle, random)
    for one in grids.shapes:
        shapely.prepare(one)
    shapely.prepare(waters.surface)
    fits = shapely.contains_properly(grids.shapes[grid], shapes)
    fits &= ~shapely.intersects(waters.surface, shapes)
    for obstacles in (roads.surfaces, taken):
        hit, _ = STRtree(obstacles).query(shapes, predicate="intersects")
        fits[hit] = False
    keep = np.flatnonzero(fits)
    rank = _rank_within(grid[keep])
    wanted = grids.people / grids.people.sum() * count * 0.96
    priority = (rank + 0.5) / np.maximum(wanted[grid[keep]], 0.05)
    priority[rank == 0] = -1.0
    chosen = np.sort(keep[np.argsort(priority, kind="stable")[:count]])
    return shapes[chosen], grid[chosen]


def _rank_within(group: Index) -> Index:
    """Return 0, 1, 2... within each run of equal values of the sorted ``group``."""
    first = np.searchsorted(group, group)
    return np.arange(len(group)) - first


def _candidates(seats: Points, angle: Points, random: np.random.Generator) -> tuple[Shapes, Index]:
    """Return ``_SLOTS`` footprints of five plans around each seat, sorted by seat and distance."""
    row, column = np.meshgrid(np.arange(-4, 5), np.arange(-4, 5))
    lattice = np.column_stack([row.ravel(), column.ravel()]) * _SPACING_M
    lattice = lattice[np.argsort(np.hypot(*lattice.T), kind="stable")][:_SLOTS]
    grid = np.repeat(np.arange(len(seats)), _SLOTS)
    place = np.tile(lattice, (len(seats), 1)) + random.normal(0, 5.0, (len(grid), 2))
    place[:, 0] += 31.0 * (np.rint(place[:, 1] / _SPACING_M[1]) % 2)  # rows stand staggered
    centre = seats[grid] + _turned(place[:, None], angle[grid])[:, 0]
    lean = (
        angle[grid]
        + random.normal(0, 0.05, len(grid))
        + np.pi / 2 * (random.random(len(grid)) < 0.2)
    )
    length, width = (
        random.gamma(9, 3.1, len(grid)).clip(11, 52),
        random.gamma(12, 1.15, len(grid)).clip(8, 26),
    )
    plan = random.choice(len(_PLANS), len(grid), p=(0.42, 0.2, 0.12, 0.14, 0.12))
    shapes = np.empty(len(grid), dtype=object)
    for number, corners in enumerate(_PLANS):
        some = np.flatnonzero(plan == number)
        size = np.column_stack([length[some], width[some]])
        local = (np.array(corners) - 0.5)[None] * size[:, None]
        shapes[some] = shapely.polygons(centre[some, None] + _turned(local, lean[some]))
    return shapes, grid


def _turned(local: Points, angle: Points) -> Points:
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y = local[..., 0], local[..., 1]
    return np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)


# Corner points in the unit square: slab, L, U, stepped slab, tower with a notch.
_PLANS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((0, 0), (1, 0), (1, 1), (0, 1)),
    ((0, 0), (1, 0), (1, 0.45), (0.4, 0.45), (0.4, 1), (0, 1)),
    ((0, 0), (1, 0), (1, 1), (0.7, 1), (0.7, 0.4), (0.3, 0.4), (0.3, 1), (0, 1)),
    ((0, 0), (0.55, 0), (0.55, 0.25), (1, 0.25), (1, 1), (0.45, 1), (0.45, 0.75), (0, 0.75)),
    ((0.25, 0), (0.75, 0), (0.75, 0.2), (1, 0.2), (1, 1), (0, 1), (0, 0.2), (0.25, 0.2)),
)
