"""What guardians answer with one press, and what it comes to when several answer at once.

The first good answer to a question holds; "missing" counts whatever was answered before. Of two who
press at the same moment one waits for the other and then finds the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from zhizhi.directory import guarding
from zhizhi.directory.accounts import person_name
from zhizhi.directory.guarding import GuardianshipOver
from zhizhi.directory.models import Guardianship
from zhizhi.engine import delivering, timeline
from zhizhi.engine.models import Alert, Case, TimelineEntry
from zhizhi.engine.states import StateConflict
from zhizhi.kernel.solitude import Answer, Reason
from zhizhi.systems.guardian import telling
from zhizhi.systems.guardian.enrolling import name_of
from zhizhi.systems.guardian.models import Enrolment, TagReader
from zhizhi.systems.guardian.naming import ANSWERED
from zhizhi.systems.guardian.planning import ASKED
from zhizhi.systems.guardian.sending import OPERATORS
from zhizhi.trust import consenting
from zhizhi.trust.audit import Leaf
from zhizhi.trust.grounds import BRING_HOME, TAGS

VERBS = {f"guardian.{one.value}": one for one in Answer}


class AnswerOutcome(StrEnum):
    """What became of an answer."""

    TOLD = "told"  # it counts
    SAID = "said"  # somebody had answered so, or well, before
    CALLED = "called"  # an officer is called already: it is written down for those on duty
    LATE = "late"  # the question is over


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer that was given in a case."""

    what: Answer
    by: str  # "guardianship:3"
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """What a guardian is asked about a ward, or sees of what was answered."""

    bond: Guardianship
    row: Enrolment
    alert: Alert | None  # nothing: nobody asks
    place: str
    said: Sequence[GivenAnswer]
    is_called: bool
    is_sent: bool

    @property
    def waits(self) -> bool:
        """Whether nobody has answered yet."""
        return self.alert is not None and not self.said and not self.is_called


def questions(bonds: Sequence[Guardianship], *, now: datetime) -> list[Question]:
    """Return how the matched wards of these guardianships stand, open questions first."""
    live = [bond for bond in bonds if bond.is_in_force(now)]
    rows = Enrolment.everything.filter(
        ward__in=[bond.ward_id for bond in live], state=Enrolment.State.ACTIVE
    )
    enrolled = {row.ward_id: row for row in rows.select_related("case")}
    names = [person_name(number) for number in enrolled]
    agreed = consenting.agreed_among(names, BRING_HOME, (TAGS,), now=now)
    found = [
        _question(bond, enrolled[bond.ward_id])
        for bond in live
        if bond.ward_id in enrolled and person_name(bond.ward_id) in agreed
    ]
    return sorted(found, key=lambda one: (not one.waits, one.alert is None, -one.bond.pk))


def answer(bond: Guardianship, what: Answer, *, asked: int | None, now: datetime) -> AnswerOutcome:
    """Take one answer; ``asked`` is the case that the guardian saw, none when nobody asked.

    Raises GuardianshipOver, consenting.ConsentMissing, and StateConflict ("not-matched").
    """
    if not bond.is_in_force(now):
        raise GuardianshipOver(guarding.name_of(bond))
    consenting.require(person_name(bond.ward_id), BRING_HOME, (TAGS,), now=now)
    with timeline.writing():
        live = Enrolment.everything.select_for_update().filter(ward=bond.ward_id)
        row = live.filter(state=Enrolment.State.ACTIVE).first()
        if row is None:
            message = f"{person_name(bond.ward_id)} is not matched"
            raise StateConflict(message, code="not-matched")
        alerts = open_alerts(row)
        if what is Answer.MISSING:
            return _missing(row, bond, alerts, now)
        if not alerts or alerts[0].case_id != asked:
            return AnswerOutcome.LATE
        return _good(row, bond, alerts, what, now)


def open_alerts(row: Enrolment) -> list[Alert]:
    """Return the questions and alarms about a ward that are not over, the newest first."""
    if row.case_id is None:
        return []
    live = Alert.everything.filter(case=row.case_id, cleared_at=None, lifted_at=None)
    live = live.exclude(case__state__in=Case.FINAL).exclude(kind=Reason.REVIEW)
    return list(live.select_related("case").order_by("-raised_at", "-found_at", "pk"))


def said_to(alerts: Sequence[Alert]) -> list[GivenAnswer]:
    """Return what was answered to questions of one case that are not over, oldest first."""
    if not alerts:
        return []
    entries = TimelineEntry.objects.filter(case=alerts[0].case, verb__in=VERBS).order_by("seq")
    asked = {alert.pk for alert in alerts}
    about = [one for one in entries if one.data.get("alert") in asked]
    return [GivenAnswer(VERBS[one.verb], one.actor, one.at) for one in about]


def _question(bond: Guardianship, row: Enrolment) -> Question:
    alerts = open_alerts(row)
    alert = alerts[0] if alerts else None
    if alert is None:
        return Question(bond, row, None, "", (), row.missing_since is not None, is_sent=False)
    reader = TagReader.objects.filter(code=alert.zone).first()
    return Question(
        bond, row, alert, reader.name if reader else "", said_to(alerts),
        _is_called(row, alert), alert.case.tasks.filter(unit__isnull=False).exists(),
    )  # fmt: skip


def _is_called(row: Enrolment, alert: Alert) -> bool:
    return row.missing_since is not None or alert.kind not in ASKED


def _missing(
    row: Enrolment, bond: Guardianship, alerts: list[Alert], now: datetime
) -> AnswerOutcome:
    fresh = Enrolment.everything.filter(pk=row.pk, missing_since=None)
    if not fresh.update(missing_since=now):
        return AnswerOutcome.SAID
    _keep(row, bond, alerts, Answer.MISSING, now)
    return AnswerOutcome.TOLD


def _good(
    row: Enrolment, bond: Guardianship, alerts: list[Alert], what: Answer, now: datetime
) -> AnswerOutcome:
    alert = alerts[0]
    said = [one for one in said_to(alerts) if one.what is not Answer.MISSING]
    is_called = _is_called(row, alert)
    own = guarding.name_of(bond)
    again = [one for one in said if (one.what, one.by) == (what, own)]
    if again if is_called else said:
        return AnswerOutcome.SAID
    if is_called:
        delivering.tell(
            OPERATORS, ANSWERED, case=alert.case, key_parts=("alert", alert.pk, own, what), now=now,
            is_urgent=True,
        )  # fmt: skip
    _keep(row, bond, alerts, what, now)
    return AnswerOutcome.CALLED if is_called else AnswerOutcome.TOLD


def _keep(
    row: Enrolment, bond: Guardianship, alerts: list[Alert], what: Answer, now: datetime
) -> None:
    """Write an answer into the case, or the log where there is none, and tell the rule last."""
    by, verb = guarding.name_of(bond), f"guardian.{what.value}"
    if alerts:
        about = {"alert": alerts[0].pk}
        timeline.record(alerts[0].case, verb=verb, actor=by, at=now, data=about)
    else:
        timeline.leave(Leaf(by, verb, name_of(row), now, row.area_path))
    telling.tell(row, what, now=now)
