"""The controls: two mistakes that one makes without thinking of crashes. Each must be found."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.simulation.plan import Post
from tests.simulation.playing import Stage
from tests.simulation.processes import Door
from tests.simulation.striking import swapped
from zhizhi.channels.carrier_sms.sending import CarrierSms, _receipt, _refusal
from zhizhi.engine import journal
from zhizhi.engine.delivering import Receipt as Taken
from zhizhi.engine.intake import Receipt
from zhizhi.engine.models import Message, Source


class HastyDoor(Door):
    """Answers first and stores afterwards."""

    def take(self) -> None:
        posts = self.world.senders.due()
        if not posts:
            return
        source = Source.objects.get(code="shore")
        envelopes = [self._envelope(source, post) for post in posts]
        following = journal.next_offset()
        for post, envelope in zip(posts, envelopes, strict=True):
            known = self.world.senders.offsets.get(post.key)
            is_new = known is None and envelope.reading.table.num_rows > 0
            self._answer(post, following if is_new else known)
            following += is_new
        for envelope in envelopes:
            self.offer(envelope)
        self.committer.step()

    def _answer(self, post: Post, offset: int | None) -> None:
        receipt = None if post.is_refused else Receipt(offset, len(post.rows), 0)
        self.world.senders.hear(post, receipt, is_reused=post.is_refused)


def send_without_key(self: CarrierSms, message: Message) -> Taken:
    """Send each try as a message of its own, and ask nobody."""
    token = message.recipient.partition(":")[2]
    content = {"key": uuid.uuid4().hex, "token": token, "text": self._words(message)}
    answer = self._call("POST", "/messages", content)
    if answer.is_success:
        return _receipt(answer)
    raise _refusal(answer)


@contextmanager
def hasty(_stage: Stage) -> Iterator[dict[str, Any]]:
    yield {"door": HastyDoor}


@contextmanager
def keyless(_stage: Stage) -> Iterator[dict[str, Any]]:
    with swapped(CarrierSms, "send", send_without_key):
        yield {}


CONTROLS: Mapping[str, Any] = {"acknowledges first": hasty, "sends without a key": keyless}
Control = AbstractContextManager[dict[str, Any]]
