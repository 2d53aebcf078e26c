"""The river Yan, its tributary, and the reaches where fishing is forbidden.

The bends of the main river are the same for every seed: they were read off the public-domain AIS
tracks of the lower Mississippi between Donaldsonville and New Orleans after the rigid motion in
``sources.ais.carrying``, so vessels of that record sail on the demo river and not across its hills.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
import shapely.ops
from shapely.geometry import LineString, Polygon

from zhizhi.kernel.district.plane import Points
from zhizhi.kernel.district.randomness import layer

# Bends in units of 10 m of the plane, upstream end first.
# fmt: off
_BENDS = (
    -3874, -1892, -3852, -1847, -3817, -1812, -3739, -1749, -3669, -1677, -3591, -1614,
    -3506, -1562, -3368, -1504, -3325, -1477, -3256, -1405, -3203, -1320, -3147, -1129,
    -3037, -962, -2998, -818, -2970, -777, -2932, -744, -2887, -723, -2837, -719, -2790, -736,
    -2703, -786, -2654, -795, -2554, -791, -2508, -771, -2473, -735, -2449, -691, -2414, -598,
    -2386, -556, -2293, -439, -2220, -371, -2176, -347, -2127, -335, -2027, -332, -1978, -320,
    -1794, -241, -1750, -216, -1712, -184, -1644, -110, -1568, -46, -1521, -28, -1471, -27,
    -1376, -59, -1331, -82, -1291, -112, -1260, -151, -1174, -332, -1146, -373, -1108, -406,
    -1062, -425, -1012, -430, -962, -424, -915, -408, -823, -367, -679, -324, -596, -268,
    -549, -250, -500, -260, -366, -327, -334, -366, -283, -451, -247, -486, -204, -512, -70, -580,
    -22, -596, 28, -594, 123, -560, 271, -534, 452, -449, 494, -421, 526, -383, 568, -292,
    582, -244, 607, -96, 624, -49, 736, 117, 772, 151, 817, 173, 1004, 246, 1104, 257, 1153, 251,
    1201, 236, 1243, 207, 1340, 93, 1418, 30, 1463, 8, 1511, -5, 1561, 2, 1603, 29, 1705, 139,
    1726, 184, 1740, 283, 1806, 418, 1830, 514, 1859, 555, 1903, 576, 1953, 573, 1995, 547,
    2075, 421, 2140, 345, 2193, 261, 2233, 232, 2281, 216, 2330, 213, 2378, 226, 2461, 283,
    2649, 448, 2714, 524, 2771, 607, 2786, 654, 2787, 703, 2777, 752, 2689, 930, 2691, 978,
    2718, 1020, 2950, 1097, 3000, 1102, 3050, 1103, 3150, 1090, 3250, 1086, 3350, 1071,
    3499, 1088, 3543, 1066, 3602, 985, 3651, 978, 3691, 1007, 3765, 1137, 3804, 1169, 3896, 1209,
    3944, 1223,
)
# fmt: on
_OVERHANG_M = 30_000.0  # how far both ends are drawn on beyond the outline
_TRIBUTARY_MOUTH = np.array([280.0, -5940.0])
HALF_WIDTH_M = 480.0


@dataclass(frozen=True, slots=True)
class Reach:
    """A stretch of water where fishing is forbidden; ``seasons`` are month-day pairs."""

    key: str
    name: str
    geometry: Polygon
    seasons: tuple[tuple[str, str], ...]
    length_m: float


@dataclass(frozen=True, slots=True)
class Waters:
    """Centrelines and water surfaces, in plane metres."""

    main: LineString
    tributary: LineString
    surface: Polygon


def draw(seed: int) -> Waters:
    """Return the waters of district ``seed``."""
    random = layer(seed, "waters")
    main = _main_line()
    tributary = _tributary_line(random)
    wide = _ribbon(main, HALF_WIDTH_M, _breathing(main, random))
    narrow = _ribbon(tributary, 85.0, _breathing(tributary, random))
    return Waters(main, tributary, largest(shapely.union_all([wide, narrow])))


def reaches(waters: Waters) -> tuple[Reach, ...]:
    """Return the four no-fishing reaches: three of the main river, one of the tributary."""
    plans = (
        ("nf-town", "砚江城区江段常年禁捕区", waters.main, (80_000.0, 85_000.0), ()),
        ("nf-upper", "砚江上游种质资源保护区", waters.main, (57_000.0, 61_000.0), ()),
        ("nf-spawn", "砚江鸣滩产卵场季节禁捕区", waters.main, (99_000.0, 103_000.0),
         (("03-01", "06-30"),)),
        ("nf-mouth", "霁溪河口禁捕区", waters.tributary, (0.0, 6_500.0), ()),
    )  # fmt: skip
    return tuple(_reach(waters, plan) for plan in plans)


def _reach(
    waters: Waters,
    plan: tuple[str, str, LineString, tuple[float, float], tuple[tuple[str, str], ...]],
) -> Reach:
    key, name, line, (start, end), seasons = plan
    stretch = shapely.ops.substring(line, start, end)
    half = HALF_WIDTH_M * 1.25 if line is waters.main else 130.0
    corridor = shapely.buffer(stretch, half, cap_style="flat", join_style="round")
    water = shapely.intersection(corridor, shapely.buffer(waters.surface, 25.0))
    if key == "nf-mouth":
        water = shapely.difference(water, shapely.buffer(waters.main, HALF_WIDTH_M * 1.3))
    return Reach(key, name, largest(water), seasons, end - start)


def _main_line() -> LineString:
    bends = np.array(_BENDS, dtype=np.float64).reshape(-1, 2) * 10.0
    first = bends[0] + _unit(bends[0] - bends[6]) * _OVERHANG_M
    last = bends[-1] + _unit(bends[-1] - bends[-12]) * _OVERHANG_M
    return LineString(catmull_rom(np.vstack([first, bends, last]), 4))


def _tributary_line(random: np.random.Generator) -> LineString:
    steps = 26
    heading = -1.75 + 0.75 * np.sin(np.cumsum(random.uniform(0.5, 1.3, steps)))
    stride = 1400.0 * np.column_stack([np.cos(heading), np.sin(heading)])
    bends = _TRIBUTARY_MOUTH + np.vstack([[0.0, 0.0], np.cumsum(stride, axis=0)])
    bends[1] = _TRIBUTARY_MOUTH + np.array([300.0, -1400.0])
    line = LineString(catmull_rom(bends, 6))
    return line if line.is_simple else LineString(bends[[0, -1]])


def catmull_rom(points: Points, pieces: int) -> Points:
    """Return a smooth line through ``points`` with ``pieces`` segments between two of them."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    p0, p1, p2, p3 = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(pieces) / pieces)[:, None, None]
    curve = 0.5 * (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return np.vstack([curve.transpose(1, 0, 2).reshape(-1, 2), points[-1]])


def _breathing(line: LineString, random: np.random.Generator) -> Points:
    """Return how the half width varies along ``line``: a smooth factor between 0.85 and 1.15."""
    knots = random.uniform(0.85, 1.15, 40)
    vertices = np.asarray(shapely.get_coordinates(line))
    place = np.linspace(0, 39, len(vertices))
    return np.interp(place, np.arange(40), knots)


def _ribbon(line: LineString, half_width: float, factor: Points) -> Polygon:
    """Return ``line`` with a width: round pieces joined, so that bends cannot fold over."""
    vertices = np.asarray(shapely.get_coordinates(line))
    pairs = np.stack([vertices[:-1], vertices[1:]], axis=1)
    pieces = shapely.buffer(
        shapely.linestrings(pairs), half_width * (factor[:-1] + factor[1:]) / 2, quad_segs=4
    )
    return largest(shapely.simplify(shapely.union_all(pieces), 8.0))


def largest(geometry: shapely.Geometry) -> Polygon:
    """Return the largest polygon of ``geometry``."""
    parts = shapely.get_parts(geometry)
    biggest = parts[int(np.argmax(shapely.area(parts)))]
    if not isinstance(biggest, Polygon):
        message = f"expected a polygon, got {biggest.geom_type}"
        raise TypeError(message)
    return biggest


def _unit(vector: Points) -> Points:
    unit: Points = vector / np.hypot(*vector)
    return unit
