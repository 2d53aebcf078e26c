"""The outline of the district: stretched along the valley, its southern side on a ridge."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import Polygon

from zhizhi.kernel.district.plane import Points
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.terrain import FOLD_SPACING_M, Terrain, from_valley

AREA_M2 = 2_942e6
_HALF_LENGTH_M = 40_500.0
_HALF_WIDTH_M = 21_500.0
_CREST = -2  # which fold, counted from the valley's middle, carries the southern boundary


def draw(seed: int, terrain: Terrain) -> Polygon:
    """Return the outline in plane metres; its area is exactly ``AREA_M2``."""
    random = layer(seed, "outline")
    turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    along = _HALF_LENGTH_M * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.8
    across = _HALF_WIDTH_M * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.8
    along += _wobble(turn, random, 2_300.0)
    across += _wobble(turn, random, 2_600.0)
    across = _on_the_ridge(turn, along, across, terrain)
    ring = _roughen(from_valley(along, across), random)
    outline = shapely.make_valid(Polygon(ring))
    parts = shapely.get_parts(outline)
    outline = parts[int(np.argmax(shapely.area(parts)))]
    return _to_area(outline)


def _wobble(turn: Points, random: np.random.Generator, size: float) -> Points:
    """Return Fourier noise around the ring, softer with each higher wave."""
    total = np.zeros_like(turn)
    for wave in range(2, 26):
        swing = random.normal(0, size / wave**0.95)
        total += swing * np.cos(wave * turn + random.uniform(0, 2 * np.pi))
    return total


def _on_the_ridge(turn: Points, along: Points, across: Points, terrain: Terrain) -> Points:
    """Return ``across`` with the southern side drawn onto the crest of one fold."""
    crest = _CREST * FOLD_SPACING_M + terrain.crest_offset(along)
    south = np.clip(-np.sin(turn) * 2.2 - 0.7, 0, 1)
    blended: Points = across * (1 - south) + crest * south
    return blended


def _roughen(ring: Points, random: np.random.Generator) -> Points:
    """Return ``ring`` with each side broken once at a point pushed a little aside."""
    following = np.roll(ring, -1, axis=0)
    side = following - ring
    push = random.normal(0, 0.16, len(ring))[:, None] * np.column_stack([-side[:, 1], side[:, 0]])
    middle = (ring + following) / 2 + push
    return np.stack([ring, middle], axis=1).reshape(-1, 2)


def _to_area(outline: Polygon) -> Polygon:
    """Return ``outline`` scaled about the origin to the wanted area."""
    factor = np.sqrt(AREA_M2 / outline.area)
    scaled: Polygon = shapely.transform(outline, lambda points: points * factor)
    return scaled
