"""Somebody at risk of a scam, for tests: a warning, and the units that may be sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from zhizhi.directory import binding, guarding
from zhizhi.directory.binding import Proposal
from zhizhi.directory.models import Account, Person, RoleAssignment, Unit
from zhizhi.directory.people import PersonalData
from zhizhi.engine.tests.building import LAT, LON, NOON, unit
from zhizhi.systems.antifraud import writing_down
from zhizhi.systems.antifraud.dissuading import Risk
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.systems.antifraud.writing_down import FraudWarning

BY = "account:1"
PHONE = "12012345678"


def risk(tier: str = "high", **columns: Any) -> Risk:
    return Risk(**{"tier": tier, "warned_by": "bank", "amount": 50_000, **columns})


def warned(
    key: str = "w1", at: datetime = NOON, *, phone: str = PHONE, tier: str = "high",
    lon: float = LON, **columns: Any,
) -> Dissuasion:  # fmt: skip
    """A dissuasion out of a bank's warning."""
    warning = FraudWarning(
        key, PersonalData("Shen Yulan", phone), "A new payee, 50000 yuan", lon, LAT
    )
    return writing_down.write_down(warning, risk(tier, **columns), by=BY, now=at)


def police(code: str = "car-1", **columns: Any) -> Unit:
    return unit(code, kind="police_patrol", capabilities=["road"], **columns)


def worker(code: str = "grid-1", **columns: Any) -> Unit:
    return unit(code, kind="grid_worker", capabilities=["foot"], **columns)


def guardian(
    number: str = "12087654321", ward: str = PHONE, *, at: datetime = NOON, days: float = 30
) -> Person:
    """A guardian in force of whoever has the number ``ward``."""
    one, two = (Account.objects.create(username=f"{name}-{number}") for name in ("by", "second"))
    RoleAssignment.objects.create(account=one, role="operator")
    RoleAssignment.objects.create(account=two, role="leader")
    proposal = Proposal(PersonalData("Shen Yulan", ward), PersonalData("Shen Qiming", number),
                        "child", "kinship", at + timedelta(days=days))  # fmt: skip
    row = binding.propose(proposal, area_path="/", by=one, now=at)
    guarding.confirm(row, by=two, now=at)
    return row.guardian


def fresh(row: Dissuasion) -> Dissuasion:
    return Dissuasion.everything.select_related("case", "person").get(pk=row.pk)
