"""A stretch of river for tests: one zone, three agencies, a boat, people of every role, a gateway.

Observations go through the real journal, the real kernel and the real timers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import shapely
from django.test import Client
from django.urls import reverse
from PIL import Image

from zhizhi.channels.carrier_sms import sending
from zhizhi.channels.carrier_sms.gateway import Gateway, Request
from zhizhi.channels.carrier_sms.ledger import Ledger
from zhizhi.directory.models import Account, Agency, Area, RoleAssignment, Unit
from zhizhi.engine import delivering, dispatching, intake, timing, zoning
from zhizhi.engine.detecting import Runner
from zhizhi.engine.models import Case, Source, Task
from zhizhi.kernel.observations import read_rows
from zhizhi.systems.fishery import masking, reviewing, seeding, sharing
from zhizhi.systems.fishery.detectors import CAMERAS, SHORE
from zhizhi.systems.fishery.models import Violation, ViolationReview
from zhizhi.trust import evidence
from zhizhi.trust.models import Evidence

EIGHT = datetime.fromisoformat("2026-03-02T08:00:00+08:00")
LON, LAT = 107.40, 29.70
TOKEN = 8_123_456_789
ZONE = "reach-1"
_ENVELOPES = count(1)


def after(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


@dataclass
class River:
    """The district's records by name, and the clock of its arrivals."""

    area: Area
    boat: Unit
    agencies: dict[str, Agency]
    ledger: Ledger  # what the telephone operator's gateway accepted
    people: dict[str, Account] = field(default_factory=dict)
    runner: Runner = field(default_factory=Runner)

    def actor(self, role: str) -> str:
        return f"account:{self.people[role].pk}"

    def observe(self, minutes: Sequence[float], **seen: Any) -> None:
        """Send one observation at each of ``minutes`` after eight, and let all detectors judge."""
        for minute in minutes:
            self.send(minute, **seen)
        self.runner.run_through(after(minutes[-1]))

    def send(
        self, minute: float, *, stream: str = SHORE, token: Any = TOKEN, lon: float = LON
    ) -> None:
        """Put one observation into the journal; it arrives at the moment it tells of."""
        at = after(minute)
        row: dict[str, Any] = {"observed_at": at.isoformat()}
        if stream == CAMERAS:
            row |= {"camera": "cam-7", "track": str(token), "zone": ZONE}
        else:
            row |= {"entity": token, "lon": lon, "lat": LAT, "accuracy_m": 10.0}
        reading = read_rows(
            stream, [row], token_key=b"k" * 32, arrival_us=int(at.timestamp() * 1e6)
        )
        assert not reading.defects
        key = f"envelope-{next(_ENVELOPES)}"
        envelope = intake.Envelope(_source(), stream, reading, key, key, at)
        intake.append([envelope], now=at)

    def pass_time(self, minute: float) -> None:
        """Let the arrival clock, the timers and the outbox reach ``minute``."""
        intake.heartbeat(now=after(minute), passed=0)
        self.runner.run_through(after(minute))
        timing.fire_due(after(minute))
        delivering.relay(after(minute + 0.5))  # past the usual hold


def _source() -> Source:
    return Source.objects.get_or_create(code="test", defaults={"name": "test", "kind": "files"})[0]


def build(ledger: Ledger) -> River:
    """Insert the district, the zone, the agencies, the boat, and one account for each role."""
    seeding.seed(EIGHT, "worker")
    box = shapely.box(LON - 0.4, LAT - 0.4, LON + 0.4, LAT + 0.4)
    area = Area.objects.create(
        kind="district", code="990100000000000", name="district", path="/990100000000000/",
        boundary=shapely.to_wkb(box), min_lon=LON - 0.4, min_lat=LAT - 0.4, max_lon=LON + 0.4,
        max_lat=LAT + 0.4, lon=LON, lat=LAT, valid_from=EIGHT,
    )  # fmt: skip
    agencies = {
        code: Agency.objects.create(code=code, name=code)
        for code in ("fishery", "police", "procuratorate")
    }
    boat = Unit.objects.create(
        code="RB-01", name="Boat 1", kind="river_patrol", area=area, agency=agencies["fishery"],
        capabilities=["water", "dissuasion"], lon=LON + 0.01, lat=LAT, position_at=after(45),
    )  # fmt: skip
    draft = zoning.ZoneDraft(
        key=ZONE, kind="no_fishing", name="白涛禁渔区", area_path=area.path,
        boundary=shapely.to_wkb(shapely.box(LON - 0.02, LAT - 0.02, LON + 0.02, LAT + 0.02)),
        seasons=[["03-01", "06-30"]],
    )  # fmt: skip
    zoning.save([draft], by="worker", now=EIGHT - timedelta(days=1))
    river = River(area, boat, agencies, ledger)
    for role in RoleAssignment.Role.values:
        if role not in {"agency_officer", "unit_member"}:
            _person(river, role, role)
    _person(river, "unit_member", "unit_member", unit=boat)
    for code, agency in agencies.items():
        _person(river, code, "agency_officer", agency=agency)
    return river


def _person(river: River, name: str, role: str, **narrowed: Any) -> Account:
    account = Account.objects.create(username=name, call_sign=name)
    RoleAssignment.objects.create(account=account, role=role, area=river.area, **narrowed)
    river.people[name] = account
    return account


def gateway(folder: Path, monkeypatch: Any) -> Ledger:
    """Put the real gateway behind the channel, without a socket; returns what it accepted."""
    ledger = Ledger(folder / "gateway.sqlite3")
    stands_in = Gateway(ledger, "demo")

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, request.url.path, headers, request.content)
        status, content = stands_in.answer(asked)
        return httpx.Response(status, json=content)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    monkeypatch.setattr(sending, "client", lambda: client)
    return ledger


def photo(shade: int = 0) -> bytes:
    """A picture in which every pixel differs from its neighbours."""
    noise = np.random.default_rng(shade).integers(0, 255, (60, 80, 3), np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    return out.getvalue()


def sealed(case: int, by: str, at: datetime = EIGHT, shade: int = 0) -> Evidence:
    """A sealed photo, taken with a device whose clock is two minutes fast."""
    return evidence.seal(
        photo(shade), case=case, kind="photo", media_type="image/png", by=by, now=at,
        taken_at=at + timedelta(minutes=2), device_now=at + timedelta(minutes=2), lon=LON, lat=LAT,
    )  # fmt: skip


def violation(river: River, *, photos: int = 1, photographer: str = "") -> Violation:
    """A record as it is right after a boat reported a violation, bystanders not yet hidden."""
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    case = Case.everything.get()
    task = dispatching.dispatch(case, river.boat, by=river.actor("operator"), now=after(38))
    unit_member = river.actor("unit_member")
    dispatching.accept(task, by=unit_member, now=after(39))
    dispatching.arrive(task, by=unit_member, now=after(50))
    taker = photographer or unit_member
    taken = [sealed(case.pk, taker, after(52), shade) for shade in range(photos)]
    dispatching.finish(
        task, outcome="violation", note="two rods, 1.2 kg of carp",
        evidence=[one.pk for one in taken], by=unit_member, now=after(55),
    )  # fmt: skip
    return Violation.everything.get()


def prepared(river: River, *, photographer: str = "") -> Violation:
    """A record whose photos show nobody who is not concerned."""
    record = violation(river, photographer=photographer)
    for shown in record.photos.all():
        masking.mask(shown, [], shows_nobody=True, by=river.actor("operator"), now=after(58))
    return record


def reviewed(river: River) -> Violation:
    """A record that passed both reviews."""
    record = prepared(river)
    for step in ViolationReview.Step.values:
        reviewing.review(
            record, step=step, is_accepted=True, note="", by=river.actor(f"{step}_reviewer"),
            now=after(60),
        )  # fmt: skip
    return record


def hand_over(river: River) -> list[Task]:
    """The three agencies' tasks after a transfer."""
    return sharing.transfer(reviewed(river), by=river.actor("legal_reviewer"), now=after(70))


def at(name: str, *parts: Any) -> str:
    """The address of one of the fishery's pages."""
    return reverse(f"fishery:{name}", args=parts)


class Desk:
    """Browsers in which somebody is signed in, reading English."""

    def __init__(self, river: River) -> None:
        self._river = river

    def __call__(self, name: str) -> Client:
        browser = Client(headers={"accept-language": "en"})
        account = self._river.people[name]
        browser.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        return browser
