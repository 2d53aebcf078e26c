"""A worker that dies at any statement, and a new one that goes on: the same end, nothing twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import connection, transaction

from zhizhi.engine import intake
from zhizhi.engine.detecting import Runner
from zhizhi.engine.models import Alert, Case, Checkpoint, Message, QuarantinedRow, TimelineEntry
from zhizhi.engine.tests.building import area, later, zone
from zhizhi.engine.tests.feeding import RULE, envelope, fix, seed_systems, send, stay
from zhizhi.trust import audit

pytestmark = pytest.mark.django_db
END = later(minutes=60)


class Died(BaseException):
    """The process is gone: nothing catches this."""


class DiesAt:
    """Lets ``count`` statements (that begin with ``only``) through and dies on the next."""

    def __init__(self, count: int, *, only: str = "") -> None:
        self.left = count
        self.only = only
        self.seen = 0

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        if not statement[0].startswith(self.only):
            return execute(*statement)
        self.seen += 1
        self.left -= 1
        if self.left == -1:
            raise Died
        return execute(*statement)


@contextmanager
def undone() -> Iterator[None]:
    """Play something and take it back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def outcome() -> dict[str, list[Any]]:
    """What people and gateways can see in the end."""
    verbs = TimelineEntry.objects.order_by("case__key", "seq")
    return {
        "alerts": sorted(Alert.everything.values_list("pk", "raised_at", "cleared_at")),
        "cases": sorted(Case.everything.values_list("key", "state")),
        "messages": sorted(Message.everything.values_list("key", "state")),
        "timeline": list(verbs.values_list("case__key", "seq", "verb")),
        "aside": sorted(QuarantinedRow.objects.values_list("reason", "row", "raw")),
        "stands": list(Checkpoint.objects.values_list("next_offset", "watermark_us")),
    }


def work(most: int) -> None:
    Runner([RULE], most=most).run_through(END)


@pytest.fixture(autouse=True)
def river() -> None:
    """Two boats that stay too long, one that leaves, and rows that come too late."""
    area()
    zone()
    seed_systems()
    stay(7, minutes=35)
    stay(8, minutes=33, start=later(minutes=36))
    send(
        [fix(7, at=later(minutes=3)), fix(7, at=later(minutes=70), east=0.3)], at=later(minutes=70)
    )
    send([fix(9, at=later(minutes=75))], at=later(minutes=75))


@pytest.mark.parametrize(("most", "every"), [(200, 7), (20, 17)])
def test_after_a_death_at_any_statement_the_end_is_the_same(most: int, every: int) -> None:
    counting = DiesAt(10**9)
    with undone():
        work(most)  # caches are filled: from now on each run needs the same statements
    with undone():
        with connection.execute_wrapper(counting):
            work(most)
        expected = outcome()
    assert len(expected["alerts"]) == 2
    assert expected["messages"]
    assert len(expected["aside"]) == 1

    different = []
    for place in range(0, counting.seen, every):
        with undone():
            with connection.execute_wrapper(DiesAt(place)), pytest.raises(Died):
                work(most)
            work(most)
            if outcome() != expected or list(audit.verify()):
                different.append(place)

    assert counting.seen > 50
    assert different == []


def test_after_a_death_at_any_write_of_the_offset_the_end_is_the_same() -> None:
    with undone():
        work(20)
        expected = outcome()

    different, writes = [], 0
    for place in itertools.count():
        with undone():
            deadly = DiesAt(place, only='UPDATE "engine_checkpoint"')
            with connection.execute_wrapper(deadly), suppress(Died):
                work(20)
            if deadly.left >= 0:
                break
            writes += 1
            work(20)
            if outcome() != expected or list(audit.verify()):
                different.append(place)

    assert writes > 3
    assert different == []


def test_a_worker_that_forgets_its_offset_alone_would_be_caught_by_this() -> None:
    """The control: state and findings committed apart from the offset do not end the same."""
    with undone():
        work(200)
        expected = outcome()
    with undone():
        work(20)
        Checkpoint.objects.update(next_offset=5)

        work(20)

        assert outcome() != expected


def test_intake_that_dies_at_any_statement_stores_all_of_a_group_or_nothing() -> None:
    rows = [fix(at=later(minutes=80)), fix(at=later(minutes=80), lon=999.0)]
    group = [envelope(rows, at=later(minutes=80), key=f"k{n}") for n in range(3)]
    counting = DiesAt(10**9)
    with undone(), connection.execute_wrapper(counting):
        expected = [receipt.as_response() for receipt in intake.append(group, now=END)]

    for place in range(counting.seen):
        with undone():
            with connection.execute_wrapper(DiesAt(place)), pytest.raises(Died):
                intake.append(group, now=END)
            assert [one.as_response() for one in intake.append(group, now=END)] == expected
            assert QuarantinedRow.objects.count() == 3
