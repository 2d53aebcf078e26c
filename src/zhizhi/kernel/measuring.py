"""How large shapes are on the ellipsoid of WGS 84: their area, and the length of their borders."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from zhizhi.kernel.metres import DEGREE, RADIUS_M, SQUARED_ECCENTRICITY

_E = math.sqrt(SQUARED_ECCENTRICITY)


def area_m2(shape: BaseGeometry) -> float:
    """Return the area in square metres, holes taken off.

    Measured on the cylinder that keeps areas (Lambert), so it is exact for borders along meridians
    and parallels, and for zones of a district as good as their corners.
    """
    return float(shapely.transform(shape, _flattened).area) * RADIUS_M * RADIUS_M


def border_m(shape: BaseGeometry) -> float:
    """Return the length in metres of all borders, those of holes included."""
    total = 0.0
    for part in shapely.get_parts(shapely.boundary([shape])):
        lon, lat = shapely.get_coordinates(part).T
        total += float(_along(lon, lat).sum())
    return total


def corner_count(shape: BaseGeometry) -> int:
    """Return how many corners the shape has; the repeated one that closes a ring is not counted."""
    rings = shapely.get_rings([shape])
    return int(shapely.get_num_coordinates(shape)) - len(rings)


def _flattened(corners: Any) -> Any:
    lon, lat = corners[:, 0] * DEGREE, corners[:, 1] * DEGREE
    s = np.sin(lat)
    bulge = s / (1 - SQUARED_ECCENTRICITY * s * s)
    level = bulge + np.log((1 + _E * s) / (1 - _E * s)) / (2 * _E)
    return np.column_stack([lon, (1 - SQUARED_ECCENTRICITY) * level / 2])


def _along(lon: Any, lat: Any) -> Any:
    """Return the length of each edge, with a degree as long as it is at the edge's middle."""
    middle = np.sin((lat[1:] + lat[:-1]) / 2 * DEGREE)
    w = np.sqrt(1 - SQUARED_ECCENTRICITY * middle * middle)
    east = RADIUS_M * DEGREE * np.sqrt(1 - middle * middle) / w
    north = RADIUS_M * DEGREE * (1 - SQUARED_ECCENTRICITY) / w**3
    return np.hypot(np.diff(lon) * east, np.diff(lat) * north)
