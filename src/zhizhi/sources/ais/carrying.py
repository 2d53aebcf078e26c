"""Laying a real river's traffic onto the demo river without bending it.

The motion turns the whole globe: the point at 90.35° W, 29.99° N (the Mississippi above New
Orleans) comes to 107.0° E, 29.7° N (the origin of the demo district), and everything around it
turns by 28° counter-clockwise. A turn of the globe keeps every distance and every angle, so speeds
and stays are what the vessels really did. From the ground it is a rotation and a shift in metres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Degrees = NDArray[np.float64]
EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Motion:
    """A rigid motion of the globe: where the anchor goes, and how far everything turns there."""

    from_lon: float
    from_lat: float
    to_lon: float
    to_lat: float
    turn_deg: float  # counter-clockwise

    def matrix(self) -> Degrees:
        """Return the 3 × 3 rotation."""
        angle = math.radians(self.turn_deg)
        cosine, sine = math.cos(angle), math.sin(angle)
        turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        here = _east_north_up(self.from_lon, self.from_lat)
        there = _east_north_up(self.to_lon, self.to_lat)
        rotation: Degrees = there.T @ turn @ here
        return rotation

    def carry(self, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
        """Return the places after the motion."""
        east, north = np.radians(lon), np.radians(lat)
        level = np.cos(north)
        globe = np.column_stack([level * np.cos(east), level * np.sin(east), np.sin(north)])
        x, y, z = (globe @ self.matrix().T).T
        return np.degrees(np.arctan2(y, x)), np.degrees(np.arcsin(np.clip(z, -1.0, 1.0)))


MISSISSIPPI_TO_DEMO = Motion(-90.35, 29.99, 107.0, 29.7, 28.0)


def carry(table: pa.Table, motion: Motion = MISSISSIPPI_TO_DEMO) -> pa.Table:
    """Return ``table`` with its columns lon, lat and course_deg moved; other columns stay."""
    lon, lat = (_numbers(table, name) for name in ("lon", "lat"))
    known = np.isfinite(lon) & np.isfinite(lat)
    moved_lon, moved_lat = lon.copy(), lat.copy()
    moved_lon[known], moved_lat[known] = motion.carry(lon[known], lat[known])
    columns: dict[str, Any] = {"lon": moved_lon, "lat": moved_lat}
    if "course_deg" in table.column_names:
        columns["course_deg"] = (_numbers(table, "course_deg") - motion.turn_deg) % 360.0
    for name, values in columns.items():
        kind = table.schema.field(name).type
        target = kind if pa.types.is_floating(kind) else pa.float64()
        column = pa.array(values, pa.float64(), from_pandas=True).cast(target)
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def shift_time(table: pa.Table, by_us: int) -> pa.Table:
    """Return ``table`` with every ``time_us`` later by ``by_us``."""
    moved = pa.array(_numbers(table, "time_us").astype(np.int64) + by_us, pa.int64())
    return table.set_column(table.column_names.index("time_us"), "time_us", moved)


def chained(table: pa.Table, laps: int, pause_us: int = 60_000_000) -> pa.Table:
    """Return the record played forth and back ``laps`` times, without a jump in any track.

    The public sample is 24 minutes long, too short for a 30-minute rule. Each odd lap runs the
    tracks backwards in time from where the lap before ended. Not for measurements: the length is
    made up.
    """
    time = _numbers(table, "time_us").astype(np.int64)
    if not len(time):
        return table
    first, last = int(time.min()), int(time.max())
    span = last - first + pause_us
    parts = []
    for lap in range(laps):
        run = time - first if lap % 2 == 0 else last - time
        column = pa.array(first + lap * span + run, pa.int64())
        parts.append(table.set_column(table.column_names.index("time_us"), "time_us", column))
    return pa.concat_tables(parts).sort_by([("time_us", "ascending"), ("entity", "ascending")])


def _east_north_up(lon: float, lat: float) -> Degrees:
    """Return the local axes at a place as rows."""
    east, north = math.radians(lon), math.radians(lat)
    return np.array(
        [
            [-math.sin(east), math.cos(east), 0.0],
            [-math.sin(north) * math.cos(east), -math.sin(north) * math.sin(east), math.cos(north)],
            [math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)],
        ]
    )


def _numbers(table: pa.Table, name: str) -> NDArray[Any]:
    return np.asarray(table.column(name).to_numpy(zero_copy_only=False))
