"""A rule as it was read, and how it answers on one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from zhizhi.kernel.rules.documents import TextPlace
from zhizhi.kernel.rules.schema import Event, Scalar
from zhizhi.kernel.rules.syntax import AllOf, Node
from zhizhi.kernel.rules.weighing import value_of

DRAFT, SHADOW, LIVE, RETIRED = MODES = ("draft", "shadow", "live", "retired")
LOW, MEDIUM, HIGH = TIERS = ("low", "medium", "high")
FIRE, SILENT = "fire", "silent"
CHINA: Final = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fixture:
    """An event that a rule must fire or stay silent on; it is tried when the rule is read."""

    event: Event
    expect: str
    place: TextPlace


@dataclass(frozen=True, slots=True)
class WarningRule:
    """When to warn of one typology: a condition, its exception, and what is told and advised.

    ``level`` is the highest tier that the rule may bring about, ``score`` what it adds to that of
    its typology. It fires where ``when`` is true and ``unless`` is not; unknown is neither.
    """

    id: str
    version: int
    typology: str
    mode: str
    on: frozenset[str]
    level: str
    score: int
    cooldown: timedelta
    expires: date | None
    when: Node
    unless: Node | None
    because: str
    basis: tuple[str, ...]
    owner: str
    advise: tuple[str, ...]
    defined: Mapping[str, Node]
    fixtures: tuple[Fixture, ...]
    place: TextPlace

    @property
    def reference(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def conjuncts(self) -> tuple[Node, ...]:
        """The parts of ``when`` that must all be true."""
        return self.when.parts if isinstance(self.when, AllOf) else (self.when,)

    @property
    def ends_us(self) -> int | None:
        """The microsecond from which on it is no longer asked: the first of its last day."""
        if self.expires is None:
            return None
        midnight = datetime(self.expires.year, self.expires.month, self.expires.day, tzinfo=CHINA)
        return (midnight - _EPOCH) // timedelta(microseconds=1)

    def is_asked(self, kind: str, time_us: int) -> bool:
        """Return whether the rule concerns an event of this kind at this time."""
        return kind in self.on and (self.ends_us is None or time_us < self.ends_us)

    def holds(self, event: Event) -> bool:
        """Return whether the rule fires on ``event``, in plain Python."""
        if value_of(self.when, event) is not True:
            return False
        return self.unless is None or value_of(self.unless, event) is not True

    def value(self, name: str, event: Event) -> Scalar:
        """Return the value of a column or of what ``let`` defines."""
        return value_of(self.defined[name], event) if name in self.defined else event.get(name)
