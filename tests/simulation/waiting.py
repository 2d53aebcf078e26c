"""What waits for whom: asked by one cheap query, so that idle processes are asked rarely.

In the house everybody looks ten times a second; most of these looks find nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.simulation.clockwork import START
from tests.simulation.plan import LATENESS_S, MISTAKEN

if TYPE_CHECKING:
    from tests.simulation.playing import World

RARELY = 0.1  # share of rounds in which somebody is asked for whom nothing waits
NAMES = ("carrier", "inbox", "timers", "tasks", "cases", "unread", "unjudged")
LOOK = """
SELECT EXISTS (SELECT 1 FROM engine_message WHERE channel = 'carrier_sms'
               AND state IN ('held', 'queued') AND not_before <= %s),
       EXISTS (SELECT 1 FROM engine_message WHERE channel = 'inbox'
               AND state IN ('held', 'queued') AND not_before <= %s),
       EXISTS (SELECT 1 FROM engine_timer WHERE fired_at IS NULL AND cancelled_at IS NULL
               AND due_at <= %s),
       EXISTS (SELECT 1 FROM engine_task WHERE state IN ('offered', 'accepted', 'arrived')),
       EXISTS (SELECT 1 FROM engine_case WHERE state NOT IN ('closed', 'dismissed')
               AND (state = 'handled' OR severity <> 'normal' OR subject IN ({mistaken}))),
       (SELECT max("offset") FROM engine_journalsegment WHERE rows > 0)
           >= coalesce((SELECT min(next_offset) FROM engine_checkpoint), 0),
       (SELECT max(arrival_at) FROM engine_journalsegment WHERE rows > 0)
           BETWEEN coalesce((SELECT datetime(min(watermark_us) / 1000000, 'unixepoch')
                             FROM engine_checkpoint), '') AND %s
"""
ASKED = {  # the step of a process -> what must wait for it, any of these
    "take": ("posts",),
    "receipts": ("receipts",),
    "act": ("tasks", "cases"),
    "detect": ("unread", "unjudged"),
    "timers": ("timers",),
    "channel carrier_sms": ("carrier",),
    "channel inbox": ("inbox",),
}


def look(world: World) -> set[str]:
    """Return the steps for which something waits."""
    now, ripe = (f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in (world.clock.at, _ripe(world)))
    tokens = [person.token for person in world.plan.people if person.habit == MISTAKEN]
    with world.beside.cursor() as cursor:
        sql = LOOK.format(mistaken=", ".join(map(str, tokens)) or "0")
        found = cursor.execute(sql, [now, now, now, ripe]).fetchone()
    waits = {name for name, value in zip(NAMES, found, strict=True) if value}
    waits |= {"posts"} if world.senders.is_late() else set()
    waits |= {"receipts"} if world.gateway.ledger.without_receipt(1) else set()
    return {step for step, wanted in ASKED.items() if waits.intersection(wanted)}


def _ripe(world: World) -> datetime:
    """Return the moment up to which everything that arrived can be judged."""
    return max(START, world.clock.later(-LATENESS_S))
