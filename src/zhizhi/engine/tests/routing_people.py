"""Routing rules for tests, an administrator who drafts them and a leader who publishes them."""

from __future__ import annotations

from datetime import datetime

from zhizhi.directory.models import Account, Area, RoleAssignment
from zhizhi.engine.models import RoutingVersion
from zhizhi.engine.routing_rules import keeping, versions
from zhizhi.engine.tests.building import NOON

REST = "  - {code: rest, name: Everything else, order: 900}\n"


def rules(*given: str, rest: str = REST) -> str:
    """Return the text of rules that are given in braces, and of the catch-all behind them."""
    return "rules:\n" + "".join(f"  - {{{one}}}\n" for one in given) + rest


def staff(role: str, area: Area | None = None) -> Account:
    account = Account.objects.create(username=f"{role}-{Account.objects.count()}")
    RoleAssignment.objects.create(account=account, role=role, area=area)
    return account


def draft(text: str, *, by: Account | None = None, now: datetime = NOON) -> RoutingVersion:
    who = by or staff("administrator")
    seen = versions.in_force().version
    return keeping.draft(text, "markets have grown", seen=seen, by=who, now=now)


def put_in_force(*given: str, rest: str = REST) -> RoutingVersion:
    """Draft rules as an administrator and publish them as a leader."""
    row = draft(rules(*given, rest=rest))
    return keeping.publish(row, by=staff("leader"), now=NOON)
