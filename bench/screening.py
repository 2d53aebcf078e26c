"""Asking in which zones a point lies, against shapely and against the speed of memory.

CPU time of one thread, medians. Points lie all over a district-sized box, or within 60 m of the
banks of a river of 2,000 vertices. Every answer is compared with shapely's before a speed is told.
Run with: python -m bench.screening --json
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import shapely
from bench.measuring import Figure, figure, show, timed
from bench.places import Points, anywhere, at_the_bank, blots
from numpy.typing import NDArray

from zhizhi.kernel.detection import Candidates
from zhizhi.kernel.tests.zone_shapes import plain, reference, river
from zhizhi.kernel.zones import CompiledZones, compile_zones, locate_points, screen_points

POINTS = 4_000_000  # 64 MB, twice the largest cache
PEER_POINTS = 400_000  # the first of them
ROUNDS = 9
ACCURACY_M = 10.0


def run() -> list[Figure]:
    """Return all figures."""
    return [*on_a_river(), among_zones(), growth(), *with_rings()]


def on_a_river() -> list[Figure]:
    """Compare one polygon of 2,000 vertices with shapely's prepared test and with reading."""
    shape, unit = river(), "ns/point"
    zones, figures = plain(shape), []
    shapely.prepare(shape)
    lon, lat = anywhere(POINTS)
    reading = cost([lambda: (lon.sum(), lat.sum())], POINTS)[0]
    for name, points, least in (
        ("river, points anywhere", anywhere(POINTS), 25),
        ("river, points at the bank", at_the_bank(POINTS), 4),
    ):
        few = points[0][:PEER_POINTS], points[1][:PEER_POINTS]
        found = locate_points(zones, *few)
        demand_equal(np.diff(found.start) == 1, shapely.contains_xy(shape, *few))
        ours = cost([partial(locate_points, zones, *points)], POINTS)[0]
        peer = cost([partial(shapely.contains_xy, shape, *few)], PEER_POINTS)[0]
        figures.append(figure(name, unit, ours, ("shapely contains_xy", peer), least=least))
    ours = figures[0]["ours"]
    figures.append(figure("river over reading memory", "times the cost", ours / reading, most=12))
    return figures


def among_zones() -> Figure:
    """Compare 1,000 zones with shapely's tree; both are given columns of coordinates."""
    shapes = blots(1_000)
    zones, tree = plain(*shapes), shapely.STRtree(shapes)
    points = anywhere(POINTS)
    few = points[0][:PEER_POINTS], points[1][:PEER_POINTS]
    theirs = through_tree(tree, few)
    theirs = theirs[:, np.lexsort(theirs[::-1])]
    demand_equal(pairs(locate_points(zones, *few)), theirs)
    ours = cost([partial(locate_points, zones, *points)], POINTS)[0]
    peer = cost([partial(through_tree, tree, few)], PEER_POINTS)[0]
    name = "1,000 zones, points anywhere"
    return figure(name, "ns/point", ours, ("shapely STRtree", peer), least=30)


def growth() -> Figure:
    """Compare the cost of a point among 1,000 zones with that among 10 of the same coverage."""
    points = anywhere(POINTS)
    few, many = (plain(*blots(count)) for count in (10, 1_000))
    costs = cost([partial(locate_points, zones, *points) for zones in (few, many)], POINTS)
    return figure("1,000 zones over 10 zones", "times the cost", costs[1] / costs[0], most=4)


def with_rings() -> list[Figure]:
    """Measure what detectors ask: inside or in the ring, at margins of 15 and 50 m."""
    accuracy = np.full(POINTS, ACCURACY_M, np.float32)
    figures = []
    for name, zones, points in (
        ("river, points anywhere, with rings", ringed(river()), anywhere(POINTS)),
        ("river, points at the bank, with rings", ringed(river()), at_the_bank(POINTS)),
        ("1,000 zones, with rings", ringed(*blots(1_000)), anywhere(POINTS)),
    ):
        ours = cost([partial(screen_points, zones, *points, accuracy)], POINTS)[0]
        figures.append(figure(name, "ns/point", ours))
    return figures


def ringed(*shapes: Any) -> CompiledZones:
    return compile_zones(reference(*shapes))


def through_tree(tree: shapely.STRtree, points: Points) -> NDArray[np.int64]:
    """Return (row, zone) of each point in each zone that contains it."""
    found: NDArray[np.int64] = tree.query(shapely.points(*points), predicate="within")
    return found


def pairs(found: Candidates) -> NDArray[np.int64]:
    row = np.repeat(np.arange(len(found.start) - 1), np.diff(found.start))
    return np.stack([row, found.zone.astype(np.int64)])


def cost(ways: list[Callable[[], object]], points: int) -> list[float]:
    """Return the nanoseconds a point of each way, measured in turns."""
    spent = [[timed(way)[1] for way in ways] for _ in range(ROUNDS + 1)][1:]
    return [median(column) / points * 1e9 for column in zip(*spent, strict=True)]


def demand_equal(ours: NDArray[Any], theirs: NDArray[Any]) -> None:
    """Refuse to compare speeds when the answers differ."""
    if not np.array_equal(ours, theirs) or not ours.any():
        raise SystemExit("The answers differ from shapely's.")


if __name__ == "__main__":
    show(run, __doc__)
