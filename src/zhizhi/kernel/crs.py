"""Coordinate systems: everything inside is WGS84; what comes in declares its own.

CGCS2000 has the same numbers as WGS84 to within centimetres. Gauss-Krüger grids are converted on
the CGCS2000 ellipsoid. GCJ-02 and BD-09 are offset on purpose by some hundred metres in mainland
China; to turn them back is restricted there, so it must be allowed explicitly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Points = tuple[Floats, Floats]

GEOGRAPHIC = ("WGS84", "CGCS2000", "EPSG:4326", "EPSG:4490", "EPSG:4979", "CRS84")
OFFSET = ("GCJ-02", "BD-09")

_A = 6_378_137.0
_F = 1 / 298.257222101  # CGCS2000
_E = math.sqrt(_F * (2 - _F))
_N = _F / (2 - _F)
_RECTIFYING_M = _A / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256)
_FARTHEST_M = 2_000_000.0  # from the central meridian: beyond, the series is not for use

# Krüger's series to the sixth power of n (C. F. F. Karney, "Transverse Mercator with an accuracy
# of a few nanometers", 2011, equations 35 and 36).
_POWERS = _N ** np.arange(1, 7)
_FORWARD = (
    np.array(
        [
            [1 / 2, -2 / 3, 5 / 16, 41 / 180, -127 / 288, 7891 / 37800],
            [0, 13 / 48, -3 / 5, 557 / 1440, 281 / 630, -1983433 / 1935360],
            [0, 0, 61 / 240, -103 / 140, 15061 / 26880, 167603 / 181440],
            [0, 0, 0, 49561 / 161280, -179 / 168, 6601661 / 7257600],
            [0, 0, 0, 0, 34729 / 80640, -3418889 / 1995840],
            [0, 0, 0, 0, 0, 212378941 / 319334400],
        ]
    )
    @ _POWERS
)
_BACKWARD = (
    np.array(
        [
            [1 / 2, -2 / 3, 37 / 96, -1 / 360, -81 / 512, 96199 / 604800],
            [0, 1 / 48, 1 / 15, -437 / 1440, 46 / 105, -1118711 / 3870720],
            [0, 0, 17 / 480, -37 / 840, -209 / 4480, 5569 / 90720],
            [0, 0, 0, 4397 / 161280, -11 / 504, -830251 / 7257600],
            [0, 0, 0, 0, 4583 / 161280, -108847 / 3991680],
            [0, 0, 0, 0, 0, 20648693 / 638668800],
        ]
    )
    @ _POWERS
)


class UnknownCrs(ValueError):
    """The declared coordinate system is not one of those that can be read."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Unknown coordinate system {name!r}. Known: WGS84 (EPSG:4326), CGCS2000 (EPSG:4490), "
            "GCJ-02, BD-09, and the Gauss-Krüger grids of CGCS2000, EPSG:4491 to EPSG:4554."
        )


class InverseNotAllowed(PermissionError):
    """Turning GCJ-02 or BD-09 back into WGS84 needs an explicit permission."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} coordinates are offset on purpose and may be turned back only where the "
            "deployer has permitted it. Send WGS84 or CGCS2000, or permit it for this import."
        )


@dataclass(frozen=True, slots=True)
class GaussKrueger:
    """One grid: metres east and north of its central meridian, 500 km added to the east."""

    meridian: float
    false_east_m: float

    def forward(self, lon: Floats, lat: Floats) -> Points:
        """Return metres east and north of WGS84 degrees."""
        phi, along = np.radians(lat), np.radians(lon - self.meridian)
        tau = np.tan(phi)
        conformal = _conformal(tau)
        xi = np.arctan2(conformal, np.cos(along))
        eta = np.arcsinh(np.sin(along) / np.hypot(conformal, np.cos(along)))
        north, east = xi.copy(), eta.copy()
        for j, factor in enumerate(_FORWARD, 1):
            north += factor * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
            east += factor * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
        return self.false_east_m + _RECTIFYING_M * east, _RECTIFYING_M * north

    def backward(self, east_m: Floats, north_m: Floats) -> Points:
        """Return WGS84 degrees; NaN where the point is nowhere near the grid."""
        offset = np.where(np.abs(east_m - self.false_east_m) > _FARTHEST_M, np.nan, east_m)
        xi = xi_1 = north_m / _RECTIFYING_M
        eta = eta_1 = (offset - self.false_east_m) / _RECTIFYING_M
        for j, factor in enumerate(_BACKWARD, 1):
            xi = xi - factor * np.sin(2 * j * xi_1) * np.cosh(2 * j * eta_1)
            eta = eta - factor * np.cos(2 * j * xi_1) * np.sinh(2 * j * eta_1)
        conformal = np.sin(xi) / np.hypot(np.sinh(eta), np.cos(xi))
        tau = conformal / (1 - _E**2)
        for _ in range(6):
            here = _conformal(tau)
            slope = np.hypot(1, here) * np.hypot(1, tau) * (1 - _E**2) / (1 + (1 - _E**2) * tau**2)
            tau = tau + (conformal - here) / slope
        lon = self.meridian + np.degrees(np.arctan2(np.sinh(eta), np.cos(xi)))
        return lon, np.degrees(np.arctan(tau))


def _conformal(tau: Floats) -> Floats:
    """Return the tangent of the conformal latitude for the tangent of the latitude."""
    secant = np.hypot(1, tau)
    sigma = np.sinh(_E * np.arctanh(_E * tau / secant))
    found: Floats = tau * np.hypot(1, sigma) - sigma * secant
    return found


def grid_of(name: str) -> GaussKrueger | None:
    """Return the Gauss-Krüger grid of CGCS2000 with this EPSG code, if it is one.

    4491..4501: 6 degrees, zone number 13..23 before the easting; 4502..4512: the same without.
    4513..4533: 3 degrees, zone number 25..45 before the easting; 4534..4554: the same without.
    """
    found = re.fullmatch(r"(?:EPSG:)?(\d{4})", name)
    code = int(found[1]) if found else 0
    families = ((4491, 4501, 6, 13), (4502, 4512, 6, 0), (4513, 4533, 3, 25), (4534, 4554, 3, 0))
    for first, last, width, zone in families:
        if first <= code <= last:
            number = code - first
            prefix = 1_000_000 * (zone + number) if zone else 0
            return GaussKrueger(75.0 + width * number, prefix + 500_000.0)
    return None


def to_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str, *, allow_inverse: bool = False) -> Points:
    """Return WGS84 degrees of coordinates in ``crs``; for a grid ``lon`` is east, ``lat`` north.

    Raises UnknownCrs, and InverseNotAllowed for GCJ-02 and BD-09 unless ``allow_inverse``.
    """
    x, y = _points(lon, lat)
    name = _name(crs)
    if name in GEOGRAPHIC:
        return x, y
    if name in OFFSET:
        if not allow_inverse:
            raise InverseNotAllowed(name)
        return _gcj02_backward(*(_bd09_backward(x, y) if name == "BD-09" else (x, y)))
    grid = grid_of(name)
    if grid is None:
        raise UnknownCrs(crs)
    return grid.backward(x, y)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> Points:
    """Return coordinates in ``crs`` of WGS84 degrees, for display and export."""
    x, y = _points(lon, lat)
    name = _name(crs)
    if name in GEOGRAPHIC:
        return x, y
    if name in OFFSET:
        x, y = _gcj02_forward(x, y)
        return _bd09_forward(x, y) if name == "BD-09" else (x, y)
    grid = grid_of(name)
    if grid is None:
        raise UnknownCrs(crs)
    return grid.forward(x, y)


def is_known(crs: str) -> bool:
    """Tell whether ``to_wgs84`` can read ``crs``."""
    name = _name(crs)
    return name in GEOGRAPHIC or name in OFFSET or grid_of(name) is not None


def _points(lon: ArrayLike, lat: ArrayLike) -> Points:
    return np.array(lon, np.float64), np.array(lat, np.float64)


def _name(crs: str) -> str:
    name = crs.strip().upper().removeprefix("URN:OGC:DEF:CRS:").replace("EPSG::", "EPSG:")
    aliases = {"GCJ02": "GCJ-02", "BD09": "BD-09", "OGC:1.3:CRS84": "CRS84", "WGS 84": "WGS84"}
    return aliases.get(name, name)


_GCJ_A = 6_378_245.0  # the ellipsoid that the offset was computed on (Krasovsky 1940)
_GCJ_E2 = 0.006_693_421_622_965_943
_BD_TURN = math.pi * 3000 / 180


def _is_in_mainland(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Tell where the offset applies: the usual rectangle around mainland China."""
    inside: NDArray[np.bool_] = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293)
    return inside & (lat <= 55.8271)


def _wave(*terms: tuple[float, Floats]) -> Floats:
    total: Floats = np.asarray(sum(size * np.sin(angle * math.pi) for size, angle in terms))
    return total * 2 / 3


def _gcj02_forward(lon: Floats, lat: Floats) -> Points:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    short = _wave((20, 6 * x), (20, 2 * x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north = north + short + _wave((20, y), (40, y / 3)) + _wave((160, y / 12), (320, y / 30))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east = east + short + _wave((20, x), (40, x / 3)) + _wave((150, x / 12), (300, x / 30))
    phi = np.radians(lat)
    magic = 1 - _GCJ_E2 * np.sin(phi) ** 2
    north = np.degrees(north / (_GCJ_A * (1 - _GCJ_E2) / magic**1.5))
    east = np.degrees(east / (_GCJ_A / np.sqrt(magic) * np.cos(phi)))
    applies = _is_in_mainland(lon, lat)
    return lon + np.where(applies, east, 0.0), lat + np.where(applies, north, 0.0)


def _bd09_forward(lon: Floats, lat: Floats) -> Points:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _gcj02_backward(lon: Floats, lat: Floats) -> Points:
    return _undo(_gcj02_forward, lon, lat)


def _bd09_backward(lon: Floats, lat: Floats) -> Points:
    return _undo(_bd09_forward, lon, lat)


def _undo(forward: Callable[[Floats, Floats], Points], lon: Floats, lat: Floats) -> Points:
    """Return what ``forward`` moves to (lon, lat): three steps come to below a millimetre."""
    x, y = lon, lat
    for _ in range(4):  # the first step only finds the offset
        moved_x, moved_y = forward(x, y)
        x, y = x + (lon - moved_x), y + (lat - moved_y)
    return x, y
