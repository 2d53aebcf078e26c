"""What many desks ask for at once is made once."""

from __future__ import annotations

import threading

import pytest

from zhizhi.web.snapshot import KEPT_S, MOST, Snapshots


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Kitchen:
    """Makes answers and counts them."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> bytes:
        self.made += 1
        return b"%d" % self.made


@pytest.mark.parametrize(("seconds", "made"), [(KEPT_S - 0.1, 1), (KEPT_S, 2), (KEPT_S + 0.1, 2)])
def test_an_answer_is_kept_for_a_moment(seconds: float, made: int) -> None:
    clock, kitchen = Clock(), Kitchen()
    snapshots = Snapshots(clock)

    snapshots.get("key", 5, kitchen)
    clock.now = seconds
    snapshots.get("key", 5, kitchen)

    assert kitchen.made == made


@pytest.mark.parametrize(("seq", "made"), [(4, 1), (5, 1), (6, 2)])
def test_an_answer_is_never_older_than_what_its_reader_knows_of(seq: int, made: int) -> None:
    snapshots, kitchen = Snapshots(Clock()), Kitchen()

    snapshots.get("key", 5, kitchen)
    snapshots.get("key", seq, kitchen)

    assert kitchen.made == made


@pytest.mark.parametrize(("seconds", "made"), [(26.9, 1), (27.0, 2), (27.1, 2)])
def test_a_dear_answer_rests_as_many_times_as_long_as_it_took(seconds: float, made: int) -> None:
    clock, kitchen = Clock(), Kitchen()
    snapshots = Snapshots(clock)

    def dear() -> bytes:
        clock.now += 3.0
        return kitchen()

    snapshots.get("key", 5, dear, rest=9.0)
    clock.now += seconds
    snapshots.get("key", 6, dear, rest=9.0)

    assert kitchen.made == made


def test_readers_who_may_see_other_things_get_other_answers() -> None:
    snapshots, kitchen = Snapshots(Clock()), Kitchen()

    answers = {snapshots.get(key, 5, kitchen) for key in ("one", "other")}

    assert answers == {b"1", b"2"}


def test_twenty_who_ask_together_wait_for_one_answer() -> None:
    snapshots, kitchen, answers = Snapshots(Clock()), Kitchen(), []
    together = threading.Barrier(20)

    def ask() -> None:
        together.wait()
        answers.append(snapshots.get("key", 5, kitchen))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [b"1"] * 20


def test_an_answer_that_could_not_be_made_is_made_for_the_next() -> None:
    snapshots, kitchen = Snapshots(Clock()), Kitchen()

    def broken() -> bytes:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        snapshots.get("key", 5, broken)

    assert snapshots.get("key", 5, kitchen) == b"1"


def test_the_oldest_answers_are_forgotten() -> None:
    snapshots, kitchen = Snapshots(Clock()), Kitchen()

    for key in range(MOST + 1):
        snapshots.get(key, 5, kitchen)
    snapshots.get(MOST, 5, kitchen)
    snapshots.get(0, 5, kitchen)

    assert kitchen.made == MOST + 2
