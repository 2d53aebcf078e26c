"""What the reporter says of the result, and forgetting the report when its time is over."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from zhizhi.engine import (
    agreeing,
    appealing,
    closing,
    erasing,
    merging,
    noticing,
    personal,
    quotas,
    reasons,
    settings_in_force,
    timeline,
    unfinished,
)
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Case, CaseLink, Report
from zhizhi.engine.reporting import RESIDENT, seal_word
from zhizhi.engine.states import StateConflict
from zhizhi.trust import allowances

WORST, BEST = 1, 5
AT_ONCE = 100  # reports that one round forgets


def may_rate(report: Report) -> bool:
    """Say whether the result waits for a rating: each end of the case may be rated once."""
    case = merging.root_of(report.case)
    if case.state not in Case.FINAL or case.closed_at is None or report.forgotten_at is not None:
        return False
    return report.rated_at is None or report.rated_at < case.closed_at


def is_unhappy(rating: int) -> bool:
    """Say whether such a rating opens the case again."""
    worst: int = settings_in_force.value("residents.unhappy_rating")
    return rating <= worst


def rate(report: Report, rating: int, *, remark: str = "", now: datetime) -> bool:
    """Keep a rating from 1 to 5; an unhappy one opens the case again. Returns whether it did.

    Raises ValueError outside 1 to 5, ReasonMissing for an unhappy one without a remark, and
    StateConflict when the case has not ended or this end was rated already.
    """
    if not WORST <= rating <= BEST:
        message = f"a rating lies between {WORST} and {BEST}, not {rating}"
        raise ValueError(message)
    opens = is_unhappy(rating)
    if opens:
        reasons.given(remark)
    with timeline.writing():
        case = locked(merging.root_of(report.case))
        if case.state not in Case.FINAL or case.closed_at is None:
            message = f"the case is {case.get_state_display()}"
            raise StateConflict(message, code="not-ended", record=case)
        waiting = Report.everything.filter(
            Q(rated_at=None) | Q(rated_at__lt=case.closed_at), pk=report.pk
        )
        sealed = seal_word(report, "remark", remark.strip()) if remark.strip() else None
        if not waiting.update(rating=rating, rated_at=now, remark=sealed):
            raise StateConflict("rated already", code="rated-already", record=case)
        data = {"report": report.pk, "outcome": f"rating-{rating}"}
        timeline.record(case, verb="report.rate", actor=RESIDENT, at=now, data=data)
        if opens:
            closing.reopen(case, by=RESIDENT, now=now)
    report.refresh_from_db(from_queryset=Report.everything.all())
    return opens


def forget(report: Report, *, by: str, now: datetime) -> bool:
    """Destroy the reporter's words, name, number and photo; says whether words were still there.

    The case goes on or stays ended as it is: what remains of the report names nobody. A photo that
    proves an offence stays, and the receipt says so.
    """
    receipt = erasing.erase(report, by=by, now=now, lifts=(personal.OPEN_CASE,))
    return receipt is not None and str(erasing.subject_of(report)) in receipt.destroyed


def sweep(now: datetime) -> int:
    """Delete what has outlived its time: drafts, counts, words, numbers, parties."""
    over = CaseLink.is_over(settings_in_force.days_ago("residents.keep_days", now))
    is_old = over & Q(forgotten_at=None, erase_again_at=None)
    due = Report.everything.filter(is_old | Q(erase_again_at__lte=now)).order_by("pk")
    gone = sum(erasing.erase(report, by="worker", now=now) is not None for report in due[:AT_ONCE])
    gone += noticing.forget_parties(now) + agreeing.lapse(now) + appealing.forget_old(now)
    forgotten = quotas.forget_old(now=now) + allowances.forget_full(now=now)
    return gone + unfinished.forget_expired(now=now) + forgotten
