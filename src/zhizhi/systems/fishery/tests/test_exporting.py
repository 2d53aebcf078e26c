"""The fishery's lists as files: the same figures, and the records that the reader may see."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO

import pytest

from zhizhi.systems.fishery.counting import Figures, Outcome, Statistics
from zhizhi.systems.fishery.exporting import statistics_listing
from zhizhi.systems.fishery.tests.river import Desk, River, at, reviewed, violation
from zhizhi.trust.models import AuditEntry
from zhizhi.web.tests.reading import body

ASKED = {"first": date(2026, 3, 1), "last": date(2026, 3, 3), "zone": ""}
SPAN = "2026-03-01 – 2026-03-03"


def counted(zone: str = "reach-1") -> Statistics:
    figures = Figures(3, 2, 1)
    figures.outcomes[Outcome.OFFENCE] = 3
    day = date(2026, 3, 2)
    return Statistics(figures, {zone: figures}, {day: figures}, {(day, zone): figures})


def read(desk: Desk, name: str, who: str = "leader", **query: str) -> list[list[str]]:
    content = body(desk(who).get(at(name), query)).decode("utf-8-sig")
    return list(csv.reader(StringIO(content)))


def test_a_table_has_days_and_total_below_its_heads() -> None:
    listing = statistics_listing(counted(), {"reach-1": "白涛"}, ASKED)

    day, total = listing.read(0, listing.size)
    assert len(listing.columns) == len(day) == len(total) == 11
    assert list(day[:2]) == [date(2026, 3, 2), "白涛"]
    assert list(day[2:]) == list(total[2:]) == [3, 2, 3, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("zone", "told"), [("", SPAN), ("reach-1", f"{SPAN} · 白涛"), ("gone", f"{SPAN} · gone")]
)
def test_a_file_tells_its_span_and_its_zone(zone: str, told: str) -> None:
    listing = statistics_listing(counted(), {"reach-1": "白涛"}, {**ASKED, "zone": zone})

    assert listing.told == told


def test_records_are_listed_with_their_reviews(river: River, desk: Desk) -> None:
    record = reviewed(river)

    head, row = read(desk, "violations-export")

    assert head[0] == "Record"
    assert row[:3] == [str(record), record.case.code, "白涛禁渔区"]
    assert row[4:] == ["Legal review passed", "1", *["2026-03-02 09:00:00"] * 3]


def test_a_list_is_narrowed_to_a_state_and_written_down(river: River, desk: Desk) -> None:
    violation(river)

    assert len(read(desk, "violations-export", state="recorded")) == 2
    assert len(read(desk, "violations-export", state="rejected")) == 1
    told = AuditEntry.objects.filter(verb="export", subject="list:fishery.violations")
    assert [(one.detail["state"], one.detail["rows"]) for one in told.order_by("seq")] == [
        ("recorded", 1),
        ("rejected", 0),
    ]


def test_an_agency_takes_out_the_records_in_which_it_takes_part(river: River, desk: Desk) -> None:
    violation(river)

    assert len(read(desk, "violations-export", "fishery")) == 2
    assert len(read(desk, "violations-export", "police")) == 1
