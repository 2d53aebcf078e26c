"""Taking what it says about people out of a case whose time is over; its course stays.

What remains of a case counts and names nobody: kind, town, moments, states. Its timeline and the
reports from the spot are chained and stay. A case stays whole while anything of it is still
needed, and is looked at again with each round.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.db.models import Q
from django.db.models.functions import Round

from zhizhi.engine import settings_in_force, timeline
from zhizhi.engine.models import (
    Alert,
    Appeal,
    Case,
    CaseLink,
    Claim,
    Extension,
    Message,
    Notice,
    Report,
    Supervision,
    Suspension,
    Task,
    Timer,
)
from zhizhi.engine.pruning import delete_some
from zhizhi.trust import erasing, evidence, holding
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import Evidence

WORKER = "worker"
VERB = "case.thin"
AT_ONCE = 50  # cases of one round
CHUNK = 500  # cases looked at together, until enough are free: held ones stand in nobody's way
PLACES = 2  # decimals of a degree that remain of a place: about a kilometre
WAITING = (Message.State.HELD, Message.State.QUEUED)
THINNED = (
    "engine.Case.lon", "engine.Case.lat", "engine.Case.key",
    "engine.Alert.lon", "engine.Alert.lat", "engine.Alert.explanation",
    "engine.Report.lon", "engine.Report.lat",
    "engine.Task.note", "engine.CaseLink.why",
    "engine.Extension.reason", "engine.Extension.answer",
    "engine.Suspension.reason", "engine.Supervision.instruction", "engine.Supervision.answer",
    "engine.Notice.text", "engine.Message.recipient", "engine.Message.payload",
    "engine.Timer.arguments",
)  # fmt: skip
STAYING = {
    "engine.Report.external_id": "the code on the reporter's receipt is computed from it",
    "engine.Report.kind": "a category: what happened, to nobody",
    "engine.Report.consent": "the name of a wording",
}


def thin_due(now: datetime) -> int:
    """Thin a bounded number of cases, and delete messages and timers without one."""
    before = settings_in_force.days_ago("engine.case_days", now)
    done = sum(_thin(pk, before, now=now) for pk in islice(_free(before), AT_ONCE))
    return done + _forget_strays(before)


def _free(before: datetime) -> Iterator[int]:
    """Yield the cases that ended before a moment and that nothing holds."""
    due = Case.everything.filter(_is_over(before), thinned_at=None).order_by("closed_at", "pk")
    waiting = list(due.values_list("pk", flat=True))
    for start in range(0, len(waiting), CHUNK):
        ids = waiting[start : start + CHUNK]
        held = {pk for holder in holding.holders().values() for pk in holder.cases_held(ids)}
        yield from (pk for pk in ids if pk not in held)


def _is_over(before: datetime) -> Q:
    ended = Case.everything.filter(state__in=Case.FINAL, closed_at__lt=before)
    joined = CaseLink.everything.filter(ended_at=None, root__in=ended).values("case")
    return Q(state__in=Case.FINAL, closed_at__lt=before) | Q(pk__in=joined)


def _thin(pk: int, before: datetime, *, now: datetime) -> bool:
    """Thin one case in one transaction; nothing when it was reopened or thinned meanwhile."""
    with timeline.writing():
        due = Case.everything.filter(_is_over(before), pk=pk, thinned_at=None)
        if not due.update(thinned_at=now):
            return False
        for holder in holding.holders().values():
            holder.thin([pk])
        gone = [
            evidence.name_of(row)
            for row in Evidence.objects.filter(case=pk).select_related("subject_key")
            if evidence.erase(row, now=now)
        ]
        case = f"case:{pk}"
        if gone:
            erasing.receipt(case, gone, [], by=WORKER, now=now, leave=timeline.leave)
        path = Case.everything.values_list("area_path", flat=True).get(pk=pk)
        timeline.leave(Leaf(WORKER, VERB, case, now, path, {"pictures": len(gone)}))
    return True


def cases_held(cases: Collection[int]) -> set[int]:
    """Return those of ``cases`` in which something is open, waits, or has its own time to go."""
    waits = Message.everything.filter(case__in=cases, state__in=WAITING)
    appeals = Appeal.everything.filter(alert__case__in=cases, state=Appeal.State.OPEN)
    claims = Claim.everything.filter(report__case__in=cases, state=Claim.State.OPEN)
    words = Report.everything.filter(case__in=cases)
    words = words.filter(Q(forgotten_at=None) | Q(erase_again_at__isnull=False))
    parties = Notice.everything.filter(case__in=cases, person__key__destroyed_at=None)
    rows: tuple[Iterable[int | None], ...] = (
        waits.values_list("case", flat=True),
        appeals.values_list("alert__case", flat=True),
        claims.values_list("report__case", flat=True),
        words.values_list("case", flat=True),
        parties.exclude(person=None).values_list("case", flat=True),
    )
    return {case for found in rows for case in found if case is not None}


def thin(cases: Collection[int]) -> None:
    """Blank what the engine's tables say about people in ``cases``."""
    of = {"case__in": cases}
    coarse = {"lon": Round("lon", PLACES), "lat": Round("lat", PLACES)}
    for pk in cases:
        Case.everything.filter(pk=pk).update(key=f"thinned:{pk}", subject=None, **coarse)
    Alert.everything.filter(**of).update(subject=0, explanation={}, **coarse)
    Report.everything.filter(**of).update(**coarse)
    Task.everything.filter(**of).update(note="")
    CaseLink.everything.filter(**of).update(why="")
    Extension.everything.filter(task__case__in=cases).update(reason="", answer="")
    Suspension.everything.filter(**of).update(reason="")
    Supervision.everything.filter(**of).update(instruction="", answer="")
    Notice.everything.filter(**of).update(text={})
    Message.everything.filter(**of).update(payload={"text": ""})
    Message.everything.filter(recipient__startswith="token:", **of).update(recipient="")


def _forget_strays(before: datetime) -> int:
    """Delete messages that belong to no case, and timers that have fired."""
    messages = Message.everything.filter(case=None, queued_at__lt=before)
    messages = messages.exclude(state__in=WAITING)
    fired = Q(fired_at__isnull=False) | Q(cancelled_at__isnull=False)
    timers = Timer.objects.filter(fired, due_at__lt=before)
    return delete_some(messages) + delete_some(timers)
