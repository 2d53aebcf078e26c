"""The manifest of a system: everything the engine has to know of it, declared in its apps.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.apps import AppConfig, apps
from django.utils.module_loading import import_string

from zhizhi.kernel.detection import Detector
from zhizhi.trust.scoping import Scope

# Called with the timer's arguments and the time, inside the transaction that marks it fired.
TimerAction = Callable[[Mapping[str, Any], datetime], None]


@dataclass(frozen=True, slots=True)
class DeclaredSetting:
    """One number or text that an operator may change; the change is audited.

    ``value`` is the default; its type is the setting's type. ``unit`` is shown behind it. Texts
    are translated lazily. ``choices`` are the values that a text may have, each with its word.
    ``wrong`` says in words why a value cannot be, or nothing.
    """

    key: str  # "fishery.limit_minutes"
    value: Any
    meaning: Any  # one plain sentence
    unit: Any = ""
    minimum: float | None = None
    maximum: float | None = None
    name: Any = ""  # two or three words, for headings and lists
    choices: tuple[tuple[str, Any], ...] = ()
    wrong: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class DeclaredNotice:
    """A kind of written notice: what it is called, what it demands, and on which law it stands.

    Texts are translated lazily; ``found`` and ``demand`` have places for the facts of a case.
    """

    code: str  # "fishery.rectification"
    name: Any
    mark: Any  # before the year and the number
    found: Any  # what was found, with {places} that ``notice_facts`` fills
    demand: Any  # what has to be done by whom it is addressed to
    articles: tuple[tuple[Any, Any], ...]  # law and article, and what it says
    has_deadline: bool = False


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A detector in words, for those who live with what it finds; texts are translated lazily.

    ``confirmed_by`` are the outcomes of a report from the spot that say the finding was right.
    ``measured`` are figures from a scenario whose truth is known.
    """

    name: Any
    does: tuple[Any, ...]
    uses: tuple[Any, ...]
    not_used: tuple[Any, ...] = ()
    confirmed_by: tuple[str, ...] = ()
    measured: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportKind:
    """Something that residents can report, and what it becomes; texts are translated lazily."""

    code: str  # "fishery.angling", with the label of its system in front
    name: Any  # what the resident chooses: "Somebody is fishing in the closed reach"
    case_kind: str
    hint: Any = ""  # one plain sentence
    severity: str = "normal"
    task_kind: str = "handle"
    capabilities: tuple[str, ...] = ()
    lead_agency: str = ""
    groups: tuple[tuple[str, Any], ...] = ()  # above it, outermost first: code and name
    is_for_residents: bool = True  # or only for the staff who write reports down
    look_minutes: int | None = None  # somebody looks at the case within; None: as all
    radius_m: int | None = None  # two reports within it may be one matter
    is_told_near: bool = False  # whoever reports the same near by may know of it: about no person

    @property
    def system(self) -> str:
        return self.code.partition(".")[0]


@dataclass(frozen=True, slots=True)
class ResidentDoor:
    """A page of a system that residents find on their start page; texts are translated lazily."""

    address: str  # name of the address: "antifraud:check"
    icon: str
    name: Any
    hint: Any


class SystemConfig(AppConfig):
    """Base of a system's AppConfig.

    ``default`` guards against Django's silent choice of a plain AppConfig when a module holds two.
    """

    default = False
    summary: ClassVar[str] = ""
    reads: ClassVar[tuple[str, ...]] = ()
    case_kinds: ClassVar[tuple[str, ...]] = ()
    report_kinds: ClassVar[tuple[ReportKind, ...]] = ()  # what can be reported to it
    doors: ClassVar[tuple[ResidentDoor, ...]] = ()
    settings: ClassVar[tuple[DeclaredSetting, ...]] = ()
    zone_kinds: ClassVar[Mapping[str, Any]] = {}  # kinds of zones its rules watch, in words
    announced_zone_kinds: ClassVar[tuple[str, ...]] = ()  # of these, which everybody may know
    cap_category: ClassVar[str] = "Other"  # of its alerts, as OASIS CAP 1.2 names them
    rules: ClassVar[Mapping[str, RuleWords]] = {}  # by the code of the detector
    zone_limit: ClassVar[str] = ""  # the setting that a zone may have a number of its own for
    personal_data: ClassVar[str] = "none"  # none, pseudonymous, contact, sensitive
    tier: ClassVar[str] = "bronze"
    has_pages: ClassVar[bool] = False
    readers: ClassVar[tuple[str, ...]] = ()  # roles that find its pages in the navigation
    kind_names: ClassVar[Mapping[str, Any]] = {}  # its kinds of cases in words (lazy texts)
    verb_names: ClassVar[Mapping[str, Any]] = {}  # its timeline verbs in words (lazy texts)
    texts: ClassVar[Mapping[str, Any]] = {}  # its messages to the staff, by template (lazy texts)
    outcome_names: ClassVar[Mapping[str, Any]] = {}  # results of its agencies' tasks, likewise
    notices: ClassVar[tuple[DeclaredNotice, ...]] = ()  # that its agencies may issue
    task_names: ClassVar[Mapping[str, Any]] = {}  # kinds of its agencies' tasks, likewise
    panel: ClassVar[str] = ""  # template of what it adds to the detail of its cases

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.default = True

    def detectors(self, numbers: Mapping[str, Any] | None = None) -> tuple[Detector, ...]:
        """Return this system's detectors with the settings now in force.

        ``numbers`` (values by key) stand in for those in force: for a dry run.
        """
        return ()

    def reportable(self) -> Sequence[ReportKind]:
        """Return what can be reported now; override it where the kinds are data.

        It is asked for with every report: let it cost no query for each kind.
        """
        return self.report_kinds

    def broad_kind(self, kind: str) -> str:
        """Return what one of its kinds of cases counts as where only few columns fit."""
        return kind

    def matched(self, stream: str, read: Any, *, now: datetime) -> Any:
        """Return what is to be kept of an envelope of a matched stream (``engine.matching``).

        ``read`` is a ``kernel.observations.Reading``, and so is what is returned.
        """
        raise NotImplementedError

    def kinds_above(self, kind: str) -> tuple[str, ...]:
        """Return the kinds above one of its kinds of cases, nearest first."""
        return ()

    def plan(self) -> Any:
        """Return what follows from this system's alerts (an ``engine.triage.Plan``)."""
        raise NotImplementedError

    def timer_actions(self) -> Mapping[str, TimerAction]:
        """Return what this system's timers do, by a name that starts with the system's label."""
        return {}

    def reported(self, feedback: Any, *, now: datetime) -> None:
        """Follow up what a unit or agency reported, in the transaction that ends its task.

        Runs before the case is settled: a task given here keeps the case open.
        """

    def filed(self, report: Any, new: Any, *, by: str, now: datetime) -> None:
        """Follow up a report to this system, in the transaction that opens its case.

        ``new`` is the ``engine.reporting.NewReport`` that it came as, with its words unsealed.
        """

    def ended(self, case: Any, *, now: datetime) -> None:
        """Follow up the end of a case of this system, in the transaction that ends it."""

    def lifted(self, alert: Any, *, by: str, now: datetime) -> None:
        """Undo what this system has made of an alert that was lifted on appeal.

        Runs in the transaction that lifts it, before its case is ended.
        """

    def forget_old(self, now: datetime) -> int:
        """Delete what this system may keep no longer; returns how many rows."""
        return 0

    def beside(self, case: Any, scope: Scope) -> Mapping[str, Any] | None:
        """Return what its ``panel`` shows of a case to whom ``scope`` is; None: nothing."""
        return None

    def notice_facts(self, case: Any) -> Mapping[str, str]:
        """Return what fills the places in the texts of this system's notices."""
        return {}

    def notice_refusal(self, case: Any, code: str) -> str:
        """Return why this notice cannot be issued in ``case`` now, for people; or nothing."""
        return ""


class ChannelConfig(AppConfig):
    """Base of the AppConfig of a way out; ``channel_path`` names its Channel class."""

    default = False
    channel_path: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.default = True

    def channel(self) -> Any:
        """Return the ``engine.delivering.Channel``."""
        return import_string(self.channel_path)()


def systems() -> tuple[SystemConfig, ...]:
    """Return the installed systems in the order of the settings line."""
    return tuple(app for app in apps.get_app_configs() if isinstance(app, SystemConfig))


def detector_codes() -> list[str]:
    """Return the codes of the installed systems' detectors."""
    return [detector.code for system in systems() for detector in system.detectors()]


def system_named(label: str) -> SystemConfig | None:
    """Return the installed system with this label, as cases and settings name it."""
    return next((one for one in systems() if one.label == label), None)
