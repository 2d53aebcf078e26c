"""A small world of names, and rules made of few words."""

from __future__ import annotations

from typing import Any

from zhizhi.kernel.routing.checking import RoutingNames, problems
from zhizhi.kernel.routing.problems import RoutingWrong
from zhizhi.kernel.routing.reading import read
from zhizhi.kernel.routing.rule import Matter, RoutingRule, RoutingRules

NAMES = RoutingNames(
    categories=(
        ("grid", ("grid.clean",)),
        ("grid", ("grid.litter", "grid.clean")),
        ("grid", ("grid.lamp",)),
        ("fishery", ("illegal-fishing",)),
    ),
    areas=(
        ("district", ("99",)),
        ("town", ("9901", "99")),
        ("grid_cell", ("990101", "9901", "99")),
        ("exclusive_area", ("9902x", "99")),
    ),
    severities=("urgent", "important", "normal"),
    sources=("resident-page", "fishery.dwell"),
    agencies=("urban", "police"),
    teams=("grid_worker",),
    levels=("grid_cell", "town", "district"),
)
CATCH_ALL = "  - {code: rest, name: Everything else, order: 900}\n"


def text(*rules: str) -> str:
    """Return the text of rules that are given in braces, and of the catch-all behind them."""
    return "rules:\n" + "".join(f"  - {{{one}}}\n" for one in rules) + CATCH_ALL


def told(written: str, names: RoutingNames = NAMES) -> list[tuple[str, int, str]]:
    """Return what is wrong with a text: kind, rule and field."""
    try:
        found = problems(read(written), names)
    except RoutingWrong as wrong:
        found = wrong.problems
    return [(one.kind, one.rule, one.field) for one in found]


def rule(number: int, order: int = 0, *, then: str = "", **when: Any) -> RoutingRule:
    wanted = {name: frozenset(values) for name, values in when.items()}
    return RoutingRule(number, f"r{number}", "", order, wanted, then=then)


def rules(*given: RoutingRule) -> RoutingRules:
    return RoutingRules.ordered(list(given))


def matter(**said: Any) -> Matter:
    """Return litter in a cell, told by a resident at work time, but for what is said."""
    base = {
        "system": "grid", "category": ("grid.litter", "grid.clean"),
        "area": ("990101", "9901", "99"), "area_kind": "grid_cell", "severity": "normal",
        "source": "resident-page", "working_time": True,
    }  # fmt: skip
    return Matter(**{**base, **said})
