"""The manifest of the fishery watch: what it reads, its numbers, and what follows from an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import (
    DeclaredNotice,
    DeclaredSetting,
    ReportKind,
    RuleWords,
    SystemConfig,
    TimerAction,
)

if TYPE_CHECKING:
    from zhizhi.engine.models import Alert, Case, Feedback
    from zhizhi.engine.triage import Plan
    from zhizhi.kernel.detection import Detector

MINUTES, SECONDS, METRES, HOURS = _("minutes"), _("seconds"), _("metres"), _("hours")

# Checked against the texts in force in 2026. The Fishery Law was revised with effect of 2026-05-01,
# and its articles were numbered anew: it is left out until a lawyer of the agency names them.
PROTECTED = (
    _("Yangtze River Protection Law of the People’s Republic of China, article 53"),
    _(
        "Productive fishing of natural fishery resources is prohibited in the key waters of the "
        "Yangtze basin for the period that the State lays down."
    ),
)
CORRECTED = (
    _("Administrative Penalty Law of the People’s Republic of China, article 28, paragraph 1"),
    _(
        "An administrative organ that imposes a penalty shall order the party to correct the "
        "unlawful act, at once or within a time limit."
    ),
)
RECTIFICATION, REMINDER = "fishery.rectification", "fishery.reminding"
NOTICES = (
    DeclaredNotice(
        code=REMINDER,
        name=_("Notice of reminder"),
        mark=_("YZTX"),
        found=_(
            "From {since} to {until} you stayed in the no-fishing water “{zone}” (at {place}) for "
            "more than {minutes} minutes."
        ),
        demand=_(
            "Please know the rules of the no-fishing water, do not fish there, and leave the water "
            "and its bank with your gear. To be done: {due}."
        ),
        articles=(PROTECTED,),
    ),
    DeclaredNotice(
        code=RECTIFICATION,
        name=_("Notice ordering correction"),
        mark=_("YZZG"),
        found=_(
            "From {since} to {until} you were in the no-fishing water “{zone}” (at {place}) for "
            "more than {minutes} minutes; a violation was recorded on the spot and confirmed by a "
            "technical and a legal review."
        ),
        demand=_(
            "You are ordered to stop fishing in the no-fishing water and to remove your gear from "
            "it. To be done: {due}. Correcting does not release from a penalty that the law "
            "provides."
        ),
        articles=(PROTECTED, CORRECTED),
        has_deadline=True,
    ),
)


class FisheryConfig(SystemConfig):
    """渔政AI预警: warn people who linger in a no-fishing zone, keep proof of violations."""

    name = "zhizhi.systems.fishery"
    label = "fishery"
    verbose_name = _("Fishery watch")
    summary = "Text people who stay over 30 minutes in a no-fishing zone; keep proof of violations."
    reads = ("vessel_positions.v1", "shore_positions.v1", "zone_occupancy.v1")
    case_kinds = ("illegal-fishing",)
    kind_names = {"illegal-fishing": _("Illegal fishing")}
    zone_kinds = {"no_fishing": _("No-fishing zone")}
    announced_zone_kinds = ("no_fishing",)  # a closure binds people once it was announced
    cap_category = "Env"
    zone_limit = "fishery.limit_minutes"
    rules = {
        "fishery.dwell": RuleWords(
            name=_("Stay in a no-fishing zone"),
            does=(
                _(
                    "It finds somebody who stays in a no-fishing zone in season for longer than "
                    "the limit. Exactly the limit is not yet too long."
                ),
                _(
                    "A stay begins with a position inside the zone’s edge and ends when the "
                    "subject has been outside, or was not seen, for long enough. Nobody is charged "
                    "with minutes that nobody saw."
                ),
                _(
                    "It is found once a stay, by a position, never by a clock alone, and not again "
                    "within the pause after a finding."
                ),
            ),
            uses=(
                _("positions of vessels (AIS)"),
                _("positions of telephones under a number that changes, from the operator"),
                _("cameras that count whether somebody is in a zone, without a picture"),
                _("the zones, their seasons and their own limits"),
            ),
            not_used=(
                _("identity"),
                _("telephone number"),
                _("movements outside the zone"),
                _("earlier stays"),
            ),
            confirmed_by=("dissuaded", "violation"),
            measured=(
                _(
                    "On the invented scenario of over 300 visits, of which over 90 are too long, "
                    "it finds each of them and nothing else, within 90 seconds after the limit."
                ),
            ),
        )
    }
    report_kinds = (
        ReportKind(
            "fishery.angling",
            _("Somebody is fishing in the closed reach"),
            "illegal-fishing",
            _("With a rod from the bank, from a bridge or from the water"),
            "normal",
            "dissuade",
            ("water", "dissuasion"),
            "fishery",
        ),
        ReportKind(
            "fishery.gear",
            _("Nets, traps or electric fishing"),
            "illegal-fishing",
            _("Also when nobody is there any more"),
            "important",
            "dissuade",
            ("water", "dissuasion"),
            "fishery",
        ),
    )
    personal_data = "pseudonymous"
    has_pages = True
    readers = (
        "operator",
        "inspector",
        "leader",
        "administrator",
        "technical_reviewer",
        "legal_reviewer",
        "agency_officer",
    )
    verb_names = {
        "fishery.remind": _("Reminder queued"),
        "fishery.left": _("No longer in the zone"),
        "fishery.dissuade": _("Second stage: still there after the reminder"),
        "fishery.no_unit": _("No river patrol could be sent automatically"),
        "violation.recorded": _("Violation recorded"),
        "violation.masked": _("Bystanders hidden in a photo"),
        "violation.technical-accepted": _("Technical review passed"),
        "violation.technical-rejected": _("Technical review: rejected"),
        "violation.legal-accepted": _("Legal review passed"),
        "violation.legal-rejected": _("Legal review: rejected"),
        "violation.transferred": _("Transferred to the agencies"),
        "violation.lifted": _("Violation record lifted on appeal"),
    }
    notices = NOTICES
    outcome_names = {
        "transferred": _("Transferred to the agencies"),
        "rejected": _("The record did not pass"),
        "penalised": _("Administrative penalty imposed"),
        "filed": _("Case filed"),
        "not_filed": _("No case filed"),
        "supervised": _("Legal supervision completed"),
        "no_action": _("No action needed"),
    }
    task_names = {
        "review": _("Review of the violation record"),
        "penalise": _("Administrative penalty"),
        "investigate": _("Decide on a criminal case"),
        "supervise": _("Legal supervision"),
    }
    settings = (
        DeclaredSetting(
            "fishery.limit_minutes",
            30,
            _("A stay in a no-fishing zone is found when it is longer than this"),
            MINUTES,
            5,
            1440,
            name=_("Stay limit"),
        ),
        DeclaredSetting(
            "fishery.grace_seconds",
            180,
            _("Being outside for this long ends the stay; less is a jitter of the position"),
            SECONDS,
            0,
            3600,
            name=_("Absence that ends a stay"),
        ),
        DeclaredSetting(
            "fishery.gap_seconds",
            600,
            _("Silence longer than this ends the stay: what nobody saw is not counted"),
            SECONDS,
            60,
            7200,
            name=_("Silence that ends a stay"),
        ),
        DeclaredSetting(
            "fishery.minimum_fixes",
            3,
            _("Positions inside that a stay needs at least before it is found"),
            "",
            2,
            100,
            name=_("Positions needed"),
        ),
        DeclaredSetting(
            "fishery.enter_margin_m",
            15.0,
            _("A stay starts this far inside the zone's edge, or further if the position is vague"),
            METRES,
            0,
            500,
            name=_("Margin inside"),
        ),
        DeclaredSetting(
            "fishery.exit_margin_m",
            50.0,
            _("Outside means this far beyond the zone's edge, or further if the position is vague"),
            METRES,
            0,
            1000,
            name=_("Margin outside"),
        ),
        DeclaredSetting(
            "fishery.maximum_accuracy_m",
            200.0,
            _("A position vaguer than this proves no presence inside"),
            METRES,
            5,
            2000,
            name=_("Vaguest position"),
        ),
        DeclaredSetting(
            "fishery.cooldown_hours",
            24,
            _("The same subject is not found again in the same zone for"),
            HOURS,
            0,
            720,
            name=_("Pause after a finding"),
        ),
        DeclaredSetting(
            "fishery.lateness_seconds",
            120,
            _("Positions may arrive this late and still count in their order"),
            SECONDS,
            0,
            3600,
            name=_("Lateness allowed"),
        ),
        DeclaredSetting(
            "fishery.reminder_hold_seconds",
            8,
            _("A reminder waits this long and is withdrawn if the subject leaves meanwhile"),
            SECONDS,
            0,
            300,
            name=_("Hold of a reminder"),
        ),
        DeclaredSetting(
            "fishery.reminder_language",
            "zh-hans",
            _("In which language reminders are sent"),
            name=_("Language of reminders"),
            choices=(("zh-hans", _("Chinese")), ("en", _("English"))),
        ),
        DeclaredSetting(
            "fishery.second_stage_minutes",
            15,
            _("The second stage begins when the stay goes on this long after the reminder"),
            MINUTES,
            1,
            720,
            name=_("Start of the second stage"),
        ),
        DeclaredSetting(
            "fishery.dispatches_itself",
            False,
            _("Send the nearest fit river patrol in the second stage without asking an operator"),
            name=_("Sending by itself"),
        ),
        DeclaredSetting(
            "fishery.acknowledge_minutes",
            5,
            _("An operator must look at a case in its second stage within"),
            MINUTES,
            1,
            240,
            name=_("Time to look"),
        ),
        DeclaredSetting(
            "fishery.agency_hours",
            72,
            _("Each agency has this long for its task after a violation is transferred"),
            HOURS,
            1,
            2160,
            name=_("Time of the agencies"),
        ),
    )

    def detectors(self, numbers: Mapping[str, Any] | None = None) -> tuple[Detector, ...]:
        """Return the dwell rule with the settings now in force, or with ``numbers``."""
        from zhizhi.engine import settings_in_force  # noqa: PLC0415 - models load after the manifest
        from zhizhi.systems.fishery import detectors  # noqa: PLC0415 - Numba loads in the worker

        return (detectors.stay_rule(numbers or settings_in_force.snapshot()),)

    def plan(self) -> Plan:
        """Return what follows from a stay: reminder, dissuasion, or closing by itself."""
        from zhizhi.systems.fishery.planning import FisheryPlan  # noqa: PLC0415 - as above

        return FisheryPlan()

    def timer_actions(self) -> Mapping[str, TimerAction]:
        """Return the second stage, which a timer begins."""
        from zhizhi.systems.fishery import dissuading, reminding  # noqa: PLC0415 - as above

        return {reminding.SECOND_STAGE: dissuading.begin_if_still_there}

    def reported(self, feedback: Feedback, *, now: datetime) -> None:
        """Open a violation record when a unit reports a violation."""
        from zhizhi.systems.fishery import recording  # noqa: PLC0415 - as above

        recording.follow(feedback, now=now)

    def lifted(self, alert: Alert, *, by: str, now: datetime) -> None:
        """Undo reminder, second stage and violation records of a stay lifted on appeal."""
        from zhizhi.systems.fishery import lifting  # noqa: PLC0415 - as above

        lifting.lift(alert, by=by, now=now)

    def notice_facts(self, case: Case) -> Mapping[str, str]:
        """Return when and where the last stay of ``case`` was, in local time."""
        from zhizhi.systems.fishery import noticing  # noqa: PLC0415 - as above

        return noticing.facts(case)

    def notice_refusal(self, case: Case, code: str) -> str:
        """Return why ``code`` does not fit: a correction is ordered for a confirmed violation."""
        from zhizhi.systems.fishery import noticing  # noqa: PLC0415 - as above

        return noticing.refusal(case, code)
