"""Who asks: a program with its pass, somebody signed in, or anybody."""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from zhizhi.directory import walls
from zhizhi.directory.models import Account, WallPass
from zhizhi.trust import allowances
from zhizhi.trust.allowances import Rate
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import actor_of
from zhizhi.web.outward.problems import Unanswerable
from zhizhi.web.residents.drafts import sender
from zhizhi.web.wall.admission import NotAdmitted, admitted_by

READING = "reading from outside"
RATE = Rate(most=120, within=timedelta(minutes=1))
SIGN_IN = "Send a pass for programs as bearer token, or as the password of any user name."


@dataclass(frozen=True, slots=True)
class OutsideReader:
    """Somebody who reads; without a scope it is the public."""

    actor: str
    scope: Scope | None = None

    def having(self, *roles: str) -> Scope:
        """Return what these roles let the reader see; raises Unanswerable where it is nothing."""
        if self.scope is None:
            raise Unanswerable(401, "not-signed-in", SIGN_IN)
        grants = self.scope.of(*roles)
        if not grants:
            raise Unanswerable(403, "not-allowed", "Nothing of this is for the role that asks.")
        return Scope(self.scope.account, grants)

    def has(self, *roles: str) -> bool:
        return self.scope is not None and self.scope.has(*roles)


def reader_of(request: HttpRequest) -> OutsideReader:
    """Return who asks; raises Unanswerable for a pass that is not valid.

    A program that shows a pass is never taken for the public: it would not see that it reads less.
    """
    header = request.headers.get("Authorization", "")
    if header:
        row = admitted_by(secret_of(header), WallPass.Use.PROGRAMS)
        if isinstance(row, NotAdmitted):
            raise Unanswerable(401, f"pass-{row.reason}", f"This pass opens nothing. {SIGN_IN}")
        return OutsideReader(walls.actor(row), row.scope())
    if isinstance(request.user, Account):
        return OutsideReader(actor_of(request), request.user.scope())
    return OutsideReader(f"address:{sender(request)}")


def counted(reader: OutsideReader) -> None:
    """Count one reading; raises Unanswerable when there were too many of late."""
    now = timezone.now()
    if not allowances.take(READING, reader.actor, rate=RATE, now=now):
        at = allowances.again_at(READING, reader.actor, rate=RATE, now=now)
        left = max(1, math.ceil((at - now).total_seconds()))
        message = f"Too many questions at once. Ask again in {left} s, for more at a time."
        raise Unanswerable(429, "too-many", message, {"Retry-After": str(left)})


def secret_of(header: str) -> str:
    """Return the secret of an Authorization header, "" where there is none."""
    scheme, _space, told = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return told.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(told, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
