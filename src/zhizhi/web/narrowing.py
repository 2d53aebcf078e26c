"""What narrows a queue beside state, severity and words: place, time limits, days."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from zhizhi.directory.models import Area
from zhizhi.engine.models import Alert, Case, Clock
from zhizhi.web import limits
from zhizhi.web.spans import Span
from zhizhi.web.words import CLOCKS, clock_name

PATH = re.compile(r"(/[0-9A-Za-z_-]{1,24}){1,7}/")
ANY = "any"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A part of a queue: each field is a word of the address, and without any the whole queue."""

    area: str = ""  # path of an area: the cases in it
    is_overdue: bool = False  # a limit is past and unmet
    missed: str = ""  # kind of a limit that was not kept, or "any"
    due: Span | None = None  # when the missed limit ended; without it, whenever
    opened: Span | None = None
    closed: Span | None = None
    alerted: Span | None = None  # an alert was raised

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Narrowing:
        """Read an address; unknown values narrow nothing."""
        area, missed = query.get("area", ""), query.get("missed", "")
        spans = {name: Span.parse(query.get(name, "")) for name in SPANS}
        return cls(
            area=area if PATH.fullmatch(area) else "",
            is_overdue=query.get("overdue") == "1",
            missed=missed if missed == ANY or missed in CLOCKS else "",
            **spans,
        )

    def words(self) -> dict[str, str]:
        """Return what an address says of it."""
        told = {
            "area": self.area,
            "overdue": "1" if self.is_overdue else "",
            "missed": self.missed,
            **{name: str(getattr(self, name) or "") for name in SPANS},
        }
        return {name: word for name, word in told.items() if word}

    def apply(self, cases: QuerySet[Case], now: datetime) -> QuerySet[Case]:
        """Return those of ``cases`` that fit."""
        if self.area:
            cases = cases.filter(area_path__startswith=self.area)
        for field, span in (("opened_at", self.opened), ("closed_at", self.closed)):
            if span:
                cases = cases.filter(**{f"{field}__gte": span.start, f"{field}__lt": span.end})
        if self.alerted:
            cases = cases.filter(Alert.raised_in_case(self.alerted.start, self.alerted.end))
        return self._by_limits(cases, now)

    def _by_limits(self, cases: QuerySet[Case], now: datetime) -> QuerySet[Case]:
        if self.is_overdue:
            cases = cases.filter(_with_limit(limits.overdue(now)))
        if self.missed:
            late = limits.missed(now)
            if self.missed != ANY:
                late &= Q(kind=self.missed)
            if self.due:
                late &= Q(due_at__gte=self.due.start, due_at__lt=self.due.end)
            cases = cases.filter(_with_limit(late))
        return cases

    def lines(self) -> Iterator[tuple[str, Narrowing]]:
        """Yield each part in words, with what is left without it."""
        if self.area:
            name = Area.objects.in_force().filter(path=self.area).values_list("name", flat=True)
            yield name.first() or self.area, replace(self, area="")
        if self.is_overdue:
            yield _("Overdue"), replace(self, is_overdue=False)
        if self.missed:
            yield self._missed(), replace(self, missed="", due=None)
        for field, said in _spans():
            if span := getattr(self, field):
                left: dict[str, Any] = {field: None}
                yield said.format(span=_read(span)), replace(self, **left)

    def _missed(self) -> str:
        kind = _("any limit") if self.missed == ANY else clock_name(self.missed)
        said = _("Limit missed: {kind}").format(kind=kind)
        return f"{said} ({_read(self.due)})" if self.due else said


def _with_limit(condition: Q) -> Q:
    """Return the condition that a case has such a limit."""
    return Q(pk__in=Clock.objects.filter(condition).values("case_id"))


SPANS = ("due", "opened", "closed", "alerted")


def _spans() -> tuple[tuple[str, str], ...]:
    return (
        ("opened", _("Opened {span}")),
        ("closed", _("Ended {span}")),
        ("alerted", _("Alert raised {span}")),
    )


def _read(span: Span) -> str:
    """Write a span as people read it: the month and day, and the hour where it has one."""
    first, last = (_short(text) for text in (span.first, span.last))
    return first if span.first == span.last else f"{first} – {last}"


def _short(text: str) -> str:
    day, _t, hour = text[5:].partition("T")
    return _("{day} {hour}:00").format(day=day, hour=hour) if hour else day
