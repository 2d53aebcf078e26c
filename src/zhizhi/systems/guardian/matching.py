"""Of what readers have read, only what belongs to somebody enrolled: the rest leaves no trace.

An agreement in force is asked for with every envelope. A ward who has paused, objected, withdrawn
or whose agreement is over is matched no more from the next envelope on, and neither is a companion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from django.utils import timezone
from django.utils.translation import gettext_noop

from zhizhi.directory.accounts import person_name
from zhizhi.engine import journal, settings_in_force
from zhizhi.kernel.checking import Defect
from zhizhi.kernel.observations import Reading
from zhizhi.kernel.solitude import Circumstance
from zhizhi.systems.guardian import telling
from zhizhi.systems.guardian.detectors import COMPANION, WARD, at_reader
from zhizhi.systems.guardian.models import Companion, Enrolment, Tag, TagReader
from zhizhi.systems.guardian.telling import Row
from zhizhi.trust import consenting
from zhizhi.trust.grounds import BRING_HOME, TAGS

UNKNOWN_READER = "unknown-reader"
REMEDY = gettext_noop("No reader has this code: add it with its place, or correct the code.")
NIGHT_FROM, NIGHT_TO = "guardian.night_from_hour", "guardian.night_to_hour"


@dataclass(frozen=True, slots=True)
class Carried:
    """Who carries a tag, for whom that counts, and as what."""

    tag: Tag
    counts: tuple[tuple[str, Enrolment], ...]  # (WARD or COMPANION, whose rule it is)


def matched(read: Reading, *, now: datetime) -> Reading:
    """Return what is to be kept of an envelope of reads, and the defects of unknown readers."""
    table = read.table
    readers = TagReader.objects.filter(is_active=True).in_bulk(
        table.column("zone").unique().to_pylist(), field_name="code"
    )
    rows = table.select(["entity", "time_us", "zone"]).to_pylist()
    unknown = [place for place, row in enumerate(rows) if row["zone"] not in readers]
    defects = [Defect(place, "reader", UNKNOWN_READER, str(REMEDY), "{}") for place in unknown]
    carried = carriers({row["entity"] for row in rows}, now=now)
    night = _Night.in_force()
    kept: list[Row] = []
    for row in rows:
        reader, found = readers.get(row["zone"]), carried.get(row["entity"])
        if reader is not None and found is not None:
            kept += _sightings(found, reader, row["time_us"], night)
    return Reading(telling.told_rows(kept), [*read.defects, *defects], read.refused + len(unknown))


def carriers(tokens: Iterable[int], *, now: datetime) -> Mapping[int, Carried]:
    """Return who carries which of these tags, of those for whom an agreement is in force."""
    tags = Tag.objects.filter(token__in=tokens, unbound_at=None)
    holders = {tag.holder_id for tag in tags}
    if not holders:
        return {}
    active = Enrolment.everything.filter(state=Enrolment.State.ACTIVE).prefetch_related(
        "areas__area"
    )
    wards = {one.ward_id: one for one in active.filter(ward__in=holders)}
    beside: dict[int, list[Enrolment]] = defaultdict(list)
    links = Companion.objects.filter(person__in=holders, enrolment__in=active)
    for link in links.select_related("enrolment").order_by("pk"):
        beside[link.person_id].append(link.enrolment)
    concerned = holders | {one.ward_id for many in beside.values() for one in many}
    names = [person_name(number) for number in concerned]
    agreed = consenting.agreed_among(names, BRING_HOME, (TAGS,), now=now)
    found = {}
    for tag in tags:
        own = [(WARD, wards[tag.holder_id])] if tag.holder_id in wards else []
        counts = [*own, *((COMPANION, one) for one in beside[tag.holder_id])]
        counts = [(role, one) for role, one in counts if person_name(one.ward_id) in agreed]
        if person_name(tag.holder_id) in agreed and counts:
            found[tag.token] = Carried(tag, tuple(counts))
    return found


@dataclass(frozen=True, slots=True)
class _Night:
    first: time
    last: time

    @classmethod
    def in_force(cls) -> _Night:
        values = settings_in_force.snapshot()
        return cls(time(values[NIGHT_FROM]), time(values[NIGHT_TO]))

    def covers(self, moment: time) -> bool:
        if self.first <= self.last:
            return self.first <= moment < self.last
        return moment >= self.first or moment < self.last


def _sightings(found: Carried, reader: TagReader, time_us: int, night: _Night) -> list[Row]:
    """Return a row for each ward whose rule has to know of it; none from before the tag was his."""
    at = journal.from_us(time_us)
    if not found.tag.is_bound(at):
        return []
    moment = timezone.localtime(at).time()
    return [
        (
            enrolment.token, time_us, reader.lon, reader.lat, at_reader(role, reader.code),
            _about(enrolment, reader, moment, night).value if role == WARD else 0,
        )
        for role, enrolment in found.counts
    ]  # fmt: skip


def _about(enrolment: Enrolment, reader: TagReader, moment: time, night: _Night) -> Circumstance:
    """Return what makes being alone here and now worse; the rule gets it, not the reasons."""
    paths = [one.area.path for one in enrolment.areas.all()]
    is_outside = bool(paths) and not any(reader.area_path.startswith(path) for path in paths)
    about = Circumstance.NONE
    if reader.is_dangerous or is_outside or not enrolment.is_hour_allowed(moment):
        about |= Circumstance.DANGER
    if night.covers(moment):
        about |= Circumstance.HARSH
    return about
