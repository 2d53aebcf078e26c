"""What the desk shows at this moment, made once for all who may see the same.

Twenty desks hear of one change at once and ask together. The answer depends on scope, filter and
language only, so the first to ask renders it and the others wait for that.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock

KEPT_S = 2.0  # ages and positions move on without an audit entry
MOST = 128


@dataclass(slots=True)
class _Entry:
    lock: Lock = field(default_factory=Lock)
    seq: int = -1
    made_at: float = 0.0
    rests_until: float = 0.0
    body: bytes = b""


class Snapshots:
    """Answers by what they depend on; the oldest are forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def get(
        self, key: Hashable, seq: int, make: Callable[[], bytes], *, rest: float = 0.0
    ) -> bytes:
        """Return the answer for ``key`` as of audit entry ``seq`` or later.

        With ``rest`` it may be older: one that was dear is not made again before ``rest`` times as
        long has passed as it took, so that making answers takes a bounded share of the machine.
        """
        entry = self._entry(key)
        with entry.lock:
            asked_at = self._clock()
            is_fresh = entry.seq >= seq and asked_at - entry.made_at < KEPT_S
            if not (is_fresh or asked_at < entry.rests_until):
                entry.body = make()
                entry.seq, entry.made_at = seq, self._clock()
                entry.rests_until = entry.made_at + rest * (entry.made_at - asked_at)
            return entry.body

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > MOST:
                self._entries.popitem(last=False)
            return entry
