"""File reports and open a reporter's page, with and without what trust adds; for bench.tax.

Prints the median milliseconds of each way; the two take turns, so both meet the same machine.
Run with: ZHIZHI_DATA=FOLDER python -m bench.taxed REPORTS
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import timedelta
from itertools import count
from statistics import median
from unittest import mock

from bench.measuring import p95

from zhizhi.config.boot import boot

boot()

from django.db import reset_queries  # noqa: E402 - Django must be set up first
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from zhizhi.directory.models import Area  # noqa: E402
from zhizhi.directory.people import PersonalData  # noqa: E402
from zhizhi.engine import reporting  # noqa: E402
from zhizhi.engine.models import Report  # noqa: E402
from zhizhi.engine.reporting import NewReport  # noqa: E402
from zhizhi.trust import access, audit, vault  # noqa: E402
from zhizhi.trust.allowances import Rate  # noqa: E402
from zhizhi.trust.models import AccessRecord, AuditEntry  # noqa: E402
from zhizhi.web.views import reporters  # noqa: E402

AT_ONCE = 20  # of one way, before the other has its turn
SEALED = b"sealed elsewhere"
NEVER_TOO_OFTEN = Rate(10**6, timedelta(hours=1))


@contextmanager
def untaxed() -> Iterator[None]:
    """Neither chain nor seal nor access record; rows and questions stay what they are."""
    ways: list[tuple[object, str, Callable[..., object]]] = [
        (audit, "append", lambda entries: []),
        (access, "record", lambda *_args, **_named: None),
        (vault, "wrap", lambda *_args: SEALED),
        (vault, "_pack", lambda _key, _key_id, content, _place: content),
        (vault, "_unpack", lambda *_args: SEALED),
    ]
    leaves = AuditEntry.objects.count()
    with ExitStack() as stack:
        for module, name, way in ways:
            stack.enter_context(mock.patch.object(module, name, way))
        yield
    assert AuditEntry.objects.count() == leaves, "it was taxed all the same"


def compared(work: Callable[[], object], times: int) -> dict[str, float]:
    """Return the median of one piece of work in each way, and the 95th percentile with all."""
    waits: dict[str, list[float]] = {"with": [], "without": []}
    for turn in range(2 * max(1, times // AT_ONCE)):
        way = "without" if turn % 2 else "with"
        with untaxed() if turn % 2 else nullcontext():
            for _one in range(AT_ONCE):
                begun = time.perf_counter()
                work()
                waits[way].append(1000 * (time.perf_counter() - begun))
                reset_queries()
    return {**{way: median(all_) for way, all_ in waits.items()}, "p95": p95(waits["with"])}


def filing() -> Callable[[], object]:
    """Return what files one more report with words, name, number and agreement."""
    grid = Area.objects.filter(kind="grid_cell").order_by("pk").first()
    assert grid is not None
    numbers, contact = count(1), PersonalData("Wei Xiaohe", "12012345678")

    def file() -> object:
        now = timezone.now()
        return reporting.file_report(
            NewReport(
                f"bench-{next(numbers)}", "residents.other", "two men with rods at the weir",
                grid.lon, grid.lat, "map", now, contact=contact, consent="contact@2",
            ),
            now=now,
        )  # fmt: skip

    return file


def looking() -> Callable[[], object]:
    """Return what opens the page with a reporter's name and number."""
    browser = Client(headers={"host": "localhost"})
    browser.post("/sign-in/demo/", {"username": "operator"})
    report = Report.everything.filter(external_id="bench-1").get()
    url = reverse("web:reporter", args=[report.case_id])

    def look() -> object:
        answer = browser.post(url, {"purpose": "ask-reporter"})
        assert answer.status_code == 200, answer.headers
        return answer

    return look


def main() -> None:
    """Measure both and print it as JSON."""
    times = int(sys.argv[1])
    leaves, looks = AuditEntry.objects.count(), AccessRecord.objects.count()
    told = {"filing": compared(filing(), times)}
    with mock.patch.object(reporters, "look_rate", return_value=NEVER_TOO_OFTEN):
        told["looking"] = compared(looking(), times)
    done = max(1, times // AT_ONCE) * AT_ONCE
    grown = AuditEntry.objects.count() - leaves, AccessRecord.objects.count() - looks
    assert grown[0] >= 2 * done, grown  # each report and each look has left its line
    assert grown[1] == done, grown
    print(json.dumps(told))


if __name__ == "__main__":
    main()
