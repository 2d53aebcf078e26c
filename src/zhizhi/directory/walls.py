"""Wall passes: making, finding by their token, withdrawing, and noting that one was used."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from zhizhi.directory.models import Area, WallPass
from zhizhi.trust import audit, canonical
from zhizhi.trust.audit import Leaf
from zhizhi.trust.ciphers import token_digest
from zhizhi.trust.scoping import Scope

TOKEN_BYTES = 32


@transaction.atomic
def issue(
    name: str,
    area: Area,
    *,
    expires_at: datetime | None,
    by: str,
    now: datetime,
    use: str = WallPass.Use.SCREEN,
) -> tuple[WallPass, str]:
    """Make a pass for ``area``; returns it with its token, which cannot be read again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = WallPass.everything.create(
        name=name,
        area=area,
        use=use,
        token_digest=token_digest(token),
        created_at=now,
        created_by=by,
        expires_at=expires_at,
    )
    ends = expires_at and canonical.moment(expires_at)
    told = None if use == WallPass.Use.SCREEN else use
    _leaf(row, "wall.issue", by=by, now=now, expires_at=ends, use=told)
    return row, token


@transaction.atomic
def withdraw(row: WallPass, *, by: str, now: datetime) -> bool:
    """Let ``row`` show nothing any more; says whether it still could."""
    waiting = WallPass.everything.filter(pk=row.pk, withdrawn_at=None)
    if not waiting.update(withdrawn_at=now):
        return False
    _leaf(row, "wall.withdraw", by=by, now=now)
    return True


def visible_to(scope: Scope) -> QuerySet[WallPass]:
    """Return the passes that an administrator may see, the newest first."""
    found = WallPass.everything.filter(WallPass.scope_filter(scope))
    return found.select_related("area").order_by("-pk")


def find(token: str, use: str = WallPass.Use.SCREEN) -> WallPass | None:
    """Return the pass for ``use`` that ``token`` belongs to, whatever its state."""
    mine = WallPass.everything.filter(token_digest=token_digest(token), use=use)
    return mine.select_related("area").first()


def get(pk: int) -> WallPass | None:
    """Return the pass with this number, whatever its state."""
    return WallPass.everything.select_related("area").filter(pk=pk).first()


@transaction.atomic
def note_use(row: WallPass, *, now: datetime) -> bool:
    """Note that ``row`` shows something today; says whether that was news.

    One entry a day and pass: a screen asks every few seconds, and only its first question counts.
    """
    today = timezone.localdate(now)
    unused = WallPass.everything.filter(Q(opened_on=None) | Q(opened_on__lt=today), pk=row.pk)
    if not unused.update(opened_on=today):
        return False
    _leaf(row, "wall.open", by=actor(row), now=now)
    return True


def actor(row: WallPass) -> str:
    """Return how logs name the screen or the program: "wall:3"."""
    return f"wall:{row.pk}"


def _leaf(row: WallPass, verb: str, *, by: str, now: datetime, **detail: object) -> None:
    told = {name: value for name, value in detail.items() if value is not None}
    audit.append([Leaf(by, verb, actor(row), now, row.area.path, told)])
