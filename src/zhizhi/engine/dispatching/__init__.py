"""Sending units: who is nearest and fit, reserving them, and what they report back."""

from zhizhi.engine.dispatching.handling import (
    accept,
    arrive,
    finish,
    progress,
    return_task,
    told_before,
)
from zhizhi.engine.dispatching.nearest import Need, NoUnitFits, Suggestion, nearest_fit
from zhizhi.engine.dispatching.releasing import (
    end_without_result,
    locked,
    locked_task,
    settle,
    undone,
    undone_of,
)
from zhizhi.engine.dispatching.sending import (
    acknowledge,
    assign,
    cancel_task,
    dispatch,
    dispatch_nearest,
    dispatch_or_note,
    hold_of,
    undo_dispatch,
    withdraw,
)

__all__ = [
    "Need",
    "NoUnitFits",
    "Suggestion",
    "accept",
    "acknowledge",
    "arrive",
    "assign",
    "cancel_task",
    "dispatch",
    "dispatch_nearest",
    "dispatch_or_note",
    "end_without_result",
    "finish",
    "hold_of",
    "locked",
    "locked_task",
    "nearest_fit",
    "progress",
    "return_task",
    "settle",
    "told_before",
    "undo_dispatch",
    "undone",
    "undone_of",
    "withdraw",
]
