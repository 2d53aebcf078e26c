"""The live stream: one reader per process, every open page told what its viewer may know.

The id of an event is the number of its audit entry, so a page that was away asks for what it missed
with Last-Event-ID; events carry verbs and ids, never content.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import Error, close_old_connections, connection

from zhizhi.engine.models import Case
from zhizhi.trust.models import AuditEntry, ChainHead
from zhizhi.trust.scoping import Grant, Scope

Answer = TypeVar("Answer")

TICK_S = 0.1
BEAT_S = 15.0
MOST_MISSED = 1000  # a page that missed more loads itself again
QUEUE = 500
TOLD = ("case:", "message:", "unit:", "zone:")  # what pages show; looks at people are not announced


@dataclass(frozen=True, slots=True)
class Change:
    """One audit entry as pages are told of it."""

    seq: int
    verb: str
    subject: str
    area_path: str
    recipient: str = ""  # of an in-app message

    def as_event(self) -> bytes:
        data = json.dumps({"verb": self.verb, "subject": self.subject})
        return f"id: {self.seq}\nevent: change\ndata: {data}\n\n".encode()


Known = Mapping[Grant, Collection[str]]  # the cases of a batch that a narrowed grant may see


def is_narrowed(grant: Grant) -> bool:
    """Say whether the grant reaches single cases instead of everything in its area."""
    return grant.unit is not None or grant.agency is not None


def may_know(grant: Grant, change: Change, known: Known) -> bool:
    """Say whether the change lies in the grant's area, its cases, or its inbox."""
    if change.recipient:
        return _is_addressed(grant, change)
    if is_narrowed(grant):
        return change.subject in known.get(grant, ())
    return change.area_path.startswith(grant.area_path)


def _is_addressed(grant: Grant, change: Change) -> bool:
    if change.recipient == f"unit:{grant.unit}":
        return True
    to_us = change.recipient in {f"role:{grant.role}", f"agency:{grant.agency}"}
    return to_us and change.area_path.startswith(grant.area_path)


@dataclass(eq=False)
class Listener:
    """One open page."""

    scope: Scope
    changes: asyncio.Queue[Change | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=QUEUE)
    )

    def may_know(self, change: Change, known: Known) -> bool:
        return any(may_know(grant, change, known) for grant in self.scope.grants)

    def offer(self, change: Change | None) -> None:
        """Queue a change; a page that does not read any more is let go and reconnects."""
        try:
            self.changes.put_nowait(change)
        except asyncio.QueueFull:
            while not self.changes.empty():
                self.changes.get_nowait()
            self.changes.put_nowait(None)


class Broadcast:
    """Reads new audit entries while anybody listens, and passes them on."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self._seq = 0
        self._reader: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")

    async def run(self, query: Callable[..., Answer], *arguments: Any) -> Answer:
        """Run a database query in the one thread that has a connection for it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, query, *arguments)

    async def join(self, listener: Listener) -> int:
        """Let ``listener`` hear what comes; everything up to the returned number has happened.

        It listens before the number is read: a change in between is heard, not lost.
        """
        self.listeners.add(listener)
        seq = await self.run(newest_seq)
        if self._reader is None or self._reader.done():
            self._seq = seq
            self.revive()
        return seq

    def revive(self) -> None:
        """Start reading, unless that goes on already."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())

    def close(self) -> None:
        """End every stream; browsers reconnect by themselves."""
        for listener in list(self.listeners):
            listener.offer(None)
        self.listeners.clear()
        self._thread.submit(connection.close)

    async def _read(self) -> None:
        while self.listeners:
            await asyncio.sleep(TICK_S)
            grants = {
                grant
                for listener in self.listeners
                for grant in listener.scope.grants
                if is_narrowed(grant)
            }
            self._seq, changes, known = await self.run(changes_after, self._seq, grants)
            for change in changes:
                for listener in list(self.listeners):
                    if listener.may_know(change, known):
                        listener.offer(change)


def newest_seq() -> int:
    """Return the number of the newest audit entry; 0 when the database cannot tell."""
    try:
        head = ChainHead.objects.filter(name="audit").values_list("seq", flat=True).first()
    except Error:
        connection.close()
        return 0
    return head or 0


def changes_after(
    seq: int, grants: Collection[Grant], most: int = QUEUE
) -> tuple[int, Sequence[Change], Known]:
    """Return how far was read, what pages are told of it, and which cases ``grants`` may see."""
    close_old_connections()
    try:
        rows = list(
            AuditEntry.objects.filter(seq__gt=seq)
            .order_by("seq")[:most]
            .values_list("seq", "verb", "subject", "area_path", "detail")
        )
        changes = [_change(*row) for row in rows if row[2].startswith(TOLD)]
        return rows[-1][0] if rows else seq, changes, _cases_of(grants, changes)
    except Error:
        connection.close()
        return seq, [], {}


def _change(seq: int, verb: str, subject: str, path: str, detail: Mapping[str, Any]) -> Change:
    recipient = str(detail.get("recipient", "")) if subject.startswith("message:") else ""
    return Change(seq, verb, subject, path, recipient)


def _cases_of(grants: Collection[Grant], changes: Sequence[Change]) -> Known:
    """Return for each narrowed grant the changed cases that it reaches, as subjects."""
    cases = {change.subject for change in changes if change.subject.startswith("case:")}
    numbers = [int(case[5:]) for case in cases if case[5:].isdecimal()]
    if not numbers:
        return {}
    return {
        grant: {
            f"case:{pk}"
            for pk in Case.objects.visible_to(Scope(None, (grant,)))
            .filter(pk__in=numbers)
            .values_list("pk", flat=True)
        }
        for grant in grants
    }


_broadcast = Broadcast()


async def stream(scope: Scope, last: int | None) -> AsyncIterator[bytes]:
    """Yield the viewer's events, first those missed since ``last``."""
    listener = Listener(scope)
    told = 0
    try:
        seq = await _broadcast.join(listener)
        yield b"retry: 2000\n\n"
        if last is not None:
            async for event in _missed(listener, last, seq):
                yield event
            told = seq
        while True:
            try:
                change = await asyncio.wait_for(listener.changes.get(), BEAT_S)
            except TimeoutError:
                _broadcast.revive()
                yield b": still here\n\n"
                continue
            if change is None:
                return
            if change.seq > told:
                yield change.as_event()
    finally:
        _broadcast.listeners.discard(listener)


async def _missed(listener: Listener, last: int, until: int) -> AsyncIterator[bytes]:
    """Yield what happened after ``last`` up to ``until``; what came later is queued already."""
    if last >= until:
        return
    if until - last > MOST_MISSED:
        yield f"id: {until}\nevent: reset\ndata: {{}}\n\n".encode()
        return
    grants = {grant for grant in listener.scope.grants if is_narrowed(grant)}
    _seq, changes, known = await _broadcast.run(changes_after, last, grants, MOST_MISSED)
    for change in changes:
        if change.seq <= until and listener.may_know(change, known):
            yield change.as_event()


def close_streams() -> None:
    """End all live streams of this process."""
    _broadcast.close()
