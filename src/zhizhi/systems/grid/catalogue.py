"""All categories at hand: read once, and again only when one of them has changed.

The stamps of the packs say whether anything is different, so the whole tree costs one small query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import get_language

from zhizhi.engine.system import ReportKind
from zhizhi.systems.grid.models import Category, CategoryPack
from zhizhi.systems.grid.naming import PREFIX

NAMES_FOR_S = 1.0  # a new name may come this late to lists; what can be reported never does


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the tree of categories comes to, under the stamps of the moment it was read."""

    stamps: tuple[tuple[int, str], ...]
    kinds: tuple[ReportKind, ...]  # that can be reported now
    unofficial: frozenset[str]  # codes of kinds that no person has checked
    names: Mapping[str, Any]  # of every category ever, in the reader's language
    above: Mapping[str, tuple[str, ...]]  # of every category, those above it, nearest first


@dataclass(slots=True)
class _Kept:
    """What this process read last, and when it last asked whether that still holds."""

    catalogue: Catalogue | None = None
    asked: float = float("-inf")


_kept = _Kept()


def current() -> Catalogue:
    """Return the catalogue in force, by one small query when nothing has changed."""
    stamps = tuple(CategoryPack.objects.order_by("pk").values_list("pk", "stamp"))
    kept = _kept.catalogue
    if kept is None or kept.stamps != stamps:
        kept = _read(stamps)
    _kept.catalogue, _kept.asked = kept, monotonic()
    return kept


def recent() -> Catalogue:
    """Return a catalogue that held a moment ago: for names in long lists."""
    if _kept.catalogue is None or monotonic() - _kept.asked > NAMES_FOR_S:
        return current()
    return _kept.catalogue


def forget() -> None:
    """Ask again next time: something was written here."""
    _kept.asked = float("-inf")


def _read(stamps: tuple[tuple[int, str], ...]) -> Catalogue:
    rows = list(Category.objects.order_by("position", "pk"))
    by_pk = {row.pk: row for row in rows}
    ways = {row.pk: _way(row, by_pk) for row in rows}
    groups = {row.parent_id for row in rows}
    kinds = {
        row.pk: _kind(row, ways[row.pk])
        for row in rows
        if row.pk not in groups and all(step.is_in_use for step in ways[row.pk])
    }
    return Catalogue(
        stamps,
        tuple(kinds.values()),
        frozenset(kind.code for pk, kind in kinds.items() if not by_pk[pk].is_official),
        {f"{PREFIX}{row.code}": name_of(row) for row in rows},
        {
            f"{PREFIX}{row.code}": tuple(f"{PREFIX}{one.code}" for one in ways[row.pk][-2::-1])
            for row in rows
        },
    )


def _way(row: Category, by_pk: Mapping[int, Category]) -> tuple[Category, ...]:
    """Return the categories from the top of the tree down to ``row``."""
    way = [row]
    while way[-1].parent_id is not None:
        way.append(by_pk[way[-1].parent_id])
    return tuple(reversed(way))


def _kind(row: Category, way: tuple[Category, ...]) -> ReportKind:
    code = f"{PREFIX}{row.code}"
    return ReportKind(
        code,
        name_of(row),
        code,
        _in_language(row.hint_zh, row.hint_en),
        row.severity,
        capabilities=tuple(row.capabilities),
        lead_agency=row.lead_agency,
        groups=tuple((f"{PREFIX}{step.code}", name_of(step)) for step in way[:-1]),
        is_for_residents=all(step.is_for_residents for step in way),
        look_minutes=row.look_minutes,
        radius_m=row.radius_m,
        is_told_near=row.kind == Category.Kind.PART,
    )


def name_of(row: Category) -> Any:
    """Return the name of a category in the language of whoever reads it."""
    return _in_language(row.name_zh, row.name_en)


def _pick(chinese: str, english: str) -> str:
    return english if (get_language() or "").startswith("en") else chinese


_in_language = lazy(_pick, str)
