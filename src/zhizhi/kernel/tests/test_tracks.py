"""Who goes on which track, and what several faces agree on; each limit below, at and above."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.tracks import (
    Decision,
    FaceTrack,
    FaceTracker,
    Guess,
    TrackRules,
    overlaps,
    verdict,
)

SECOND = 1_000_000
RULES = TrackRules()


def box(left: float, top: float = 100, size: float = 100) -> list[float]:
    return [left, top, left + size, top + size]


def numbers(tracker: FaceTracker, at_s: float, *boxes: list[float]) -> list[int]:
    tracks, _over = tracker.follow(round(at_s * SECOND), np.array(boxes).reshape(-1, 4))
    return [track.number for track in tracks]


def test_somebody_who_walks_keeps_one_track() -> None:
    tracker = FaceTracker()

    seen = [numbers(tracker, step / 2, box(40 * step)) for step in range(10)]

    assert seen == [[1]] * 10


def test_two_who_walk_beside_each_other_keep_two() -> None:
    tracker = FaceTracker()

    for step in range(8):
        order = [box(20 * step), box(20 * step + 150)]
        found = numbers(tracker, step / 2, *(order[::-1] if step % 2 else order))
        assert found == ([2, 1] if step % 2 else [1, 2])

    assert len(tracker.finish()) == 2


@pytest.mark.parametrize(("silent_s", "number"), [(1.999999, 1), (2.0, 1), (2.000001, 2)])
def test_a_track_outlives_two_seconds_unseen(silent_s: float, number: int) -> None:
    tracker = FaceTracker()
    numbers(tracker, 1, box(0))

    assert numbers(tracker, 1 + silent_s, box(0)) == [number]


@pytest.mark.parametrize(("age_s", "number"), [(9.999999, 1), (10.0, 1), (10.000001, 2)])
def test_a_track_is_decided_after_ten_seconds_and_begins_anew(age_s: float, number: int) -> None:
    tracker = FaceTracker()
    for at in range(10):
        numbers(tracker, at, box(0))

    assert numbers(tracker, age_s, box(0)) == [number]


# A shift of d makes the overlap of two squares of 100 pixels (100 - d) / (100 + d).
@pytest.mark.parametrize(("shift", "number"), [(74, 1), (75, 1), (76, 2)])
def test_what_neither_overlaps_nor_is_near_is_somebody_else(shift: float, number: int) -> None:
    tracker = FaceTracker()
    numbers(tracker, 0, box(0))

    assert numbers(tracker, 0.5, box(shift)) == [number]


def test_overlap_counts_before_nearness() -> None:
    """A small face whose middle is nearer is behind the one that was there before."""
    tracker = FaceTracker()
    numbers(tracker, 0, box(0), box(70, 140, 20))

    assert numbers(tracker, 0.5, box(40)) == [1]


# Of squares of 100 pixels that are shifted by 53 the overlap is 0.307, by 54 it is 0.299.
@pytest.mark.parametrize(("shift", "number"), [(53, 1), (54, 2)])
def test_less_than_three_tenths_is_no_overlap(shift: float, number: int) -> None:
    tracker = FaceTracker(TrackRules(farthest=0))
    numbers(tracker, 0, box(0))

    assert numbers(tracker, 0.5, box(shift)) == [number]


def test_of_two_tracks_the_nearer_one_goes_on() -> None:
    tracker = FaceTracker()
    numbers(tracker, 0, box(0), box(60))

    assert numbers(tracker, 0.5, box(10)) == [1]
    assert numbers(tracker, 1.0, box(55)) == [2]


def test_a_box_goes_on_one_track_and_a_track_takes_one_box() -> None:
    tracker = FaceTracker()
    numbers(tracker, 0, box(0))

    assert numbers(tracker, 0.5, box(10), box(5)) == [2, 1]


def test_a_picture_that_comes_again_or_too_late_changes_nothing() -> None:
    tracker = FaceTracker()
    numbers(tracker, 1, box(0))

    assert tracker.follow(1 * SECOND, np.array([box(0)])) == ([], [])
    assert tracker.follow(SECOND // 2, np.array([box(500)])) == ([], [])
    assert numbers(tracker, 1.5, box(0)) == [1]
    [track] = tracker.finish()
    assert track.faces == 2


def test_whoever_has_left_is_handed_over_once() -> None:
    tracker = FaceTracker()
    numbers(tracker, 0, box(0))

    _found, over = tracker.follow(3 * SECOND, np.empty((0, 4)))
    assert [track.number for track in over] == [1]
    assert tracker.follow(6 * SECOND, np.empty((0, 4))) == ([], [])
    assert tracker.finish() == []


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 30)), max_size=5),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 30)), max_size=5),
)
def test_overlaps_are_those_of_counted_pixels(
    some: list[tuple[int, int, int]], others: list[tuple[int, int, int]]
) -> None:
    def pixels(one: tuple[int, int, int]) -> set[tuple[int, int]]:
        left, top, size = one
        return {(x, y) for x in range(left, left + size) for y in range(top, top + size)}

    def boxes(of: list[tuple[int, int, int]]) -> np.ndarray:
        return np.array([box(x, y, size) for x, y, size in of], float).reshape(-1, 4)

    found = overlaps(boxes(some), boxes(others))

    assert found.shape == (len(some), len(others))
    for row, one in enumerate(some):
        for column, other in enumerate(others):
            both, either = pixels(one) & pixels(other), pixels(one) | pixels(other)
            assert found[row, column] == pytest.approx(len(both) / len(either))


def guesses(*of: tuple[int, float]) -> list[Guess]:
    return [Guess(1.0, person, score) for person, score in of]


@pytest.mark.parametrize(
    ("several", "decision"),
    [(0, Decision.UNUSABLE), (2, Decision.UNUSABLE), (3, Decision.KNOWN), (4, Decision.KNOWN)],
)
def test_too_few_usable_faces_say_nothing(several: int, decision: Decision) -> None:
    found = verdict(guesses(*[(7, 0.1)] * several), 0.2, RULES)

    assert (found.decision, found.faces_used) == (decision, several)
    assert found.person == (7 if decision is Decision.KNOWN else -1)


@pytest.mark.parametrize(
    ("score", "decision"),
    [(0.2499, Decision.KNOWN), (0.25, Decision.UNKNOWN), (0.2501, Decision.UNKNOWN)],
)
def test_a_mean_at_the_threshold_is_not_below_it(score: float, decision: Decision) -> None:
    assert verdict(guesses(*[(7, score)] * 3), 0.25, RULES).decision is decision


@pytest.mark.parametrize(
    ("people", "decision"),
    [
        ([7, 7, 8], Decision.KNOWN),
        ([7, 8, 9], Decision.UNKNOWN),
        ([7, 7, 8, 8], Decision.UNKNOWN),
        ([7, 7, 7, 8], Decision.KNOWN),
        ([7, 7, 7, 8, 8], Decision.UNKNOWN),
        ([7, 7, 7, 7, 8], Decision.KNOWN),
    ],
)
def test_two_of_three_have_to_agree(people: list[int], decision: Decision) -> None:
    found = verdict(guesses(*((person, 0.1) for person in people)), 0.2, RULES)

    assert found.decision is decision


def test_the_mean_is_of_those_who_agree_alone() -> None:
    found = verdict(guesses((7, 0.1), (7, 0.2), (8, 0.9)), 0.16, RULES)

    assert found.person == 7
    assert found.score == pytest.approx(0.15)


def test_an_infinite_score_is_never_sure_enough() -> None:
    assert verdict(guesses(*[(7, math.inf)] * 3), 1e9, RULES).decision is Decision.UNKNOWN


def test_of_many_faces_the_best_are_kept_in_order_of_their_quality() -> None:
    track = FaceTrack(1, 0, 0, np.zeros(4))

    for quality, person in ((0.3, 1), (0.9, 2), (0.1, 3), (0.3, 4)):
        track.note(Guess(quality, person, 0.1), 3)

    assert [one.person for one in track.guesses] == [2, 1, 4]


def test_a_camera_that_is_switched_off_hands_over_once() -> None:
    tracker = FaceTracker()
    numbers(tracker, 0, box(0))

    assert [len(tracker.finish()), len(tracker.finish())] == [1, 0]


@pytest.mark.parametrize(("size", "is_usable"), [(59, False), (60, True), (61, True)])
def test_a_face_of_sixty_pixels_may_say_who_it_is(size: int, is_usable: bool) -> None:
    assert RULES.is_usable(size) is is_usable


def test_three_to_five_faces_decide() -> None:
    assert (RULES.least_faces, RULES.most_faces) == (3, 5)


@pytest.mark.parametrize(("least", "most"), [(0, 5), (4, 3)])
def test_rules_that_decide_nothing_are_refused(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="decide nothing"):
        TrackRules(least_faces=least, most_faces=most)


def test_a_gap_of_its_own_counts() -> None:
    tracker = FaceTracker(TrackRules(gap=timedelta(seconds=1)))
    numbers(tracker, 0, box(0))

    assert numbers(tracker, 1.5, box(0)) == [2]
