"""Zones, points and readable answers for the tests of the cover and of the zones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from zhizhi.kernel.detection import INSIDE, Candidates
from zhizhi.kernel.zones import CompiledZones, compile_zones, locate_points, screen_points

Shape = BaseGeometry  # a polygon or a multipolygon
Numbers = NDArray[Any]
NORTH_M = 110_850.6  # metres of a degree of latitude at 29.7 degrees north
EAST_M = 96_786.6  # of longitude
WEST, SOUTH = 107.4, 29.7


def reference(*shapes: Shape, **columns: list[str]) -> pa.Table:
    keys = [f"Z{number:05d}" for number in range(len(shapes))]
    boundary = [shapely.to_wkb(shape) for shape in shapes]
    return pa.table({"key": keys, "boundary": boundary, **columns})


def plain(*shapes: Shape) -> CompiledZones:
    return compile_zones(reference(*shapes), enter_margin_m=0, exit_margin_m=0)


def square(metres: float, *, east: float = 0, north: float = 0) -> shapely.Polygon:
    """A square whose south-west corner stands so many metres from (WEST, SOUTH)."""
    x, y = WEST + east / EAST_M, SOUTH + north / NORTH_M
    return shapely.box(x, y, x + metres / EAST_M, y + metres / NORTH_M)


def at(east: float, north: float) -> tuple[list[float], list[float]]:
    return [WEST + east / EAST_M], [SOUTH + north / NORTH_M]


def river(vertices: int = 2_000, *, wobble: float = 0.01) -> shapely.Polygon:
    t = np.linspace(0, 1, vertices // 2)
    middle = 29.65 + 0.15 * np.sin(9 * t) + 0.05 * np.sin(31 * t + 1) + wobble * np.sin(140 * t)
    width = 0.006 * (1.2 + np.sin(17 * t))
    x = 107.0 + 0.79 * t
    banks = [np.column_stack([x, middle + width]), np.column_stack([x, middle - width])[::-1]]
    return shapely.Polygon(np.vstack(banks))


def along(shape: Shape, size: int, seed: int, spread_m: float) -> tuple[Numbers, Numbers]:
    """Points scattered about the boundary."""
    rng = np.random.default_rng(seed)
    corner = shapely.get_coordinates(shape)
    share, edge = rng.uniform(0, 1, (size, 1)), rng.integers(0, len(corner) - 1, size)
    lon, lat = (corner[edge] + share * (corner[edge + 1] - corner[edge])).T
    east, north = rng.normal(0, spread_m, (2, size))
    return lon + east / EAST_M, lat + north / NORTH_M


def hits(found: Candidates, rows: int, zones: int) -> NDArray[np.uint8]:
    """The classes as a table of rows by zones."""
    table = np.zeros((rows, zones), np.uint8)
    row = np.repeat(np.arange(rows), np.diff(found.start))
    table[row, found.zone] = found.cls
    return table


def inside(compiled: CompiledZones, lon: Numbers, lat: Numbers) -> Numbers:
    found = hits(locate_points(compiled, lon, lat), len(lon), len(compiled))
    return np.asarray(found == INSIDE)


def classes(
    compiled: CompiledZones, lon: ArrayLike, lat: ArrayLike, accuracy: ArrayLike | None = None
) -> list[int]:
    """The class of each point for the only zone."""
    found = screen_points(compiled, lon, lat, accuracy)
    return [int(cls) for cls in hits(found, np.size(lon), 1)[:, 0]]


HOLED = shapely.Polygon(
    [(107.1, 29.4), (107.6, 29.45), (107.55, 29.9), (107.3, 29.7), (107.05, 29.85)],
    [[(107.2, 29.5), (107.4, 29.5), (107.4, 29.6), (107.3, 29.55), (107.2, 29.6)]],
)
SLIVER = shapely.Polygon([(107.0, 29.3), (107.8, 29.9), (107.8, 29.900_000_3)])
STAIRS = shapely.Polygon(
    [(107.2, 29.4), (107.6, 29.4), (107.6, 29.5), (107.5, 29.5), (107.5, 29.6), (107.4, 29.6),
     (107.4, 29.5), (107.3, 29.5), (107.3, 29.8), (107.2, 29.8)]
)  # fmt: skip
PARTS = shapely.MultiPolygon([HOLED, shapely.box(107.22, 29.52, 107.28, 29.53)])
SHAPES = {"river": river(), "holed": HOLED, "sliver": SLIVER, "stairs": STAIRS, "parts": PARTS}
