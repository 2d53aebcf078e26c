"""Macros: one-key dispatch bundles, what they would do, doing it and undoing it."""

from zhizhi.engine.macros.keeping import MacroDraft, edit, make, move, retire, usable
from zhizhi.engine.macros.planning import MacroPlan, Planned, plan
from zhizhi.engine.macros.running import MacroImpossible, Order, run, undo
from zhizhi.engine.macros.steps import (
    ACKNOWLEDGE,
    ACTS,
    MOST_STEPS,
    NOTE,
    SEND,
    TELL,
    MacroRefused,
    Step,
    steps_of,
)

__all__ = [
    "ACKNOWLEDGE",
    "ACTS",
    "MOST_STEPS",
    "NOTE",
    "SEND",
    "TELL",
    "MacroDraft",
    "MacroImpossible",
    "MacroPlan",
    "MacroRefused",
    "Order",
    "Planned",
    "Step",
    "edit",
    "make",
    "move",
    "plan",
    "retire",
    "run",
    "steps_of",
    "undo",
    "usable",
]
