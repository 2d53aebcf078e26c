"""What was reported near by already, offered to whoever is about to report it once more.

The offer is kept with the answers: what is chosen is one of its lines, never a number of a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from zhizhi.engine import nearby, reporting, settings_in_force
from zhizhi.engine.models import Case
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.system import ReportKind
from zhizhi.engine.unfinished import Unfinished
from zhizhi.web.residents import drafts
from zhizhi.web.residents.questions import ANONYMOUS

ASKS = ("kind", "where")  # a new answer to these may be about something else
NEAR = "near"


@dataclass(frozen=True, slots=True)
class NearLine:
    """One case of the offer as it stands now, and how far away it was said to be."""

    case: Case
    metres: int


def look(request: HttpRequest, draft: Unfinished, now: datetime) -> bool:
    """Look for what was reported near by, so often an hour; says whether there is an offer.

    A place that is vaguer than the radius of the house is near nothing.
    """
    told = draft.answers
    told.pop(NEAR, None)
    kind = _kind(draft)
    if kind is None or "where" not in told:
        return False
    at = told["where"]["at"]
    if (at["accuracy_m"] or 0) > settings_in_force.value("engine.duplicate_radius_m"):
        return False
    if not drafts.may(request, "near", "residents.looks_near_per_address", now):
        return False
    telling = told.get("telling", {}).get("telling", "")
    found = nearby.reported(kind, telling, (at["lon"], at["lat"]), now=now)
    told[NEAR] = [[one.case.pk, one.metres] for one in found]
    return bool(found)


def offer(draft: Unfinished) -> Mapping[int, NearLine]:
    """Return what may still be joined, by the numbers of the lines; they never change."""
    kind, lines = _kind(draft), draft.answers.get(NEAR, [])
    if kind is None or not lines:
        return {}
    live = nearby.still_open((pk for pk, _metres in lines), kind)
    return {
        number: NearLine(live[pk], metres)
        for number, (pk, metres) in enumerate(lines, start=1)
        if pk in live
    }


def report_of(draft: Unfinished, now: datetime) -> NewReport:
    """Return the report of somebody who follows: what was not asked yet stays unsaid."""
    unsaid = {
        "telling": {"telling": ""}, "when": {"occurred_at": now.isoformat()}, "photo": {},
        "contact": {"way": ANONYMOUS},
    }  # fmt: skip
    draft.answers = {**unsaid, **draft.answers}
    return drafts.report_of(draft)


def _kind(draft: Unfinished) -> ReportKind | None:
    """Return the chosen kind if it is one of which residents may be told."""
    kind = reporting.kinds().get(draft.answers.get("kind", {}).get("kind", ""))
    return kind if kind is not None and kind.is_told_near else None
