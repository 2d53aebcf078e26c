"""Rules tried on what happened: how often they warn, how often rightly, how early, at what cost.

The rules are tried as if they were live, event by event in order of time, with their cool-downs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhizhi.kernel.rules.deciding import Occurrence, TypologyVerdict, told_after, verdicts
from zhizhi.kernel.rules.histories import NEVER, EventHistory
from zhizhi.kernel.rules.rule import LIVE, RETIRED, TIERS, WarningRule
from zhizhi.kernel.rules.schema import BOOLEAN, TEXT
from zhizhi.kernel.rules.tables import RuleTable, bits

Figures = dict[str, Any]
Hits = NDArray[np.bool_]
Answer = Callable[
    [EventHistory, int, int], Hits
]  # which rules fire on the events from one to another

OFFICER_MINUTES: Final[Mapping[str, int]] = {"low": 1, "medium": 15, "high": 45}
CHUNK: Final = 65_536
_DAY_US, _CHINA_US, _MINUTE_US = 86_400_000_000, 28_800_000_000, 60_000_000


@dataclass(frozen=True, slots=True)
class WarningTold:
    """One warning that a back-test came to."""

    row: int
    verdict: TypologyVerdict
    by: tuple[WarningRule, ...]  # those that fired and did not rest

    @property
    def tier(self) -> str:
        return str(self.verdict.tier)


@dataclass(slots=True)
class _Counts:
    """Warnings of one rule, tier or of all, as they are counted."""

    fires: int = 0
    rows: list[int] = field(default_factory=list)
    minutes: int = 0

    def add(self, told: WarningTold) -> None:
        self.rows.append(told.row)
        self.minutes += OFFICER_MINUTES[told.tier]


def tried(rules: Sequence[WarningRule]) -> tuple[WarningRule, ...]:
    """Return the rules that a back-test tries: all that are not retired, as if they were live."""
    return tuple(replace(rule, mode=LIVE) for rule in rules if rule.mode != RETIRED)


def by_table(table: RuleTable) -> Answer:
    """Return the way to answer with the compiled table."""

    def answer(history: EventHistory, begin: int, end: int) -> Hits:
        rows = np.full((end - begin, len(table.columns)), np.nan)
        for n, name in enumerate(table.columns):
            if name in history.columns:
                rows[:, n] = _numbers(history.columns[name].slice(begin, end - begin), table, name)
        kinds = bits(history.kinds[begin:end], table)
        return table.fires(rows, kinds, history.time_us[begin:end].copy())

    return answer


def _numbers(values: pa.Array[Any], table: RuleTable, name: str) -> NDArray[np.float64]:
    """Return values as the numbers that stand for them, NaN for unknown."""
    kind = table.schema.columns[name].kind
    if kind == TEXT:
        words = table.schema.columns[name].words
        at = pc.index_in(values, value_set=pa.array(words, pa.string()))
        places = np.asarray(at.fill_null(len(words)).to_numpy(zero_copy_only=False))
        codes = np.array([*(float(table.schema.words[word]) for word in words), np.nan])
        return np.asarray(codes[places], np.float64)
    if kind == BOOLEAN:
        values = values.cast(pa.int8()).cast(pa.float64())
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


def backtested(
    rules: Sequence[WarningRule],
    history: EventHistory,
    answer: Answer,
    progress: Callable[[int], None] = lambda _rows: None,
) -> Figures:
    """Return the figures of ``rules``, which ``answer`` answers in this order, on ``history``."""
    counts: dict[str, _Counts] = defaultdict(_Counts)
    together = np.zeros((len(rules), len(rules)))
    warned: list[WarningTold] = []
    state: dict[int, dict[str, int]] = {}
    for begin in range(0, len(history), CHUNK):
        end = min(begin + CHUNK, len(history))
        hits = answer(history, begin, end)
        some = hits.any(axis=1)
        few = hits[some].astype(np.float64)
        together += few.T @ few
        warned += _warnings(rules, history, begin, hits, state)
        progress(end)
    for told in warned:
        for rule in told.by:
            counts[rule.reference].add(told)
        counts[told.tier].add(told)
        counts["all"].add(told)
    for n, rule in enumerate(rules):
        counts[rule.reference].fires = int(together[n, n])
    cases = _confirmed(history)
    return {
        "events": len(history),
        "duplicates": history.duplicates,
        "left_out": list(history.left_out),
        "days": _days(history),
        "total": _figures(counts["all"], history, cases),
        "tiers": {tier: _figures(counts[tier], history, cases) for tier in reversed(TIERS)},
        "rules": [
            {"rule": rule.reference, "fires": counts[rule.reference].fires}
            | _figures(counts[rule.reference], history, cases)
            for rule in rules
        ],
        "overlap": _overlap(rules, together),
    }


def _warnings(
    rules: Sequence[WarningRule],
    history: EventHistory,
    begin: int,
    hits: Hits,
    state: dict[int, dict[str, int]],
) -> Iterator[WarningTold]:
    rows, fired = np.nonzero(hits)
    places, starts = np.unique(rows, return_index=True)
    for at, which in zip(places.tolist(), np.split(fired, starts[1:]), strict=bool(len(rows))):
        row = begin + at
        entity = int(history.entity[row])
        occurrence = Occurrence("", "", entity, int(history.time_us[row]), {})
        last_told = state.get(entity, {})
        found = verdicts([rules[n] for n in which.tolist()], occurrence, last_told)
        for verdict in found:
            if verdict.is_told:
                awake = (r for r in verdict.fired if r.reference not in verdict.resting)
                yield WarningTold(row, verdict, tuple(awake))
        state[entity] = told_after(last_told, found, occurrence)


def _days(history: EventHistory) -> int:
    if not len(history):
        return 0
    first, last = _day(history.time_us[[0, -1]])
    return int(last - first) + 1


def _day(time_us: NDArray[np.int64]) -> NDArray[np.int64]:
    return (time_us + _CHINA_US) // _DAY_US


def _figures(counts: _Counts, history: EventHistory, cases: ConfirmedCases) -> Figures:
    days = _days(history)
    judged = [int(history.outcome[row]) for row in counts.rows if history.outcome[row] >= 0]
    _day_number, on_days = np.unique(_day(history.time_us[counts.rows]), return_counts=True)
    return {
        "warnings": len(counts.rows),
        "a_day": len(counts.rows) / days if days else 0.0,
        "most_on_a_day": int(on_days.max(initial=0)),
        "judged": len(judged),
        "confirmed": sum(judged),
        "precision": sum(judged) / len(judged) if judged else None,
        "officer_minutes": counts.minutes,
        **cases.figures(counts.rows),
    }


@dataclass(frozen=True, slots=True)
class ConfirmedCases:
    """The cases that turned out to be fraud, and when the last money of each went."""

    case: NDArray[np.int64]
    time_us: NDArray[np.int64]
    known: frozenset[int]
    ends: Mapping[int, int]

    def figures(self, rows: Sequence[int]) -> Figures:
        """Return how many of them these warnings concern, how many in time, and how early."""
        first: dict[int, int] = {}
        for row in rows:
            if (case := int(self.case[row])) in self.known:
                first.setdefault(case, int(self.time_us[row]))
        leads = [(self.ends[case] - at) / _MINUTE_US for case, at in first.items()
                 if case in self.ends]  # fmt: skip
        early = [lead for lead in leads if lead > 0]
        return {
            "cases": len(self.known),
            "cases_warned": len(first),
            "recall": len(first) / len(self.known) if self.known else None,
            "warned_before_transfer": len(early),
            "lead_minutes_median": median(early) if early else None,
        }


def _confirmed(history: EventHistory) -> ConfirmedCases:
    is_confirmed = (history.outcome == 1) & (history.case >= 0)
    ends: dict[int, int] = {}
    has_end = (history.transfer_us != NEVER) & (history.case >= 0)
    for case, end in zip(history.case[has_end], history.transfer_us[has_end], strict=True):
        ends[int(case)] = max(int(end), ends.get(int(case), int(end)))
    known = frozenset(history.case[is_confirmed].tolist())
    return ConfirmedCases(history.case, history.time_us, known, ends)


def _overlap(rules: Sequence[WarningRule], together: NDArray[np.float64]) -> list[Figures]:
    """Return pairs of rules that fire on the same events, as a share of the events of either."""
    found = []
    for a in range(len(rules)):
        for b in range(a + 1, len(rules)):
            if both := together[a, b]:
                share = both / (together[a, a] + together[b, b] - both)
                pair = [rules[a].reference, rules[b].reference]
                found.append({"rules": pair, "events": int(both), "share": float(share)})
    return sorted(found, key=lambda one: (-one["share"], one["rules"]))
