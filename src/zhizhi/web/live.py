"""The live stream: one reader per process, every open page told what its viewer may know.

The id of an event is the number of its audit entry, so a page that was away asks for what it missed
with Last-Event-ID; events carry verbs and ids, never content.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import Error
from django.utils import timezone

from zhizhi.directory.models import Account
from zhizhi.engine.attending import Attendance, attendance
from zhizhi.engine.models import Case
from zhizhi.trust.models import AuditEntry, ChainHead
from zhizhi.trust.scoping import Grant, Scope
from zhizhi.web.access import CASE_READERS, DESK_READERS, Role
from zhizhi.web.digits import whole_numbers
from zhizhi.web.query_thread import QueryThread

Answer = TypeVar("Answer")

TICK_S = 0.05
BEAT_S = 15.0  # also how long a withdrawn role may go on hearing
MOST_MISSED = 1000  # a page that missed more loads itself again
QUEUE = 500
TOLD = ("case:", "message:", "unit:", "zone:")  # what pages show; looks at people are not announced
BY_AREA = (*DESK_READERS, Role.TECHNICAL_REVIEWER, Role.LEGAL_REVIEWER)
PRESENT_EVERY = 10  # ticks: somebody who opens a case is told to the others half a second later
BY_CASE = (Role.AGENCY_OFFICER, Role.UNIT_MEMBER)


@dataclass(frozen=True, slots=True)
class Change:
    """One audit entry as pages are told of it."""

    seq: int
    verb: str
    subject: str
    area_path: str
    recipient: str = ""  # of an in-app message

    @property
    def kind(self) -> str:
        return self.subject.partition(":")[0]

    def as_event(self) -> bytes:
        data = json.dumps({"verb": self.verb, "subject": self.subject})
        return f"id: {self.seq}\nevent: change\ndata: {data}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Present:
    """Who else has a case open, for one listener; it has no number and is not told again."""

    case: int
    who: tuple[str, ...]

    def as_event(self) -> bytes:
        data = json.dumps({"case": self.case, "who": self.who}, ensure_ascii=False)
        return f"event: present\ndata: {data}\n\n".encode()


Known = Mapping[Grant, Collection[str]]  # the cases of a batch that a grant may see one by one


def may_know(grant: Grant, change: Change, known: Known) -> bool:
    """Say whether the grant may see the record that has changed, as the pages would show it."""
    if change.kind == "message":
        return _is_addressed(grant, change)
    if change.kind == "zone":
        return grant.role in CASE_READERS
    is_inside = change.area_path.startswith(grant.area_path)
    if change.kind == "unit":
        return _is_own(grant, change) or (grant.role in DESK_READERS and is_inside)
    if grant.role in BY_AREA:
        return is_inside
    return change.subject in known.get(grant, ())


def _is_own(grant: Grant, change: Change) -> bool:
    return grant.role == Role.UNIT_MEMBER and change.subject == f"unit:{grant.unit}"


def _is_addressed(grant: Grant, change: Change) -> bool:
    if grant.role == Role.UNIT_MEMBER and change.recipient == f"unit:{grant.unit}":
        return True
    to_us = change.recipient in {f"role:{grant.role}", f"agency:{grant.agency}"}
    is_inside = not change.area_path or change.area_path.startswith(grant.area_path)
    return to_us and is_inside


@dataclass(eq=False)
class Listener:
    """One open page."""

    scope: Scope
    renewed: Callable[[], Scope] | None = None  # asks what the page may see by now
    beat_s: float | None = None
    session: str = ""  # key of the session that the page belongs to
    changes: asyncio.Queue[Change | Present | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=QUEUE)
    )

    def may_know(self, change: Change, known: Known) -> bool:
        return any(may_know(grant, change, known) for grant in self.scope.grants)

    def by_case(self) -> set[Grant]:
        """Return the grants for which somebody has to look which cases they see."""
        return set(self.scope.of(*BY_CASE))

    def may_meet(self, told: Attendance) -> bool:
        """Say whether the viewer is somebody with a desk who may see the case; no screen is."""
        grants = self.scope.of(*DESK_READERS) if self.scope.account is not None else ()
        return any(told.area_path.startswith(grant.area_path) for grant in grants)

    def scope_now(self) -> Scope:
        return self.renewed() if self.renewed else scope_now(self.scope.account)

    def offer(self, change: Change | Present | None) -> None:
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
        self.seq = 0  # everything up to here has been passed on
        self.attending: Mapping[int, Attendance] = {}
        self._reader: asyncio.Task[None] | None = None
        self.thread = QueryThread("live")
        self._woken = asyncio.Event()

    async def run(self, query: Callable[..., Answer], *arguments: Any) -> Answer:
        """Run a database query in the reader's thread."""
        return await self.thread.run(query, *arguments)

    async def join(self, listener: Listener) -> int:
        """Let ``listener`` hear what comes; everything up to the returned number has happened.

        It listens before the number is read: a change in between is heard, not lost.
        """
        self.listeners.add(listener)
        seq = await self.run(newest_seq)
        if self._reader is None or self._reader.done():
            self.seq = seq
            self.revive()
        return seq

    def revive(self) -> None:
        """Start reading, unless that goes on already."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())

    def heard_by(self, session: str) -> Scope | None:
        """Return what a session with an open stream may see; its rights are a beat old at most."""
        listening = (one for one in self.listeners if session and one.session == session)
        return next((one.scope for one in listening), None)

    def close(self) -> None:
        """End every stream; browsers reconnect by themselves."""
        for listener in list(self.listeners):
            listener.offer(None)
        self.listeners.clear()
        self.thread.close()

    def wake(self) -> None:
        """Look at once: somebody has just acted in this process."""
        self._woken.set()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), TICK_S)
        self._woken.clear()

    async def _read(self) -> None:
        self._woken = asyncio.Event()  # of the loop that runs now
        for tick in itertools.count():
            await self._pause()
            if not self.listeners:  # asked once more, a query would open what was closed
                return
            if tick % PRESENT_EVERY == 0:
                await self._meet()
            grants = {grant for listener in self.listeners for grant in listener.by_case()}
            try:
                self.seq, changes, known = await self.run(changes_after, self.seq, grants)
            except Error:
                continue  # the next round asks again from the same entry
            for change in changes:
                for listener in list(self.listeners):
                    if listener.may_know(change, known):
                        listener.offer(change)

    async def _meet(self) -> None:
        """Tell who has opened a case or left it since this was asked last."""
        try:
            now = await self.run(attending_now)
        except Error:
            return
        for case in now.keys() | self.attending.keys():
            before, after = self.attending.get(case), now.get(case)
            if before != after and (told := after or before):
                who = after.others if after else nobody
                for listener in list(self.listeners):
                    if listener.may_meet(told):
                        listener.offer(Present(case, tuple(who(listener.scope.account))))
        self.attending = now


def nobody(_account: int | None) -> list[str]:
    return []


def attending_now() -> dict[int, Attendance]:
    """Return who has which case open."""
    return attendance(timezone.now())


def newest_seq() -> int:
    """Return the number of the newest audit entry."""
    return ChainHead.objects.filter(name="audit").values_list("seq", flat=True).first() or 0


def changes_after(
    seq: int, grants: Collection[Grant], most: int = QUEUE
) -> tuple[int, Sequence[Change], Known]:
    """Return how far was read, what pages are told of it, and which cases ``grants`` may see."""
    rows = list(
        AuditEntry.objects.filter(seq__gt=seq)
        .order_by("seq")[:most]
        .values_list("seq", "verb", "subject", "area_path", "detail")
    )
    changes = [_change(*row) for row in rows if row[2].startswith(TOLD)]
    return rows[-1][0] if rows else seq, changes, _cases_of(grants, changes)


def _change(seq: int, verb: str, subject: str, path: str, detail: Mapping[str, Any]) -> Change:
    recipient = str(detail.get("recipient", "")) if subject.startswith("message:") else ""
    return Change(seq, verb, subject, path, recipient)


def _cases_of(grants: Collection[Grant], changes: Sequence[Change]) -> Known:
    """Return for each grant the changed cases that it reaches, as subjects."""
    cases = {change.subject for change in changes if change.subject.startswith("case:")}
    numbers = whole_numbers([case[5:] for case in cases])
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


async def stream(
    scope: Scope,
    last: int | None,
    *,
    renewed: Callable[[], Scope] | None = None,
    beat_s: float | None = None,
    session: str = "",
) -> AsyncGenerator[bytes, None]:
    """Yield the viewer's events, first those missed since ``last``.

    Ends when the viewer's rights change or the database is gone; the browser then comes back.
    ``renewed`` tells the viewer's rights every ``beat_s`` seconds; without it the account does.
    """
    listener = Listener(scope, renewed, beat_s, session)
    yield b"retry: 2000\n\n"
    try:
        seq = await _broadcast.join(listener)
        if last is not None:
            async for event in _missed(listener, last, seq):
                yield event
        async for event in _heard(listener, 0 if last is None else seq):
            yield event
    except Error:
        return
    finally:
        _broadcast.listeners.discard(listener)


async def _heard(listener: Listener, told: int) -> AsyncGenerator[bytes, None]:
    """Yield what comes after entry ``told``, and a sign of life when nothing comes."""
    looked_at, beat_s = time.monotonic(), listener.beat_s or BEAT_S
    while True:
        if time.monotonic() - looked_at >= beat_s:
            if await _broadcast.run(listener.scope_now) != listener.scope:
                return
            looked_at = time.monotonic()
        try:
            change = await asyncio.wait_for(listener.changes.get(), beat_s)
        except TimeoutError:
            _broadcast.revive()
            yield _beat(listener)
            continue
        if change is None:
            return
        if isinstance(change, Present) or change.seq > told:
            yield change.as_event()


def scope_now(account: int | None) -> Scope:
    """Return what the account may see by now."""
    found = Account.objects.filter(pk=account or 0).first()
    return found.scope() if found else Scope(account)


def _beat(listener: Listener) -> bytes:
    """Return a sign of life; its id saves a page that hears little from asking far back."""
    if not listener.changes.empty():
        return b": still here\n\n"
    return f"id: {_broadcast.seq}\n: still here\n\n".encode()


async def _missed(listener: Listener, last: int, until: int) -> AsyncGenerator[bytes, None]:
    """Yield what happened after ``last`` up to ``until``; what came later is queued already."""
    if last >= until:
        return
    if until - last > MOST_MISSED:
        yield f"id: {until}\nevent: reset\ndata: {{}}\n\n".encode()
        return
    asked = (changes_after, last, listener.by_case(), MOST_MISSED)
    _seq, changes, known = await _broadcast.run(*asked)
    for change in changes:
        if change.seq <= until and listener.may_know(change, known):
            yield change.as_event()


def wake() -> None:
    """Tell the open pages of this process at once what has just been committed."""
    _broadcast.wake()


def heard_by(session: str) -> Scope | None:
    """Return what the pages of a session with an open stream may see; None without a stream."""
    return _broadcast.heard_by(session)


def close_streams() -> None:
    """End all live streams of this process."""
    _broadcast.close()
