"""The manifest of Golden Bell: fewer people lose money to telecom fraud."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import (
    DeclaredSetting,
    ReportKind,
    ResidentDoor,
    SystemConfig,
    TimerAction,
)
from zhizhi.systems.antifraud.dissuasion_settings import CIRCLE, DISSUASION
from zhizhi.trust.scoping import Scope

LISTED_FROM = "antifraud.listed_from"
HALF_LIFE = "antifraud.half_life_days"
KEEP_DAYS = "antifraud.keep_days"
CHECKS = "antifraud.checks_per_address"
HELP_NUMBER = "antifraud.help_number"
LONGEST_NUMBER = 20
WRONG, SCAM, AT_RISK = "antifraud.wrongly_listed", "antifraud.scam", "antifraud.at_risk"
RISK_CASE = "fraud-risk"  # there for the warning alone
OFFICER_WEIGHT = "antifraud.officer_weight"
CLUES = "antifraud.clues_per_address"


class AntifraudConfig(SystemConfig):
    """涪陵金钟罩: what scams are told by, kept as keyed hashes, with evidence and a way out."""

    name = "zhizhi.systems.antifraud"
    label = "antifraud"
    verbose_name = _("Golden Bell")
    summary = "Know numbers, accounts, addresses and apps of scams by evidence that decays."
    reads = ("reports.v1",)
    case_kinds = ("wrongly-listed", "scam-report", RISK_CASE)
    kind_names = {
        "wrongly-listed": _("Objection to a scam list"),
        "scam-report": _("Report of a scam"),
        RISK_CASE: _("Somebody at risk of a scam"),
    }
    verb_names = {
        "scam.read": _("Read: what speaks for a scam"),
        "scam.confirm": _("Clues confirmed"),
        "dissuasion.begin": _("Dissuasion begun"),
        "dissuasion.attempt": _("Tried to reach somebody at risk"),
        "dissuasion.end": _("Dissuasion ended"),
        "dissuasion.no_unit": _("Nobody free for a visit"),
        "dissuasion.ask_again": _("To be asked again"),
        "caller.phrase": _("Phrase for a call"),
        "caller.checked": _("A resident checked the caller"),
    }
    texts = {
        "antifraud.ask_again": _("Case {code}: ask again whether the fraud has really stopped."),
        "antifraud.no_unit": _(
            "Case {code}: somebody at risk of a scam is to be visited, and nobody free fits. Send "
            "somebody by hand."
        ),
    }
    personal_data = "contact"
    has_pages = True
    readers = ("operator", "inspector", "leader", "administrator")
    panel = "antifraud/panel.html"
    report_kinds = (
        ReportKind(
            WRONG,
            _("My number, account or address is on a scam list"),
            "wrongly-listed",
            _("Say which one it is; a person looks at it and lifts what is wrong"),
        ),
        ReportKind(
            SCAM,
            _("A scam: a message, call, number, account, address or app"),
            "scam-report",
            _("A person looks at it; one report alone lists nothing"),
        ),
        ReportKind(
            AT_RISK,
            _("Somebody is about to pay a fraudster"),
            RISK_CASE,
            _("A bank, an operator or the police warn; somebody calls at once"),
            severity="important",
            task_kind="dissuade",
            is_for_residents=False,
        ),
    )
    doors = (
        ResidentDoor(
            "antifraud:check",
            "eye",
            _("Is this a scam?"),
            _("Check a message, number, address, account or app"),
        ),
        ResidentDoor(
            "antifraud:caller",
            "phone",
            _("Is it really the police?"),
            _("Check the phrase of whoever calls you"),
        ),
        ResidentDoor(
            "antifraud:circle",
            "shield",
            _("Protected circle"),
            _("Relatives are asked when a fraudster keeps you on the line"),
        ),
    )
    settings = (
        DeclaredSetting(
            CHECKS,
            120,
            _("Checks that one internet address may ask for in an hour; many people may share one"),
            "",
            1,
            100_000,
            name=_("Checks per address"),
        ),
        DeclaredSetting(
            HELP_NUMBER,
            "96110",
            _("The number against fraud, shown with every check; empty: not shown"),
            "",
            None,
            LONGEST_NUMBER,
            name=_("Number against fraud"),
        ),
        DeclaredSetting(
            LISTED_FROM,
            2.5,
            _("Evidence lists something from this weight on; each reporter weighs at most 1"),
            "",
            1.5,  # nobody lists anything alone
            100,
            name=_("Weight to be listed"),
        ),
        DeclaredSetting(
            OFFICER_WEIGHT,
            4.0,
            _("What an officer's confirmation of a report weighs; once, however many confirm it"),
            "",
            1,
            100,
            name=_("Weight of an officer"),
        ),
        DeclaredSetting(
            CLUES,
            20,
            _("Clues of one internet address that count for themselves in an hour; more wait"),
            "",
            1,
            1000,
            name=_("Clues per address"),
        ),
        DeclaredSetting(
            HALF_LIFE,
            60,
            _("Evidence weighs half after"),
            _("days"),
            1,
            3650,
            name=_("Half-life of evidence"),
        ),
        DeclaredSetting(
            KEEP_DAYS,
            365,
            _("Evidence and ended entries of the lists are deleted after"),
            _("days"),
            1,
            3650,
            name=_("Keeping evidence"),
        ),
        *DISSUASION,
        *CIRCLE,
    )

    def filed(self, report: Any, new: Any, *, by: str, now: datetime) -> None:
        """Read a report of a scam, and keep its clues."""
        from zhizhi.systems.antifraud import gathering  # noqa: PLC0415 - models load after it

        gathering.gather(report, new, now=now)

    def timer_actions(self) -> Mapping[str, TimerAction]:
        """Return what happens a day and a week after a scam was stopped."""
        from zhizhi.systems.antifraud import asking_again  # noqa: PLC0415 - models load after it

        return {asking_again.ACTION: asking_again.due}

    def reported(self, feedback: Any, *, now: datetime) -> None:
        """Keep what a visit to somebody at risk found."""
        from zhizhi.systems.antifraud import dissuading  # noqa: PLC0415 - models load after it

        dissuading.visited(feedback, now=now)

    def beside(self, case: Any, scope: Scope) -> Mapping[str, Any] | None:
        """Return what was read in the report of a scam, and its clues."""
        from zhizhi.systems.antifraud import showing  # noqa: PLC0415 - models load after it

        return showing.panel_of(case)

    def forget_old(self, now: datetime) -> int:
        """Delete evidence, ended entries, people once at risk, phrases and circles, when old."""
        from zhizhi.systems.antifraud import (  # noqa: PLC0415 - as above
            joining,
            listing,
            parting_with,
            phrases,
        )

        parts = (listing, parting_with, phrases, joining)
        return sum(part.forget_old(now) for part in parts)
