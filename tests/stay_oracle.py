"""The 30-minute rule once more, in plain Python, from a raw AIS file to a list of stays.

Written from docs/adr/0005 alone; it imports nothing of the product. It reads the file row by row,
turns the globe by the published motion (sample/ATTRIBUTION.md), decides inside, ring or outside by
crossing counts and distances to edges, and walks each vessel's rows in order of time.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

Point = tuple[float, float]
Ring = Sequence[Point]
Stay = tuple[int, str, int, int]  # subject, zone, started and found in seconds since 1970

ENTER_MARGIN_M, EXIT_MARGIN_M = 15.0, 50.0
GRACE_S, GAP_S, FEWEST, COOLDOWN_S = 180, 600, 3, 24 * 3600


def turned(lon: float, lat: float) -> Point:
    """Turn the globe: 90.35 W 29.99 N comes to 107.0 E 29.7 N, then 28 degrees around it."""
    x, y, z = _unit(lon, lat)
    east, north, up = _frame(-90.35, 29.99)
    e, n, u = _dot(east, (x, y, z)), _dot(north, (x, y, z)), _dot(up, (x, y, z))
    c, s = math.cos(math.radians(28)), math.sin(math.radians(28))
    e, n = c * e - s * n, s * e + c * n
    east, north, up = _frame(107.0, 29.7)
    px, py, pz = (e * a + n * b + u * d for a, b, d in zip(east, north, up, strict=True))
    return math.degrees(math.atan2(py, px)), math.degrees(math.asin(max(-1.0, min(1.0, pz))))


def stays(path: Path, zones: Mapping[str, Sequence[Sequence[Ring]]], limit_s: int) -> list[Stay]:
    """Return the stays over ``limit_s`` in a raw file; a zone is polygons of rings (lon, lat)."""
    tracks: dict[int, dict[int, Point]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            seen_at = datetime.fromisoformat(row["t"]).replace(tzinfo=UTC).timestamp()
            place = turned(float(row["lon"]), float(row["lat"]))
            others = tracks[int(row["vessel"])]
            moment = int(seen_at)
            others[moment] = min(place, others.get(moment, place))
    boxes = {key: _box(polygons) for key, polygons in zones.items()}
    found = []
    for subject, track in tracks.items():
        for key, polygons in zones.items():
            sides = [(t, _side(track[t], polygons, boxes[key])) for t in sorted(track)]
            if any(side == "in" for _, side in sides):
                found += [(subject, key, since, at) for since, at in _over(sides, limit_s)]
    return sorted(found)


def _over(sides: Iterable[tuple[int, str]], limit_s: int) -> list[tuple[int, int]]:
    """Return (started, found) of each stay that exceeds the limit in one vessel's row of sides."""
    found: list[tuple[int, int]] = []
    since = heard = left = None
    count, is_told = 0, False
    for t, side in sides:
        silent = heard is not None and t - heard > GAP_S
        gone = left is not None and t - left >= GRACE_S
        if silent or gone:
            since = heard = left = None
        if side == "in":
            if since is None:
                since, count, is_told = t, 0, False
            count, heard, left = count + 1, t, None
            cool = not found or t >= found[-1][1] + COOLDOWN_S
            if t - since > limit_s and count >= FEWEST and not is_told and cool:
                found.append((since, t))
                is_told = True
        elif since is not None:
            heard = t
            left = None if side == "ring" else (t if left is None else left)
    return found


def _side(place: Point, polygons: Sequence[Sequence[Ring]], box: Sequence[float]) -> str:
    x, y = place
    if not (box[0] - 0.01 <= x <= box[2] + 0.01 and box[1] - 0.01 <= y <= box[3] + 0.01):
        return "out"
    crossings, nearest = 0, math.inf
    for rings in polygons:
        for ring in rings:
            for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
                if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                    crossings += 1
                nearest = min(nearest, _metres(place, (ax, ay), (bx, by)))
    if crossings % 2:
        return "in" if nearest >= ENTER_MARGIN_M else "ring"
    return "ring" if nearest <= EXIT_MARGIN_M else "out"


def _metres(place: Point, a: Point, b: Point) -> float:
    """Return the distance to a segment on the WGS84 ellipsoid, flat around the place."""
    sine = math.sin(math.radians(place[1]))
    w = 1 - 0.006_694_379_990_141_317 * sine**2
    north = math.radians(6_378_137 * (1 - 0.006_694_379_990_141_317) / w**1.5)
    east = math.radians(6_378_137 / math.sqrt(w) * math.cos(math.radians(place[1])))
    ax, ay = (a[0] - place[0]) * east, (a[1] - place[1]) * north
    dx, dy = (b[0] - a[0]) * east, (b[1] - a[1]) * north
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else max(0.0, min(1.0, -(ax * dx + ay * dy) / length))
    return math.hypot(ax + share * dx, ay + share * dy)


def _box(polygons: Sequence[Sequence[Ring]]) -> tuple[float, float, float, float]:
    points = [point for rings in polygons for ring in rings for point in ring]
    return (min(x for x, _ in points), min(y for _, y in points),
            max(x for x, _ in points), max(y for _, y in points))  # fmt: skip


def _unit(lon: float, lat: float) -> tuple[float, float, float]:
    a, b = math.radians(lon), math.radians(lat)
    return math.cos(b) * math.cos(a), math.cos(b) * math.sin(a), math.sin(b)


def _frame(lon: float, lat: float) -> tuple[tuple[float, float, float], ...]:
    a, b = math.radians(lon), math.radians(lat)
    east = (-math.sin(a), math.cos(a), 0.0)
    north = (-math.sin(b) * math.cos(a), -math.sin(b) * math.sin(a), math.cos(b))
    return east, north, _unit(lon, lat)


def _dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return sum(p * q for p, q in zip(a, b, strict=True))
