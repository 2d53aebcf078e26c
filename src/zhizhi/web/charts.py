"""Charts over time as SVG made by the server: read without scripts, on paper, and by ear.

Bars stand beside a dashed line with dots, so that form tells them apart and not colour alone. On a
page the style sheet gives the colours of the theme; the ones written into the drawing are paper's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from zhizhi.web.exporting.colours import FONT
from zhizhi.web.spans import Span

WIDE, HIGH = 720, 240
LEFT, RIGHT, ABOVE, BELOW = 44, 8, 12, 28
MOST_COLUMNS = 31  # then weeks, then months
WEEK = 7
LABEL = 46  # units that the name of a column needs
PAPER = {"bar": "#0b5cad", "line": "#945900", "grid": "#d5dce3", "text": "#4b5b6b"}


@dataclass(frozen=True, slots=True)
class Series:
    """What is counted, and one number for each column."""

    name: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Columns:
    """Two series over the same spans of time: bars, and a line."""

    title: str
    spans: Sequence[Span]
    bars: Series
    line: Series

    @property
    def top(self) -> int:
        return scale_top(max([*self.bars.values, *self.line.values, 1]))

    def said(self) -> list[str]:
        """Return what each column tells, in words."""
        rows = zip(self.spans, self.bars.values, self.line.values, strict=True)
        return [
            _("{span}: {bars} {n}, {line} {m}").format(
                span=span_text(span), bars=self.bars.name, n=n, line=self.line.name, m=m
            )
            for span, n, m in rows
        ]

    def summary(self) -> str:
        """Return the whole in one sentence, for whoever hears the page."""
        return _("{title}: {bars} {n}, {line} {m} in all; the table has each value").format(
            title=self.title,
            bars=self.bars.name,
            n=sum(self.bars.values),
            line=self.line.name,
            m=sum(self.line.values),
        )

    def rows(self) -> list[tuple[str, int, int]]:
        """Return the table that belongs to the chart."""
        told = [span_text(span) for span in self.spans]
        return list(zip(told, self.bars.values, self.line.values, strict=True))


def buckets(span: Span) -> list[Span]:
    """Return the days of ``span``, or its weeks or months where the days would be too many."""
    days = span.parts()
    if len(days) <= MOST_COLUMNS:
        return days
    if len(days) <= MOST_COLUMNS * WEEK:
        groups = [days[at : at + WEEK] for at in range(0, len(days), WEEK)]
    else:
        months = dict.fromkeys(day.first[:7] for day in days)
        groups = [[day for day in days if day.first[:7] == month] for month in months]
    return [Span(group[0].first, group[-1].last) for group in groups]


def span_text(span: Span) -> str:
    """Write a span of days in full."""
    return span.first if span.first == span.last else f"{span.first} – {span.last}"


def span_name(span: Span) -> str:
    """Write a span as it stands under its column: the day, or the month of a month."""
    is_month = span.end - span.start > timedelta(days=WEEK + 1)
    return span.first[2:7] if is_month else span.first[5:]


def scale_top(most: int) -> int:
    """Return the least even round number that is not below ``most``: 2, 4, 6, 10, 20, 40..."""
    step = 1
    while True:
        for factor in (2, 4, 6, 10):
            if step * factor >= most:
                return step * factor
        step *= 10


def svg(chart: Columns) -> SafeString:
    """Draw ``chart``; each column carries its words, which a pointer shows without any script."""
    return format_html(
        '<svg class="drawn-chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" '
        'role="img" aria-label="{}" font-family="{}" font-size="12">{}{}{}{}{}</svg>',
        WIDE,
        HIGH,
        chart.summary(),
        FONT,
        _grid(chart),
        _bars(chart),
        _line(chart),
        _names(chart),
        _columns(chart),
    )


def key() -> dict[str, SafeString]:
    """Return the samples that a legend shows beside the names."""
    bar = format_html(
        '<svg viewBox="0 0 24 12" aria-hidden="true"><rect class="bar" x="7" width="10" '
        'height="12" fill="{}"/></svg>',
        PAPER["bar"],
    )
    line = format_html(
        '<svg viewBox="0 0 24 12" aria-hidden="true"><path class="line" d="M0 6h24" fill="none" '
        'stroke="{0}" stroke-width="2.2" stroke-dasharray="6 3"/><circle class="dot" cx="12" '
        'cy="6" r="3.2" fill="{0}"/></svg>',
        PAPER["line"],
    )
    return {"bars": bar, "line": line}


def _step(chart: Columns) -> float:
    return (WIDE - LEFT - RIGHT) / max(len(chart.spans), 1)


def _y(chart: Columns, value: int) -> float:
    return HIGH - BELOW - (HIGH - ABOVE - BELOW) * value / chart.top


def _middle(chart: Columns, number: int) -> float:
    return LEFT + (number + 0.5) * _step(chart)


def _grid(chart: Columns) -> SafeString:
    rows = [
        (f"{_y(chart, value):.1f}", f"{_y(chart, value) + 4:.1f}", value)
        for value in (chart.top, chart.top // 2, 0)
    ]
    lines = format_html_join(
        "",
        '<path class="grid" d="M{} {}H{}" stroke="{}"/><text x="{}" y="{}" text-anchor="end" '
        'fill="{}">{}</text>',
        (
            (LEFT, y, WIDE - RIGHT, PAPER["grid"], LEFT - 8, text_y, PAPER["text"], value)
            for y, text_y, value in rows
        ),
    )
    return format_html("<g>{}</g>", lines)


def _bars(chart: Columns) -> SafeString:
    wide = _step(chart) * 0.62
    drawn = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                f"{_middle(chart, number) - wide / 2:.1f}",
                f"{_y(chart, value):.1f}",
                f"{wide:.1f}",
                f"{_y(chart, 0) - _y(chart, value):.1f}",
            )
            for number, value in enumerate(chart.bars.values)
            if value
        ),
    )
    return format_html('<g class="bar" fill="{}">{}</g>', PAPER["bar"], drawn)


def _line(chart: Columns) -> SafeString:
    points = [
        (f"{_middle(chart, number):.1f}", f"{_y(chart, value):.1f}")
        for number, value in enumerate(chart.line.values)
    ]
    dots = format_html_join("", '<circle cx="{}" cy="{}" r="3.2"/>', points)
    return format_html(
        '<polyline class="line" points="{}" fill="none" stroke="{}" stroke-width="2.2" '
        'stroke-dasharray="6 3"/><g class="dot" fill="{}">{}</g>',
        mark_safe(" ".join(f"{x},{y}" for x, y in points)),  # noqa: S308 - numbers
        PAPER["line"],
        PAPER["line"],
        dots,
    )


def _names(chart: Columns) -> SafeString:
    every = max(1, round(LABEL / _step(chart) + 0.49))
    named = [
        (f"{_middle(chart, number):.1f}", span_name(span))
        for number, span in enumerate(chart.spans)
        if number % every == 0
    ]
    texts = format_html_join("", f'<text x="{{}}" y="{HIGH - 9}">{{}}</text>', named)
    return format_html('<g text-anchor="middle" fill="{}">{}</g>', PAPER["text"], texts)


def _columns(chart: Columns) -> SafeString:
    return format_html_join(
        "",
        '<g class="column"><title>{}</title><rect x="{}" y="0" width="{}" height="{}" '
        'fill="none" pointer-events="all"/></g>',
        (
            (said, f"{LEFT + number * _step(chart):.1f}", f"{_step(chart):.1f}", HIGH - BELOW)
            for number, said in enumerate(chart.said())
        ),
    )
