from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, wait
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from zhizhi.engine.committing import (
    EnvelopeUnstorable,
    GroupCommitter,
    IntakeBusy,
    IntakeUnavailable,
    explain,
)
from zhizhi.engine.intake import KeyReused, Receipt
from zhizhi.engine.models import InboxKey, JournalSegment, Source
from zhizhi.engine.tests.breaking import unreachable
from zhizhi.engine.tests.building import NOON
from zhizhi.engine.tests.feeding import envelope, fix, source

pytestmark = pytest.mark.django_db(transaction=True)
LONG = timedelta(seconds=20)  # nobody waits for it: a full group or closing ends it


@pytest.fixture(autouse=True)
def boats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is there already, and a locked SQLite database is given up soon."""
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.3)
    source()


@pytest.fixture
def committers() -> Iterator[list[GroupCommitter]]:
    made: list[GroupCommitter] = []
    yield made
    for one in made:
        one.close()


@pytest.fixture
def make(committers: list[GroupCommitter]) -> Any:
    def made(**how: Any) -> GroupCommitter:
        committers.append(GroupCommitter(clock=lambda: NOON, **how))
        return committers[-1]

    return made


def one(entity: int, *, key: str = "", by: Source | None = None) -> Any:
    by = by or Source(pk=Source.objects.get(code="boats").pk, code="boats")
    return envelope([fix(entity)], at=NOON, key=key or f"k{entity}", by=by)


def done(future: Future[Receipt]) -> Receipt:
    return future.result(timeout=30)


def test_an_answer_comes_when_the_envelope_is_durable(make: Any) -> None:
    receipt = done(make().submit(one(7)))

    assert receipt.offset == 1
    assert JournalSegment.objects.get().rows == 1


def test_envelopes_that_wait_together_are_one_group_in_their_order(make: Any) -> None:
    door = make(most=5, linger=LONG)

    futures = [door.submit(one(n)) for n in range(5)]

    assert [done(future).offset for future in futures] == [1, 2, 3, 4, 5]


def test_under_load_a_group_waits_for_as_many_as_the_one_before(make: Any) -> None:
    door = make(most=10, crowd_linger=LONG)
    door._before = 3

    futures = [door.submit(one(n)) for n in range(2)]
    are_waiting = not any(future.done() for future in futures)
    futures.append(door.submit(one(2)))

    assert are_waiting
    assert [done(future).offset for future in futures] == [1, 2, 3]
    assert door._before == 3


def test_a_wrong_key_fails_alone(make: Any) -> None:
    door = make(most=3, linger=LONG)

    futures = [door.submit(one(7, key="k")), door.submit(one(8, key="k")), door.submit(one(9))]

    assert [done(futures[0]).offset, done(futures[2]).offset] == [1, 2]
    assert isinstance(futures[1].exception(timeout=30), KeyReused)


def test_an_envelope_that_the_database_refuses_does_not_fail_its_neighbours(make: Any) -> None:
    gone = source("gone")
    lost = Source(pk=gone.pk, code=gone.code)
    gone.delete()
    door = make(most=3, linger=LONG)

    futures = [door.submit(one(7)), door.submit(one(8, by=lost)), door.submit(one(9))]

    assert [done(futures[0]).offset, done(futures[2]).offset] == [1, 2]
    assert isinstance(futures[1].exception(timeout=30), EnvelopeUnstorable)
    more = door.submit(one(10))
    door.close()
    assert done(more).offset == 3


@pytest.mark.parametrize(("waiting", "is_refused"), [(1, False), (2, False), (3, True)])
def test_a_full_queue_refuses_at_once(make: Any, waiting: int, *, is_refused: bool) -> None:
    door = make(capacity=2, linger=LONG)
    futures = [door.submit(one(n)) for n in range(min(waiting, 2))]

    if is_refused:
        with pytest.raises(IntakeBusy):
            door.submit(one(9))

    door.close()
    assert [done(future).offset for future in futures] == list(range(1, len(futures) + 1))


@pytest.mark.parametrize(("rows", "is_refused"), [(3, False), (4, True)])
def test_the_queue_is_limited_by_rows_too(make: Any, rows: int, *, is_refused: bool) -> None:
    door = make(capacity_rows=5, linger=LONG)
    door.submit(envelope([fix(1), fix(2)], at=NOON))
    late = envelope([fix(n) for n in range(rows)], at=NOON)

    if is_refused:
        with pytest.raises(IntakeBusy):
            door.submit(late)
    else:
        door.submit(late)


def test_one_envelope_larger_than_the_queue_is_taken_when_nothing_waits(make: Any) -> None:
    door = make(capacity_rows=2)

    assert done(door.submit(envelope([fix(n) for n in range(3)], at=NOON))).accepted == 3


def test_closing_commits_what_waits_and_takes_nothing_more(make: Any) -> None:
    door = make(linger=LONG)
    futures = [door.submit(one(n)) for n in range(3)]

    door.close()

    assert [future.done() for future in futures] == [True] * 3
    assert JournalSegment.objects.count() == 3
    with pytest.raises(IntakeUnavailable, match="stopping"):
        door.submit(one(9))


def test_who_has_given_up_is_left_out_and_the_writer_goes_on(make: Any) -> None:
    door = make(most=1, linger=LONG)
    with unreachable():
        busy = door.submit(one(1))
        given_up = [door.submit(one(n)) for n in (2, 3)]
        cancelled = [future.cancel() for future in given_up]
        wait([busy], timeout=60)

    assert done(door.submit(one(4))).accepted == 1
    stored = set(InboxKey.objects.values_list("key", flat=True))
    assert not {f"k{n}" for n, gone in zip((2, 3), cancelled, strict=True) if gone} & stored


def test_while_the_database_is_gone_nothing_is_answered_and_work_resumes_by_itself(
    make: Any,
) -> None:
    door = make()
    before = done(door.submit(one(1)))

    with unreachable():
        refused = [door.submit(one(n)) for n in (2, 3)]
        errors = [future.exception(timeout=60) for future in refused]
        failure = door.failure
    after = done(door.submit(one(2)))

    assert [type(error) for error in errors] == [IntakeUnavailable] * 2
    assert failure
    assert door.failure == ""
    assert (before.offset, after.offset) == (1, 2)
    assert not after.is_repeat
    assert JournalSegment.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("database or disk is full", "disk"),
        ("disk I/O error", "disk"),
        ("could not extend file: No space left on device", "disk"),
        ("database is locked", "busy"),
        ("attempt to write a readonly database", "may not be written"),
        ("connection refused", "not reachable"),
    ],
)
def test_a_database_error_is_explained_in_plain_words(text: str, words: str) -> None:
    told = explain(OperationalError(text))

    assert words in told
    assert "othing was stored" in told
