"""The worker's loops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from zhizhi.config import working
from zhizhi.engine import delivering, timing
from zhizhi.engine.delivering import Receipt
from zhizhi.engine.models import Checkpoint, Message, Timer
from zhizhi.engine.tests.feeding import seed_systems

LONG_S = 30.0  # far longer than anything here takes


@dataclass
class Way:
    """A way out that says when it is asked, and answers when it may."""

    code: str
    policy: str = ""
    is_local: bool = False
    is_shared: bool = True
    lease: timedelta = timedelta(minutes=5)
    attempts: int = 3
    asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def send(self, message: Message) -> Receipt:
        self.asked.set()
        self.may_answer.wait(LONG_S)
        return Receipt()


@contextmanager
def at_work() -> Iterator[None]:
    """Let a worker run in a thread of its own for the block."""
    over = threading.Event()
    thread = threading.Thread(target=working.work, kwargs={"is_over": over.is_set})
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Way, Way]]:
    """Two channels: one that hangs until the end of the test, and one that answers at once."""
    hanging, quick = Way("hanging"), Way("quick")
    quick.may_answer.set()
    monkeypatch.setattr(delivering, "channels", lambda: {w.code: w for w in (hanging, quick)})
    yield hanging, quick
    hanging.may_answer.set()


def queue(channel: str) -> None:
    delivering.enqueue(
        channel=channel, recipient="r", template="t", payload={}, key_parts=(1,),
        now=timezone.now(),
    )  # fmt: skip


def soon(is_true: Callable[[], Any]) -> bool:
    """Look until ``is_true`` or far too long has passed."""
    pause = threading.Event()
    return any(is_true() or pause.wait(0.02) for _look in range(int(LONG_S / 0.02)))


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_hangs_holds_up_neither_detectors_nor_timers_nor_other_channels(
    ways: tuple[Way, Way],
) -> None:
    hanging, quick = ways
    seed_systems()
    queue("hanging")

    with at_work():
        assert hanging.asked.wait(LONG_S)
        queue("quick")
        timing.schedule("t", action="engine.clock_overdue", arguments={}, due_at=timezone.now())

        assert quick.asked.wait(LONG_S)
        assert soon(Checkpoint.objects.exclude(holder="").exists)
        assert soon(Timer.objects.filter(attempts__gt=0).exists)
        assert Message.everything.get(channel="hanging").state == "queued"
        hanging.may_answer.set()

    assert Message.everything.get(channel="hanging").state == "sent"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_ends_gives_its_detectors_back(ways: tuple[Way, Way]) -> None:
    seed_systems()

    with at_work():
        assert soon(Checkpoint.objects.exclude(holder="").exists)

    assert set(Checkpoint.objects.values_list("holder", flat=True)) == {""}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The rests that the loops would take; none is taken."""
    rests: list[float] = []
    monkeypatch.setattr("zhizhi.config.working.time.sleep", rests.append)
    return rests


def play(came: list[Exception | bool], **options: float) -> None:
    """Let a part meet one thing after the other."""
    left = list(came)

    def part() -> bool:
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    working.repeat(part, is_over=lambda: not left, **options)


@pytest.mark.django_db(transaction=True)
def test_the_rest_grows_while_nothing_comes_and_is_short_again_after_work(
    slept: list[float],
) -> None:
    play([False, False, False, False, False, True, False])

    assert slept == [0.1, 0.2, 0.4, 0.5, 0.5, 0.1]


@pytest.mark.django_db(transaction=True)
def test_detectors_rest_no_longer_than_they_are_allowed(slept: list[float]) -> None:
    play([False, False, False], longest_rest_s=0.1)

    assert slept == [0.1, 0.1, 0.1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("problem", [OperationalError("gone"), ValueError("odd")])
def test_a_part_that_goes_on_failing_is_tried_ever_less_often(
    problem: Exception, slept: list[float]
) -> None:
    play([*[problem] * 8, False, False])

    assert slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 0.5, 0.5]
