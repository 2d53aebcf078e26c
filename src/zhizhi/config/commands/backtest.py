"""Try rules on events of the past: how often they warn, how often rightly, how early, at what cost.

Rules whose tests fail, and rules that warn more often than officers can act, are refused.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from zhizhi.config.event_files import read_events
from zhizhi.config.rule_files import FileUnreadable, read_files
from zhizhi.kernel.rules.backtesting import Figures, backtested, by_table, tried
from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.histories import EventHistory, HistoryUnusable, history_of
from zhizhi.kernel.rules.rule import CHINA, WarningRule
from zhizhi.kernel.rules.schema import Schema
from zhizhi.kernel.rules.spans import Way, lacking, with_windows
from zhizhi.kernel.rules.syntax import names
from zhizhi.kernel.rules.tables import table_of
from zhizhi.kernel.rules.windows import WindowedFeature

HELP = "try warning rules on events of the past"
PAIRS_SHOWN = 10
_EARLIEST_US = -(2**62)  # windows look back before the first day that is tried


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("rules", nargs="+", type=Path, help="YAML")
    parser.add_argument(
        "--events", type=Path, required=True, help="Parquet, Arrow, CSV or lines of JSON"
    )
    parser.add_argument("--from", dest="since", type=_day, help="first day, in China")
    parser.add_argument("--to", dest="until", type=_day, help="last day, in China")
    parser.add_argument(
        "--capacity", type=int, help="warnings that can be acted on in a day; more is refused"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Try the rules; 0 when they may be used, 1 when they are refused, 2 without usable files."""
    try:
        found = read_files(arguments.rules, FRAUD_EVENTS)
        given = read_events(arguments.events)
    except FileUnreadable as error:
        print(f"zhizhi backtest: {error}", file=sys.stderr)
        return 2
    if found.errors:
        for wrong in found.errors:
            print(wrong, file=sys.stderr)
        print("zhizhi backtest: refused, mend the rules first", file=sys.stderr)
        return 1
    try:
        past = history_of(given, found.schema, _EARLIEST_US, _bounds(arguments)[1])
    except HistoryUnusable as error:
        print(f"zhizhi backtest: {arguments.events}: {error}", file=sys.stderr)
        return 2
    rules = tried(found.rules)
    name, way = _way(found.schema)
    windows = _asked_for(rules, found.features)
    history = with_windows(windows, past, way).since(_bounds(arguments)[0])
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("events", total=len(history))
        figures = backtested(
            rules, history, way(rules), lambda rows: progress.update(task, completed=rows)
        )
    report = {
        "answered_by": name,
        **figures,
        "windows": _told(windows, past),
        "refused": _refusals(figures, arguments.capacity),
    }
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    for reason in report["refused"]:
        print(f"zhizhi backtest: refused: {reason}", file=sys.stderr)
    return 1 if report["refused"] else 0


def _way(schema: Schema) -> tuple[str, Way]:
    """Return Polars where it is installed, else the table, which answers alike."""
    try:
        from zhizhi.kernel.rules.frames import by_frame  # noqa: PLC0415 - Polars is optional
    except ImportError:
        return "table", lambda rules: by_table(table_of(rules, schema))
    return "polars", by_frame


def _asked_for(
    rules: Sequence[WarningRule], features: Sequence[WindowedFeature]
) -> list[WindowedFeature]:
    """Return the windows that rules ask for."""
    nodes = [node for rule in rules for node in (rule.when, rule.unless) if node is not None]
    asked = {name for node in nodes for name in names(node)}
    return [feature for feature in features if feature.name in asked]


def _told(windows: Sequence[WindowedFeature], past: EventHistory) -> dict[str, Any]:
    """Return which windows were computed, and which columns the others lack."""
    missing = [one for one in windows if one.name not in past.columns]
    return {
        "computed": [one.name for one in missing if not lacking(one, past)],
        "lacking": {one.name: gone for one in missing if (gone := lacking(one, past))},
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("write a day: 2026-03-01") from error


def _bounds(arguments: argparse.Namespace) -> tuple[int, int]:
    since = arguments.since or date(1970, 1, 2)
    until = arguments.until or date(9998, 12, 31)
    return _midnight_us(since), _midnight_us(until + timedelta(days=1))


def _midnight_us(day: date) -> int:
    return int(datetime.combine(day, time(), CHINA).timestamp()) * 1_000_000


def _refusals(figures: Figures, capacity: int | None) -> list[str]:
    most = figures["total"]["most_on_a_day"]
    if capacity is None or most <= capacity:
        return []
    return [f"{most} warnings on one day, and {capacity} can be acted on"]


def _show(report: dict[str, Any]) -> None:
    table = Table(
        "", "warnings", "a day", "precision", "cases", "recall", "in time", "lead", "minutes"
    )
    rows = [("all", report["total"]), *report["tiers"].items()]
    for name, figures in [*rows, *((one["rule"], one) for one in report["rules"])]:
        table.add_row(
            name,
            str(figures["warnings"]),
            f"{figures['a_day']:.2f}",
            _share(figures["precision"]),
            f"{figures['cases_warned']}/{figures['cases']}",
            _share(figures["recall"]),
            str(figures["warned_before_transfer"]),
            _share(figures["lead_minutes_median"], ".0f"),
            str(figures["officer_minutes"]),
        )
    Console(width=120).print(table)
    for pair in report["overlap"][:PAIRS_SHOWN]:
        print(f"{' and '.join(pair['rules'])} fire together: {pair['share']:.0%}")
    if report["duplicates"]:
        print(f"{report['duplicates']} events came more than once and were counted once")
    if computed := report["windows"]["computed"]:
        print(f"computed from the events: {', '.join(computed)}")
    for name, columns in report["windows"]["lacking"].items():
        print(f"unknown: {name}, the file lacks {', '.join(columns)}")
    if report["left_out"]:
        print(f"columns that no rule may ask for: {', '.join(report['left_out'])}")


def _share(value: float | None, how: str = ".3f") -> str:
    return "–" if value is None else format(value, how)
