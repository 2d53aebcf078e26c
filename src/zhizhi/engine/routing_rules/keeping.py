"""Drafting routing rules, and putting them in force as the second person."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError

from zhizhi.directory.accounts import actor
from zhizhi.directory.granting import NotSecond, not_second
from zhizhi.directory.models import Account, Area
from zhizhi.engine import timeline
from zhizhi.engine.models import RoutingVersion
from zhizhi.engine.routing_rules.naming import names
from zhizhi.engine.routing_rules.versions import PUBLISH, SUBJECT, in_force, published, seal
from zhizhi.engine.states import StateConflict, move
from zhizhi.kernel.routing import checking, reading
from zhizhi.kernel.routing.problems import RoutingProblem, RoutingWrong
from zhizhi.kernel.routing.rule import RoutingRules
from zhizhi.trust import ciphers
from zhizhi.trust.audit import Leaf
from zhizhi.trust.evidence import append_now

State = RoutingVersion.State
MOST_LETTERS = 60_000


def check(text: str) -> RoutingRules:
    """Return the rules in ``text``; raises RoutingWrong with everything that is wrong."""
    if len(text) > MOST_LETTERS:
        raise RoutingWrong([RoutingProblem("too-long-text", value=str(MOST_LETTERS))])
    rules = reading.read(text)
    found = checking.problems(rules, names())
    if found:
        raise RoutingWrong(found)
    return rules


def draft(text: str, reason: str, *, seen: int, by: Account, now: datetime) -> RoutingVersion:
    """Keep ``text`` as a proposal; it decides nothing before somebody else publishes it.

    ``seen`` is the version in force that whoever drafts was shown; raises StateConflict when
    another one is, and RoutingWrong.
    """
    check(text)
    with timeline.writing():
        _refuse_older(seen)
        row = RoutingVersion.objects.create(
            text=text, digest=_digest(text), reason=reason, based_on=seen, drafted_by=by,
            drafted_at=now,
        )  # fmt: skip
        detail = {"digest": row.digest, "based_on": seen}
        timeline.leave(Leaf(actor(by), "routing.draft", name_of(row), now, detail=detail))
    return row


def publish(row: RoutingVersion, *, by: Account, now: datetime) -> RoutingVersion:
    """Be the second person: from now on every case is routed by ``row``.

    Raises NotSecond, RoutingWrong where a name is gone meanwhile, and StateConflict (code
    "overtaken" when another version came into force since it was drafted).
    """
    code = may_publish(row, by)
    if code:
        append_now(Leaf(actor(by), "routing.denied", name_of(row), now, detail={"why": code}))
        raise NotSecond(code)
    check(row.text)
    try:
        with timeline.writing():
            _refuse_older(row.based_on, row)
            move(
                row, State.PUBLISHED, allowed=RoutingVersion.MOVES, version=row.based_on + 1,
                decided_by=by, decided_at=now,
            )  # fmt: skip
            detail = {"version": row.version, "draft": row.pk, "digest": seal(row)}
            timeline.leave(Leaf(actor(by), PUBLISH, f"{SUBJECT}{row.version}", now, detail=detail))
    except IntegrityError as error:
        raise _overtaken(row) from error
    return row


def drop(row: RoutingVersion, *, by: Account, now: datetime) -> None:
    """Give a draft up for good; raises StateConflict when it does not wait any more."""
    with timeline.writing():
        move(row, State.DROPPED, allowed=RoutingVersion.MOVES, decided_by=by, decided_at=now)
        timeline.leave(Leaf(actor(by), "routing.drop", name_of(row), now))


def may_publish(row: RoutingVersion, by: Account) -> str:
    """Return why ``by`` may not be the second person: self, same-office or no-role; or nothing.

    The rules are about the whole district, so the second person answers for all of it.
    """
    district = Area.objects.filter(valid_to=None, kind=Area.Kind.DISTRICT).order_by("pk").first()
    return not_second(by, to=row.drafted_by, area_path=district.path if district else "")


def name_of(row: RoutingVersion) -> str:
    """Return how logs name a draft: "routing-draft:3"."""
    return f"routing-draft:{row.pk}"


def _digest(text: str) -> str:
    return ciphers.suite().digest(text.encode())


def _refuse_older(seen: int, row: RoutingVersion | None = None) -> None:
    if in_force().version != seen:
        raise _overtaken(row)


def _overtaken(row: RoutingVersion | None) -> StateConflict:
    newest = published().order_by("-version").first()
    message = "another version of the routing rules came into force meanwhile"
    return StateConflict(message, code="overtaken", record=row or newest)
