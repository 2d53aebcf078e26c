"""The smallest district in which every endpoint has something to show: one account for each role,
here and elsewhere, and one record of each kind that an address may name.
"""

from __future__ import annotations

import functools
import math
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import shapely
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from PIL import Image

from tests.standing import kept
from zhizhi.directory import binding, granting, guarding, look_reviews, people
from zhizhi.directory.binding import Proposal
from zhizhi.directory.granting import Kind, Wanted
from zhizhi.directory.look_reviews import Found
from zhizhi.directory.models import Account, Agency, Area, RoleAssignment, SavedView, Unit, WallPass
from zhizhi.directory.people import PersonalData
from zhizhi.engine import (
    agreeing,
    appealing,
    claiming,
    macros,
    patrolling,
    publishing,
    reporting,
    requesting,
)
from zhizhi.engine.macros import MacroDraft, Step
from zhizhi.engine.models import (
    Alert,
    Case,
    CaseAgency,
    CheckIn,
    Extension,
    Feedback,
    FigureRelease,
    MacroRun,
    Message,
    Notice,
    Report,
    RoutingVersion,
    Source,
    Supervision,
    Suspension,
    Task,
    Trial,
    Zone,
)
from zhizhi.engine.routing_rules.versions import PACKAGED_TEXT
from zhizhi.systems.antifraud.models import CircleMember, CirclePerson, Dissuasion, ListEntry
from zhizhi.systems.fishery.models import Stay, Violation, ViolationPhoto
from zhizhi.systems.grid.models import Category, CategoryPack
from zhizhi.systems.guardian.models import Companion, Enrolment, Tag, TagReader
from zhizhi.trust import access, consenting, evidence, grounds, vault
from zhizhi.trust.access import Look
from zhizhi.trust.consenting import Agreement

AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
ROLES = tuple(RoleAssignment.Role.values)
LON, LAT = 107.4, 29.7
STEP = {"count": 18, "peers": 0.3, "busy": 1, "expected": 0.4, "sought": 3, "gain": 21.4,
        "total": 21.4, "is_over": True}  # fmt: skip
LOOKED = {"day": "2026-03-01", "role": "operator", "version": 1, "threshold": 7, "unlinked": STEP,
          "looks": STEP, "carried": {"unlinked": 0, "looks": 0}}  # fmt: skip


@dataclass
class World:
    """The records by the names that tests/authorisation.toml uses, and the accounts by role."""

    records: dict[str, Any] = field(default_factory=dict)
    here: dict[str, Account] = field(default_factory=dict)
    elsewhere: dict[str, Account] = field(default_factory=dict)
    nobody: Account | None = None


@kept
def build() -> World:
    """Insert the district; everything named in the table hangs on the town "here"."""
    world = World()
    here, there = _town("990101001000000", LON), _town("990101002000000", LON + 1)
    for place, accounts in ((here, world.here), (there, world.elsewhere)):
        _people(place, accounts)
    world.nobody = Account.objects.create(
        username="nobody", call_sign="nobody", password=_hashed("lantern-7-boats")
    )
    world.records = _records(here)
    world.records |= _grants(world)
    world.records |= _guardianships(world)
    world.records |= _look_reviews(world)
    world.records["routing_version"] = RoutingVersion.objects.create(
        text=PACKAGED_TEXT, digest="d" * 64, reason="markets have grown", based_on=1,
        drafted_by=world.here["administrator"], drafted_at=AT,
    )  # fmt: skip
    world.records["trial"] = Trial.objects.create(
        detector="fishery.dwell", version=1, numbers={"fishery.limit_minutes": 30},
        changes={"fishery.limit_minutes": 20}, since=AT, until=AT, asked_by="account:0",
        asked_at=AT,
    )  # fmt: skip
    pack = CategoryPack.objects.create(
        code="city", stamp="world", changed_at=AT, changed_by="worker"
    )
    Category.objects.create(  # out of use, so that nothing else can be reported here for it
        pack=pack, code="lamp", name_zh="路灯", name_en="Lamp", kind="part", severity="normal",
        position=0, is_enabled=False, changed_at=AT, changed_by="worker",
    )  # fmt: skip
    world.records["account"] = world.here["operator"]
    world.records["view"] = SavedView.objects.create(
        owner=world.nobody, name="of somebody else", address="?state=open", is_shared=True,
        created_at=AT,
    )  # fmt: skip
    return world


@functools.cache
def _hashed(password: str) -> str:
    return make_password(password)


@dataclass(frozen=True)
class _Town:
    area: Area
    unit: Unit
    agency: Agency


def _town(code: str, lon: float) -> _Town:
    box = shapely.box(lon - 0.4, LAT - 0.4, lon + 0.4, LAT + 0.4)
    area = Area.objects.create(
        kind="town", code=code, name=code, path=f"/990101000000000/{code}/",
        boundary=shapely.to_wkb(box), min_lon=lon - 0.4, min_lat=LAT - 0.4, max_lon=lon + 0.4,
        max_lat=LAT + 0.4, lon=lon, lat=LAT, valid_from=AT,
    )  # fmt: skip
    agency = Agency.objects.create(code=f"fishery-{code}", name="Fishery")
    unit = Unit.objects.create(
        code=f"boat-{code}", name="Boat", kind="river_patrol", area=area, agency=agency,
        capabilities=["water", "dissuasion"], lon=lon, lat=LAT, position_at=AT,
    )  # fmt: skip
    return _Town(area, unit, agency)


def _people(town: _Town, accounts: dict[str, Account]) -> None:
    made = Account.objects.bulk_create(
        Account(username=f"{role}-{town.area.code}", call_sign=f"{role}-{town.area.code}")
        for role in ROLES
    )
    accounts |= dict(zip(ROLES, made, strict=True))
    RoleAssignment.objects.bulk_create(
        RoleAssignment(
            account=account, role=role, area=town.area,
            agency=town.agency if role == "agency_officer" else None,
            unit=town.unit if role == "unit_member" else None,
        )
        for role, account in accounts.items()
    )  # fmt: skip


def _records(town: _Town) -> dict[str, Any]:
    case = _case(town)
    unit_task = Task.everything.create(
        case=case, kind="dissuade", unit=town.unit, offered_at=AT, offered_by="account:1"
    )
    agency_task = Task.everything.create(
        case=case, kind="penalise", agency=town.agency, offered_at=AT, offered_by="account:1"
    )
    alert = _alert(case)
    month = date(2026, 2, 1)
    told = FigureRelease(month=month, least=10, places=[""], kinds=[], numbers=[[0], [0]])
    publishing.publish(told, now=AT)
    zone = Zone.objects.create(
        key="reach-1", kind="no_fishing", name="Reach", area_path=town.area.path, created_at=AT,
        boundary=shapely.to_wkb(shapely.box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1)),
        created_by="worker",
    )  # fmt: skip
    message = Message.everything.create(
        key="m" * 32, channel="inbox", recipient="role:operator", template="engine.task_cancelled",
        payload={"code": case.code}, case=case, state="delivered", not_before=AT, queued_at=AT,
    )  # fmt: skip
    wall_pass = WallPass.everything.create(
        name="Wall", area=town.area, token_digest="d" * 64, created_at=AT, created_by="account:1"
    )
    source = Source.objects.create(code="ais", name="AIS", kind="ais", streams=[])
    spoken = evidence.seal_recording(voice(), case=case.pk, by=f"unit:{town.unit.pk}", now=AT)
    return {
        "case": case, "unit_task": unit_task, "agency_task": agency_task, "alert": alert,
        **_course(case, unit_task),
        "zone": zone, "unit": town.unit, "area": town.area, "source": source,
        "message": message, "wall_pass": wall_pass, **_macro(town, case),
        **_violation(case, alert, unit_task), "notice": _notice(case, town.agency),
        "list_entry": ListEntry.objects.create(
            kind="phone", key="k" * 64, stance="deny", reason="reported", made_at=AT,
            made_by="account:1", expires_at=AT + timedelta(days=3650),
        ),
        "dissuasion": _dissuasion(case), "circle_member": _circle_member(),
        "voice": spoken, **_told(case), "check_in": _check_in(town),
        "appeal": appealing.appeal(alert, "absent", words="I was at work", now=AT),
    }  # fmt: skip


def _dissuasion(case: Case) -> Dissuasion:
    """Somebody in the vault who is about to pay a fraudster, and is to be called."""
    person = people.add_person(people.PersonalData(phone="12000000008"), by="account:1", now=AT)
    return Dissuasion.everything.create(
        case=case, person=person, tier="high", warned_by="bank", amount=50_000, due_at=AT,
        began_at=AT, began_by="account:1",
    )  # fmt: skip


def _circle_member() -> CircleMember:
    """A relative whom a resident has invited into the own circle."""
    numbers = [people.PersonalData(phone=f"1200000001{n}") for n in (8, 9)]
    found = [
        CirclePerson.objects.create(person=person, number=f"{n}" * 64, made_at=AT)
        for n, person in enumerate(people.add_people(numbers, by="resident", now=AT))
    ]
    return CircleMember.objects.create(
        protected=found[0], relative=found[1], relation="child", invited_at=AT,
        until_at=AT + timedelta(days=7),
    )  # fmt: skip


def _course(case: Case, task: Task) -> dict[str, Any]:
    """More time that was refused, a wait that has ended, and an instruction that was answered."""
    extension = Extension.everything.create(
        task=task, state="refused", reason="fog", due_at=AT, asked_at=AT, asked_by="account:0"
    )
    suspension = Suspension.everything.create(
        case=case, state="ended", reason="money", at=AT, by="account:1", review_at=AT
    )
    supervision = Supervision.everything.create(
        case=case, state="answered", instruction="today", at=AT, by="account:1"
    )
    return {"extension": extension, "suspension": suspension, "supervision": supervision}


def _macro(town: _Town, case: Case) -> dict[str, Any]:
    macro = macros.make(
        MacroDraft("Night patrol", town.area, [Step("acknowledge"), Step("note", text="seen")]),
        by="account:1", now=AT,
    )  # fmt: skip
    run = MacroRun.everything.create(
        macro=macro, version=1, case=case, by="account:1", at=AT, until=AT, results=[]
    )
    return {"macro": macro, "macro_run": run}


def _case(town: _Town) -> Case:
    case = Case.everything.create(
        key="illegal-fishing:7:reach-1", kind="illegal-fishing", system="fishery",
        state="dispatched", severity="important", subject=7, zone="reach-1", area=town.area,
        area_path=town.area.path, lon=LON, lat=LAT, opened_at=AT, changed_at=AT,
    )  # fmt: skip
    CaseAgency.objects.create(case=case, agency=town.agency, part="lead")
    return case


def _alert(case: Case) -> Alert:
    return Alert.everything.create(
        id="a" * 32, detector="fishery.dwell", version=1, kind="dwell", case=case,
        severity="important", certainty="likely", subject=7, zone="reach-1", started_at=AT,
        found_at=AT, raised_at=AT, lon=LON, lat=LAT, explanation={},
    )  # fmt: skip


def _violation(case: Case, alert: Alert, task: Task) -> dict[str, Any]:
    feedback = Feedback.objects.create(
        case=case, task=task, at=AT, by="unit:1", outcome="violation"
    )
    stay = Stay.everything.create(
        alert=alert, case=case, zone="reach-1", seen_by="vessel", started_at=AT, found_at=AT
    )
    violation = Violation.everything.create(
        case=case, stay=stay, feedback=feedback, recorded_at=AT, changed_at=AT
    )
    sealed = evidence.seal(
        photo(), case=case.pk, kind="photo", media_type="image/jpeg", by="unit:1", now=AT
    )
    evidence.set_working_copy(sealed, photo())
    shown = ViolationPhoto.objects.create(violation=violation, evidence=sealed, masked_at=AT)
    return {"violation": violation, "photo": shown, "evidence": sealed}


def review_offences(state: str) -> None:
    """Put every recorded offence into this state of its review."""
    Violation.everything.update(state=state)


def _notice(case: Case, agency: Agency) -> Notice:
    """An issued notice to somebody in the vault, as the agency's officer left it."""
    person = people.add_person(people.PersonalData(phone="12000000009"), by="account:1", now=AT)
    sealed = evidence.seal_document(
        b"%PDF-1.7 sealed", case=case.pk, kind="notice", by="account:1", now=AT
    )
    text = {"title": "通知书", "mark": "试", "agency": "Fishery", "found": "", "demand": "",
            "articles": []}  # fmt: skip
    return Notice.everything.create(
        key="n" * 32, case=case, agency=agency, kind="fishery.reminding", year=2025, number=1,
        state="issued", text=text, person=person, evidence=sealed, by="account:1", at=AT,
    )  # fmt: skip


def _check_in(town: _Town) -> CheckIn:
    seen = patrolling.Sighting(lon=LON, lat=LAT, accuracy_m=5.0)
    return patrolling.check_in(
        town.unit, seen, key="c", by="account:1", now=AT, note="all quiet", photo=photo()
    )


def _told(case: Case) -> dict[str, Any]:
    """A report, a look at who told it, and an objection to that look."""
    report = _report(case)
    look = Look("account:1", f"person:{report.person_id}", ("phone",), "ask-reporter", None)
    ground = consenting.ground("ask-reporter", look.person, ("phone",), now=AT)
    with transaction.atomic():
        record = access.record(look, refusal="", now=AT, ground=ground)
    claim = claiming.object_to(report, record.pk, reason="why me", now=AT)
    [agreement] = agreeing.agreements_of(report)
    return {"report": report, "look": record, "claim": claim, "agreement": agreement}


def _grants(world: World) -> dict[str, Any]:
    """The operator waits for a second person to look at the reporter, and had an emergency."""
    case, report = world.records["case"], world.records["report"]
    wanted = Wanted(
        Kind.LOOK, f"person:{report.person_id}", "ask-reporter", "who saw the boat again",
        ("name", "phone"), case.pk, case.area_path,
    )  # fmt: skip
    by, hour = world.here["operator"], timedelta(hours=1)
    now = timezone.now()  # what waits must still wait when the pages are asked
    asked = granting.ask(wanted, by=by, within=hour, span=hour, now=now)
    emergency = granting.break_glass(wanted, by=by, span=hour, review_within=hour, now=now)
    return {"grant": asked, "emergency": emergency}


def _guardianships(world: World) -> dict[str, Any]:
    """One waits for a second person; of the same guardian one was confirmed."""
    by, second = world.here["operator"], world.here["leader"]
    now, path = timezone.now(), world.records["case"].area_path
    people_of = (PersonalData("Shen Yulan"), PersonalData("Shen Qiming", "12000000017"))
    until = now + timedelta(days=300)
    bound = binding.propose(
        Proposal(*people_of, "child", "kinship", until), area_path=path, by=by, now=now
    )
    guarding.confirm(bound, by=second, now=now)
    other = Proposal(PersonalData("Shen Guilan"), bound.guardian, "child", "court", until)
    waiting = binding.propose(other, area_path=path, by=by, now=now)
    guarding.agree(bound, grounds.BRING_HOME, (grounds.TAGS,), text="bring-home@2", now=now)
    enrolled = Enrolment.everything.create(
        ward=bound.ward, case=world.records["case"], token=4_711, area_path=path, made_at=now,
        made_by="account:0", changed_at=now,
    )  # fmt: skip
    tags = {"bound_at": now, "bound_by": "account:0"}
    return {
        "bound": bound, "guardianship": waiting, "enrolment": enrolled,
        "tag": Tag.objects.create(token=11, kind="qr", holder=bound.ward, **tags),
        "companion": Companion.objects.create(
            enrolment=enrolled, person=bound.guardian, since_at=now
        ),
        "tag_reader": TagReader.objects.create(
            code="R-1", name="Gate", lon=LON, lat=LAT, area_path=path, changed_at=now,
            changed_by="account:0",
        ),
    }  # fmt: skip


def _look_reviews(world: World) -> dict[str, Any]:
    """Looks of the operator wait for the auditor, and others were reviewed."""
    by, drawn = world.here["operator"], {"root": "r" * 64, "size": 9, "looks": 1, "drawn": 1}
    rows = []
    with transaction.atomic():
        for kind, record in (("unusual", None), ("random", world.records["look"].pk)):
            evidence = {"days": [LOOKED]} if record is None else drawn
            found = Found(look_reviews.Kind(kind), by, AT.date(), evidence, record)
            rows.append(look_reviews.begin(found, due_at=AT, now=AT))
    look_reviews.decide(rows[1], "needed", is_explained=True, by=world.here["auditor"], now=AT)
    return {"look_review": rows[0], "own_look_review": rows[1]}


def _report(case: Case) -> Report:
    """Somebody told the case as well, and may be called back."""
    person = people.add_person(PersonalData("Wei Xiaohe", "12012345678"), by="resident", now=AT)
    contact = Agreement(
        people.subject(person), grounds.CONTACT, agreeing.CONTACT_DATA, "resident-page", "contact@2"
    )
    consenting.give(contact, until=AT + timedelta(days=3650), by="resident", now=AT)
    [(key, _opened)] = vault.make_keys(1, now=AT)
    source = Source.objects.create(code="resident-page", name="Page", kind="form")
    report = Report.everything.create(
        source=source, external_id="e" * 32, case=case, kind="fishery.angling", key=key, lon=LON,
        lat=LAT, place_by="map", occurred_at=AT, received_at=AT, person=person,
        consent="contact@2", offset=1,
    )  # fmt: skip
    report.telling = reporting.seal_word(report, "telling", "two men with rods")
    report.save(update_fields=["telling"])
    return report


@functools.cache
def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 60)).save(out, "JPEG")
    return out.getvalue()


@functools.cache
def voice(seconds: float = 1.0) -> bytes:
    """A recording as the phone makes it: a tone of 400 Hz."""
    out = BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        turns = (math.sin(2 * math.pi * n / 40) for n in range(int(16_000 * seconds)))
        sound.writeframes(b"".join(int(9_000 * one).to_bytes(2, "little", signed=True)
                                   for one in turns))  # fmt: skip
    return out.getvalue()


READ: dict[str, Callable[[Any], Any]] = {
    "pk": lambda record: record.pk,
    "key": lambda record: record.key,
    "code": lambda record: record.code,
    "state": lambda record: record.state,
    "request_id": lambda record: requesting.request_id(record.pk),
}
