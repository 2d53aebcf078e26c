"""The scam lists: clues that weigh less with time, and what the staff decided, which goes first.

A thing is listed when its clues together reach ``antifraud.listed_from``. Each reporter weighs at
most one, and that setting is never below 1.5: no reporter lists anything alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Report
from zhizhi.engine.states import StateConflict
from zhizhi.engine.timeline import leave, writing
from zhizhi.kernel.identifiers import Identifier
from zhizhi.systems.antifraud import weighing
from zhizhi.systems.antifraud.apps import KEEP_DAYS, LISTED_FROM
from zhizhi.systems.antifraud.models import Clue, ListEntry
from zhizhi.systems.antifraud.weighing import NOTHING, Weighing
from zhizhi.trust import vault
from zhizhi.trust.audit import Leaf

Stance = ListEntry.Stance


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one thing: the entry in force, its clues, and whose address it imitates."""

    entry: ListEntry | None = None
    reporters: int = 0
    weight: float = 0.0
    is_listed: bool = False
    is_confirmed: bool = False  # by an officer who looked at a report
    imitates: ListEntry | None = None

    @property
    def is_denied(self) -> bool:
        return self.entry is not None and self.entry.stance == Stance.DENY

    @property
    def is_allowed(self) -> bool:
        return self.entry is not None and self.entry.stance == Stance.ALLOW


def key_of(kind: str, value: str) -> str:
    """Return the keyed hash that stands for a thing; without our key nobody can find it again."""
    return vault.blind_index(f"{kind}|{value}", column="antifraud.key")


def note(
    thing: Identifier,
    *,
    reporter: str,
    by: str,
    now: datetime,
    report: Report | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Count that ``reporter`` said ``thing`` belongs to a scam; again only makes it newer.

    ``told`` are further columns of a clue out of a ``report``. Nobody is a reporter who is "".
    """
    key = key_of(thing.kind, thing.value)
    who = vault.blind_index(f"{key}|{reporter}", column="antifraud_clue.reporter")
    with writing():
        clue, _is_new = Clue.objects.update_or_create(
            key=key, reporter=who if reporter else "", report=report,
            defaults={"kind": thing.kind, "at": now, **(told or {})},
        )  # fmt: skip
        leave(Leaf(by, "clue.note", f"clue:{clue.pk}", now))


def decide(  # noqa: PLR0913 - all named at the call
    thing: Identifier,
    stance: str,
    *,
    reason: str,
    expires_at: datetime,
    name: str = "",
    seen: int | None,
    by: str,
    now: datetime,
) -> ListEntry:
    """Deny, allow or clear ``thing``; the entry in force, which is ``seen``, ends with that.

    Raises StateConflict when somebody has decided meanwhile, ValueError without a reason, with an
    end that is past, and for an allowed thing without a name.
    """
    if not reason.strip() or expires_at <= now or (stance == Stance.ALLOW and not name.strip()):
        message = "an entry needs a reason, an end that is not past, and a name if it is allowed"
        raise ValueError(message)
    key = key_of(thing.kind, thing.value)
    look = key_of("look", thing.look) if thing.look else ""
    with writing():
        if seen is not None:
            _end(Q(pk=seen, key=key), by=by, now=now)
        ListEntry.objects.filter(key=key, ended_at=None, expires_at__lte=now).update(
            ended_at=now, ended_by="worker"
        )
        try:
            with transaction.atomic():
                entry = ListEntry.objects.create(
                    kind=thing.kind, key=key, look=look, stance=stance, name=name.strip(),
                    reason=reason.strip(), made_at=now, made_by=by, expires_at=expires_at,
                )  # fmt: skip
        except IntegrityError as error:
            message = "somebody has decided about this meanwhile"
            raise StateConflict(message) from error
        leave(Leaf(by, f"list.{stance}", f"list:{entry.pk}", now, detail={"kind": thing.kind}))
    return entry


def end(entry: ListEntry, *, by: str, now: datetime) -> None:
    """Take ``entry`` back before it expires; raises StateConflict when it has ended."""
    with writing():
        _end(Q(pk=entry.pk), by=by, now=now)


def _end(which: Q, *, by: str, now: datetime) -> None:
    rows = ListEntry.objects.filter(which, ended_at=None)
    numbers = list(rows.values_list("pk", flat=True))
    if not rows.update(ended_at=now, ended_by=by):
        message = "this entry has ended"
        raise StateConflict(message)
    leave(Leaf(by, "list.end", f"list:{numbers[0]}", now))


def in_force(now: datetime) -> Q:
    """Return the condition that an entry is in force; at the moment of its end it is not."""
    return Q(ended_at=None, expires_at__gt=now)


def standings(things: Sequence[Identifier], now: datetime) -> dict[Identifier, Standing]:
    """Return what is known of each thing; what is said of a host holds for what is below it."""
    keys = {thing: _keys(thing) for thing in things}
    looks = {thing: key_of("look", thing.look) for thing in things if thing.look}
    every = {key for found in keys.values() for key in found}
    rows = ListEntry.objects.filter(in_force(now))
    rows = rows.filter(Q(key__in=every) | Q(look__in=set(looks.values()), stance=Stance.ALLOW))
    entries, alike = dict[str, ListEntry](), dict[str, ListEntry]()
    for row in rows:
        entries[row.key] = row
        if row.stance == Stance.ALLOW and row.look:
            alike[row.look] = row
    known = settings_in_force.snapshot()
    since = {key: one.made_at for key, one in entries.items() if one.stance == Stance.CLEAR}
    told = weighing.evidence(every, since)
    return {
        thing: _standing(
            found,
            entries,
            alike.get(looks.get(thing, "")),
            [told.get(key, NOTHING) for key in found],
            known,
            now,
        )
        for thing, found in keys.items()
    }


def _keys(thing: Identifier) -> list[str]:
    return [key_of(thing.kind, value) for value in (thing.value, *thing.wider)]


def _standing(
    keys: Sequence[str],
    entries: Mapping[str, ListEntry],
    alike: ListEntry | None,
    evidence: Sequence[Weighing],
    known: Mapping[str, Any],
    now: datetime,
) -> Standing:
    """Return what holds for a thing and for the hosts above it: the nearest entry decides."""
    entry = next((entries[key] for key in keys if key in entries), None)
    is_allowed = entry is not None and entry.stance == Stance.ALLOW
    weight, counted = max(
        ((one.weight(known, now), one) for one in evidence),
        key=lambda one: one[0],
    )
    return Standing(
        entry=entry,
        reporters=len(counted.reporters),
        weight=weight,
        is_listed=not is_allowed and weight >= known[LISTED_FROM],
        is_confirmed=counted.confirmed_at is not None,
        imitates=None if is_allowed else alike,
    )


def forget_old(now: datetime) -> int:
    """Delete clues and ended entries older than ``antifraud.keep_days``; returns how many."""
    before = settings_in_force.days_ago(KEEP_DAYS, now)
    over = Q(ended_at__lte=before) | Q(expires_at__lte=before)
    return (
        Clue.objects.filter(at__lte=before).delete()[0] + ListEntry.objects.filter(over).delete()[0]
    )
