"""The manifest of the guardian: what it reads, its numbers, and what follows from an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting, ResidentDoor, RuleWords, SystemConfig
from zhizhi.systems.guardian.naming import ANSWERED, ASK, CALL, CODE, LOST, SETTINGS, STREAM
from zhizhi.trust.scoping import Scope

if TYPE_CHECKING:
    from zhizhi.engine.models import Case
    from zhizhi.engine.triage import Plan
    from zhizhi.kernel.detection import Detector
    from zhizhi.kernel.observations import Reading

MINUTES, SECONDS, METRES, HOURS, DAYS = (
    _("minutes"), _("seconds"), _("metres"), _("o’clock"), _("days"),
)  # fmt: skip


def _number(
    key: str, value: float, name: Any, meaning: Any, unit: Any, span: tuple[float, float]
) -> DeclaredSetting:
    return DeclaredSetting(f"guardian.{key}", value, meaning, unit, *span, name=name)


class GuardianConfig(SystemConfig):
    """遗忘者: bring people home who get lost, and watch nobody who is not enrolled."""

    name = "zhizhi.systems.guardian"
    label = "guardian"
    verbose_name = _("Guardian of the forgotten")
    summary = "Bring home people with dementia by their tags; whoever is not enrolled is not known."
    reads = (STREAM,)
    case_kinds = (LOST, SETTINGS)
    kind_names = {
        LOST: _("A ward is alone"),
        SETTINGS: _("The relatives of a ward are asked too often"),
    }
    cap_category = "Rescue"
    rules = {
        CODE: RuleWords(
            name=_("A ward is alone"),
            does=(
                _(
                    "It finds an enrolled ward whose tag was read alone: no companion’s tag was "
                    "read near by before or after. Relatives are asked first, at the second "
                    "encounter; at once in danger."
                ),
                _(
                    "It calls an officer at the third encounter, when nobody has answered in time, "
                    "and at once when a relative says: missing."
                ),
                _(
                    "A companion who comes by, or a relative’s answer, settles the question. No "
                    "stage is reached twice within the pause, except by: missing."
                ),
            ),
            uses=(
                _("readings of tags that wards and companions carry"),
                _("the places of the readers"),
                _("hours and areas in which a ward may be alone"),
                _("what relatives answered"),
            ),
            not_used=(
                _("name"),
                _("faces"),
                _("health"),
                _("anybody who is not enrolled"),
            ),
            confirmed_by=("brought_home", "found"),
            measured=(
                _(
                    "In a simulation of 592 wards over 30 days relatives are asked wrongly 38.8 "
                    "times a person and year, officers are sent wrongly 3.8 times, and of 188 who "
                    "got lost nobody is missed. A simulation, not field data."
                ),
            ),
        )
    }
    personal_data = "pseudonymous"
    has_pages = True
    readers = ("operator", "inspector", "leader", "legal_reviewer")
    panel = "guardian/panel.html"
    doors = (
        ResidentDoor(
            "guardian:asked",
            "home",
            _("Is somebody with your ward?"),
            _("For guardians: answer, or report your ward missing"),
        ),
    )
    verb_names = {
        "guardian.ask": _("Relatives to be asked"),
        "guardian.with_me": _("A guardian answers: with me"),
        "guardian.known": _("A guardian answers: alone, and that is all right"),
        "guardian.missing": _("A guardian answers: missing"),
        "guardian.call": _("Alarm: a ward may be lost"),
        "guardian.no_unit": _("No unit could be sent automatically"),
        "guardian.stays_open": _("Not alone any more, but the case stays open"),
    }
    task_names = {"bring-home": _("Bring somebody home")}
    texts = {
        ANSWERED: _(
            "Case {code}: a guardian answers that the ward is not missing. Ask, and end it."
        ),
        ASK: _("Case {code}: a ward is seen alone. Ask the relatives whether somebody is there."),
        CALL: _("Case {code}: a ward may be lost. Send the nearest unit and call the relatives."),
    }
    settings = (
        _number(
            "to_relatives", 2, _("Encounters until asking"),
            _("The relatives are asked at this encounter alone; in danger at the first"),
            "", (1, 10),
        ),
        _number(
            "to_officer", 3, _("Encounters until the alarm"),
            _("An officer is called at this encounter alone"), "", (1, 20),
        ),
        _number(
            "within_minutes", 20, _("Time of the encounters"),
            _("Encounters alone count together when they begin within"), MINUTES, (5, 240),
        ),
        _number(
            "window_minutes", 15, _("Time of company"),
            _("A companion known this long before or after an encounter is company"),
            MINUTES, (5, 120),
        ),
        _number(
            "radius_m", 300.0, _("Distance of company"),
            _("A companion known this near to an encounter is company"), METRES, (20, 5000),
        ),
        _number(
            "encounter_seconds", 60, _("Length of an encounter"),
            _("Everything that one reader reads within this time is one encounter"),
            SECONDS, (1, 300),
        ),
        _number(
            "hesitation_seconds", 10, _("Hesitation"),
            _("An encounter counts after this time: of two who walk together one is read first"),
            SECONDS, (0, 120),
        ),
        _number(
            "lateness_seconds", 5, _("Lateness allowed"),
            _("Readings may arrive this late and still count in their order"), SECONDS, (0, 600),
        ),
        _number(
            "patience_minutes", 5, _("Time to answer"),
            _("An officer is called when no relative has answered within"), MINUTES, (1, 60),
        ),
        _number(
            "short_patience_minutes", 3, _("Time to answer in danger"),
            _("The same at night, near water or traffic, or outside of what is allowed"),
            MINUTES, (1, 60),
        ),
        _number(
            "with_me_minutes", 120, _("Quiet after: with me"),
            _("Nobody is asked for this long after a relative said: with me"), MINUTES, (10, 720),
        ),
        _number(
            "cooldown_minutes", 30, _("Pause"),
            _("No stage is reached twice within this time; quiet after: known"), MINUTES, (5, 720),
        ),
        _number(
            "weekly_questions", 6, _("Questions a week"),
            _("More questions in seven days open a review, and take one encounter more each"),
            "", (1, 100),
        ),
        _number(
            "night_from_hour", 21, _("Begin of the night"),
            _("From this hour on the short time to answer counts"), HOURS, (0, 23),
        ),
        _number(
            "night_to_hour", 6, _("End of the night"),
            _("Until this hour the short time to answer counts"), HOURS, (0, 23),
        ),
        _number(
            "acknowledge_minutes", 3, _("Time to look"),
            _("An operator must look at an alarm within"), MINUTES, (1, 60),
        ),
        DeclaredSetting(
            "guardian.dispatches_itself",
            True,
            _("Send the nearest unit on foot at an alarm; when a relative says missing: always"),
            name=_("Sending by itself"),
        ),
        _number(
            "keep_days", 30, _("Keeping ended enrolments"),
            _("Enrolments and tags are deleted this long after their end"), DAYS, (1, 365),
        ),
    )  # fmt: skip

    def detectors(self, numbers: Mapping[str, Any] | None = None) -> tuple[Detector, ...]:
        """Return the companion rule with the settings now in force, or with ``numbers``."""
        from zhizhi.engine import settings_in_force  # noqa: PLC0415 - models load after the manifest
        from zhizhi.systems.guardian import detectors  # noqa: PLC0415 - as above

        return (detectors.alone_rule(numbers or settings_in_force.snapshot()),)

    def plan(self) -> Plan:
        """Return what follows from a ward being alone."""
        from zhizhi.systems.guardian.planning import GuardianPlan  # noqa: PLC0415 - as above

        return GuardianPlan()

    def matched(self, stream: str, read: Reading, *, now: datetime) -> Reading:
        """Keep of what readers read only what belongs to somebody enrolled."""
        from zhizhi.systems.guardian import matching  # noqa: PLC0415 - as above

        return matching.matched(read, now=now)

    def beside(self, case: Any, scope: Scope) -> Mapping[str, Any] | None:
        """Offer the trail of an open case of a ward to those who look for the ward."""
        from zhizhi.systems.guardian import tracing  # noqa: PLC0415 - as above

        is_offered = scope.has(*tracing.SEEKERS) and tracing.enrolment_of(case) is not None
        return {"is_open": True} if is_offered else None

    def ended(self, case: Case, *, now: datetime) -> None:
        """Tell the rule that the case of a ward is over."""
        from zhizhi.systems.guardian import keeping  # noqa: PLC0415 - as above

        keeping.close(case, now=now)

    def forget_old(self, now: datetime) -> int:
        """Pause whoever has no agreement any more, and delete what is too old."""
        from zhizhi.systems.guardian import keeping  # noqa: PLC0415 - as above

        return keeping.forget_old(now)
