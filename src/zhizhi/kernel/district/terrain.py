"""The lie of the land: parallel folds along the valley, with the river cut into them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from zhizhi.kernel.district.plane import Points
from zhizhi.kernel.district.randomness import layer
from zhizhi.kernel.district.river import Waters

VALLEY_ANGLE = np.radians(21.0)  # direction of the valley, counter-clockwise from east
FOLD_SPACING_M = 11_500.0
RIVER_LEVEL_M = 165.0
_OCTAVES = ((14_000.0, 1.0), (5_600.0, 0.45), (2_300.0, 0.2), (900.0, 0.09))


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights above sea level for any point of the plane."""

    lattices: tuple[Points, ...]
    waters: Waters

    def noise(self, points: Points) -> Points:
        """Return smooth noise, roughly within -1..1, that is the same for the same point."""
        total = np.zeros(len(points))
        for (size, weight), lattice in zip(_OCTAVES, self.lattices, strict=True):
            total += weight * _value_noise(points / size, lattice)
        return total

    def crest_offset(self, along: Points) -> Points:
        """Return how far the folds wander sideways at the distance ``along`` the valley."""
        probe = np.column_stack([along, np.full_like(along, 77_000.0)])
        wander: Points = 1_900.0 * _value_noise(probe / 9_000.0, self.lattices[0])
        wander += 420.0 * _value_noise(probe / 2_000.0, self.lattices[1])
        return wander

    def height(self, points: Points) -> Points:
        """Return the height in metres of each point."""
        along, across = valley_axes(points)
        phase = (across - self.crest_offset(along)) / FOLD_SPACING_M
        fold = np.cos(2 * np.pi * phase) * 0.5 + 0.5
        rough = self.noise(points)
        raw = 210.0 + 520.0 * fold**2.2 + 170.0 * rough
        away = shapely.distance(shapely.points(points), self.waters.main)
        cut = np.clip((away - 500.0) / 6_000.0, 0.0, 1.0)
        cut = cut * cut * (3 - 2 * cut)
        height: Points = np.maximum(
            RIVER_LEVEL_M + 6 + 8 * np.abs(rough), raw * (0.25 + 0.75 * cut)
        )
        return height


def survey(seed: int, waters: Waters) -> Terrain:
    """Return the terrain of district ``seed``."""
    random = layer(seed, "terrain")
    return Terrain(tuple(random.uniform(-1, 1, (64, 64)) for _ in _OCTAVES), waters)


def valley_axes(points: Points) -> tuple[Points, Points]:
    """Return the distances along and across the valley of each point."""
    cosine, sine = np.cos(VALLEY_ANGLE), np.sin(VALLEY_ANGLE)
    return (
        points[:, 0] * cosine + points[:, 1] * sine,
        -points[:, 0] * sine + points[:, 1] * cosine,
    )


def from_valley(along: Points, across: Points) -> Points:
    """Return the plane points at these distances along and across the valley."""
    cosine, sine = np.cos(VALLEY_ANGLE), np.sin(VALLEY_ANGLE)
    return np.column_stack([along * cosine - across * sine, along * sine + across * cosine])


def _value_noise(points: Points, lattice: Points) -> Points:
    cell = np.floor(points).astype(np.int64)
    part = points - cell
    part = part * part * (3 - 2 * part)
    size = len(lattice)
    x0, y0 = cell[:, 0] % size, cell[:, 1] % size
    x1, y1 = (x0 + 1) % size, (y0 + 1) % size
    low = lattice[x0, y0] * (1 - part[:, 0]) + lattice[x1, y0] * part[:, 0]
    high = lattice[x0, y1] * (1 - part[:, 0]) + lattice[x1, y1] * part[:, 0]
    mixed: Points = low * (1 - part[:, 1]) + high * part[:, 1]
    return mixed
