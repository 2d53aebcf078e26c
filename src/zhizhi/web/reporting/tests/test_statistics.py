"""The statistics page and its report: figures, scope, spans, and the trace that a report leaves."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader
from tests.district_world import AT, World

from zhizhi.engine import timeline
from zhizhi.engine.models import Case, Clock
from zhizhi.trust.models import AuditEntry
from zhizhi.web.exporting import printing
from zhizhi.web.exporting.press import Presses
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse

PAGE, FILE = "/statistics/", "/statistics/report.pdf"
DAYS = {"first": "2026-02-25", "last": "2026-03-01"}


def figures(page: str) -> dict[str, int]:
    rows = re.findall(r"<div><dt>([^<]+)</dt><dd>(?:<a [^>]*>)?(\d+)", page)
    return {label: int(number) for label, number in rows}


def shown(browser: Client, **asked: str) -> str:
    answer = browser.get(PAGE, {**DAYS, **asked})
    assert answer.status_code == 200
    return str(answer.content.decode())


def busy(world: World) -> Case:
    """One case that was late, one that ended, and one that was opened again."""
    late = case(world, 1, severity="urgent")
    Clock.objects.create(case=late, kind="handle", started_at=AT, due_at=AT + timedelta(minutes=9))
    case(world, 2, state="closed", closed_at=AT + timedelta(hours=1))
    case(world, 3, state="dismissed", closed_at=AT + timedelta(hours=1))
    with timeline.writing():
        timeline.record(late, verb="case.reopen", actor="worker", at=AT)
    return late


def test_every_number_counts_the_days_that_were_asked_for(world: World, browse: Browse) -> None:
    busy(world)

    counted = figures(shown(browse("leader")))

    assert counted == {
        "Cases opened": 4, "Alerts raised": 1, "Closed": 1, "False alarms": 1,
        "With a missed limit": 1, "Opened again": 1,
    }  # fmt: skip
    assert set(figures(shown(browse("leader"), last="2026-02-28")).values()) == {0}


def test_a_number_leads_to_the_list_that_it_counts(world: World, browse: Browse) -> None:
    busy(world)
    leader = browse("leader")

    addresses = re.findall(r'<dd><a href="(/desk/[^"]+)">(\d+)</a>', shown(leader))

    assert len(addresses) >= 4
    for address, number in addresses:
        page = leader.get(address.replace("&amp;", "&")).content.decode()
        assert len(set(re.findall(r"data-case=\"(\d+)", page))) == int(number)


def test_another_towns_leader_counts_nothing_of_this_one(world: World, browse: Browse) -> None:
    busy(world)
    elsewhere = browse("leader", elsewhere=True)
    path = world.records["area"].path

    own = figures(shown(elsewhere))
    foreign = elsewhere.get(PAGE, {**DAYS, "area": path})

    assert set(own.values()) == {0}
    assert foreign.status_code == 422


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [("2026-03-02", "2026-03-02", 200), ("2026-03-02", "2026-03-01", 422),
     ("2026-01-01", "2027-01-02", 200), ("2026-01-01", "2027-01-03", 422),
     ("x", "2026-01-01", 422)],
)  # fmt: skip
@pytest.mark.parametrize("address", [PAGE, FILE])
def test_a_span_runs_forward_for_a_year_at_most(
    address: str, first: str, last: str, status: int, world: World, browse: Browse
) -> None:
    answer = browse("leader").get(address, {"first": first, "last": last})

    assert answer.status_code == status


def read(answer: Any) -> PdfReader:
    assert answer.status_code == 200
    return PdfReader(BytesIO(answer.content))


def test_the_report_tells_in_chinese_what_the_page_tells(world: World, browse: Browse) -> None:
    busy(world)

    found = read(browse("leader").get(FILE, DAYS, headers={"accept-language": "zh-hans"}))

    text = "".join(page.extract_text() for page in found.pages).replace("\n", "")
    for said in ("统计", "立案与预警", "2026-03-01", "按地点", "各数字的含义", "第 1 页", "审计链"):
        assert said in text, said
    assert "/MarkInfo" in found.root_object
    assert found.metadata is not None
    assert "统计" in str(found.metadata.title)


def test_a_report_is_one_line_of_the_audit_chain_and_sealed_with_it(
    world: World, browse: Browse
) -> None:
    found = read(browse("leader").get(FILE, DAYS))

    [entry] = AuditEntry.objects.filter(verb="export")
    assert entry.subject == "report:statistics"
    assert entry.detail == {
        "form": "pdf", "rows": 1, "area": world.records["area"].path,
        "span": "2026-02-25..2026-03-01",
    }  # fmt: skip
    last = found.pages[-1].extract_text().replace("\n", "")
    assert f"{entry.seq}:{entry.digest}" in last


def test_a_busy_server_says_when_to_come_again_and_writes_nothing_down(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    presses = Presses(1, most=1)
    assert presses._room.acquire(blocking=False)
    monkeypatch.setattr(printing, "presses", presses)

    answer = browse("leader").get(FILE, DAYS)

    assert answer.status_code == 503
    assert answer["Retry-After"] == str(printing.AGAIN_S)
    assert "Nothing is wrong" in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="export").exists()
