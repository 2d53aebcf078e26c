"""The worker: detectors, timers and each channel in a loop of their own, so none waits for another.

A receiver that never answers holds up its channel for seconds; the alert of the next stay must not
wait for that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from zhizhi.config.retention import A_MINUTE, TEN_MINUTES, Retention
from zhizhi.directory import granting
from zhizhi.engine import (
    delivering,
    lookups,
    publishing,
    timing,
    trials,
)
from zhizhi.engine.detecting import Runner
from zhizhi.trust import destruction, tree

PAUSE_S = 0.1
# While nothing waits; five loops that look ten times a second take a sixth of a core.
LONGEST_REST_S = 0.5
LONGEST_PAUSE_S = 5.0  # while it fails

log = logging.getLogger(__name__)

IsOver = Callable[[], bool]
Part = Callable[[], bool]  # does what is due; says whether more is likely to wait already


def work(*, is_over: IsOver) -> None:
    """Detect, fire timers and send messages until ``is_over``."""
    runner, ending = Runner(is_live=True), threading.Event()
    beside = [
        threading.Thread(target=repeat, args=(part,), kwargs={"is_over": ending.is_set}, name=name)
        for name, part in _parts().items()
    ]
    for thread in beside:
        thread.start()
    try:
        repeat(partial(_detect, runner), is_over=is_over, longest_rest_s=PAUSE_S)
    finally:
        ending.set()
        for thread in beside:
            thread.join()
        runner.release()
        connection.close()


def _detect(runner: Runner) -> bool:
    return bool(runner.step(timezone.now()).segments)


def _parts() -> dict[str, Part]:
    """Return what runs beside the detectors, by name."""
    channels = delivering.channels().items()
    relays = {f"channel {code}": delivering.Relay(channel).send_due for code, channel in channels}
    doing: dict[str, Callable[[datetime], int]] = {
        "timers": timing.fire_due,
        "keeping": Retention(),
        "trials": trials.run_next,
        "figures": _Seldom(publishing.publish_due),
        "grants": _Seldom(granting.lapse),
        "lookups": _Seldom(lookups.watch, TEN_MINUTES),
        "tree": _Seldom(tree.catch_up),
        "destroyed keys": _Seldom(destruction.DestroyedKeys().catch_up),
        **relays,
    }
    return {name: partial(_now, verb) for name, verb in doing.items()}


class _Seldom:
    """Does a thing once a minute, however often it is asked to."""

    def __init__(self, verb: Callable[[datetime], int], every: timedelta = A_MINUTE) -> None:
        self.verb, self.every = verb, every
        self.next_at: datetime | None = None

    def __call__(self, now: datetime) -> int:
        if self.next_at is not None and now < self.next_at:
            return 0
        self.next_at = now + self.every
        return self.verb(now)


def _now(verb: Callable[[datetime], int]) -> bool:
    return bool(verb(timezone.now()))


def repeat(part: Part, *, is_over: IsOver, longest_rest_s: float = LONGEST_REST_S) -> None:
    """Do ``part`` again and again until ``is_over``, with a rest when nothing waits.

    The rest grows to ``longest_rest_s`` while nothing comes. After a failure it waits, longer each
    time up to five seconds, and goes on by itself.
    """
    pause = PAUSE_S
    while not is_over():
        longest = longest_rest_s
        try:
            if part():
                pause = PAUSE_S
                continue
        except (OperationalError, InterfaceError) as error:
            log.warning("database not reachable, waiting %.1f s: %s", pause, error)
            connection.close()
            longest = LONGEST_PAUSE_S
        except Exception:
            log.exception("a part of the worker failed and will be tried again")
            close_old_connections()  # one that broke; others stay open, to open one takes longer
            longest = LONGEST_PAUSE_S
        time.sleep(min(pause, longest))
        pause = min(longest, pause * 2)
    connection.close()
