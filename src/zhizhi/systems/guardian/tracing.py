"""Where the tags of a ward were read while the case is open: the trail for whoever looks for them.

Points come from the journal; nothing of them is kept for this. With the case they are out of reach.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Min

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine import journal
from zhizhi.engine.journal import Segment
from zhizhi.engine.models import Alert, Case
from zhizhi.systems.guardian.detectors import COMPANION, WARD
from zhizhi.systems.guardian.models import Enrolment, TagReader
from zhizhi.systems.guardian.naming import STREAM

Role = RoleAssignment.Role
MOST = 60
SEEKERS = (Role.OPERATOR, Role.INSPECTOR, Role.LEADER, Role.AGENCY_OFFICER, Role.UNIT_MEMBER)
FRESH = timedelta(minutes=10)  # a person on foot is within some hundred metres of an older point


@dataclass(frozen=True, slots=True)
class TrailPoint:
    """One reading of a tag on the trail of a ward."""

    at: datetime
    place: str
    lon: float
    lat: float
    is_ward: bool  # or a companion
    is_dangerous: bool
    is_fresh: bool


def enrolment_of(case: Case) -> Enrolment | None:
    """Return whom an open case is about; nobody once it is over."""
    if case.state in Case.FINAL:
        return None
    return Enrolment.everything.filter(case=case).select_related("ward__key").first()


def trail(case: Case, row: Enrolment, *, now: datetime) -> list[TrailPoint]:
    """Return the last readings of an open case, the newest first."""
    began: datetime | None = Alert.everything.filter(case=case).aggregate(at=Min("started_at"))[
        "at"
    ]
    since = min(began or case.opened_at, case.opened_at)
    rows = sorted(_rows(row.token, since, now), reverse=True)[:MOST]
    readers = TagReader.objects.in_bulk([code for _at, _role, code, *_ in rows], field_name="code")
    return [
        TrailPoint(
            at, readers[code].name if code in readers else code, lon, lat, role == WARD,
            code in readers and readers[code].is_dangerous, now - at <= FRESH,
        )
        for at, role, code, lon, lat in rows
    ]  # fmt: skip


def _rows(
    token: int, since: datetime, now: datetime
) -> Iterator[tuple[datetime, str, str, float, float]]:
    first = journal.first_since(since)
    for segments in journal.walk((STREAM,), first, until=now):
        for segment in segments:
            yield from _of(segment, token)


def _of(segment: Segment, token: int) -> Iterator[tuple[datetime, str, str, float, float]]:
    if segment.table is None:
        return
    table = segment.table
    own = table.filter(pc.equal(table["entity"], pa.scalar(token, pa.int64())))
    for one in own.select(["time_us", "zone", "lon", "lat"]).to_pylist():
        role, _at, code = one["zone"].partition("@")
        if role in {WARD, COMPANION}:
            yield journal.from_us(one["time_us"]), role, code, one["lon"], one["lat"]
