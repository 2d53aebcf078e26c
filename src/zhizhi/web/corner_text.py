"""A shape as text that anybody can type: one corner a line, longitude and latitude.

An empty line begins the next part; a line "hole" (or 孔) makes what follows a hole of the part
before. The page's script writes and reads the same (assets/js/corner_text.js).
"""

from __future__ import annotations

import math
import re
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

_HOLE = re.compile(r"(hole|孔|洞)[:：]?", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;，；、]+")
_FEWEST = 3
Ring = list[list[float]]


class CornersUnreadable(ValueError):
    """A line is no corner; ``problem`` is "numbers", "few" or "hole", ``line`` counts from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line, self.problem = line, problem


def read(text: str) -> dict[str, Any]:
    """Return the typed corners as a GeoJSON geometry; raises CornersUnreadable."""
    parts: list[list[Ring]] = []
    for line, is_hole, ring in _rings(text):
        if len(ring) < _FEWEST:
            raise CornersUnreadable(line, "few")
        if is_hole and not parts:
            raise CornersUnreadable(line, "hole")
        closed = [*ring, ring[0]]
        if is_hole:
            parts[-1].append(closed)
        else:
            parts.append([closed])
    return {"type": "MultiPolygon", "coordinates": parts}


def _rings(text: str) -> list[tuple[int, bool, Ring]]:
    """Return each ring with its first line and whether it is a hole."""
    found: list[tuple[int, bool, Ring]] = []
    is_hole, is_open = False, False
    for number, line in enumerate(text.splitlines(), 1):
        told = line.strip()
        if not told or _HOLE.fullmatch(told):
            is_open = False
            is_hole = bool(told)
            continue
        if not is_open:
            found.append((number, is_hole, []))
            is_open, is_hole = True, False
        found[-1][2].append(_corner(number, told))
    return [(line, hole, _opened(ring)) for line, hole, ring in found]


def _corner(number: int, told: str) -> list[float]:
    try:
        lon, lat = (float(part) for part in _BETWEEN.split(told) if part)
    except ValueError as error:
        raise CornersUnreadable(number, "numbers") from error
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise CornersUnreadable(number, "numbers")
    return [lon, lat]


def _opened(ring: Ring) -> Ring:
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def write(shape: BaseGeometry) -> str:
    """Return the corners of ``shape`` (WGS 84) as text that ``read`` reads."""
    blocks = []
    for part in shapely.get_parts([shape]):
        for number, ring in enumerate(shapely.get_rings([part])):
            lines = [f"{lon:.7f}, {lat:.7f}" for lon, lat in shapely.get_coordinates(ring)[:-1]]
            blocks.append("\n".join(["hole", *lines] if number else lines))
    return "\n\n".join(blocks)
