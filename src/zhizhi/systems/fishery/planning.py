"""What follows from a stay: the case, its explanation, the reminder, and closing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from zhizhi.engine import timeline, timing
from zhizhi.engine.models import Alert, Case, Severity, Zone
from zhizhi.engine.states import move
from zhizhi.engine.triage import CaseDraft, case_key, compared
from zhizhi.systems.fishery import dissuading, reminding, sharing
from zhizhi.systems.fishery.counting import ACCEPTED, Outcome
from zhizhi.systems.fishery.models import Stay

WORKER = "worker"
KIND = "illegal-fishing"

# the quality of a finding from which its certainty is stated
SURE, LIKELY = 0.9, 0.7

NOT_USED = (
    gettext_noop("identity"),
    gettext_noop("telephone number"),
    gettext_noop("movements outside the zone"),
    gettext_noop("earlier stays"),
)
ALTERNATIVES = (
    gettext_noop("somebody lives, works or waits there without fishing"),
    gettext_noop("a ferry, a moored vessel or a licensed boat"),
    gettext_noop("the position is off by more than it says"),
)


class FisheryPlan:
    """The fishery's answers to what triage asks; runs inside triage's transaction."""

    def draft(
        self, finding: Mapping[str, Any], zone: Zone | None, settings: Mapping[str, Any]
    ) -> CaseDraft:
        """Return the case that ``finding`` opens or joins, and why."""
        return CaseDraft(
            kind=KIND,
            key=case_key(KIND, finding["entity"], finding["zone"]),
            severity=Severity.NORMAL,
            certainty=certainty(float(finding["quality"])),
            explanation={
                "inputs": inputs(finding, zone, settings),
                "not_used": list(NOT_USED),
                "alternatives": list(ALTERNATIVES),
            },
            lead_agency=sharing.LEAD,
            capabilities=dissuading.NEEDS,
            task_kind=dissuading.KIND,
        )

    def opened(self, case: Case, alert: Alert, *, now: datetime) -> None:
        """Note the stay and send its reminder."""
        reminding.remind(_stay(case, alert), now=now)

    def repeated(self, case: Case, alert: Alert, *, now: datetime) -> None:
        """Note one more stay; remind again only while nobody is on the way or asked to go."""
        stay = _stay(case, alert)
        others = case.stays.exclude(pk=stay.pk)
        is_asked = others.filter(dissuasion_at__isnull=False, left_at__isnull=True).exists()
        if case.state == Case.State.OPEN and not is_asked:
            reminding.remind(stay, now=now)

    def cleared(self, case: Case, finding: Mapping[str, Any], *, now: datetime) -> None:
        """The stay has ended: withdraw what is not sent, and close the case if nobody was sent."""
        stay = Stay.everything.select_related("reminder").filter(pk=finding["id"].hex()).first()
        if stay is None:
            return
        Stay.everything.filter(pk=stay.pk).update(left_at=finding["found_at"])
        timing.cancel(reminding.timer_key(stay), now=now)
        if stay.reminder and reminding.withdraw(stay.reminder, now=now):
            stay.reminder.refresh_from_db()
        timeline.record(
            case,
            verb="fishery.left",
            actor=WORKER,
            at=now,
            data={"alert": stay.pk, "last_inside_at": finding["inside_at"]},
        )
        if _nobody_needed(case, stay):
            _close(case, stay, now=now)


def certainty(quality: float) -> str:
    """Return how sure the finding is, by the quality of the worst position in it."""
    if quality >= SURE:
        return Alert.Certainty.OBSERVED
    return Alert.Certainty.LIKELY if quality >= LIKELY else Alert.Certainty.POSSIBLE


def inputs(
    finding: Mapping[str, Any], zone: Zone | None, settings: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the values that the rule compared, with their thresholds and what they came to."""
    own = zone.parameters if zone else {}
    limit = own.get("limit_minutes", settings["fishery.limit_minutes"])
    fixes = own.get("minimum_fixes", settings["fishery.minimum_fixes"])
    minutes = (finding["found_at"] - finding["started_at"]).total_seconds() / 60
    season = ", ".join("–".join(span) for span in zone.seasons) if zone else ""
    return [
        compared(
            gettext_noop("time in the zone"),
            round(minutes, 2),
            limit,
            gettext_noop("minutes"),
            meets=minutes > limit,
        ),
        compared(
            gettext_noop("positions inside"),
            finding["fixes"],
            fixes,
            meets=finding["fixes"] >= fixes,
        ),
        compared(gettext_noop("zone"), zone.name if zone else finding["zone"], meets=True),
        compared(gettext_noop("season"), season or gettext_noop("all year"), meets=True),
    ]


def _stay(case: Case, alert: Alert) -> Stay:
    """Make the row of the stay that ``alert`` tells of."""
    return Stay.everything.create(
        alert=alert,
        case=case,
        zone=alert.zone,
        seen_by=reminding.seen_by(alert),
        started_at=alert.started_at,
        found_at=alert.found_at,
    )


def _nobody_needed(case: Case, stay: Stay) -> bool:
    """Tell whether the case may close itself: nobody was ever sent, and nobody stays."""
    if case.state != Case.State.OPEN or case.tasks.exists():
        return False
    return not case.stays.exclude(pk=stay.pk).filter(left_at__isnull=True).exists()


def _close(case: Case, stay: Stay, *, now: datetime) -> None:
    """Close the case as left; no person is troubled."""
    told = stay.reminder is not None and stay.reminder.state in ACCEPTED
    why = Outcome.LEFT_REMINDED if told else Outcome.LEFT_UNPROMPTED
    move(case, Case.State.CLOSED, allowed=Case.MOVES, closed_at=now, changed_at=now)
    timing.cancel_clocks(case, now=now)
    timeline.record(case, verb="case.close", actor=WORKER, at=now, data={"why": str(why.value)})
