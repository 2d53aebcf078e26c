"""The collections: which records a reader gets, and what is told of each. None names a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import shapely
from django.db.models import OuterRef, Q, QuerySet, Subquery

from zhizhi.directory.models import Area, Unit
from zhizhi.engine import zoning
from zhizhi.engine.models import Alert, Case, Task, Zone
from zhizhi.engine.system import systems
from zhizhi.kernel.shapes import Bounds
from zhizhi.web.access import CASE_READERS, DESK_READERS
from zhizhi.web.digits import whole_number
from zhizhi.web.outward.reader import OutsideReader
from zhizhi.web.places import areas_in, units_in

PUBLIC_AREAS = (Area.Kind.DISTRICT, Area.Kind.TOWN, Area.Kind.COMMUNITY)
Feature = tuple[Any, dict[str, Any]]  # geometry as GeoJSON text, and the properties


@dataclass(frozen=True, slots=True)
class FeatureCollection:
    """One kind of features.

    ``rows`` come in the order of their primary key, so that a page can go on after any of them.
    ``named_by`` is the column that is a feature's id; ``begins`` and ``ends`` say when it is.
    ``shape`` returns the whole outline where ``near`` (by columns) is only a box around it.
    """

    key: str
    title: str
    description: str
    rows: Callable[[OutsideReader], QuerySet[Any]]
    told: Callable[[Any], Feature]
    properties: Mapping[str, str]
    named_by: str = "pk"
    is_numbered: bool = True  # its primary keys are whole numbers
    readers: tuple[str, ...] = ()  # empty: everybody
    begins: str = ""
    ends: str = ""
    near: Callable[[Bounds], Q] | None = None
    shape: Callable[[Any], shapely.Geometry] | None = None

    def is_for(self, reader: OutsideReader) -> bool:
        return not self.readers or reader.has(*self.readers)

    def read_by(self, reader: OutsideReader) -> QuerySet[Any]:
        """Return its rows for ``reader``; raises Unanswerable for who may not read it at all."""
        if self.readers:
            reader.having(*self.readers)
        return self.rows(reader).order_by("pk")

    def place(self, text: str) -> int | str | None:
        """Return a primary key as the database compares it; None for one that cannot exist."""
        if self.is_numbered:
            return whole_number(text)
        return text if text.isalnum() else None

    def find(self, reader: OutsideReader, name: str) -> Any | None:
        """Return the row with this id, if there is one for ``reader``."""
        rows = self.read_by(reader)
        key = self.place(name) if self.named_by == "pk" else name
        if key is None or "\0" in name:
            return None
        return rows.filter(**{self.named_by: key}).first()


def _inside(low: str, high: str, north: str, south: str) -> Callable[[Bounds], Q]:
    """Return a condition on columns that a feature's box touches another, dateline included."""

    def near(box: Bounds) -> Q:
        west, bottom, east, top = box
        tall = Q(**{f"{south}__lte": top, f"{north}__gte": bottom})
        right, left = Q(**{f"{high}__gte": west}), Q(**{f"{low}__lte": east})
        return tall & (right & left if west <= east else right | left)

    return near


AT_POINT = _inside("lon", "lon", "lat", "lat")


def _point(row: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(row.lon, 6), round(row.lat, 6)]}


def _outline(shape: shapely.Geometry) -> orjson.Fragment:
    """Return a shape with its rings turned as RFC 7946 has them."""
    return orjson.Fragment(shapely.to_geojson(shapely.orient_polygons(shape)))


def _boundary(row: Any) -> shapely.Geometry:
    if row.boundary is None:
        return shapely.Point(row.lon, row.lat)
    return shapely.from_wkb(bytes(row.boundary))


def _areas(reader: OutsideReader) -> QuerySet[Area]:
    everybody = Q(kind__in=PUBLIC_AREAS)
    if reader.has(*CASE_READERS):
        mine = areas_in(reader.having(*CASE_READERS)).values("pk")
        everybody |= Q(pk__in=mine)
    return Area.objects.in_force().filter(everybody)


def _area(row: Area) -> Feature:
    told = {"kind": row.kind, "code": row.code, "name": row.name, "version": row.version}
    return _outline(_boundary(row)), {**told, "valid_from": row.valid_from}


def _zones(reader: OutsideReader) -> QuerySet[Zone]:
    if reader.has(*CASE_READERS):
        return zoning.current()
    announced = [kind for system in systems() for kind in system.announced_zone_kinds]
    return zoning.current().filter(kind__in=announced)


def _zone(row: Zone) -> Feature:
    told = {"kind": row.kind, "name": row.name, "version": row.version, "seasons": row.seasons}
    return _outline(_boundary(row)), {**told, "valid_from": row.valid_from or row.created_at}


def _cases(reader: OutsideReader) -> QuerySet[Case]:
    scope = reader.having(*CASE_READERS)
    sent = Task.objects.visible_to(scope).filter(
        case=OuterRef("pk"), state__in=Task.LIVE, unit__isnull=False
    )
    unit = Subquery(sent.order_by("pk").values("unit__code")[:1])
    rows = Case.objects.visible_to(scope).select_related("area").annotate(unit_code=unit)
    return rows.defer("area__boundary")


def _case(row: Any) -> Feature:
    return _point(row), {
        "number": row.code,
        "kind": row.kind,
        "state": row.state,
        "severity": row.severity,
        "opened_at": row.opened_at,
        "changed_at": row.changed_at,
        "closed_at": row.closed_at,
        "zone": row.zone or None,
        "area_code": row.area.code if row.area else None,
        "unit": row.unit_code,
    }


def _units(reader: OutsideReader) -> QuerySet[Unit]:
    return units_in(reader.having(*DESK_READERS)).select_related("agency")


def _unit(row: Unit) -> Feature:
    """Tell of a unit; off duty it has no place: somebody may have taken the telephone home."""
    is_off = row.status == Unit.Status.OFF_DUTY
    told = {"code": row.code, "name": row.name, "kind": row.kind, "status": row.status}
    agency = row.agency.code if row.agency else None
    seen: datetime | None = None if is_off else row.position_at
    return None if is_off else _point(row), {**told, "agency": agency, "position_at": seen}


def _on_duty(box: Bounds) -> Q:
    return AT_POINT(box) & ~Q(status=Unit.Status.OFF_DUTY)


def _alerts(reader: OutsideReader) -> QuerySet[Alert]:
    rows = Alert.objects.visible_to(reader.having(*CASE_READERS)).select_related("case")
    return rows.defer("explanation")


def _alert(row: Alert) -> Feature:
    names = ("detector", "version", "kind", "severity", "urgency", "certainty", "zone")
    times = ("started_at", "found_at", "raised_at", "cleared_at")
    told = {name: getattr(row, name) for name in (*names, *times)}
    return _point(row), {"case": row.case.code, **told}


TEXT, NUMBER, MOMENT = "string", "integer", "date-time"
_NAMED = {"kind": TEXT, "name": TEXT, "version": NUMBER, "valid_from": MOMENT}
COLLECTIONS: Mapping[str, FeatureCollection] = {
    one.key: one
    for one in (
        FeatureCollection(
            "areas", "Areas", "District, towns and communities; for staff their own units as well.",
            _areas, _area, {**_NAMED, "code": TEXT}, begins="valid_from", shape=_boundary,
            near=_inside("min_lon", "max_lon", "max_lat", "min_lat"),
        ),
        FeatureCollection(
            "zones", "Zones", "Zones in force that were announced; for staff all of them.",
            _zones, _zone, {**_NAMED, "seasons": "array"}, named_by="key", shape=_boundary,
        ),
        FeatureCollection(
            "cases", "Cases", "Cases without anything about people.", _cases, _case,
            {"number": TEXT, "kind": TEXT, "state": TEXT, "severity": TEXT, "opened_at": MOMENT,
             "changed_at": MOMENT, "closed_at": MOMENT, "zone": TEXT, "area_code": TEXT,
             "unit": TEXT},
            readers=CASE_READERS, begins="opened_at", ends="closed_at", near=AT_POINT,
        ),
        FeatureCollection(
            "units", "Units", "Units that can be sent; off duty they have no place.", _units, _unit,
            {"code": TEXT, "name": TEXT, "kind": TEXT, "status": TEXT, "agency": TEXT,
             "position_at": MOMENT},
            named_by="code", readers=DESK_READERS, near=_on_duty,
        ),
        FeatureCollection(
            "alerts", "Alerts", "Automated findings, without whom they found.", _alerts, _alert,
            {"case": TEXT, "detector": TEXT, "version": NUMBER, "kind": TEXT, "severity": TEXT,
             "urgency": TEXT, "certainty": TEXT, "zone": TEXT, "started_at": MOMENT,
             "found_at": MOMENT, "raised_at": MOMENT, "cleared_at": MOMENT},
            is_numbered=False, readers=CASE_READERS, begins="started_at", ends="cleared_at",
            near=AT_POINT,
        ),
    )
}  # fmt: skip
