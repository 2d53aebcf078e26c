"""The statistics page and its files."""

from __future__ import annotations

import pytest

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
