"""Windowed features: what came before an event, declared as data and computed exactly.

A window is the span up to and with its event: an event exactly as old as the span is outside.
Events of one instant stand in the order of their ids, so that those behind are not in it. Sums and
means are counted in whole millionths, so that no order of adding and no restart changes a bit; a
value beyond a billion counts as a billion. At most the last ``MOST`` events of a key are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from zhizhi.kernel.rules.documents import TextPlace
from zhizhi.kernel.rules.rule import LIVE, LOW, WarningRule
from zhizhi.kernel.rules.schema import INTEGER, NUMBER, Column, Event
from zhizhi.kernel.rules.syntax import Node, Value, names

COUNT, SUM, MEAN, MOST_OF, LEAST_OF, DISTINCT, SINCE = AGGREGATES = (
    "count", "sum", "mean", "max", "min", "distinct", "since",
)  # fmt: skip
MOST: Final = 1000
MILLION: Final = 1_000_000
LARGEST_ADDED: Final = 1e9
ENTITY: Final = "entity"
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_UNITS: Final = {"d": _DAY, "h": _DAY / 24, "m": _DAY / 1440, "s": _DAY / 86400}
_NOWHERE = TextPlace("", 1, 1)


@dataclass(frozen=True, slots=True)
class WindowedFeature:
    """What the events of some kinds come to, of one key, over the span before an event.

    ``by`` is the key whose events are looked at, ``value`` the column (for ``distinct`` the key)
    that is taken together, ``where`` what an event must answer with TRUE. ``is_earlier`` leaves
    the event itself out; ``since`` always does, and is in seconds.
    """

    name: str
    by: str
    on: frozenset[str]
    aggregate: str
    span: timedelta
    value: str | None = None
    where: Node | None = None
    is_earlier: bool = False
    meaning: str = ""

    @property
    def span_us(self) -> int:
        return self.span // _MICROSECOND

    @property
    def leaves_itself_out(self) -> bool:
        return self.is_earlier or self.aggregate == SINCE

    @property
    def columns(self) -> set[str]:
        """The columns and keys of an event without which nothing can be said."""
        wanted = {self.by} if self.value is None else {self.by, self.value}
        return wanted if self.where is None else wanted | set(names(self.where))

    @property
    def column(self) -> Column:
        """The column that rules ask for."""
        kind = INTEGER if self.aggregate in {COUNT, DISTINCT} else NUMBER
        return Column(self.name, kind, self.meaning, span_text(self.span))

    @property
    def asking(self) -> WarningRule:
        """Whether an event belongs into the window, as a rule that every back end answers alike."""
        when = Value(True, 0) if self.where is None else self.where
        return WarningRule(
            self.name, 1, self.name, LIVE, self.on, LOW, 1, timedelta(), None, when, None,
            "", (), "", (), {}, (), _NOWHERE,
        )  # fmt: skip


def span_text(span: timedelta) -> str:
    """Return a span as it is written in rules: 90s, 30m, 24h, 7d."""
    for unit, length in _UNITS.items():
        if span >= length and not span % length:
            return f"{span // length}{unit}"
    return f"{span.total_seconds()}s"


@dataclass(frozen=True, slots=True)
class WindowEvent:
    """Something that happened, the keys that it belongs to, and its own values."""

    id: str
    kind: str
    time_us: int
    keys: Mapping[str, str | None]
    values: Event
