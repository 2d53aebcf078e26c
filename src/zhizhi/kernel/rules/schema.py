"""What a rule may ask about: declared columns with their types and windows, and events of them.

Numbers are kept to what every back end computes alike. A declared number is 0 or between 1e-15 and
1e15 in size and a whole number has at most 53 bits, so that arithmetic on them, whose bounds are
checked when a rule is read (``checking.py``), neither overflows nor vanishes nor yields "not a
number" anywhere. A value that is missing is unknown (NULL).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

Scalar = float | bool | str | None
Event = Mapping[str, Scalar]

NUMBER: Final = "number"
INTEGER: Final = "integer"
BOOLEAN: Final = "boolean"
TEXT: Final = "text"
SMALLEST, LARGEST = 1e-15, 1e15
LARGEST_WHOLE = 2**53
_NEIGHBOURS = 2  # edits between a name and the known one that was meant


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an event or one windowed feature; ``words`` are the values of a text."""

    name: str
    kind: str
    meaning: str
    window: str = ""
    words: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        return self.kind in {NUMBER, INTEGER}


class EventUnusable(ValueError):
    """An event does not keep to its schema; the message names the column and what it allows."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A declared, versioned set of columns; ``kinds`` are the kinds of event it has.

    ``keys`` are columns of keyed hashes: windows look back by them, conditions cannot ask for them.
    """

    name: str
    kinds: tuple[str, ...]
    columns: Mapping[str, Column]
    keys: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, int] = field(init=False)  # one number for each word of any column

    def __post_init__(self) -> None:
        distinct = sorted({word for column in self.columns.values() for word in column.words})
        object.__setattr__(self, "words", {word: code for code, word in enumerate(distinct)})

    def with_columns(self, more: Iterable[Column]) -> Schema:
        """Return the schema with columns besides, which take the place of those of their name."""
        return replace(self, columns={**self.columns, **{one.name: one for one in more}})

    def read(self, given: Mapping[str, object]) -> Event:
        """Return the event in the types of the schema. Raises EventUnusable."""
        return {name: self._value(name, value) for name, value in given.items()}

    def _value(self, name: str, value: object) -> Scalar:
        column = self.columns.get(name)
        if column is None:
            raise EventUnusable(f"{self.name} has no column {name!r}{self.hint(name)}")
        if value is None:
            return None
        if column.is_numeric:
            return _number(column, value)
        if column.kind == BOOLEAN:
            if isinstance(value, int) and value in {0, 1}:
                return bool(value)
            raise EventUnusable(f"{name} is true or false, not {value!r}")
        if isinstance(value, str) and value in column.words:
            return value
        raise EventUnusable(f"{name} is one of {', '.join(column.words)}, not {value!r}")

    def hint(self, name: str) -> str:
        """Return the end of a sentence that names the column that was probably meant."""
        near = [known for known in self.columns if _is_near(name.lower(), known)]
        return f": did you mean {min(near)}?" if near else ""


def _number(column: Column, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EventUnusable(f"{column.name} is a number, not {value!r}")
    if column.kind == INTEGER:
        if not (abs(value) <= LARGEST_WHOLE and value == int(value)):
            raise EventUnusable(f"{column.name} is a whole number of 53 bits, not {value!r}")
    elif value != 0 and not SMALLEST <= abs(value) <= LARGEST:
        raise EventUnusable(
            f"{column.name} is 0 or between {SMALLEST:g} and {LARGEST:g} in size, not {value!r}"
        )
    return float(value)


def _is_near(name: str, known: str) -> bool:
    return abs(len(name) - len(known)) <= _NEIGHBOURS and _edits(name, known) <= _NEIGHBOURS


def _edits(one: str, other: str) -> float:
    """Return how many letters were added, left out or changed."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1] if row else math.inf
