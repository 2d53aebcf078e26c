"""The time of a simulated district: nothing passes unless the scheduler says so."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from tests.simulation.striking import swapped
from zhizhi.engine import holding

START = datetime(2026, 3, 1, 4, tzinfo=UTC)


@dataclass
class Clock:
    """One clock for the wall, the database and everything that measures."""

    at: datetime = START

    @property
    def passed_s(self) -> float:
        return (self.at - START).total_seconds()

    def later(self, seconds: float) -> datetime:
        return self.at + timedelta(seconds=seconds)

    def pass_(self, seconds: float) -> None:
        self.at = self.later(seconds)


class _Time:
    """Stands in for the module ``time``."""

    def __init__(self, clock: Callable[[], Clock]) -> None:
        self._clock = clock

    def time(self) -> float:
        return self._clock().at.timestamp()

    def monotonic(self) -> float:
        return 1000 + self._clock().passed_s

    def sleep(self, seconds: float) -> None:
        """Nobody waits: the scheduler asks again."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Machines:
    """Stands in for ``os`` and ``socket`` where a lease names its holder."""

    def __init__(self, current: Callable[[], Any], is_alive: Callable[[str, int], bool]) -> None:
        self._current, self._is_alive = current, is_alive

    def gethostname(self) -> str:
        return str(self._current().host)

    def getpid(self) -> int:
        return int(self._current().pid)

    def kill(self, pid: int, _signal: int) -> None:
        if not self._is_alive(self.gethostname(), pid):
            raise ProcessLookupError


@contextmanager
def governed(clock: Callable[[], Clock], machines: Machines) -> Iterator[None]:
    """Let the product live by ``clock`` while the block runs."""

    def as_sqlite(self: Any, compiler: Any, connection: Any, **context: Any) -> Any:
        moment = clock().at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        return self.as_sql(compiler, connection, template=f"'{moment}'", **context)

    stand_in = _Time(clock)
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("zhizhi.") and vars(module).get("time") is time:
                stack.enter_context(swapped(module, "time", stand_in))
        stack.enter_context(swapped(timezone, "now", lambda: clock().at))
        stack.enter_context(swapped(Now, "as_sqlite", as_sqlite))
        for name in ("os", "socket"):
            stack.enter_context(swapped(holding, name, machines))
        yield
