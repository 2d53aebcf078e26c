"""What each app of the house holds about people: every field labelled, told, held and erased.

An app with tables has a module ``personal`` with a ``HOLDER``. Each column that could hold personal
data (text, bytes, JSON, coordinates) is either labelled there or named as impersonal; a test fails
for a column that is neither. From the labels come the resident's copy of the own data and the
data-protection impact record (PIPL art. 55, 56).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.utils.functional import Promise

from zhizhi.trust.erasing import Hold
from zhizhi.trust.grounds import Basis

PACKAGE = "zhizhi."
MODULE = "personal"
Text = str | Promise


class Whose(StrEnum):
    """Whom a field is about."""

    RESIDENT = "resident"  # who reported something: has a receipt number and a code
    PARTY = "party"  # whom a notice is addressed to
    STAFF = "staff"  # who works here
    OBSERVED = "observed"  # a token that only its operator can name


class Stored(StrEnum):
    """How a field is kept."""

    SEALED = "sealed"  # under a data key that can be destroyed
    DIGEST = "digest"  # keyed hash
    TOKEN = "token"  # pseudonym  # noqa: S105 - no secret
    PLAIN = "plain"


class Keep(StrEnum):
    """Retention class: until when a field is kept."""

    REPORT = "report"  # residents.keep_days after the end of its case, or on request
    PARTY = "party"  # engine.party_days after the end of its case
    DRAFT = "draft"  # residents.draft_minutes after the last answer
    HOUR = "hour"  # two hours
    TRACK = "track"  # engine.unit_track_days
    ACCOUNT = "account"  # engine.account_days after the account was closed
    CASE = "case"  # engine.case_days after the end of the case
    REVIEW = "review"  # engine.review_days after it was decided
    LOG = "log"  # for good, in append-only logs: who its numbers name ends with the account
    JOURNAL = "journal"  # engine.journal_days
    CLUE = "clue"  # by its system's own setting
    SESSION = "session"  # until the tab is closed


@dataclass(frozen=True, slots=True)
class Label:
    """What one personal field is, whom it is about, and why and how long it is kept."""

    title: Text
    whose: Whose
    purpose: Text
    basis: Basis
    keep: Keep
    form: Stored = Stored.PLAIN
    is_special: bool = False  # sensitive personal information (PIPL art. 28)


@dataclass(frozen=True, slots=True)
class Subject:
    """A resident as the apps know one: the report, its case, its person and its pictures."""

    report: int
    case: int
    person: int | None = None
    evidence: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"report:{self.report}"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is kept about a subject: the labelled field, where it lies, and its value."""

    field: str  # "engine.Report.telling"
    ref: str  # "report:12"
    value: Any


def _nothing_told(_subject: Subject, _now: datetime) -> Iterable[Fact]:
    return ()


def _no_hold(_subject: Subject) -> Iterable[Hold]:
    return ()


def _nothing_erased(
    _subject: Subject, _spared: frozenset[str], _by: str, _now: datetime
) -> Sequence[str]:
    return ()


def _no_case_held(_cases: Collection[int]) -> Collection[int]:
    return ()


def _nothing_thinned(_cases: Collection[int]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Holder:
    """What one app holds: its labelled and its impersonal columns, and how it tells and erases.

    ``erase`` destroys whatever is not spared and returns what it destroyed: ("person:7", ...).
    ``cases_held`` returns those of some ended cases that must stay whole for now; ``thin`` takes
    the fields ``thinned`` out of the others. Fields in ``staying`` stay, each with the reason.
    """

    labels: Mapping[str, Label] = field(default_factory=dict)
    impersonal: Mapping[str, Sequence[str]] = field(default_factory=dict)
    told: Callable[[Subject, datetime], Iterable[Fact]] = _nothing_told
    holds: Callable[[Subject], Iterable[Hold]] = _no_hold
    erase: Callable[[Subject, frozenset[str], str, datetime], Sequence[str]] = _nothing_erased
    cases_held: Callable[[Collection[int]], Collection[int]] = _no_case_held
    thin: Callable[[Collection[int]], None] = _nothing_thinned
    thinned: Collection[str] = ()
    staying: Mapping[str, str] = field(default_factory=dict)


class HolderMissing(LookupError):
    """An app has tables and does not say what it holds about people."""


def holders() -> dict[str, Holder]:
    """Return the holder of each of the house's apps that has tables, by its label."""
    found = {}
    for app in apps.get_app_configs():
        if not app.name.startswith(PACKAGE) or not list(app.get_models()):
            continue
        try:
            module = importlib.import_module(f"{app.name}.{MODULE}")
        except ModuleNotFoundError as error:
            message = f"{app.name} has tables and no module {MODULE}"
            raise HolderMissing(message) from error
        found[app.label] = module.HOLDER
    return found


def labels() -> dict[str, Label]:
    """Return the label of each personal field of the house: "engine.Report.telling"."""
    return {name: label for holder in holders().values() for name, label in holder.labels.items()}


def facts(subject: Subject, now: datetime) -> list[Fact]:
    """Return everything that any app keeps about ``subject``."""
    return [fact for holder in holders().values() for fact in holder.told(subject, now)]


def holds(subject: Subject) -> list[Hold]:
    """Return what may not be destroyed yet, and why."""
    return [hold for holder in holders().values() for hold in holder.holds(subject)]
