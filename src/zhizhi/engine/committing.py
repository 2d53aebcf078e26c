"""Group commit: many envelopes, one transaction, and nobody is answered before it is durable."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from zhizhi.engine import intake
from zhizhi.engine.intake import Envelope, KeyReused, Receipt

log = logging.getLogger(__name__)


class IntakeBusy(RuntimeError):
    """Too many envelopes wait already; try again after ``retry_after``."""

    retry_after = timedelta(seconds=1)


class IntakeUnavailable(RuntimeError):
    """The database could not make the envelope durable; nothing of it was taken.

    When the connection broke during the commit itself the outcome is unknown: repeating under the
    same key is safe, because a key that did get through answers with its first receipt.
    """

    retry_after = timedelta(seconds=5)


class EnvelopeUnstorable(RuntimeError):
    """The database refuses this one envelope whenever it is offered; others are not affected."""


@dataclass(slots=True)
class _Waiting:
    envelope: Envelope
    future: Future[Receipt] = field(default_factory=Future)


class GroupCommitter:
    """One writer thread that commits whatever has gathered while it wrote the group before.

    ``linger`` lets a group grow a little longer before it is written; under load, ``crowd_linger``
    lets the senders of the group before come back, because a commit costs the same for one as for
    dozens. Closing drains: whatever was submitted is committed or refused, never forgotten.
    """

    def __init__(
        self,
        *,
        capacity: int = 4096,
        capacity_rows: int = 2_000_000,
        most: int = 256,
        linger: timedelta = timedelta(milliseconds=1),
        crowd_linger: timedelta = timedelta(milliseconds=20),
        clock: Callable[[], datetime] = timezone.now,
    ) -> None:
        self.capacity = capacity
        self.capacity_rows = capacity_rows
        self.most = most
        self.linger = linger
        self.crowd_linger = max(linger, crowd_linger)
        self._before = 0  # envelopes of the last group
        self.clock = clock
        self.failure = ""  # why the last group was refused; empty while all is well
        self._waiting: deque[_Waiting] = deque()
        self._rows = 0
        self._wake = threading.Condition()
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def submit(self, envelope: Envelope) -> Future[Receipt]:
        """Queue ``envelope``; the future ends with its receipt or the reason it was refused.

        Raises IntakeBusy when the queue is full and IntakeUnavailable when it is closing.
        """
        waiting = _Waiting(envelope)
        rows = envelope.reading.table.num_rows
        with self._wake:
            if self._is_closing:
                message = "This process is stopping; send again."
                raise IntakeUnavailable(message)
            is_full = self._rows and self._rows + rows > self.capacity_rows
            if is_full or len(self._waiting) >= self.capacity:
                message = "More observations are waiting to be stored than fit; send again later."
                raise IntakeBusy(message)
            self._waiting.append(waiting)
            self._rows += rows
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
                self._thread.start()
            self._wake.notify()
        return waiting.future

    def close(self, *, wait: timedelta = timedelta(seconds=30)) -> None:
        """Stop taking envelopes, finish those that wait, and end the writer."""
        with self._wake:
            self._is_closing = True
            self._wake.notify()
            thread = self._thread
        if thread is not None:
            thread.join(wait.total_seconds())

    def _run(self) -> None:
        try:
            while self._wait():
                group = self._next_group()
                if group:
                    self._commit(group)
        finally:
            connection.close()

    def _wait(self) -> bool:
        """Wait for envelopes; False when there are none and it is time to end."""
        with self._wake:
            while not self._waiting and not self._is_closing:
                self._wake.wait()
            if not self._waiting:
                return False
            if self.linger and not self._is_closing:
                pause = self.crowd_linger if self._before > 1 else self.linger
                self._wake.wait_for(self._is_enough, pause.total_seconds())
        return True

    def _is_enough(self) -> bool:
        expected = self._before if self._before > 1 else self.most
        return self._is_closing or len(self._waiting) >= min(self.most, expected)

    def _next_group(self) -> list[_Waiting]:
        """Take what waits; senders who have given up meanwhile are left out."""
        with self._wake:
            size = min(self.most, len(self._waiting))
            group = [self._waiting.popleft() for _ in range(size)]
            self._before = size
            self._rows -= sum(one.envelope.reading.table.num_rows for one in group)
        return [one for one in group if one.future.set_running_or_notify_cancel()]

    def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            outcomes = intake.settle([one.envelope for one in group], now=self.clock())
        except (OperationalError, InterfaceError) as error:
            self._refuse(group, error)
        except Exception as error:  # noqa: BLE001 - one bad envelope must not take down the writer
            self._commit_singly(group, error)
        else:
            self.failure = ""
            for one, outcome in zip(group, outcomes, strict=True):
                _answer(one, outcome)

    def _commit_singly(self, group: Sequence[_Waiting], error: Exception) -> None:
        """One envelope of ``group`` spoils the transaction: find it, and take the others."""
        if len(group) == 1:
            log.error(
                "An envelope of %s cannot be stored: %s", group[0].envelope.source.code, error
            )
            text = f"This envelope cannot be stored ({type(error).__name__}). Tell the operator."
            group[0].future.set_exception(EnvelopeUnstorable(text))
            return
        for one in group:
            self._commit([one])

    def _refuse(self, group: Sequence[_Waiting], error: Exception) -> None:
        """The database is full, locked or gone: nobody is told that anything was stored."""
        self.failure = explain(error)
        log.error("%d envelopes were not stored: %s", len(group), error)
        connection.close()  # the next group starts with a fresh connection
        for one in group:
            one.future.set_exception(IntakeUnavailable(self.failure))


def explain(error: Exception) -> str:
    """Return what a person should know of a database error."""
    text = str(error).lower()
    if "full" in text or "no space" in text or "disk i/o" in text:
        return (
            "The disk of the database is full. Nothing was stored; free some space and send again."
        )
    if "locked" in text or "busy" in text:
        return "The database is busy with something long. Nothing was stored; send again."
    if "readonly" in text or "read-only" in text:
        return "The database may not be written. Nothing was stored; see the operations guide."
    return "The database is not reachable. Nothing was stored; send again."


def _answer(one: _Waiting, outcome: Receipt | KeyReused) -> None:
    if isinstance(outcome, KeyReused):
        one.future.set_exception(outcome)
    else:
        one.future.set_result(outcome)
