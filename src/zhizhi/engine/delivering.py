"""The outbox: messages written with the change that caused them, and sent afterwards, once."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django.apps import apps
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from zhizhi.engine import timeline, wording
from zhizhi.engine.leasing import backoff, claim
from zhizhi.engine.models import Case, Message, Task
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import ChannelConfig
from zhizhi.trust.audit import Leaf

log = logging.getLogger(__name__)

State = Message.State
WAITING = (State.HELD, State.QUEUED)
LONGEST_REST_S = 30.0  # after which a receiver that failed again and again is asked once more


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel says after it took a message."""

    reference: str = ""
    is_delivered: bool = False


class DeliveryFailed(Exception):
    """A channel could not hand the message over; ``permanent`` = trying again is useless."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Channel(Protocol):
    """One way out."""

    @property
    def code(self) -> str: ...
    @property
    def policy(self) -> Any: ...  # lazy text: what happens to a message when things break
    @property
    def is_local(self) -> bool: ...  # needs no sending: it is there once it is marked
    @property
    def is_shared(self) -> bool: ...  # one gateway for all: its failure is everybody's
    @property
    def lease(self) -> timedelta: ...  # at least five times the slowest send
    @property
    def attempts(self) -> int: ...  # then the message has failed

    def send(self, message: Message) -> Receipt: ...


@cache
def channels() -> dict[str, Channel]:
    """Return the installed channels by code."""
    configs = (app for app in apps.get_app_configs() if isinstance(app, ChannelConfig))
    return {channel.code: channel for channel in (config.channel() for config in configs)}


def message_key(channel: str, recipient: str, template: str, parts: Sequence[Any]) -> str:
    """Return the identity of a message; the template's version is not part of it.

    So an edited template never makes a message that was sent look like a new one.
    """
    code = template.partition("@")[0]
    text = "|".join([*(str(part) for part in parts), channel, recipient, code])
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def enqueue(  # noqa: PLR0913 - a message has this many facts, all named at the call
    *,
    channel: str,
    recipient: str,
    template: str,
    payload: Mapping[str, Any],
    key_parts: Sequence[Any],
    now: datetime,
    case: Case | None = None,
    task: Task | None = None,
    hold: timedelta = timedelta(0),
    is_urgent: bool = False,
) -> Message:
    """Put one message into the outbox, in the caller's transaction; the same key is a no-op.

    With ``hold`` it waits that long and can be cancelled meanwhile.
    """
    key = message_key(channel, recipient, template, key_parts)
    message = Message(
        key=key,
        channel=channel,
        recipient=recipient,
        template=wording.pinned(template),
        payload=timeline.plain(payload),
        case=case,
        task=task,
        state=State.HELD if hold else State.QUEUED,
        not_before=now + hold,
        queued_at=now,
        is_urgent=is_urgent,
    )
    Message.everything.bulk_create([message], ignore_conflicts=True)
    return Message.everything.get(key=key)


def tell(  # noqa: PLR0913 - as above
    recipients: Iterable[str],
    template: str,
    *,
    case: Case | None,
    key_parts: Sequence[Any],
    now: datetime,
    task: Task | None = None,
    facts: Mapping[str, Any] | None = None,
    is_urgent: bool = False,
) -> None:
    """Put a message into the inbox of each of ``recipients``, once for the same key.

    ``facts`` fill its template beside the case's number.
    """
    about = {"code": case.code, "case": case.pk} if case else {}
    for recipient in recipients:
        enqueue(
            channel="inbox", recipient=recipient, template=template,
            payload={**about, **(facts or {})},
            key_parts=key_parts, case=case, task=task, now=now, is_urgent=is_urgent,
        )  # fmt: skip


def cancel_held(message: Message, *, now: datetime) -> None:
    """Take back a message that is still held; raises StateConflict when it has gone out."""
    held = Message.everything.filter(pk=message.pk, state=State.HELD)
    if not held.update(state=State.CANCELLED, failure=f"cancelled {now:%H:%M:%S}"):
        record = Message.everything.get(pk=message.pk)
        raise StateConflict("the message has been sent", code="already-sent", record=record)


def cancel_waiting(task: Task) -> int:
    """Stop messages about ``task`` that no worker has taken yet; returns how many."""
    waiting = Message.everything.filter(task=task, state__in=WAITING, attempts=0)
    return waiting.update(state=State.CANCELLED, failure="the task ended")


def cancel_of_case(case: Case, *, before: datetime) -> int:
    """Stop messages about ``case`` that have not gone out, also where a try is under way.

    In-app ones stay, and what was queued at ``before``: they tell of the decision that stops the
    others. Returns how many were stopped.
    """
    waiting = Message.everything.filter(case=case, state__in=WAITING, queued_at__lt=before)
    waiting = waiting.exclude(channel="inbox")
    return waiting.update(state=State.CANCELLED, failure="lifted on appeal")


def stop_of_case(case: Case) -> dict[str, list[int]]:
    """Stop messages about ``case`` that wait, because it rests; returns them by state.

    ``go_on`` undoes it exactly. What a worker is sending at this moment goes out, and so does what
    subscribed systems are told: it stays true.
    """
    waiting = Message.everything.filter(case=case, state__in=WAITING).exclude(channel="webhook")
    waiting = waiting.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
    found = list(waiting.order_by("pk").select_for_update())
    Message.everything.filter(pk__in=[one.pk for one in found]).update(state=State.CANCELLED)
    return {str(state): [one.pk for one in found if one.state == state] for state in WAITING}


def go_on(stopped: Mapping[str, Collection[int]]) -> None:
    """Let messages wait again that ``stop_of_case`` has stopped."""
    for state, ids in stopped.items():
        Message.everything.filter(pk__in=ids, state=State.CANCELLED).update(state=state)


def relay(now: datetime, limit: int = 50) -> int:
    """Send what is due through every channel once; returns how many messages went out."""
    return sum(Relay(channel).send_due(now, limit) for channel in channels().values())


@dataclass(slots=True)
class Relay:
    """One channel's way out in one process.

    It remembers which receivers failed lately and leaves them in peace for a while, longer each
    time, so that one that never answers costs no time in which others could be told. Receivers are
    all one ("") where a gateway is shared.
    """

    channel: Channel
    _failures: dict[str, int] = field(default_factory=dict)  # in a row
    _resting: dict[str, datetime] = field(default_factory=dict)  # until when

    def send_due(self, now: datetime, limit: int = 50) -> int:
        """Send up to ``limit`` messages that are due; returns how many went out."""
        resting = [scope for scope, until in self._resting.items() if until > now]
        if "" in resting:
            return 0
        due = Message.everything.filter(
            channel=self.channel.code, state__in=WAITING, not_before__lte=now
        ).exclude(recipient__in=resting)
        messages = claim(
            due.order_by("-is_urgent", "pk"),
            limit=limit, lease=self.channel.lease, state=State.QUEUED,
        )  # fmt: skip
        if self.channel.is_local:
            return _mark_local(messages, now)
        sending = _Sending(self.channel, now)
        sent = sending.send_all(messages)
        self._learn(sending, now)
        return sent

    def _learn(self, sending: _Sending, now: datetime) -> None:
        """Forget the failures of whoever answered; the second in a row begins a rest."""
        for scope in sending.reached:
            self._failures.pop(scope, None)
        for scope in sending.failing:
            count = self._failures[scope] = self._failures.get(scope, 0) + 1
            if count > 1:
                self._resting[scope] = now + backoff(count - 1, longest=LONGEST_REST_S)


def _mark_local(messages: Sequence[Message], now: datetime) -> int:
    """Show in-app messages: nothing leaves the house, so one transaction marks them all.

    Each leaves a leaf, from which open pages learn that there is something to read.
    """
    if not messages:
        return 0
    with timeline.writing():
        rows = Message.everything.filter(pk__in=[message.pk for message in messages])
        rows = rows.filter(state=State.QUEUED).select_related("case")
        shown = list(rows.order_by("pk").select_for_update(of=("self",)))
        rows.filter(pk__in=[message.pk for message in shown]).update(
            state=State.DELIVERED, sent_at=now, lease_until=None
        )
        for message in shown:
            timeline.leave(_shown(message, now))
    return len(shown)


def _shown(message: Message, now: datetime) -> Leaf:
    detail: dict[str, Any] = {"message": message.pk, "recipient": message.recipient}
    if message.case_id:
        detail["case"] = message.case_id
    return Leaf(
        actor="worker",
        verb="message.show",
        subject=f"message:{message.pk}",
        at=now,
        area_path=message.case.area_path if message.case else "",
        detail=detail,
    )


def mark_read(messages: QuerySet[Message], *, now: datetime) -> int:
    """Note when in-app messages were first read; returns how many had not been read."""
    unread = Message.everything.filter(pk__in=messages.values("pk"), read_at__isnull=True)
    return unread.update(read_at=now)


@dataclass(slots=True)
class _Sending:
    """One worker's pass over the messages that it leased from one channel."""

    channel: Channel
    now: datetime
    leased_at: float = 0.0
    reached: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)

    def send_all(self, messages: Sequence[Message]) -> int:
        self.leased_at = time.monotonic()
        sent = 0
        for message in messages:
            scope = "" if self.channel.is_shared else message.recipient
            if scope in self.failing:
                _release(message)
            elif self._still_mine(message):
                is_sent, may_go_on = self._send(message)
                sent += is_sent
                (self.reached if may_go_on else self.failing).add(scope)
        return sent

    def _still_mine(self, message: Message) -> bool:
        """Renew the lease when half of it is gone, so that no other worker resends the tail."""
        if time.monotonic() - self.leased_at < self.channel.lease.total_seconds() / 2:
            return True
        mine = Message.everything.filter(pk=message.pk, fence=message.fence, state=State.QUEUED)
        return bool(mine.update(lease_until=Now() + self.channel.lease))

    def _send(self, message: Message) -> tuple[bool, bool]:
        """Send and mark one message; returns whether it went out and whether to go on."""
        try:
            receipt = self.channel.send(message)
        except DeliveryFailed as failure:
            _fail(message, failure, channel=self.channel, now=self.now)
            return False, failure.permanent
        except Exception:
            log.exception("channel %s broke on message %s", self.channel.code, message.pk)
            _fail(message, DeliveryFailed("channel error"), channel=self.channel, now=self.now)
            return False, True
        _mark_sent(message, receipt, now=self.now)
        return True, True


def _mark_sent(message: Message, receipt: Receipt, *, now: datetime) -> None:
    """Mark right after the send, unless another worker has taken the row over meanwhile."""
    state = State.DELIVERED if receipt.is_delivered else State.SENT
    with timeline.writing():
        _hold_case(message)
        mine = Message.everything.filter(pk=message.pk, fence=message.fence, state=State.QUEUED)
        changed = mine.update(
            state=state, sent_at=now, receipt=receipt.reference, failure="", lease_until=None
        )
        if changed and message.case:
            timeline.record(
                message.case,
                verb="message.sent",
                actor="worker",
                at=now,
                task=message.task,
                data={"message": message.pk, "channel": message.channel},
            )
    if not changed:
        log.warning("message %s was finished by another worker", message.pk)


def _hold_case(message: Message) -> None:
    """Hold the message's case until commit: every verb takes the case first, then its messages."""
    if message.case_id:
        Case.everything.select_for_update().filter(pk=message.case_id).first()


def _fail(message: Message, failure: DeliveryFailed, *, channel: Channel, now: datetime) -> None:
    """Plan the next try, or give up and say so."""
    is_over = failure.permanent or message.attempts >= channel.attempts
    also: dict[str, Any] = {"state": State.FAILED} if is_over else {}
    with timeline.writing():
        _hold_case(message)
        mine = Message.everything.filter(pk=message.pk, fence=message.fence, state=State.QUEUED)
        changed = mine.update(
            failure=str(failure)[:200],
            lease_until=None,
            not_before=now + backoff(message.attempts),
            **also,
        )
        if changed and is_over and message.case:
            timeline.record(
                message.case,
                verb="message.failed",
                actor="worker",
                at=now,
                task=message.task,
                data={"message": message.pk, "channel": message.channel, "why": str(failure)},
            )


def _release(message: Message) -> None:
    """Give an untried message back, as if it had not been taken."""
    mine = Message.everything.filter(pk=message.pk, fence=message.fence, state=State.QUEUED)
    mine.update(lease_until=None, attempts=F("attempts") - 1)


def confirm(key: str, *, is_delivered: bool, reason: str, now: datetime) -> bool:
    """Take a gateway's receipt for the message ``key``; returns False when it changes nothing.

    A receipt may overtake the worker's own mark, therefore QUEUED moves as well.
    """
    state = State.DELIVERED if is_delivered else State.FAILED
    with timeline.writing():
        message = Message.everything.select_related("case", "task").filter(key=key).first()
        if message is None:
            return False
        _hold_case(message)
        open_rows = Message.everything.filter(key=key, state__in=(State.QUEUED, State.SENT))
        changed = open_rows.update(state=state, failure=reason[:200], lease_until=None)
        if changed and message.case:
            timeline.record(
                message.case,
                verb="message.delivered" if is_delivered else "message.failed",
                actor="gateway",
                at=now,
                task=message.task,
                data={"message": message.pk, "channel": message.channel},
            )
    return bool(changed)
