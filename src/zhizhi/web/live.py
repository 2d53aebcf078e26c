"""The live stream: one reader per process, every open page told what its viewer may know.

The id of an event is the number of its audit entry, so a page that was away asks for what it missed
with Last-Event-ID; events carry verbs and ids, never content.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import Error, close_old_connections, connection

from zhizhi.directory.models import RoleAssignment
from zhizhi.engine.models import Task
from zhizhi.trust.models import AuditEntry, ChainHead
from zhizhi.trust.scoping import Grant, Scope

Answer = TypeVar("Answer")

TICK_S = 0.15
BEAT_S = 15.0
MOST_MISSED = 1000  # a page that missed more loads itself again
QUEUE = 500


@dataclass(frozen=True, slots=True)
class Change:
    """One audit entry as pages are told of it."""

    seq: int
    verb: str
    subject: str
    area_path: str

    def as_event(self) -> bytes:
        data = json.dumps({"verb": self.verb, "subject": self.subject})
        return f"id: {self.seq}\nevent: change\ndata: {data}\n\n".encode()


@dataclass(eq=False)
class Listener:
    """One open page."""

    scope: Scope
    changes: asyncio.Queue[Change | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=QUEUE)
    )

    def may_know(self, change: Change, cases_of_units: dict[int, set[str]]) -> bool:
        """Say whether the change lies in the viewer's areas, or in a case of the viewer's unit."""
        for grant in self.scope.grants:
            if grant.unit is not None:
                if change.subject in cases_of_units.get(grant.unit, set()):
                    return True
            elif change.area_path.startswith(grant.area_path):
                return True
        return False


class Broadcast:
    """Reads new audit entries while anybody listens, and passes them on."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._reader: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")

    async def run(self, query: Callable[..., Answer], *arguments: Any) -> Answer:
        """Run a database query in the one thread that has a connection for it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, query, *arguments)

    def add(self, listener: Listener) -> None:
        self.listeners.add(listener)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())

    def close(self) -> None:
        """End every stream; browsers reconnect by themselves."""
        for listener in list(self.listeners):
            _offer(listener, None)
        self.listeners.clear()

    async def _read(self) -> None:
        seq = await self.run(newest_seq)
        while self.listeners:
            await asyncio.sleep(TICK_S)
            units = {
                grant.unit
                for listener in self.listeners
                for grant in listener.scope.grants
                if grant.unit is not None
            }
            changes, cases = await self.run(changes_after, seq, units)
            for change in changes:
                seq = change.seq
                for listener in list(self.listeners):
                    if listener.may_know(change, cases):
                        _offer(listener, change)


def _offer(listener: Listener, change: Change | None) -> None:
    """Queue a change; a page that does not read any more is let go and reconnects."""
    try:
        listener.changes.put_nowait(change)
    except asyncio.QueueFull:
        while not listener.changes.empty():
            listener.changes.get_nowait()
        listener.changes.put_nowait(None)


def newest_seq() -> int:
    """Return the number of the newest audit entry; 0 when the database cannot tell."""
    close_old_connections()
    try:
        head = ChainHead.objects.values_list("seq", flat=True).first()
    except Error:
        connection.close()
        return 0
    return head or 0


def changes_after(
    seq: int, units: set[int], most: int = QUEUE
) -> tuple[Sequence[Change], dict[int, set[str]]]:
    """Return the entries after ``seq`` and the cases of ``units`` among them."""
    close_old_connections()
    try:
        rows = AuditEntry.objects.filter(seq__gt=seq).order_by("seq")[:most]
        changes = [Change(*row) for row in rows.values_list("seq", "verb", "subject", "area_path")]
        return changes, _cases_of(units, changes)
    except Error:
        connection.close()
        return [], {}


def _cases_of(units: set[int], changes: Sequence[Change]) -> dict[int, set[str]]:
    if not units or not changes:
        return {}
    numbers = {change.subject[5:] for change in changes if change.subject.startswith("case:")}
    cases = [int(number) for number in numbers if number.isdigit()]
    found: dict[int, set[str]] = {}
    for unit in units:
        scope = Scope(None, (Grant(RoleAssignment.Role.UNIT_MEMBER, unit=unit),))
        mine = Task.objects.visible_to(scope).filter(case__in=cases)
        found[unit] = {f"case:{case}" for case in mine.values_list("case_id", flat=True)}
    return found


_broadcast = Broadcast()


async def stream(scope: Scope, last: int | None) -> AsyncIterator[bytes]:
    """Yield the viewer's events, first those missed since ``last``."""
    listener = Listener(scope)
    _broadcast.add(listener)
    try:
        yield b"retry: 2000\n\n"
        if last is not None:
            async for event in _missed(listener, last):
                yield event
        while True:
            try:
                change = await asyncio.wait_for(listener.changes.get(), BEAT_S)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if change is None:
                return
            yield change.as_event()
    finally:
        _broadcast.listeners.discard(listener)


async def _missed(listener: Listener, last: int) -> AsyncIterator[bytes]:
    units = {grant.unit for grant in listener.scope.grants if grant.unit is not None}
    changes, cases = await _broadcast.run(changes_after, last, units, MOST_MISSED)
    if len(changes) == MOST_MISSED:
        yield b"event: reset\ndata: {}\n\n"
        return
    for change in changes:
        if listener.may_know(change, cases):
            yield change.as_event()


def close_streams() -> None:
    """End all live streams of this process."""
    _broadcast.close()
