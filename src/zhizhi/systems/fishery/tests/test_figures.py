"""The statistics page and its files."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from zhizhi.systems.fishery.tests.river import (
    Desk,
    River,
    at,
    violation,
)
from zhizhi.trust.models import AuditEntry
from zhizhi.web.tests.reading import body


def test_statistics_show_each_number_with_its_definition(river: River, desk: Desk) -> None:
    violation(river)

    page = (
        desk("leader")
        .get(at("statistics"), {"first": "2026-03-01", "last": "2026-03-03"})
        .content.decode()
    )

    assert "白涛禁渔区" in page
    assert "2026-03-02" in page
    assert "Stays that the rule found" in page


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [("2026-03-02", "2026-03-02", 200), ("2026-03-02", "2026-03-01", 422),
     ("2026-01-01", "2027-01-01", 200), ("2026-01-01", "2027-01-02", 200),
     ("2026-01-01", "2027-01-03", 422), ("x", "2026-01-01", 422)],
)  # fmt: skip
def test_a_span_of_days_runs_forward_for_a_year_at_most(
    desk: Desk, first: str, last: str, status: int
) -> None:
    answer = desk("leader").get(at("statistics"), {"first": first, "last": last})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("wanted", "kind"), [("csv", "text/csv; charset=utf-8"), ("xlsx", "application/vnd.")]
)
def test_figures_are_sent_as_a_file_and_that_is_written_down(
    river: River, desk: Desk, wanted: str, kind: str
) -> None:
    violation(river)
    span = {"first": "2026-03-01", "last": "2026-03-03", "format": wanted}

    answer = desk("leader").get(at("export"), span)

    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Disposition"].endswith(f'.{wanted}"')
    assert len(body(answer)) > 100
    [entry] = AuditEntry.objects.filter(verb="export")
    assert entry.subject == "list:fishery.statistics"
    assert entry.detail == {
        "form": wanted, "rows": 2, "first": "2026-03-01", "last": "2026-03-03", "zone": "",
    }  # fmt: skip


def test_the_report_holds_the_chart_both_tables_and_every_definition(
    river: River, desk: Desk
) -> None:
    violation(river)
    span = {"first": "2026-03-01", "last": "2026-03-03"}

    answer = desk("leader").get(at("report"), span)

    read = PdfReader(BytesIO(answer.content))
    text = "".join(page.extract_text() for page in read.pages).replace("\n", " ")
    for said in ("白涛禁渔区", "2026-03-02", "Stays that the rule found", "By zone", "By day"):
        assert said.replace(" ", "") in text.replace(" ", "")
    [entry] = AuditEntry.objects.filter(verb="export")
    assert (entry.subject, entry.detail["zone"]) == ("report:fishery.statistics", "")
    assert f"{entry.seq}:{entry.digest}" in text.replace(" ", "")
    assert {round(page.mediabox.width) for page in read.pages} == {595}


def test_a_report_of_a_span_that_cannot_be_counted_is_the_form_again(desk: Desk) -> None:
    answer = desk("leader").get(at("report"), {"first": "2026-03-02", "last": "2026-03-01"})

    assert answer.status_code == 422


def test_the_chart_adds_up_to_the_total(river: River, desk: Desk) -> None:
    violation(river)

    page = desk("leader").get(at("statistics"), {"first": "2026-03-01", "last": "2026-12-31"})

    assert "Stays found 1" in page.content.decode()
    assert page.context["chart"].bars.values.count(1) == 1
    assert sum(page.context["chart"].bars.values) == page.context["total"].found
