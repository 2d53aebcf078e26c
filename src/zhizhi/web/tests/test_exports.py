"""The queue as a file: what it holds, for whom, and what is written down about it."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.test import override_settings
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries
from tests.district_world import World

from zhizhi.directory.models import Area
from zhizhi.engine.models import Clock
from zhizhi.trust.models import AuditEntry
from zhizhi.web.exporting import files
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse
from zhizhi.web.tests.reading import body

CSV, XLSX = "/desk/queue.csv", "/desk/queue.xlsx"


def lines(answer: Any) -> list[list[str]]:
    return list(csv.reader(StringIO(body(answer).decode("utf-8-sig"))))


def cells(answer: Any, sheet: int = 0) -> list[list[Any]]:
    book = load_workbook(BytesIO(body(answer)))
    return [[cell.value for cell in row] for row in book.worksheets[sheet].iter_rows()]


def test_every_row_of_the_filter_is_sent_in_the_order_of_the_desk(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART", 2)
    urgent = [case(world, number, severity="urgent").code for number in range(1, 6)]
    case(world, 9, severity="urgent", state="closed")

    head, *rows = lines(browse("operator").get(CSV, {"severity": "urgent"}))

    assert head[:3] == ["Number", "Severity", "State"]
    assert [row[0] for row in rows] == urgent[::-1]


def test_both_forms_hold_the_same(world: World, browse: Browse) -> None:
    case(world, 1)

    read = cells(browse("operator").get(XLSX))
    written = lines(browse("operator").get(CSV))

    assert [[str(cell or "") for cell in row] for row in read] == written
    assert len(read) == 3


def test_a_row_tells_place_times_and_what_is_overdue(world: World, browse: Browse) -> None:
    first = world.records["case"]
    Clock.objects.create(case=first, kind="handle", started_at=first.opened_at,
                         due_at=first.opened_at)  # fmt: skip

    [_head, row] = lines(browse("operator").get(CSV))

    assert row == [
        first.code, "Important", "Dispatched", "Reach", "990101001000000", "990101001000000",
        "107.4", "29.7", "2026-03-01 12:00:00", "", "2026-03-01 12:00:00", "yes", "Boat", "",
    ]  # fmt: skip


@pytest.mark.parametrize("address", [CSV, XLSX])
def test_a_name_that_is_a_formula_is_disarmed(address: str, world: World, browse: Browse) -> None:
    Area.objects.filter(pk=world.records["area"].pk).update(name="=cmd|' /C calc'!A0")

    answer = browse("operator").get(address)

    rows = cells(answer) if address == XLSX else lines(answer)
    assert rows[1][4] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("address", [CSV, XLSX])
def test_another_towns_desk_takes_out_nothing_of_this_one(
    address: str, world: World, browse: Browse
) -> None:
    answer = browse("operator", elsewhere=True).get(address, {"state": "all"})

    rows = cells(answer) if address == XLSX else lines(answer)
    assert len(rows) == 1


@pytest.mark.parametrize("address", [CSV, XLSX])
def test_who_took_what_is_one_line_of_the_audit_chain(
    address: str, world: World, browse: Browse
) -> None:
    late = case(world, 1)
    Clock.objects.create(case=late, kind="handle", started_at=late.opened_at,
                         due_at=late.opened_at)  # fmt: skip
    asked = {"state": "all", "severity": "normal", "q": "Reach", "overdue": "1"}

    body(browse("leader").get(address, asked))

    [entry] = AuditEntry.objects.filter(verb="export")
    assert entry.actor == f"account:{world.here['leader'].pk}"
    assert entry.subject == "list:queue"
    assert entry.detail == {
        "form": address.rpartition(".")[2], "rows": 1, "state": "all", "severity": "normal",
        "is_searched": True, "overdue": "1",
    }  # fmt: skip


def test_a_file_is_named_after_its_list_and_kept_by_nobody(world: World, browse: Browse) -> None:
    answer = browse("operator").get(XLSX)

    assert answer["Content-Disposition"].startswith('attachment; filename="List-of-cases-2')
    assert answer["Content-Disposition"].endswith('.xlsx"')
    assert answer["Cache-Control"] == "private, no-store"


@override_settings(DEMO=True)
def test_a_demonstrations_file_says_so_in_its_name_in_each_row_and_beside_the_list(
    world: World, browse: Browse
) -> None:
    written, workbook = browse("operator").get(CSV), browse("operator").get(XLSX)

    assert "demonstration" in written["Content-Disposition"]
    assert [row[-1] for row in lines(written)] == ["Data", "invented (demonstration)"]
    assert [row[-1] for row in cells(workbook)] == ["Data", "invented (demonstration)"]
    assert cells(workbook, 1)[-1][1].startswith("Demonstration: every place")


def test_a_workbook_tells_its_filter_its_rows_and_who_took_it(world: World, browse: Browse) -> None:
    about = dict(cells(browse("leader").get(XLSX, {"severity": "important", "q": "Reach"}), 1))

    assert about["Filter"] == "In work · Important · Reach"
    assert about["Rows"] == "1"
    assert about["By"] == str(world.here["leader"])
    assert about["Times"] == "Asia/Shanghai"


@pytest.mark.parametrize(("most", "status"), [(1, 413), (2, 200), (3, 200)])
def test_a_workbook_has_a_limit_that_is_told(
    most: int, status: int, world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_IN_WORKBOOK", most)
    case(world, 1)

    answer = browse("operator").get(XLSX)

    assert answer.status_code == status
    assert ("2 rows" in body(answer).decode(errors="ignore")) is (status == 413)
    assert AuditEntry.objects.filter(verb="export").exists() is (status == 200)


def test_more_rows_cost_no_more_queries(
    world: World, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, 30):
        case(world, number)
    desk = browse("operator")

    with django_assert_max_num_queries(16):
        body(desk.get(XLSX))
