"""From what somebody tells to a case: sealed, journaled, routed and on the desk, or refused.

One transaction does all of it, so whoever got a receipt has a case, and whoever got none may send
the same report again: source and external id together arrive once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from zhizhi.directory import people
from zhizhi.directory.models import Agency
from zhizhi.directory.people import PersonalData
from zhizhi.engine import (
    agreeing,
    announcing,
    intake,
    reading,
    routing,
    settings_in_force,
    timeline,
    timing,
)
from zhizhi.engine.intake import Envelope, KeyReused
from zhizhi.engine.models import Case, CaseAgency, Report, Source
from zhizhi.engine.routing_rules.deciding import Router, RoutingDecision, RoutingQuestion
from zhizhi.engine.system import ReportKind, system_named, systems
from zhizhi.kernel.streams import STREAMS
from zhizhi.trust import ciphers, evidence, grounds, vault
from zhizhi.trust.vault import Place

STREAM = STREAMS["reports.v1"]
RESIDENT = "resident"  # how timelines name whoever told it
PAGE = "resident-page"  # the source code of the residents' own form
TABLE = "engine_report"
SECRET_DIGITS = 8
AHEAD, OLDEST = timedelta(minutes=1), timedelta(days=30)
SEALED = ("telling", "place", "remark")
NUMBER = re.compile(r"\s*(?:r?[-\s]*\d{6}[-\s]*)?[-\s]*(\d{1,17})\s*", re.IGNORECASE)

CATCH_ALL = ReportKind(
    "residents.other",
    _("Something else"),
    "resident-report",
    _("Anything that the district should look at"),
)


class ReportRefused(ValueError):
    """The report cannot be taken as it is; ``code`` is a stable word for interfaces."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, repr=False)
class NewReport:
    """One report as it comes through a door; ``photo`` is a JPEG without metadata.

    ``repr`` is left out because logs must hold neither words nor numbers of anybody.
    """

    external_id: str
    kind: str
    telling: str
    lon: float
    lat: float
    place_by: str
    occurred_at: datetime
    place: str = ""
    accuracy_m: float | None = None
    photo: bytes | None = None
    contact: PersonalData | None = None
    consent: str = ""
    source: str = PAGE
    facts: Mapping[str, Any] = field(default_factory=dict)  # from a system's own door, for it


@dataclass(frozen=True, slots=True, repr=False)
class Filed:
    """The report that is now kept, the reporter's secret, and whether it had come before."""

    report: Report
    secret: str
    is_repeat: bool = False


def kinds() -> dict[str, ReportKind]:
    """Return what can be reported: what the systems declare, and something else."""
    found = [kind for system in systems() for kind in system.reportable()]
    return {kind.code: kind for kind in (*found, CATCH_ALL)}


def kind_name(code: str) -> str:
    """Return what was reported, in words; what can be reported no more keeps its name."""
    known = kinds().get(code)
    if known is not None:
        return str(known.name)
    return str(next((s.kind_names[code] for s in systems() if code in s.kind_names), code))


def file_report(new: NewReport, *, by: str = RESIDENT, now: datetime) -> Filed:
    """Keep ``new`` and open its case; the same one again gives the same receipt.

    Raises ReportRefused, intake.KeyReused when the external id came with other content before, and
    identity.IdentityInvalid or WrongWorld for a contact that may not be here.
    """
    source = _source(new.source)
    before = _known(source, new)
    if before is not None:
        return before
    try:
        with timeline.writing():
            return _file(new, source, by=by, now=now)
    except IntegrityError:
        before = _known(source, new)
        if before is None:
            raise
        return before


def find(number: str, secret: str) -> Report | None:
    """Return the report with this receipt number if the secret is its own."""
    wanted = pk_of(number)
    if not wanted:
        return None
    report = Report.everything.select_related("source", "case").filter(pk=wanted).first()
    is_own = report is not None and vault.is_secret(secret, secret_of(report))
    return report if is_own else None


def pk_of(number: str) -> str:
    """Return the last part of a receipt number, however it was typed; nothing if it is none."""
    wanted = NUMBER.fullmatch(number)
    return wanted[1].lstrip("0") if wanted else ""


def secret_of(report: Report) -> str:
    """Return the digits that only the reporter was shown; computed, so kept nowhere."""
    text = f"{report.source.code}|{report.external_id}"
    return vault.secret_digits(text, column=f"{TABLE}.secret", count=SECRET_DIGITS)


def words(report: Report) -> dict[str, str]:
    """Return what the reporter wrote; everything is empty once the report was forgotten."""
    try:
        key = vault.unwrap(report.key)
    except vault.Erased:
        return dict.fromkeys(SEALED, "")
    with grounds.reading(grounds.by_law("handle-case")):
        return vault.unseal_columns(report, SEALED, table=TABLE, key=key)


def seal_word(report: Report, name: str, text: str) -> bytes:
    """Return ``text`` sealed for one column of ``report``."""
    return _sealed(text, name, report.key_id, vault.unwrap(report.key)) or b""


def explanation(report: Report) -> dict[str, Any]:
    """Return why there is a case: no rule found it, somebody told it."""
    return {
        "kind": kind_name(report.kind),
        "place_by": report.get_place_by_display(),
        "occurred_at": report.occurred_at,
        "received_at": report.received_at,
        "is_anonymous": report.person_id is None,
        "photos": len(report.evidence),
        "offset": report.offset,
        "rating": report.rating,
        "forgotten_at": report.forgotten_at,
    }


def check(new: NewReport, *, now: datetime) -> ReportKind:
    """Return the kind; raises ReportRefused when it, the time or the place cannot be taken."""
    kind = kinds().get(new.kind)
    if kind is None:
        raise ReportRefused("unknown-kind", f"nothing is called {new.kind}")
    if new.occurred_at > now + AHEAD:
        raise ReportRefused("future", "it would happen after its report")
    if new.occurred_at < now - OLDEST:
        raise ReportRefused("too-old", f"it is older than {OLDEST.days} days")
    check_place(new.lon, new.lat)
    return kind


def check_place(lon: float, lat: float) -> routing.Route:
    """Return who answers for a place; raises ReportRefused when it lies outside the district."""
    [found] = routing.route([(lon, lat)])
    if found.area is not None and not found.is_inside:
        raise ReportRefused("outside", "the place lies outside the district")
    return found


def _source(code: str) -> Source:
    return Source.of_pages(code, _("Residents' pages") if code == PAGE else code, STREAM.name)


def _known(source: Source, new: NewReport) -> Filed | None:
    found = Report.everything.filter(source=source, external_id=new.external_id)
    report = found.select_related("source", "case").first()
    return None if report is None else Filed(report, secret_of(report), is_repeat=True)


def _file(new: NewReport, source: Source, *, by: str, now: datetime) -> Filed:
    kind, [route] = check(new, now=now), routing.route([(new.lon, new.lat)])
    decided = Router.at(now).decide(_asked(kind, source), route)
    case = _open_case(new, source, kind, decided, now=now)
    photos = [_seal(new.photo, case, by=by, now=now)] if new.photo else []
    person = None
    if new.contact is not None:
        person = people.add_person(new.contact, by=by, now=now, leave=timeline.leave)
    [(key, opened)] = vault.make_keys(1, now=now)
    offset = _journal(new, source, now=now)
    report = Report.everything.create(
        source=source, external_id=new.external_id, case=case, kind=kind.code, key=key,
        telling=_sealed(new.telling, "telling", key.pk, opened),
        place=_sealed(new.place, "place", key.pk, opened),
        lon=new.lon, lat=new.lat, place_by=new.place_by, occurred_at=new.occurred_at,
        received_at=now, person=person, consent=new.consent if person else "", evidence=photos,
        offset=offset,
    )  # fmt: skip
    if person is not None and new.consent:
        agreeing.to_contact(person, new.consent, channel=source.code, by=by, now=now)
    told = {"report": report.pk, "source": source.code, "offset": offset, "evidence": photos}
    timeline.record(case, verb="case.open", actor=by, at=now, data={"kind": case.kind})
    timeline.record(case, verb="case.route", actor="worker", at=now, data=_routed(case, decided))
    timeline.record(case, verb="report.receive", actor=by, at=now, data=told)
    within = kind.look_minutes or settings_in_force.value("residents.look_minutes")
    timing.start_clock(case, kind="acknowledge", within=timedelta(minutes=within), now=now)
    if system := system_named(kind.system):
        system.filed(report, new, by=by, now=now)
    announcing.announce(case, "case.opened", now=now)
    return Filed(report, secret_of(report))


def _open_case(
    new: NewReport, source: Source, kind: ReportKind, decided: RoutingDecision, *, now: datetime
) -> Case:
    """Make the case; its key is the report's own, so that no other joins it unseen."""
    name = f"report|{source.code}|{new.external_id}"
    return Case.everything.create(
        key=ciphers.sha256(name.encode()), kind=kind.case_kind, system=kind.system,
        severity=kind.severity, task_kind=kind.task_kind, capabilities=list(kind.capabilities),
        area=decided.area, area_path=decided.area.path if decided.area else "", lon=new.lon,
        lat=new.lat, opened_at=now, changed_at=now,
    )  # fmt: skip


def _asked(kind: ReportKind, source: Source) -> RoutingQuestion:
    above = (code for code, _name in reversed(kind.groups))
    return RoutingQuestion(
        kind.system, (kind.case_kind, *above), kind.severity, source.code, kind.lead_agency
    )


def _routed(case: Case, decided: RoutingDecision) -> Mapping[str, Any]:
    """Give the case its lead agency, and return the decision for the timeline."""
    lead = Agency.objects.filter(code=decided.lead).first() if decided.lead else None
    if lead is not None:
        CaseAgency.objects.create(case=case, agency=lead, part=CaseAgency.Part.LEAD)
    missing = [decided.lead] if decided.lead and lead is None else []
    codes = [lead.code] if lead else []
    return {**decided.facts, "agencies": codes, "agencies_missing": missing}


def _seal(photo: bytes, case: Case, *, by: str, now: datetime) -> int:
    [(key, _opened)] = vault.make_keys(1, now=now)
    row = evidence.seal(
        photo, case=case.pk, kind="photo", media_type="image/jpeg", by=by, now=now,
        area_path=case.area_path, leave=timeline.leave, under=key,
    )  # fmt: skip
    evidence.set_working_copy(row, photo)
    return row.pk


def _journal(new: NewReport, source: Source, *, now: datetime) -> int:
    """Append the observation; its head is locked from here to the commit, so it comes late."""
    row: dict[str, object] = {
        "entity": f"{source.code}|{new.external_id}",
        "observed_at": new.occurred_at.isoformat(),
        "lon": new.lon,
        "lat": new.lat,
        "accuracy_m": new.accuracy_m,
        "kind": new.kind,
    }
    read = reading.reader().read(STREAM, [row], arrival_at=now)
    if read.refused:
        defect = read.defects[0]
        raise ReportRefused(defect.reason, f"{defect.field}: {defect.remedy}")
    envelope = Envelope(source, STREAM.name, read, new.external_id, _digest(new), now)
    [receipt] = intake.append([envelope], now=now)
    if receipt.offset is None or receipt.is_repeat:
        raise KeyReused(new.external_id)
    return receipt.offset


def _digest(new: NewReport) -> str:
    """Return a keyed digest of the content: from a plain one a number could be guessed."""
    content = {
        "kind": new.kind, "telling": new.telling, "place": new.place, "lon": new.lon,
        "lat": new.lat, "at": new.occurred_at.isoformat(),
        "photo": ciphers.sha256(new.photo) if new.photo else "",
        "contact": new.contact.given() if new.contact else {},
    }  # fmt: skip
    return vault.blind_index(json.dumps(content, sort_keys=True), column=f"{TABLE}.content")


def _sealed(text: str, name: str, pk: int, key: bytes) -> bytes | None:
    if not text:
        return None
    return vault.seal(text, key=key, key_id=str(pk), place=Place(TABLE, name, pk))
