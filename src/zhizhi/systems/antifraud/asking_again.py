"""Asking again 回访: after a day and after a week, whether the fraud has really stopped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from zhizhi.engine import delivering, settings_in_force, timeline, timing
from zhizhi.systems.antifraud.models import Dissuasion

WORKER = "worker"
ACTION, VERB = "antifraud.ask_again", "dissuasion.ask_again"
Again = Dissuasion.Again


def plan(row: Dissuasion, *, now: datetime) -> None:
    """Set the timers of both questions."""
    numbers = settings_in_force.snapshot()
    spans = {
        Again.DAY: timedelta(hours=numbers["antifraud.again_hours"]),
        Again.WEEK: timedelta(days=numbers["antifraud.again_days"]),
    }
    for which, span in spans.items():
        timing.schedule(
            f"antifraud:again:{row.pk}:{which.value}", action=ACTION, due_at=now + span,
            arguments={"dissuasion": row.pk, "again": which.value},
        )  # fmt: skip


def due(arguments: Mapping[str, Any], now: datetime) -> None:
    """Timer action: the question is due; of a first one that nobody has asked, the second stays."""
    row = Dissuasion.everything.select_related("case").get(pk=arguments["dissuasion"])
    with timeline.writing():
        ended = Dissuasion.everything.filter(
            pk=row.pk, state=Dissuasion.State.ENDED, person__key__destroyed_at=None
        )
        if not ended.update(again=arguments["again"]):
            return
        data = {"dissuasion": row.pk, "again": arguments["again"]}
        timeline.record(row.case, verb=VERB, actor=WORKER, at=now, data=data)
        delivering.tell(
            ["role:operator"], ACTION, case=row.case, now=now,
            key_parts=("dissuasion", row.pk, arguments["again"]),
        )  # fmt: skip


def asked(row: Dissuasion, *, is_settled: bool) -> None:
    """Take the question off the list; it stays when nobody answered."""
    if is_settled:
        Dissuasion.everything.filter(pk=row.pk, again=row.again).update(again="")
        row.again = ""
