"""Public figures: each month once, and nothing in them leads back to a person.

Kept apart by law and by craft: statistics are published without what identifies anybody (Statistics
Law art. 28), and a number of a few people is as good as a name (see ``kernel.suppressing``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from zhizhi.directory.models import Area
from zhizhi.engine import settings_in_force, timeline
from zhizhi.engine.local_time import midnight
from zhizhi.engine.models import Case, FigureRelease, Report
from zhizhi.engine.system import systems
from zhizhi.kernel.suppressing import Table, suppressed
from zhizhi.trust import audit, canonical, ciphers, walking

TABLE = "engine_figurerelease"
SUBJECT = "figures:"
VERB = "figures.publish"
WORKER = "worker"
ELSEWHERE = ""


def publish_due(now: datetime) -> int:
    """Publish the earliest month that is over, counted to its end and not public yet; 1 or 0."""
    month = _next_month_to_tell()
    if month is None or now < opens_at(month):
        return 0
    least: int = settings_in_force.value("residents.figures_least")
    with timeline.writing():
        if FigureRelease.objects.filter(month=month).exists():  # another worker was faster
            return 0
        publish(FigureRelease(month=month, least=least, **counted(month, least)), now=now)
    return 1


def publish(release: FigureRelease, *, now: datetime) -> None:
    """Print the figures of a month for ever, with their digest in the audit chain."""
    release.published_at = now
    with timeline.writing():
        release.save(force_insert=True)
        detail = {"digest": seal(release), "least": release.least}
        timeline.leave(audit.Leaf(WORKER, VERB, f"{SUBJECT}{release}", now, detail=detail))


def opens_at(month: date) -> datetime:
    """Return when the figures of ``month`` become public: some days later, when cases are known."""
    day: int = settings_in_force.value("residents.figures_day")
    return midnight(after(month).replace(day=day))


def after(month: date) -> date:
    """Return the first day of the month after ``month``."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def seal(release: FigureRelease) -> str:
    """Return the digest of ``release`` that its leaf in the audit chain carries."""
    return ciphers.suite().digest(canonical.encode(columns_of(release)))


def columns_of(release: FigureRelease) -> dict[str, Any]:
    """Return what the digest of ``release`` covers."""
    names = ("published_at", "least", "places", "kinds", "numbers")
    return {"month": str(release.month), **{name: getattr(release, name) for name in names}}


def verify() -> Iterator[audit.Break]:
    """Yield each month that was altered, removed or added; verify the audit chain first."""
    known = {
        leaf["subject"].removeprefix(SUBJECT): leaf["detail"].get("digest")
        for leaf in audit.leaves(VERB, subjects=SUBJECT)
    }
    for (_pk, month), row in walking.each(FigureRelease.objects.order_by("month"), "month"):
        name = f"{month:%Y-%m}" if isinstance(month, date) else str(month)
        reason = walking.doubt(row, known.pop(name, None), columns_of)
        if reason:
            yield audit.Break(TABLE, name, reason)
    for name in sorted(known):
        yield audit.Break(TABLE, name, "missing")


def _next_month_to_tell() -> date | None:
    latest = FigureRelease.objects.values_list("month", flat=True).first()
    if latest is not None:
        return after(latest)
    first = Case.everything.order_by("opened_at").values_list("opened_at", flat=True).first()
    return None if first is None else timezone.localtime(first).date().replace(day=1)


@dataclass(slots=True)
class _Cell:
    """The cases of a place and a kind, and who stands behind them."""

    count: int = 0
    people: set[str] = field(default_factory=set)

    def add(self, people: set[str]) -> None:
        self.count += 1
        self.people |= people


def counted(month: date, least: int) -> dict[str, Any]:
    """Return places, kinds and numbers of the cases opened in ``month``, some of them withheld."""
    towns = list(
        Area.objects.in_force().filter(kind=Area.Kind.TOWN).order_by("path").values("path", "name")
    )
    cells, kinds = _cells(month, {town["path"]: number for number, town in enumerate(towns)})
    size = len(towns) + 1
    rows = [[cells[row, kind] for kind in [*kinds, None]] for row in [*range(size), None]]
    table = Table(
        [[cell.count for cell in row] for row in rows],
        [[len(cell.people) for cell in row] for row in rows],
    )
    hidden = suppressed(table, least)
    numbers = [
        [None if (row, column) in hidden else number for column, number in enumerate(line)]
        for row, line in enumerate(table.counts)
    ]
    places = [*(town["name"] for town in towns), ELSEWHERE]
    return {"places": places, "kinds": kinds, "numbers": numbers}


def _cells(
    month: date, towns: Mapping[str, int]
) -> tuple[dict[tuple[int | None, str | None], _Cell], list[str]]:
    """Return the cells by place and kind, with None for the total, and the kinds that occurred."""
    opened = Case.everything.filter(
        opened_at__gte=midnight(month), opened_at__lt=midnight(after(month))
    )
    reporters = _reporters(opened.values("pk"))
    cells: dict[tuple[int | None, str | None], _Cell] = defaultdict(_Cell)
    kinds: set[str] = set()
    broad = _broad_kinds(opened)
    for case in opened.order_by().values("pk", "kind", "subject", "area_path").iterator():
        kinds.add(broad[case["kind"]])
        behind = reporters.get(case["pk"], set()) | _observed(case["subject"])
        for row in (_row_of(case["area_path"], towns), None):
            for kind in (broad[case["kind"]], None):
                cells[row, kind].add(behind or {f"case:{case['pk']}"})
    return cells, sorted(kinds)


def _broad_kinds(opened: QuerySet[Case]) -> dict[str, str]:
    """Return the column of each kind that occurred: what has dozens of kinds tells few of them."""
    known = {system.label: system for system in systems()}
    pairs = opened.order_by().values_list("kind", "system").distinct()
    return {kind: known[s].broad_kind(kind) if s in known else kind for kind, s in pairs}


def _observed(subject: int | None) -> set[str]:
    return set() if subject is None else {f"subject:{subject}"}


def _reporters(cases: Any) -> dict[int, set[str]]:
    """Return who reported each case, one number being one person; no number is somebody else."""
    found: dict[int, set[str]] = defaultdict(set)
    for case, number, report in Report.everything.filter(case__in=cases).values_list(
        "case_id", "person__phone_index", "pk"
    ):
        found[case].add(f"number:{number}" if number else f"report:{report}")
    return found


def _row_of(path: str, towns: Mapping[str, int]) -> int:
    """Return the row of the town that ``path`` lies in, or the last one."""
    steps = path.split("/")
    for end in range(len(steps), 1, -1):
        row = towns.get("/".join(steps[:end]) + "/")
        if row is not None:
            return row
    return len(towns)
