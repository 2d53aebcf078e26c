"""A street for tests: a ward with a daughter as guardian, tags, readers, and somebody on foot.

Readings go through the real door, the real journal, the real kernel and the real timers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pyarrow as pa
import shapely

from zhizhi.directory import guarding, people
from zhizhi.directory.guarding import Bond
from zhizhi.directory.models import Account, Area, Guardianship, Person, RoleAssignment, Unit
from zhizhi.directory.people import PersonalData
from zhizhi.engine import delivering, intake, journal, reading, timing
from zhizhi.engine.detecting import Runner
from zhizhi.engine.intake import Receipt
from zhizhi.engine.models import Case, JournalSegment, Source
from zhizhi.kernel.streams import stream_named
from zhizhi.systems.guardian import enrolling, placing, tagging
from zhizhi.systems.guardian.models import Enrolment, Tag
from zhizhi.systems.guardian.naming import STREAM
from zhizhi.systems.guardian.placing import Spot
from zhizhi.trust import consenting
from zhizhi.trust.consenting import Agreement
from zhizhi.trust.grounds import BRING_HOME, TAGS
from zhizhi.trust.models import Consent

NINE = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
LON, LAT = 107.40, 29.70
PATH = "/990100000000000/"
CODE, OTHER_CODE = "tag-of-the-ward", "tag-of-the-daughter"
_ENVELOPES = count(1)


def after(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


@dataclass
class Street:
    """The records by name, and the clock of arrivals."""

    area: Area
    walker: Unit
    operator: Account
    second: Account
    bond: Guardianship
    ward: Person
    daughter: Person
    enrolment: Enrolment
    tags: dict[str, Tag] = field(default_factory=dict)
    runner: Runner = field(default_factory=Runner)

    def read(self, minute: float, *, tag: str = CODE, reader: str = "R-1") -> Receipt:
        """Put one reading into the journal; it arrives at the moment it tells of."""
        return self.read_all(minute, [(tag, reader)])

    def read_all(self, minute: float, pairs: list[tuple[str, str]]) -> Receipt:
        at = after(minute)
        rows = [{"tag": t, "reader": r, "observed_at": at.isoformat()} for t, r in pairs]
        read = reading.reader().read(stream_named(STREAM), rows, arrival_at=at)
        key = f"envelope-{next(_ENVELOPES)}"
        envelope = intake.Envelope(source(), STREAM, read, key, key, at)
        return intake.append([envelope], now=at)[0]

    def pass_time(self, minute: float) -> None:
        """Let the arrival clock, the detectors, the timers and the outbox reach ``minute``."""
        intake.heartbeat(now=after(minute), passed=0)
        self.runner.run_through(after(minute))
        timing.fire_due(after(minute))
        delivering.relay(after(minute))

    def walk_alone(self, *minutes: float) -> None:
        """Pass a reader at each of ``minutes``, each another one, and let it be judged."""
        for number, minute in enumerate(minutes, 1):
            self.read(minute, reader=f"R-{number}")
            self.pass_time(minute + 0.5)


def build() -> Street:
    """Insert the district, its people, and one enrolment with two tags."""
    box = shapely.box(LON - 0.4, LAT - 0.4, LON + 0.4, LAT + 0.4)
    area = Area.objects.create(
        kind="district", code="990100000000000", name="district", path=PATH,
        boundary=shapely.to_wkb(box), min_lon=LON - 0.4, min_lat=LAT - 0.4, max_lon=LON + 0.4,
        max_lat=LAT + 0.4, lon=LON, lat=LAT, valid_from=NINE,
    )  # fmt: skip
    walker = Unit.objects.create(
        code="GW-01", name="Grid 1", kind="grid_worker", area=area,
        capabilities=["foot", "dissuasion"], lon=LON + 0.01, lat=LAT, position_at=after(5),
    )  # fmt: skip
    operator, second = (_account(area, role) for role in ("operator", "leader"))
    ward, daughter = (
        people.add_person(PersonalData(name, phone), by="account:1", now=NINE - timedelta(days=2))
        for name, phone in (("Shen Yulan", "12912345678"), ("Shen Qiming", "12912345679"))
    )
    bond = bound(ward, daughter, operator, second)
    agree(bond)
    enrolling.agree_as_companion(daughter, by=name(operator), now=NINE - timedelta(days=1))
    row = enrolling.enrol(ward, area_path=PATH, by=name(operator), now=NINE - timedelta(days=1))
    enrolling.add_companion(row, daughter, by=name(operator), now=NINE - timedelta(days=1))
    street = Street(area, walker, operator, second, bond, ward, daughter, row)
    for code, holder in ((CODE, ward), (OTHER_CODE, daughter)):
        street.tags[code] = tagging.bind(
            holder, code, "bracelet", by=name(operator), now=NINE - timedelta(days=1)
        )
    place_readers(operator)
    return street


def place_readers(by: Account) -> None:
    """Hang up six readers, 100 m from each other, and one by the river, a kilometre away."""
    spots = {
        f"R-{number}": Spot(f"lamp {number}", LON + number * 0.001, LAT) for number in range(6)
    }
    spots["R-river"] = Spot("landing", LON + 0.011, LAT, is_dangerous=True)
    for code, spot in spots.items():
        placing.place(code, spot, by=name(by), now=NINE - timedelta(days=1))


def bound(ward: Person, guardian: Person, by: Account, second: Account) -> Guardianship:
    at = NINE - timedelta(days=2)
    bond = Bond(ward, guardian, "child", "kinship", at + timedelta(days=365))
    row = guarding.propose(bond, area_path=PATH, by=by, now=at)
    guarding.confirm(row, by=second, now=at)
    return row


def agree(bond: Guardianship, *data: str, now: datetime = NINE - timedelta(days=1)) -> Any:
    return guarding.agree(bond, BRING_HOME, data or (TAGS,), text="bring-home@2", now=now)


def agree_in_person(person: Person, until: datetime) -> Consent:
    """Agree until a moment; an earlier agreement is replaced."""
    agreement = Agreement(people.subject(person), BRING_HOME, (TAGS,), "desk", "ward@1")
    return consenting.give(agreement, until=until, by="account:1", now=NINE)


def name(account: Account) -> str:
    return f"account:{account.pk}"


def source() -> Source:
    given = {"name": "readers", "kind": "http_push", "streams": [STREAM]}
    return Source.objects.get_or_create(code="readers", defaults=given)[0]


def journaled() -> list[dict[str, Any]]:
    """Return every row of the stream that the journal holds."""
    segments = JournalSegment.objects.filter(stream=STREAM).order_by("offset")
    tables = [journal.decode(bytes(one.payload)) for one in segments]
    return pa.concat_tables(tables).to_pylist() if tables else []


def cases() -> list[Case]:
    return list(Case.everything.order_by("pk"))


def _account(area: Area, role: str) -> Account:
    account = Account.objects.create(username=role, call_sign=role)
    RoleAssignment.objects.create(account=account, role=role, area=area)
    return account
