"""The district-sized box of the benchmarks, and the zones and points in it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from zhizhi.kernel.metres import metres_per_degree
from zhizhi.kernel.tests.zone_shapes import river

WEST, SOUTH, WIDTH, HEIGHT = 107.0, 29.4, 0.79, 0.67
COVERAGE = 0.17  # of the box
BANK_M = 60.0

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def blots(count: int) -> NDArray[Any]:
    """Return zones of 64 vertices that cover 17 % of the box, however many they are."""
    rng = np.random.default_rng(1)
    radius = np.sqrt(COVERAGE * WIDTH * HEIGHT / count / np.pi)
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    shapes = []
    for _ in range(count):
        x, y = WEST + rng.random() * WIDTH, SOUTH + rng.random() * HEIGHT
        r = radius * rng.uniform(0.8, 1.2, 64)
        shapes.append(shapely.Polygon(np.c_[x + r * np.cos(angle), y + r * np.sin(angle)]))
    return np.array(shapes)


@cache
def anywhere(size: int) -> Points:
    """Return points spread evenly over the box."""
    rng = np.random.default_rng(3)
    return WEST + rng.random(size) * WIDTH, SOUTH + rng.random(size) * HEIGHT


@cache
def at_the_bank(size: int) -> Points:
    """Return points within 60 m of the banks of the river."""
    rng = np.random.default_rng(4)
    corner = shapely.get_coordinates(river())
    edge, share = rng.integers(0, len(corner) - 1, size), rng.random((size, 1))
    lon, lat = (corner[edge] + share * (corner[edge + 1] - corner[edge])).T
    away, angle = BANK_M * np.sqrt(rng.random(size)), rng.random(size) * 2 * np.pi
    east_m, north_m = metres_per_degree(SOUTH + HEIGHT / 2)
    return lon + away * np.cos(angle) / east_m, lat + away * np.sin(angle) / north_m
