"""The worker's loop: each part is tried in turn, and a broken one does not hold up the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from zhizhi.engine import delivering, timing
from zhizhi.engine.detecting import Runner

PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

log = logging.getLogger(__name__)


def work(*, is_over: Callable[[], bool]) -> None:
    """Detect, fire timers and send messages until ``is_over``.

    After a database failure it waits, longer each time up to five seconds, and goes on by itself.
    """
    runner = Runner(is_live=True)
    pause = PAUSE_S
    try:
        while not is_over():
            try:
                is_busy = once(runner)
                pause = PAUSE_S
            except (OperationalError, InterfaceError) as error:
                log.warning("database not reachable, waiting %.1f s: %s", pause, error)
                connection.close()
                is_busy, pause = False, min(LONGEST_PAUSE_S, pause * 2)
            if not is_busy:
                time.sleep(pause)
    finally:
        runner.release()
        connection.close()


def once(runner: Runner) -> bool:
    """Do one round of everything; says whether more is likely to wait already."""
    close_old_connections()
    parts: tuple[Callable[[], bool], ...] = (
        lambda: bool(runner.step(timezone.now()).segments),
        lambda: bool(timing.fire_due(timezone.now())),
        lambda: bool(delivering.relay(timezone.now())),
    )
    is_busy = False
    for part in parts:
        try:
            is_busy |= part()
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("a part of the worker failed and will be tried again")
    return is_busy
