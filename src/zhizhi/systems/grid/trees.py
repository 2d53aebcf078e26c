"""The tree of categories in the order in which it is read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from zhizhi.systems.grid.catalogue import name_of
from zhizhi.systems.grid.models import Category


@dataclass(slots=True)
class CategoryRow:
    """One category, how deep it lies, and everything below it if it is the top of a branch."""

    category: Category
    depth: int = 0
    is_group: bool = False
    is_held: bool = False  # something above it is out of use
    below: list[CategoryRow] = field(default_factory=list)

    @property
    def name(self) -> Any:
        return name_of(self.category)

    @property
    def is_in_use(self) -> bool:
        return self.category.is_in_use and not self.is_held


def branches(categories: Iterable[Category]) -> list[CategoryRow]:
    """Return the tops of the tree in their order, each with all that is below it."""
    children: dict[int | None, list[Category]] = defaultdict(list)
    for category in categories:
        children[category.parent_id].append(category)
    return [
        CategoryRow(top, is_group=bool(children[top.pk]), below=list(_below(top, children)))
        for top in children[None]
    ]


def _below(top: Category, children: dict[int | None, list[Category]]) -> Iterator[CategoryRow]:
    """Yield everything below ``top``, each before what is below itself."""
    waiting = _rows(children[top.pk], CategoryRow(top), children)
    while waiting:
        row = waiting.pop()
        yield row
        waiting += _rows(children[row.category.pk], row, children)


def _rows(
    categories: list[Category], above: CategoryRow, children: dict[int | None, list[Category]]
) -> list[CategoryRow]:
    """Return what lies directly below ``above``, the last first."""
    depth, is_held = above.depth + 1, not above.is_in_use
    return [
        CategoryRow(one, depth, is_group=bool(children[one.pk]), is_held=is_held)
        for one in reversed(categories)
    ]


def way_to(category: Category) -> list[Category]:
    """Return the categories above ``category``, from the top down."""
    way: list[Category] = []
    above = category.parent
    while above is not None:
        way.append(above)
        above = above.parent
    return way[::-1]
