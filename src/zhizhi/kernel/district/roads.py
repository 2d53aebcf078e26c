"""Streets cut built-up land into blocks; country roads link villages to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.strtree import STRtree

from zhizhi.kernel.district import cells
from zhizhi.kernel.district.cells import Index, Shapes
from zhizhi.kernel.district.hierarchy import Hierarchy
from zhizhi.kernel.district.plane import Points, point_array
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.river import Waters

STREETS, COUNTRY_ROADS, BRIDGES = 240, 120, 6
_BLOCK_M2 = 70_000.0
_FAR_M = 50_000.0


@dataclass(frozen=True, slots=True)
class Block:
    """Land between streets; ``angle`` is the direction of its long side."""

    shape: Polygon
    community: int
    angle: float


@dataclass(frozen=True, slots=True)
class Roads:
    """Road sections as surfaces with the community each belongs to, and the blocks between."""

    surfaces: Shapes
    lines: Shapes
    community: Index
    is_street: np.ndarray[tuple[int], np.dtype[np.bool_]]
    blocks: tuple[Block, ...]
    angles: Points  # by community: how its streets run


def build(seed: int, levels: Hierarchy, waters: Waters) -> Roads:
    """Return streets of the densest communities and the cheapest country links."""
    random = layer(seed, "roads")
    streets: list[tuple[float, shapely.Geometry, int, float]] = []
    blocks: list[Block] = []
    angles = random.uniform(0, np.pi, len(levels.communities.shapes))
    for number in np.flatnonzero(levels.is_built_up):
        shape = shapely.difference(levels.communities.shapes[number], waters.surface)
        angles[number] = _long_side(shape)[1]
        _split(shape, int(number), random, streets, blocks)
    crowded = shapely.area(levels.communities.shapes)
    streets.sort(key=lambda street: (crowded[street[2]], -street[0]))
    links = _links(levels, waters)
    country = _winding(levels, links, random)
    lines = np.array([s[1] for s in streets[:STREETS]] + list(country), dtype=object)
    width = np.array([s[3] for s in streets[:STREETS]] + [7.0] * len(country))
    surfaces = shapely.buffer(lines, width / 2, cap_style="flat", join_style="mitre")
    somewhere = shapely.get_coordinates(shapely.point_on_surface(surfaces))
    tree = STRtree(levels.communities.shapes)
    community = np.asarray(tree.nearest(point_array(somewhere)), dtype=np.int64)
    is_street = np.arange(len(lines)) < STREETS
    return Roads(surfaces, lines, community, is_street, tuple(blocks), angles)


def _split(
    shape: shapely.Geometry,
    community: int,
    random: np.random.Generator,
    streets: list[tuple[float, shapely.Geometry, int, float]],
    blocks: list[Block],
) -> None:
    """Cut ``shape`` across its long side again and again until blocks are left."""
    waiting = [(part, 0) for part in shapely.get_parts(shape)]
    while waiting:
        piece, depth = waiting.pop()
        length, angle = _long_side(piece)
        if piece.area < _BLOCK_M2 * random.uniform(0.7, 1.6) or depth > 9:
            if isinstance(piece, Polygon) and piece.area > 3_000.0:
                blocks.append(Block(piece, community, angle))
            continue
        turn = angle + np.pi / 2 + random.normal(0, 0.06)
        middle = piece.centroid
        shift = random.normal(0, 0.07) * length
        origin = np.array([middle.x, middle.y]) + shift * np.array([np.cos(angle), np.sin(angle)])
        along = np.array([np.cos(turn), np.sin(turn)])
        across = np.array([-along[1], along[0]])
        ends = origin + np.outer([-_FAR_M, _FAR_M], along)
        street = shapely.get_parts(shapely.intersection(shapely.linestrings(ends), piece))
        street = street[int(np.argmax(shapely.length(street)))]
        streets.append((street.length, street, community, max(8.0, 26.0 - 4.0 * depth)))
        for side in (_FAR_M, -_FAR_M):
            half = Polygon(np.vstack([ends, ends[::-1] + side * across]))
            cut = shapely.get_parts(shapely.intersection(piece, half))
            waiting.extend((part, depth + 1) for part in cut if part.area > 0)


def _long_side(shape: shapely.Geometry) -> tuple[float, float]:
    """Return length and direction of the long side of the tightest rectangle around ``shape``."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))
    sides = corners[1:3] - corners[:2]
    length = np.hypot(*sides.T)
    longest = int(np.argmax(length))
    return float(length[longest]), float(np.arctan2(sides[longest][1], sides[longest][0]))


def _links(levels: Hierarchy, waters: Waters) -> list[tuple[int, int]]:
    """Return pairs of neighbouring communities joined by a country road.

    A spanning tree first, then the shortest others; water is crossed by ``BRIDGES`` links at most.
    """
    places = _places(levels)
    left, right, _ = cells.neighbours(levels.communities.shapes)
    town = levels.is_built_up
    outside = ~(town[left] & town[right])
    left, right = left[outside], right[outside]
    ends = np.stack([places[left], places[right]], axis=1)
    wet = np.asarray(shapely.intersects(shapely.linestrings(ends), waters.surface))
    length = np.hypot(*(ends[:, 0] - ends[:, 1]).T) + 20_000.0 * wet
    root = list(range(len(places)))
    tree: list[tuple[int, int]] = []
    spare: list[tuple[int, int]] = []
    bridges = 0
    for one in np.argsort(length, kind="stable"):
        bridges += int(wet[one])
        if wet[one] and bridges > BRIDGES:
            continue
        a, b = _root(root, int(left[one])), _root(root, int(right[one]))
        (spare if a == b else tree).append((int(left[one]), int(right[one])))
        root[a] = b
    chosen = tree + spare
    stride = max(1, len(chosen) // COUNTRY_ROADS)
    return chosen[::stride][:COUNTRY_ROADS]


def _root(root: list[int], one: int) -> int:
    while root[one] != one:
        root[one] = root[root[one]]
        one = root[one]
    return one


def _places(levels: Hierarchy) -> Points:
    """Return the seat of the most populous grid of each community."""
    order = np.lexsort((levels.grids.people, levels.grids.parent))
    last = np.searchsorted(
        levels.grids.parent[order], np.arange(len(levels.communities.codes)), side="right"
    )
    return levels.seats[order[last - 1]]


def _winding(
    levels: Hierarchy, links: list[tuple[int, int]], random: np.random.Generator
) -> list[shapely.Geometry]:
    """Return one winding line for each link."""
    places = _places(levels)
    lines = []
    for a, b in links:
        t = np.linspace(0, 1, 9)
        side = places[b] - places[a]
        normal = np.array([-side[1], side[0]])
        bend = np.cumsum(random.normal(0, 0.035, 9)) * np.sin(np.pi * t)
        lines.append(shapely.linestrings(places[a] + t[:, None] * side + bend[:, None] * normal))
    return lines
