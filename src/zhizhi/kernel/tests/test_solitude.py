"""Alone or accompanied: each threshold just below, at and above it, and who is told when."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from zhizhi.kernel.solitude import Answer, Circumstance, Push, Reason, Solitude, Stage, Vigil

MINUTE = 60_000_000
SECOND = 1_000_000
HERE = (107.39, 29.70)
METRE = 1 / 110_860  # of latitude, in degrees, at 29.7 degrees north
RULE = Solitude(hesitation=timedelta(0))  # which has tests of its own
BRIDGE, MARKET, GATE, QUAY = range(4)


@pytest.fixture
def vigil() -> Vigil:
    return Vigil()


def met(
    vigil: Vigil, *minutes: float, first: int = 0, about: Circumstance = Circumstance.NONE
) -> list[Push]:
    """Meet the person at a new camera at each of these minutes; return all pushes."""
    return [
        push
        for count, minute in enumerate(minutes, first)
        for push in meet(vigil, round(minute * MINUTE), count, about=about)
    ]


def meet(
    vigil: Vigil, at_us: int, camera: int, about: Circumstance = Circumstance.NONE
) -> list[Push]:
    return [*RULE.seen(vigil, at_us, camera, HERE, about=about), *RULE.due(vigil, at_us)]


def told(pushes: list[Push]) -> list[tuple[int, str, float]]:
    return [(int(one.stage), str(one.reason), one.at_us / MINUTE) for one in pushes]


def test_one_encounter_alone_tells_nobody(vigil: Vigil) -> None:
    assert met(vigil, 0) == []


@pytest.mark.parametrize(
    ("second", "expected"),
    [(19, [(1, "alone", 19)]), (20, [(1, "alone", 20)]), (20 + 1 / 60, [])],
)
def test_the_second_encounter_within_twenty_minutes_asks_the_relatives(
    vigil: Vigil, second: float, expected: list[tuple[int, str, float]]
) -> None:
    assert told(met(vigil, 0, second)) == expected


@pytest.mark.parametrize(("seconds", "is_asked"), [(59, False), (60, False), (61, True)])
def test_a_minute_at_one_camera_is_one_encounter(
    vigil: Vigil, seconds: int, is_asked: bool
) -> None:
    meet(vigil, 0, GATE)

    pushes = meet(vigil, seconds * SECOND, GATE)

    assert bool(pushes) is is_asked


def test_two_cameras_within_a_minute_are_two_encounters(vigil: Vigil) -> None:
    meet(vigil, 0, GATE)

    assert told(meet(vigil, 30 * SECOND, QUAY)) == [(1, "alone", 0.5)]


@pytest.mark.parametrize(("minute", "is_asked"), [(-14, False), (-15, False), (-15.01, True)])
def test_a_companion_within_fifteen_minutes_before_is_company(
    vigil: Vigil, minute: float, is_asked: bool
) -> None:
    RULE.accompanied(vigil, round(minute * MINUTE), HERE)

    assert bool(met(vigil, 0, 0.5)) is is_asked


@pytest.mark.parametrize(("metres", "is_asked"), [(299, False), (300, False), (302, True)])
def test_a_companion_within_three_hundred_metres_is_company(
    vigil: Vigil, metres: float, is_asked: bool
) -> None:
    RULE.accompanied(vigil, 0, (HERE[0], HERE[1] + metres * METRE))

    assert bool(met(vigil, 1, 2)) is is_asked


def test_a_companion_whose_place_is_not_known_is_company_anywhere(vigil: Vigil) -> None:
    RULE.accompanied(vigil, 0, (math.nan, math.nan))

    assert met(vigil, 1, 2) == []


@pytest.mark.parametrize(("minute", "is_settled"), [(14, True), (15, True), (16, False)])
def test_a_companion_who_comes_later_settles_the_question(
    vigil: Vigil, minute: int, is_settled: bool
) -> None:
    met(vigil, -1, 0)
    RULE.acknowledged(vigil, MINUTE)

    pushes = RULE.accompanied(vigil, minute * MINUTE, HERE)

    assert told(pushes) == ([(0, "accompanied", minute)] if is_settled else [])
    assert vigil.stage is (Stage.NOBODY if is_settled else Stage.RELATIVES)


@pytest.mark.parametrize(("minute", "expected"), [(4.99, []), (5, [(2, "unanswered", 6)])])
def test_nobody_answers_for_five_minutes(
    vigil: Vigil, minute: float, expected: list[tuple[int, str, float]]
) -> None:
    met(vigil, 0, 1)

    assert told(RULE.due(vigil, round((1 + minute) * MINUTE))) == expected


@pytest.mark.parametrize(("minute", "count"), [(2.99, 0), (3, 1)])
@pytest.mark.parametrize("why", [Circumstance.HARSH, Circumstance.DANGER])
def test_at_night_or_in_danger_the_wait_is_three_minutes(
    vigil: Vigil, minute: float, count: int, why: Circumstance
) -> None:
    asked = met(vigil, 0, 0, about=why)

    assert len(RULE.due(vigil, asked[0].at_us + round(minute * MINUTE))) == count


@pytest.mark.parametrize(("first", "last", "minutes"), [("NONE", "HARSH", 3), ("HARSH", "NONE", 5)])
def test_how_long_is_waited_goes_by_the_newest_encounter(
    vigil: Vigil, first: str, last: str, minutes: int
) -> None:
    meet(vigil, 0, GATE, about=Circumstance[first])
    meet(vigil, MINUTE, QUAY, about=Circumstance[last])

    assert told(RULE.due(vigil, 60 * MINUTE)) == [(2, "unanswered", 1 + minutes)]


def test_who_has_acknowledged_is_not_overtaken_by_the_clock(vigil: Vigil) -> None:
    met(vigil, 0, 1)

    RULE.acknowledged(vigil, 2 * MINUTE)

    assert RULE.due(vigil, 60 * MINUTE) == []


def test_the_third_encounter_alone_tells_the_officer_once(vigil: Vigil) -> None:
    assert told(met(vigil, 0, 3, 4, 5, 6)) == [(1, "alone", 3), (2, "again", 4)]


def test_the_third_encounter_counts_from_the_first_that_was_asked_about(vigil: Vigil) -> None:
    met(vigil, 0, 19)
    RULE.acknowledged(vigil, 19 * MINUTE)

    assert told(met(vigil, 39, first=2)) == [(2, "again", 39)]


def test_in_danger_once_is_enough(vigil: Vigil) -> None:
    assert told(met(vigil, 0, about=Circumstance.DANGER)) == [(1, "danger", 0)]


def test_danger_seen_in_the_same_encounter_is_enough(vigil: Vigil) -> None:
    meet(vigil, 0, GATE)

    pushes = meet(vigil, 10 * SECOND, GATE, about=Circumstance.DANGER)

    assert told(pushes) == [(1, "danger", 1 / 6)]


@pytest.mark.parametrize(("seconds", "count"), [(29, 0), (30, 1)])
def test_danger_seen_late_in_an_encounter_is_hesitated_about_anew(
    vigil: Vigil, seconds: int, count: int
) -> None:
    rule = Solitude()
    rule.seen(vigil, 0, GATE, HERE)

    pushes = rule.seen(vigil, 20 * SECOND, GATE, HERE, about=Circumstance.DANGER)

    assert [*pushes, *rule.due(vigil, seconds * SECOND)] == (
        [Push(Stage.RELATIVES, 30 * SECOND, Reason.DANGER)] * count
    )


def test_with_a_companion_there_is_no_danger(vigil: Vigil) -> None:
    RULE.accompanied(vigil, 0, HERE)

    assert met(vigil, 1, about=Circumstance.DANGER) == []


def test_beside_a_face_that_cannot_be_used_one_encounter_more_is_waited_for(vigil: Vigil) -> None:
    pushes = [*met(vigil, 0, about=Circumstance.BESIDE_UNKNOWN), *met(vigil, 1, 2, 3, first=1)]

    assert told(pushes) == [(1, "alone", 2), (2, "again", 3)]


def test_missing_tells_the_officer_at_once_even_where_it_was_quiet(vigil: Vigil) -> None:
    RULE.answered(vigil, 0, Answer.WITH_ME)

    assert told(RULE.answered(vigil, MINUTE, Answer.MISSING)) == [(2, "missing", 1)]
    assert RULE.answered(vigil, 2 * MINUTE, Answer.MISSING) == []


@pytest.mark.parametrize(
    ("answer", "minute", "is_asked"),
    [
        (Answer.WITH_ME, 119, False),
        (Answer.WITH_ME, 120, True),
        (Answer.KNOWN, 29, False),
        (Answer.KNOWN, 30, True),
    ],
)
def test_an_answer_keeps_quiet_for_its_time(
    vigil: Vigil, answer: Answer, minute: float, is_asked: bool
) -> None:
    RULE.answered(vigil, 0, answer)

    assert bool(met(vigil, minute - 0.5, minute)) is is_asked


@pytest.mark.parametrize(("minute", "is_asked"), [(29, False), (30, True), (31, True)])
def test_the_relatives_are_asked_again_after_half_an_hour(
    vigil: Vigil, minute: float, is_asked: bool
) -> None:
    met(vigil, -1, 0)
    RULE.accompanied(vigil, 2 * MINUTE, HERE)

    assert bool(met(vigil, minute - 0.5, minute, first=2)) is is_asked


def test_after_the_case_is_closed_it_begins_anew(vigil: Vigil) -> None:
    met(vigil, 0, 1, 2)

    RULE.closed(vigil, 10 * MINUTE)

    assert vigil.stage is Stage.NOBODY
    assert met(vigil, 11, 12) == []
    assert told(met(vigil, 41, 42)) == [(1, "alone", 42)]


def weeks(vigil: Vigil, questions: int) -> list[Push]:
    """Have the relatives asked so often, a day apart by two hours each, always settled."""
    pushes = []
    for count in range(questions):
        pushes += met(vigil, count * 120, count * 120 + 1)
        RULE.answered(vigil, round((count * 120 + 2) * MINUTE), Answer.KNOWN)
    return pushes


@pytest.mark.parametrize(("questions", "reviews"), [(6, 0), (7, 1), (8, 1)])
def test_more_than_six_questions_a_week_ask_for_a_review(
    vigil: Vigil, questions: int, reviews: int
) -> None:
    pushes = weeks(vigil, questions)

    assert [one.reason for one in pushes].count(Reason.REVIEW) == reviews


def test_when_the_week_is_spent_it_takes_one_encounter_more_and_is_never_silent(
    vigil: Vigil,
) -> None:
    weeks(vigil, 7)

    assert told(met(vigil, 900, 901, 902)) == [(1, "alone", 902)]


def test_a_week_later_two_are_enough_again(vigil: Vigil) -> None:
    weeks(vigil, 7)
    later = 7 * 24 * 60 + 721

    assert told(met(vigil, later, later + 1)) == [(1, "alone", later + 1)]


@pytest.mark.parametrize(("seconds", "is_asked"), [(9, False), (10, True), (11, True)])
def test_a_companion_who_is_known_some_seconds_later_is_waited_for(
    vigil: Vigil, seconds: int, is_asked: bool
) -> None:
    rule = Solitude()
    rule.seen(vigil, -MINUTE, GATE, HERE)
    rule.seen(vigil, 0, QUAY, HERE)

    pushes = rule.accompanied(vigil, seconds * SECOND, HERE)

    assert told(pushes[:1]) == ([(1, "alone", 1 / 6)] if is_asked else [])
    assert rule.due(vigil, MINUTE) == []


def test_who_is_met_while_the_rule_hesitates_is_judged_in_turn(vigil: Vigil) -> None:
    rule = Solitude()
    for camera, second in enumerate((0, 4, 8)):
        rule.seen(vigil, second * SECOND, camera, HERE)

    assert told(rule.due(vigil, 13 * SECOND)) == []
    assert vigil.next_us == 18 * SECOND
    assert [one.stage for one in rule.due(vigil, 18 * SECOND)] == [Stage.RELATIVES]


def test_places_are_kept_for_minutes_and_no_longer(vigil: Vigil) -> None:
    met(vigil, 0)
    RULE.accompanied(vigil, 0, HERE)

    met(vigil, 36, first=1)

    assert [one.began_us for one in vigil.encounters] == [36 * MINUTE]
    assert vigil.company == []
