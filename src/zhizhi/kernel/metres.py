"""Local metres: how long a degree is here, and how far an edge is away (WGS84).

Margins are tens of metres, so a degree has one length around each point; the error of that at
1 km is below 0.1 m.
"""

from __future__ import annotations

import math

from zhizhi.kernel.native import lean

Segment = tuple[float, float, float, float]  # x1, y1, x2, y2

RADIUS_M = 6_378_137.0
SQUARED_ECCENTRICITY = 0.006_694_379_990_141_317
DEGREE = math.pi / 180.0


@lean
def metres_per_degree(lat: float) -> tuple[float, float]:
    """Return the length in metres of one degree of longitude and of latitude at ``lat``."""
    cosine = math.cos(lat * DEGREE)
    q = SQUARED_ECCENTRICITY * (1.0 - cosine * cosine)
    # The series of 1 / sqrt(1 - q): q is below 0.007, so the rest is below 1e-11.
    bulge = 1.0 + q * (0.5 + q * (0.375 + q * (0.3125 + q * 0.273_437_5)))
    along = (1.0 - SQUARED_ECCENTRICITY) * bulge * bulge * bulge
    return RADIUS_M * DEGREE * bulge * cosine, RADIUS_M * DEGREE * along


@lean
def squared_distance(edge: Segment, x: float, y: float, east_m: float, north_m: float) -> float:
    """Return the squared metres from (x, y) to ``edge``; a degree is ``east_m`` by ``north_m``."""
    ax = (edge[0] - x) * east_m
    ay = (edge[1] - y) * north_m
    dx = (edge[2] - edge[0]) * east_m
    dy = (edge[3] - edge[1]) * north_m
    length = dx * dx + dy * dy
    share = -(ax * dx + ay * dy) / length if length > 0.0 else 0.0
    share = min(max(0.0, share), 1.0)
    ax += share * dx
    ay += share * dy
    return ax * ax + ay * ay
