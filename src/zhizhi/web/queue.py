"""The queue of the desk: which cases, in which order, with what beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Case, Clock, Severity, Task, Zone
from zhizhi.trust.scoping import Scope
from zhizhi.web import limits
from zhizhi.web.digits import whole_number
from zhizhi.web.narrowing import Narrowing
from zhizhi.web.words import told_by

WINDOW = 100  # rows a page; the rest is counted and reached by scrolling
MOST_WINDOWS = 10  # at once
State = Case.State
LIVE = (State.OPEN, State.DISPATCHED, State.HANDLING, State.HANDLED)
IN_WORK, IN_HAND, ALL = "live", "in_hand", "all"
STATES: Mapping[str, tuple[str, ...]] = {  # what an address may call a state
    IN_WORK: LIVE,
    IN_HAND: (State.DISPATCHED, State.HANDLING),
    **{state: (state,) for state in State.values},
}

TURN_NAMES = (_("Waits for a unit"), _("Waits for inspection"), _("In hand"), _("Ended"))
TURNS: tuple[tuple[tuple[str, ...], str | Promise], ...] = tuple(
    zip((*Case.TURNS[:-1], Case.RESTING), TURN_NAMES, strict=True)
)
TABS: tuple[tuple[str, tuple[str, ...], str | Promise], ...] = (
    (IN_WORK, LIVE, _("In work")),
    (State.OPEN, (State.OPEN,), State.OPEN.label),
    (State.DISPATCHED, (State.DISPATCHED,), State.DISPATCHED.label),
    (State.HANDLING, (State.HANDLING,), _("Handling")),
    (State.HANDLED, (State.HANDLED,), _("To inspect")),
    (ALL, (), _("All")),
)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the operator looks for: the address of the page is the filter."""

    state: str = IN_WORK
    severity: str = ""
    search: str = ""
    beside: Narrowing = field(default_factory=Narrowing)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> QueueFilter:
        """Read a filter from an address; unknown values mean no filter."""
        state, severity = query.get("state", IN_WORK), query.get("severity", "")
        return cls(
            state if state in {ALL, *STATES} else IN_WORK,
            severity if severity in Severity.values else "",
            query.get("q", "").strip()[:40],
            Narrowing.of(query),
        )

    def address(self) -> str:
        """Return the filter as the query of an address; what is usual is left out.

        It is never empty: the desk without any query begins with the view of one's role.
        """
        wanted = {
            "state": "" if self.state == IN_WORK else self.state,
            "severity": self.severity,
            "q": self.search,
            **self.beside.words(),
        }
        told = {name: value for name, value in wanted.items() if value}
        return "?" + urlencode(told or {"state": IN_WORK}, safe="/")

    def apply(self, cases: QuerySet[Case], *, now: datetime) -> QuerySet[Case]:
        """Return the cases that fit."""
        if self.state != ALL:
            cases = cases.filter(state__in=STATES[self.state])
        return self.apply_beside_state(cases, now=now)

    def apply_beside_state(self, cases: QuerySet[Case], *, now: datetime) -> QuerySet[Case]:
        if self.severity:
            cases = cases.filter(severity=self.severity)
        if self.search:
            cases = cases.filter(_found(self.search))
        return self.beside.apply(cases, now)

    def parts(self) -> list[dict[str, str]]:
        """Return what narrows the queue beside its tabs, each with the address without it."""
        named: dict[str, str | Promise] = {state: State(state).label for state in Case.RESTING}
        named[IN_HAND] = _("In hand")
        lines = [(label, replace(self, beside=left)) for label, left in self.beside.lines()]
        if self.state in named:
            lines.insert(0, (str(named[self.state]), replace(self, state=IN_WORK)))
        return [{"label": label, "without": left.address()} for label, left in lines]


def _found(search: str) -> Q:
    """Return the condition that a number, a zone or an area is meant."""
    zones = Zone.objects.filter(is_current=True, name__icontains=search)
    found = Q(area__name__icontains=search) | Q(zone__in=zones.values("key"))
    number = whole_number(search.rsplit("-", 1)[-1])
    if number is not None:
        found |= Q(pk=number)
    return found


def cases_of(scope: Scope, wanted: QueueFilter, *, now: datetime) -> QuerySet[Case]:
    """Return the cases of a queue: by whose turn it is, worst first, newest first."""
    cases = wanted.apply(Case.objects.visible_to(scope), now=now)
    if wanted.state != ALL:
        # Said as well, or a database that looks for few live cases walks through all ended ones.
        sought = set(STATES[wanted.state])
        turns = [turn for turn, (states, _name) in enumerate(TURNS) if sought.intersection(states)]
        cases = cases.filter(turn__range=(turns[0], turns[-1]))
    return cases.order_by("turn", "rank", "-opened_at", "-pk")


def with_due_at(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Add to each case when the first of its unmet limits ends."""
    unmet = Clock.objects.filter(limits.unmet(), case=OuterRef("pk")).order_by("due_at")
    return cases.annotate(due_at=Subquery(unmet.values("due_at")[:1]))


def count(scope: Scope, wanted: QueueFilter, *, now: datetime) -> int:
    """Return how many cases the queue holds."""
    return _total(_counts(scope, wanted, now=now), wanted)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a long queue: from row ``first``, so many times a hundred rows."""

    first: int = 0
    windows: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Window:
        """Read "from" and "windows" of an address; what makes no sense begins at the beginning."""
        first = whole_number(query.get("from", "")) or 0
        windows = whole_number(query.get("windows", "")) or 1
        return cls(first - first % WINDOW, min(windows, MOST_WINDOWS))

    def within(self, total: int) -> Window:
        """Return the same stretch of a queue that has become shorter: never behind its end."""
        last = max(0, total - 1)
        return replace(self, first=min(self.first, last - last % WINDOW))

    def facts(self, shown: int, total: int) -> dict[str, Any]:
        """Return what the page says above and below its rows."""
        last = self.first + shown
        return {
            "first": self.first,
            "first_shown": self.first + 1,
            "last": last,
            "left": total - last,
            "earlier": max(0, self.first - WINDOW),
            "later": last,
            "has_earlier": self.first > 0,
            "has_later": last < total,
        }


def newest(scope: Scope, wanted: QueueFilter, *, now: datetime) -> int | None:
    """Return the case of a queue that came last, wherever it stands."""
    cases = wanted.apply(Case.objects.visible_to(scope), now=now)
    return cases.order_by("-pk").values_list("pk", flat=True).first()


def page(
    scope: Scope, wanted: QueueFilter, window: Window | None = None, *, now: datetime
) -> dict[str, Any]:
    """Return the window of rows that a page shows in its groups, the tabs, and how many there are.

    The number of queries does not depend on the number of rows.
    """
    counts = _counts(scope, wanted, now=now)
    total = _total(counts, wanted)
    window = (window or Window()).within(total)
    stretch = slice(window.first, window.first + window.windows * WINDOW)
    found = _stretch(cases_of(scope, wanted, now=now), stretch)
    zones = dict(Zone.objects.filter(is_current=True).values_list("key", "name"))
    sent = _sent(scope, found)
    rows = [
        {
            "case": case,
            "turn": case.turn,
            "zone": zones.get(case.zone, case.zone) or told_by(case),
            "units": sent.get(case.pk, []),
            "refuses": _refusal(case, sent.get(case.pk, [])),
            "is_overdue": _is_past(getattr(case, "due_at", None), now),
        }
        for case in found
    ]
    return laid_out(rows, counts, wanted, window, now=now)


def laid_out(
    rows: list[dict[str, Any]],
    counts: Mapping[str, int],
    wanted: QueueFilter,
    window: Window,
    *,
    now: datetime,
) -> dict[str, Any]:
    """Return ``rows`` in their groups, with the tabs above them; ``counts`` are by state."""
    total = _total(counts, wanted)
    waiting = (row["case"] for row in rows if row["case"].state == State.OPEN)
    return {
        "groups": [
            {"name": TURNS[turn][1], "count": _sum(counts, TURNS[turn][0]), "rows": list(members)}
            for turn, members in groupby(rows, key=lambda row: row["turn"])
        ],
        "tabs": list(_tabs(counts, wanted)),
        "severities": list(_severities(wanted)),
        "needs": {frozenset(case.capabilities) for case in waiting},
        "total": total,
        "is_cut": total > len(rows),
        "window": window.facts(len(rows), total),
        "now": now,
    }


def _stretch(cases: QuerySet[Case], stretch: slice) -> list[Case]:
    """Return some rows of a long queue: what is shown beside them is read for them alone."""
    ids = list(cases.values_list("pk", flat=True)[stretch])
    shown = with_due_at(cases.filter(pk__in=ids)).select_related("area").defer("area__boundary")
    rows = {case.pk: case for case in shown}
    return [rows[pk] for pk in ids if pk in rows]


def _refusal(case: Case, units: list[str]) -> str:
    """Say why no unit can be sent to a case by dropping it there; empty when one can."""
    if case.state in {*Case.RESTING, State.HANDLED}:
        return gettext("{code}: {state}").format(code=case.code, state=case.get_state_display())
    if units:
        return gettext("{code}: {units} is on it already").format(code=case.code, units=units[0])
    return ""


def _counts(scope: Scope, wanted: QueueFilter, *, now: datetime) -> dict[str, int]:
    """Return how many cases there are by state; ended ones are counted only when asked for."""
    cases = wanted.apply_beside_state(Case.objects.visible_to(scope), now=now)
    if wanted.state not in {ALL, *Case.RESTING}:
        cases = cases.filter(state__in=LIVE)
    return dict(cases.order_by().values_list("state").annotate(count=Count("pk")))


def _sum(counts: Mapping[str, int], states: tuple[str, ...]) -> int:
    return sum(counts.get(state, 0) for state in states)


def _total(counts: Mapping[str, int], wanted: QueueFilter) -> int:
    if wanted.state == ALL:
        return sum(counts.values())
    return _sum(counts, STATES[wanted.state])


def _tabs(counts: Mapping[str, int], wanted: QueueFilter) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "count": _sum(counts, states) if states else None,
            "address": replace(wanted, state=value).address(),
            "is_current": wanted.state == value,
        }
        for value, states, label in TABS
    ]


def _severities(wanted: QueueFilter) -> list[dict[str, Any]]:
    """Return one switch for each severity; pressing the current one lets all through again."""
    return [
        {
            "value": value,
            "address": replace(
                wanted, severity="" if wanted.severity == value else value
            ).address(),
            "is_current": wanted.severity == value,
        }
        for value in Severity.values
    ]


def _sent(scope: Scope, cases: list[Case]) -> dict[int, list[str]]:
    """Return the call signs on their way to each case."""
    found: dict[int, list[str]] = {}
    tasks = Task.objects.visible_to(scope).filter(
        case__in=[case.pk for case in cases], state__in=Task.LIVE, unit__isnull=False
    )
    for case, name in tasks.order_by("pk").values_list("case_id", "unit__name"):
        found.setdefault(case, []).append(name)
    return found


def _is_past(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at < now
