"""A complete synthetic district from one number: no real boundary, place or person in it.

27 towns, 420 communities, 2,000 grids that tile 2,942 km² exactly, with river, no-fishing reaches,
roads, buildings, schools, stations, cameras and patrols. The same seed gives the same district;
each layer draws from its own random stream.
"""

from __future__ import annotations

from zhizhi.kernel.district.building import build
from zhizhi.kernel.district.model import (
    AreaRecord,
    Camera,
    District,
    Patrol,
    ReachRecord,
    School,
    Station,
)

__all__ = [
    "AreaRecord",
    "Camera",
    "District",
    "Patrol",
    "ReachRecord",
    "School",
    "Station",
    "build",
]
