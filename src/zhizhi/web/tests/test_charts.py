"""Charts: what is drawn, what is said, and how many columns there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from django.utils import translation

from zhizhi.web import charts
from zhizhi.web.charts import Columns, Series
from zhizhi.web.spans import Span

NAMESPACE = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def days(count: int) -> Span:
    first = date(2026, 1, 1)
    return Span(first.isoformat(), (first + timedelta(days=count - 1)).isoformat())


def chart(bars: list[int], line: list[int]) -> Columns:
    spans = days(len(bars)).parts()
    return Columns("Title <b>", spans, Series("Cases", bars), Series("Alerts", line))


def drawn(one: Columns) -> ET.Element:
    return ET.fromstring(charts.svg(one))  # noqa: S314 - our own drawing


def test_a_column_tells_its_day_and_both_values() -> None:
    titles = [title.text for title in drawn(chart([2, 0], [3, 1])).iter(f"{NAMESPACE}title")]

    assert titles == ["2026-01-01: Cases 2, Alerts 3", "2026-01-02: Cases 0, Alerts 1"]


def test_bars_have_the_height_of_their_value_and_none_for_nothing() -> None:
    [group] = drawn(chart([4, 0, 2], [0, 0, 0])).findall(f"{NAMESPACE}g[@class='bar']")

    heights = [float(bar.attrib["height"]) for bar in group]

    assert len(heights) == 2
    assert heights[0] == pytest.approx(2 * heights[1])


def test_the_line_differs_from_the_bars_by_form_and_not_by_colour_alone() -> None:
    [line] = drawn(chart([1, 2], [2, 1])).findall(f"{NAMESPACE}polyline")

    assert line.attrib["stroke-dasharray"]
    assert line.attrib["fill"] == "none"


def test_a_chart_says_what_it_shows_in_one_sentence() -> None:
    label = drawn(chart([2, 3], [4, 1])).attrib["aria-label"]

    assert label == "Title <b>: Cases 5, Alerts 5 in all; the table has each value"


@pytest.mark.parametrize(
    ("count", "columns", "first"),
    [(1, 1, "2026-01-01..2026-01-01"), (31, 31, "2026-01-01..2026-01-01"),
     (32, 5, "2026-01-01..2026-01-07"), (217, 31, "2026-01-01..2026-01-07"),
     (218, 8, "2026-01-01..2026-01-31"), (366, 13, "2026-01-01..2026-01-31")],
)  # fmt: skip
def test_many_days_become_weeks_and_then_months(count: int, columns: int, first: str) -> None:
    found = charts.buckets(days(count))

    assert len(found) == columns
    assert f"{found[0].first}..{found[0].last}" == first
    assert found[-1].last == days(count).last


@pytest.mark.parametrize(("count", "named"), [(7, 7), (14, 14), (15, 8), (31, 11)])
def test_names_below_the_columns_do_not_run_into_each_other(count: int, named: int) -> None:
    text = charts.svg(chart([1] * count, [1] * count))

    names = re.findall(r">\d\d-\d\d</text>", text)

    assert len(names) == named
