"""What a built district consists of; every geometry is WGS84 degrees."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry import LineString, Polygon


@dataclass(frozen=True, slots=True)
class AreaRecord:
    """One governed piece of the district; ``parent`` is the code of the next larger one."""

    kind: str  # district, town, community, grid_cell, building, road_section, exclusive_area
    code: str
    name: str
    parent: str
    geometry: shapely.Geometry
    lon: float
    lat: float
    population: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class ReachRecord:
    """A stretch of water where fishing is forbidden; ``seasons`` are month-day pairs."""

    key: str
    name: str
    geometry: Polygon
    seasons: tuple[tuple[str, str], ...]
    length_m: float


@dataclass(frozen=True, slots=True)
class School:
    """A school with its campus and its gates (lon, lat)."""

    code: str
    name: str
    area: str  # code of its grid
    campus: Polygon
    gates: tuple[tuple[float, float], ...]
    pupils: int


@dataclass(frozen=True, slots=True)
class Station:
    """A police station and the town that it serves."""

    code: str
    name: str
    area: str  # code of its town
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Camera:
    """A public camera; ``reach`` is the key of the no-fishing reach it overlooks, or empty."""

    code: str
    place: str  # bank, crossing, school_gate, street
    area: str  # code of its grid
    lon: float
    lat: float
    reach: str = ""


@dataclass(frozen=True, slots=True)
class Patrol:
    """A unit that can be sent."""

    code: str
    name: str
    kind: str  # police_patrol, river_patrol, grid_worker
    capabilities: tuple[str, ...]
    agency: str  # police, fishery, grid
    area: str  # code of the area it serves
    speed_kmh: float
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class District:
    """A complete synthetic district; equal seeds give equal districts."""

    seed: int
    areas: tuple[AreaRecord, ...]  # larger before smaller
    reaches: tuple[ReachRecord, ...]
    schools: tuple[School, ...]
    stations: tuple[Station, ...]
    cameras: tuple[Camera, ...]
    patrols: tuple[Patrol, ...]
    river: LineString
    tributary: LineString
    water: Polygon

    def of(self, kind: str) -> tuple[AreaRecord, ...]:
        """Return the areas of one kind."""
        return tuple(area for area in self.areas if area.kind == kind)

    def area(self, code: str) -> AreaRecord:
        """Return the area with ``code``; raises KeyError when there is none."""
        for one in self.areas:
            if one.code == code:
                return one
        raise KeyError(code)
