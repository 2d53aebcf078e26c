"""The district's own plane: metres east and north of 107.0° E, 29.7° N.

Both axes use the ellipsoid's radii of curvature at the origin, so a metre is a metre to within
0.4 % everywhere in the district, and the way back to degrees is an exact inverse.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray

ORIGIN_LON, ORIGIN_LAT = 107.0, 29.7
_A, _E2 = 6378137.0, 0.00669437999014132  # WGS84
_SIN2 = math.sin(math.radians(ORIGIN_LAT)) ** 2
_NORMAL = _A / math.sqrt(1 - _E2 * _SIN2)
_MERIDIAN = _A * (1 - _E2) / (1 - _E2 * _SIN2) ** 1.5
METRES_PER_DEGREE = np.array(
    [
        math.radians(_NORMAL * math.cos(math.radians(ORIGIN_LAT))),
        math.radians(_MERIDIAN),
    ]
)

Points = NDArray[np.float64]


def to_degrees(points: Points) -> Points:
    """Return lon/lat of plane ``points`` (n × 2)."""
    degrees: Points = points / METRES_PER_DEGREE + (ORIGIN_LON, ORIGIN_LAT)
    return degrees


def to_metres(degrees: Points) -> Points:
    """Return plane metres of lon/lat ``degrees`` (n × 2)."""
    metres: Points = (degrees - (ORIGIN_LON, ORIGIN_LAT)) * METRES_PER_DEGREE
    return metres


def degrees_of(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return copies of plane ``geometries`` in WGS84 degrees."""
    turned: NDArray[np.object_] = shapely.transform(geometries, to_degrees)
    return turned


def point_array(points: Points) -> NDArray[np.object_]:
    """Return one point geometry for each row of ``points``."""
    return np.atleast_1d(np.asarray(shapely.points(points), dtype=object))
