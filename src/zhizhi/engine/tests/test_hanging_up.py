"""A sender that hangs up must not stop the intake for everybody (found by the chaos harness)."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta

import pytest

from zhizhi.engine.committing import GroupCommitter
from zhizhi.engine.intake import Envelope, Receipt
from zhizhi.engine.models import JournalSegment, Source
from zhizhi.engine.tests.building import LAT, LON, NOON
from zhizhi.kernel.observations import read_rows
from zhizhi.kernel.streams import stream_named

pytestmark = pytest.mark.django_db(transaction=True)


def envelope(key: str) -> Envelope:
    stream = stream_named("shore_positions.v1")
    row = {"entity": 7, "observed_at": NOON.isoformat(), "lon": LON, "lat": LAT}
    source, _made = Source.objects.get_or_create(code="s", defaults={"streams": [stream.name]})
    return Envelope(source, stream.name, read_rows(stream, [row]), key, key * 8, NOON)


@pytest.fixture
def committer() -> Iterator[GroupCommitter]:
    made = GroupCommitter(linger=timedelta(milliseconds=50))
    yield made
    made.close()


def test_the_writer_goes_on_after_a_group_of_which_everybody_hung_up(
    committer: GroupCommitter,
) -> None:
    gone: list[Future[Receipt]] = [committer.submit(envelope(key)) for key in "ab"]
    for future in gone:
        future.cancel()
    end = time.monotonic() + 10
    while committer._waiting and time.monotonic() < end:
        time.sleep(0.01)

    receipt = committer.submit(envelope("c")).result(timeout=10)
    again = committer.submit(envelope("a")).result(timeout=10)

    assert (receipt.accepted, again.accepted) == (1, 1)
    assert JournalSegment.objects.count() == 2
