"""What follows from a question or an alarm: the case, its explanation, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from zhizhi.engine import closing, timeline
from zhizhi.engine.models import Alert, Case, Severity, Zone
from zhizhi.engine.states import StateConflict
from zhizhi.engine.triage import CaseDraft, case_key, compared
from zhizhi.kernel.solitude import Reason
from zhizhi.systems.guardian import sending
from zhizhi.systems.guardian.models import Enrolment
from zhizhi.systems.guardian.naming import LOST, SETTINGS

WORKER = "worker"
NEEDS = ("foot",)  # whoever looks for somebody gets out and walks
TASK = "bring-home"
ASKED = frozenset({Reason.ALONE, Reason.DANGER})  # the relatives are asked; else an officer goes

NOT_USED = (
    gettext_noop("name"),
    gettext_noop("faces"),
    gettext_noop("health"),
    gettext_noop("places more than 35 minutes ago"),
    gettext_noop("anybody who is not enrolled"),
)
ALTERNATIVES = (
    gettext_noop("a companion walks along without a tag, or the tag was not read"),
    gettext_noop("somebody else carries the tag, or it lies somewhere"),
    gettext_noop("the ward is used to this way and is on the way home"),
)


class GuardianPlan:
    """The guardian's answers to what triage asks; runs inside triage's transaction."""

    def draft(
        self, finding: Mapping[str, Any], zone: Zone | None, settings: Mapping[str, Any]
    ) -> CaseDraft:
        """Return the case of the ward, or of the settings if they ask too often."""
        kind = SETTINGS if finding["kind"] == Reason.REVIEW else LOST
        return CaseDraft(
            kind=kind,
            key=case_key(kind, finding["entity"], ""),
            severity=severity(finding["kind"]),
            explanation={
                "inputs": inputs(finding, settings),
                "not_used": list(NOT_USED),
                "alternatives": list(ALTERNATIVES),
            },
            capabilities=NEEDS if kind == LOST else (),
            task_kind=TASK if kind == LOST else "handle",
        )

    def opened(self, case: Case, alert: Alert, *, now: datetime) -> None:
        """Note that the ward has an open case, and tell whom the alert is for."""
        if case.kind == LOST:
            Enrolment.everything.filter(token=alert.subject).update(case=case)
        self._tell(case, alert, now)

    def repeated(self, case: Case, alert: Alert, *, now: datetime) -> None:
        """Tell whom the alert is for; the case and its trail go on."""
        self._tell(case, alert, now)

    def cleared(self, case: Case, finding: Mapping[str, Any], *, now: datetime) -> None:
        """Nobody waits any more: close the case if nobody was sent."""
        if case.alerts.filter(cleared_at=None).exclude(kind=Reason.REVIEW).exists():
            return
        if case.state != Case.State.OPEN or case.tasks.exists():
            return
        # The rule has settled it by itself: to tell it of the end would shorten its quiet time.
        Enrolment.everything.filter(case=case).update(case=None, missing_since=None)
        try:
            closing.close_unneeded(case, why="not-alone", by=WORKER, now=now)
        except StateConflict as conflict:
            timeline.record(
                case, verb="guardian.stays_open", actor=WORKER, at=now,
                data={"why": conflict.code},
            )  # fmt: skip

    def _tell(self, case: Case, alert: Alert, now: datetime) -> None:
        if alert.kind == Reason.REVIEW:
            return
        if alert.kind in ASKED:
            sending.ask_relatives(case, alert, now=now)
        else:
            sending.call_officer(case, alert, now=now)


def severity(reason: str) -> str:
    """Return how grave it is: a question is normal, an alarm important, "missing" urgent."""
    if reason == Reason.MISSING:
        return Severity.URGENT
    return Severity.NORMAL if reason in {*ASKED, Reason.REVIEW} else Severity.IMPORTANT


def inputs(finding: Mapping[str, Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the values that the rule compared, with their thresholds and what they came to."""
    minutes = (finding["found_at"] - finding["started_at"]).total_seconds() / 60
    needed = needed_for(finding["kind"], settings)
    count = finding["fixes"]
    return [
        compared(gettext_noop("encounters alone"), count, needed, meets=count >= needed),
        compared(gettext_noop("since the first of them"), round(minutes, 2), "",
                 gettext_noop("minutes"), meets=True),
        compared(gettext_noop("no companion within"), settings["guardian.window_minutes"], "",
                 gettext_noop("minutes"), meets=True),
        compared(gettext_noop("no companion nearer than"), settings["guardian.radius_m"], "",
                 gettext_noop("metres"), meets=True),
        compared(gettext_noop("reason"), REASONS[finding["kind"]], meets=True),
        compared(gettext_noop("last reader"), finding["zone"], meets=True),
    ]  # fmt: skip


REASONS: Mapping[str, str] = {
    Reason.ALONE: gettext_noop("met alone as often as it takes"),
    Reason.DANGER: gettext_noop("met alone where or when once is enough"),
    Reason.AGAIN: gettext_noop("met alone again after the relatives were asked"),
    Reason.UNANSWERED: gettext_noop("nobody answered in time"),
    Reason.MISSING: gettext_noop("a relative said: missing"),
    Reason.REVIEW: gettext_noop("the relatives were asked too often in a week"),
}


def needed_for(reason: str, settings: Mapping[str, Any]) -> int:
    """Return how many encounters alone a reason takes; none where people or time decide."""
    counts = {
        Reason.ALONE: settings["guardian.to_relatives"],
        Reason.DANGER: 1,
        Reason.AGAIN: settings["guardian.to_officer"],
    }
    return int(counts.get(Reason(reason), 0))
