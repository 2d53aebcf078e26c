"""Filling the journal with the past day and letting everything follow from it, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhizhi.config.demo.observing import Feed, envelopes, from_us, to_us
from zhizhi.config.demo.staff import Staff
from zhizhi.directory import positions
from zhizhi.engine import delivering, intake, timing
from zhizhi.engine.detecting import Progress, Runner
from zhizhi.engine.models import JournalHead, Source

STEP = timedelta(minutes=1)
_ROUNDS = 20  # of timers that cause timers at one moment


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the replay of the past did."""

    rows: int
    quarantined: int
    progress: Progress
    acts: int


def last_arrival() -> datetime | None:
    """Return the arrival clock of the journal, or None when it is empty."""
    head = JournalHead.objects.filter(pk="journal").first()
    return head.arrival_at if head else None


def replay(
    feeds: Sequence[Feed], *, since: datetime, until: datetime, tell: Callable[[int], None]
) -> Replayed:
    """Play from ``since`` to ``until`` as fast as possible; ``tell`` hears each minute.

    Observations arrive, detectors judge, timers fire, messages go out and staff act in the order
    in which they would have, on the recorded clock.
    """
    sources = {source.code: source for source in Source.objects.all()}
    runner, staff, total = Runner(), Staff(until), Progress()
    rows = quarantined = 0
    start_us, step_us = to_us(since), STEP // timedelta(microseconds=1)
    for minute in range(int((to_us(until) - start_us) // step_us)):
        after_us = start_us + minute * step_us
        now = from_us(after_us + step_us)
        taken = intake.append(
            envelopes(feeds, sources, after_us=after_us, until_us=after_us + step_us), now=now
        )
        rows += sum(receipt.accepted for receipt in taken)
        quarantined += sum(receipt.quarantined for receipt in taken)
        _add(total, runner.step(now))
        follow_up(now)
        staff.act(now)
        tell(1)
    runner.release()
    refresh_positions(until)
    return Replayed(rows, quarantined, total, staff.acts)


def follow_up(now: datetime) -> None:
    """Fire what is due and send what is queued."""
    for _ in range(_ROUNDS):
        if not timing.fire_due(now):
            break
    delivering.relay(now)


def refresh_positions(now: datetime) -> None:
    """Let every unit report again from where it stands."""
    positions.report_standing(now=now)


def _add(total: Progress, one: Progress) -> None:
    for name in ("rows", "segments", "findings", "late", "alerts", "cases", "cleared", "messages"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    total.failures |= one.failures
