"""Which cases were in work at each of the moments, asked in three ways; for bench.past.

Prints the median milliseconds of each way, after the three have named the same cases.
Run with: ZHIZHI_DATA=FOLDER python -m bench.past_questions MOMENT...
"""

from __future__ import annotations

import json
import sys
from datetime import datetime

from bench.measuring import spent

from zhizhi.config.boot import boot

boot()

from django.db.models import OuterRef, Q, Subquery  # noqa: E402 - Django must be set up first

from zhizhi.engine import past  # noqa: E402
from zhizhi.engine.models import Case, TimelineEntry  # noqa: E402
from zhizhi.engine.timeline import STANDS  # noqa: E402

HISTORIES = 2  # replaying everything takes seconds: twice is enough


def by_forks(at: datetime) -> set[int]:
    return {case.pk for case in past.cases_at(Case.everything.all(), at)}


def by_spans(at: datetime) -> set[int]:
    """Ask an ordinary index; the newest line of each case says how it stood."""
    newest = TimelineEntry.objects.filter(case=OuterRef("pk"), at__lte=at).order_by("-seq")
    lasted = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    rows = Case.everything.filter(lasted, opened_at__lte=at)
    found = rows.annotate(told=Subquery(newest.values("data")[:1]))
    return {case.pk for case in found if _stood(case) not in Case.FINAL}


def _stood(case: Case) -> str:
    told = getattr(case, "told", None) or {}
    if STANDS in told:
        return str(told[STANDS]["state"])
    return past.fold([case], datetime.max.replace(tzinfo=case.opened_at.tzinfo))[case.pk]["state"]


def by_history(at: datetime) -> set[int]:
    """Read every line from the first until then, and keep the last state of each case."""
    stands: dict[int, str] = {}
    lines = TimelineEntry.objects.filter(at__lte=at).order_by("at", "pk")
    for case, data in lines.values_list("case", "data").iterator():
        if STANDS in data:
            stands[case] = data[STANDS]["state"]
    return {case for case, state in stands.items() if state not in Case.FINAL}


def main() -> None:
    """Ask in three ways and print what each took."""
    moments = [datetime.fromisoformat(written) for written in sys.argv[1:]]
    by_forks(moments[0])
    ours, forks_ms = spent(by_forks, moments)
    usual, spans_ms = spent(by_spans, moments)
    replayed, history_ms = spent(by_history, moments[:HISTORIES])
    assert ours == usual, "an ordinary index names other cases"
    assert ours[:HISTORIES] == replayed, "the history names other cases"
    print(json.dumps({"ours": forks_ms, "spans": spans_ms, "history": history_ms}))


if __name__ == "__main__":
    main()
