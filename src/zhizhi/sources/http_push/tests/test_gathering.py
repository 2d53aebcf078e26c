"""Bodies of one moment: read in one pass, and nobody pays for another's body."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import Source
from zhizhi.engine.reading import Reader
from zhizhi.kernel.observations import Reading
from zhizhi.kernel.streams import Stream, stream_named
from zhizhi.sources import bodies
from zhizhi.sources.http_push import gathering
from zhizhi.sources.http_push.gathering import Sent
from zhizhi.sources.http_push.tests.sending import JSON, VESSELS, row

SENT = Sent(Source(code="gateway"), stream_named(VESSELS), JSON, "", "")


class Counting(Reader):
    """Reads as the installation does and remembers the rows of each pass."""

    passes: list[int]

    def __init__(self) -> None:
        super().__init__(b"only for tests")
        object.__setattr__(self, "passes", [])

    def read(self, stream: Stream, sent: Any, *, arrival_at: datetime) -> Reading:
        self.passes.append(len(sent))
        if {"entity": 666} in [{"entity": one.get("entity")} for one in sent]:
            raise RuntimeError("a fault of ours")
        return super().read(stream, sent, arrival_at=arrival_at)


def read(
    bodies_sent: Sequence[bytes], reader: Reader, *, leaving: int | None = None
) -> list[Envelope | BaseException]:
    """Return what becomes of bodies that arrive in one moment; one sender may leave."""

    async def moment() -> list[Envelope | BaseException]:
        tasks = [
            asyncio.ensure_future(gathering.read_with_others(SENT, body, reader))
            for body in bodies_sent
        ]
        await asyncio.sleep(0)
        if leaving is not None:
            tasks[leaving].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(moment())


def body(*entities: int) -> bytes:
    return json.dumps([row(entity) for entity in entities]).encode()


def entities(envelope: Envelope | BaseException) -> list[Any]:
    assert isinstance(envelope, Envelope), envelope
    found: list[Any] = envelope.reading.table.column("entity").to_pylist()
    return found


def test_bodies_of_one_moment_are_read_in_one_pass() -> None:
    reader = Counting()

    envelopes = read([body(1, 2), body(3), body(4)], reader)

    assert reader.passes == [4]
    assert [entities(one) for one in envelopes] == [[1, 2], [3], [4]]


def test_each_envelope_is_named_by_its_own_bytes() -> None:
    envelopes = read([body(1), body(2)], Counting())

    digests = [SENT.digest(body_) for body_ in (body(1), body(2))]
    assert (
        len({one.key for one in envelopes if isinstance(one, Envelope)}) == len(set(digests)) == 2
    )


def test_the_moment_of_arrival_is_taken_when_they_are_read() -> None:
    before = datetime.now(UTC)

    (envelope,) = read([body(1)], Counting())

    assert isinstance(envelope, Envelope)
    assert before <= envelope.arrival_at <= datetime.now(UTC)


def test_a_body_that_is_no_json_is_refused_alone() -> None:
    good, bad = read([body(1), b"[{"], Counting())

    assert entities(good) == [1]
    assert isinstance(bad, bodies.BodyRefused)


def test_a_fault_of_ours_over_one_body_does_not_touch_the_others() -> None:
    reader = Counting()

    first, bad, last = read([body(1), body(666), body(3)], reader)

    assert (entities(first), entities(last)) == ([1], [3])
    assert isinstance(bad, RuntimeError)


def test_who_has_given_up_is_left_out() -> None:
    reader = Counting()

    gone, stayed = read([body(1, 2), body(3)], reader, leaving=0)

    assert isinstance(gone, asyncio.CancelledError)
    assert entities(stayed) == [3]
    assert reader.passes == [1]


@pytest.mark.parametrize(("first", "passes"), [(1, [2]), (2, [3]), (3, [3, 1]), (4, [4, 1])])
def test_a_full_pass_takes_no_more_bodies(
    first: int, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "ROWS_AT_ONCE", 3)
    reader = Counting()

    read([body(*range(first)), body(8)], reader)

    assert reader.passes == passes


def test_bodies_of_another_moment_are_another_pass() -> None:
    reader = Counting()

    read([body(1)], reader)
    read([body(2)], reader)

    assert reader.passes == [1, 1]
