"""Which unit deals with a matter: the most specific rule, or learned from what was dealt with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zhizhi.kernel.categorising import text_parts
from zhizhi.kernel.learning import FeaturePart
from zhizhi.kernel.ngrams import Grams

Record = Mapping[str, str]
_FIELDS = Grams(least=1, most=1, bits=16)
_PLACE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class HabitRule:
    """Each combination of fields goes where it mostly went; the first known combination counts."""

    habits: tuple[tuple[tuple[str, ...], Mapping[tuple[str, ...], str]], ...]
    otherwise: str

    def unit(self, record: Record) -> str:
        """Return where ``record`` goes."""
        for fields, habit in self.habits:
            found = habit.get(_values(record, fields))
            if found is not None:
                return found
        return self.otherwise


def habit_rule(
    records: Sequence[Record], units: Sequence[str], specific_first: Sequence[tuple[str, ...]]
) -> HabitRule:
    """Return the rule of where ``records`` mostly went; of equals the first of the alphabet."""
    habits = []
    for fields in specific_first:
        went: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for record, unit in zip(records, units, strict=True):
            went[_values(record, fields)][unit] += 1
        habits.append((fields, {key: _most(count) for key, count in went.items()}))
    return HabitRule(tuple(habits), _most(Counter(units)))


def field_part(
    records: Sequence[Record], fields: Sequence[tuple[str, ...]], weight: float = 1.0
) -> FeaturePart:
    """Return a feature for each value of each of ``fields``; several together are one."""
    words = [["&".join((*one, *_values(r, one))) for one in fields] for r in records]
    return FeaturePart(_FIELDS.counted_words(words), weight)


def queue_parts(
    records: Sequence[Record], kinds: Sequence[str], places: Sequence[str]
) -> list[FeaturePart]:
    """Return the features of records without free text: what they are of, and where."""
    return [
        field_part(records, [(kind,) for kind in kinds]),
        field_part(records, [(place,) for place in places], _PLACE_WEIGHT),
    ]


def routing_parts(records: Sequence[Record], places: Sequence[str]) -> list[FeaturePart]:
    """Return the features of records with ``text`` and ``category``, and of places of any size."""
    return [
        *text_parts([record["text"] for record in records]),
        field_part(records, [("category",)]),
        field_part(records, [(place,) for place in places], _PLACE_WEIGHT),
    ]


def _values(record: Record, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(record[field] for field in fields)


def _most(count: Counter[str]) -> str:
    return min(count, key=lambda unit: (-count[unit], unit))
