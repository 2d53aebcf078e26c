"""Communities from grids and towns from communities: contiguous, and shy of rivers and ridges."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.district.cells import Index
from zhizhi.kernel.district.plane import Points

_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Places, who borders on whom, and how far apart two neighbours feel."""

    places: Points
    left: Index
    right: Index
    cost: Points


def gather(random: np.random.Generator, around: Neighbourhood, count: int) -> Index:
    """Return for each place its group 0..count-1; every group is connected and not empty."""
    centres = _centres(random, around.places, count)
    return _grow(around, centres)


def _centres(random: np.random.Generator, places: Points, count: int) -> Index:
    """Return ``count`` distinct places in the middle of about equally many others (k-means)."""
    middle = places[random.choice(len(places), count, replace=False)]
    for _ in range(_ROUNDS):
        nearest = _nearest(places, middle)
        number = np.bincount(nearest, minlength=count)
        sums = np.stack([np.bincount(nearest, places[:, axis], count) for axis in (0, 1)], axis=1)
        middle = np.where(number[:, None] > 0, sums / np.maximum(number, 1)[:, None], middle)
    chosen: dict[int, None] = {}
    for one in _nearest(middle, places):
        chosen.setdefault(int(one))
    spare = iter(random.permutation(len(places)))
    while len(chosen) < count:
        chosen.setdefault(int(next(spare)))
    return np.array(list(chosen), dtype=np.int64)


def _nearest(points: Points, among: Points) -> NDArray[np.intp]:
    squares = (
        (points**2).sum(axis=1)[:, None] - 2 * points @ among.T + (among**2).sum(axis=1)[None, :]
    )
    nearest: NDArray[np.intp] = np.argmin(squares, axis=1)
    return nearest


def _grow(around: Neighbourhood, centres: Index) -> Index:
    """Return the cheapest centre of each place by way of its neighbours (Dijkstra)."""
    links: list[list[tuple[int, float]]] = [[] for _ in around.places]
    for a, b, cost in zip(around.left, around.right, around.cost, strict=True):
        links[a].append((int(b), float(cost)))
        links[b].append((int(a), float(cost)))
    group = np.full(len(around.places), -1, dtype=np.int64)
    queue = [(0.0, int(place), number) for number, place in enumerate(centres)]
    heapq.heapify(queue)
    while queue:
        spent, place, number = heapq.heappop(queue)
        if group[place] >= 0:
            continue
        group[place] = number
        for other, cost in links[place]:
            if group[other] < 0:
                heapq.heappush(queue, (spent + cost, other, number))
    if (group < 0).any():
        message = "some places border on nothing"
        raise ValueError(message)
    return group
