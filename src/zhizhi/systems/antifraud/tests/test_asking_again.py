"""After a day and a week: whether the fraud has really stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhizhi.directory import people
from zhizhi.engine import settings_in_force, timing
from zhizhi.engine.models import Message, Timer
from zhizhi.engine.tests.building import NOON, area, later, refusal
from zhizhi.systems.antifraud import dissuading
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.systems.antifraud.tests.risk import BY, fresh, warned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(data: Path) -> None:
    area()


def ended(outcome: str = "stopped", lost: int = 0) -> Dissuasion:
    return dissuading.end(warned(), outcome, lost=lost, by=BY, now=NOON)


def asked(row: Dissuasion, step: str, result: str = "reached", **span: float) -> None:
    dissuading.attempt(row, step, result, by=BY, now=later(**span))


@pytest.mark.parametrize(
    ("hours", "again"), [(23.99, ""), (24, "day"), (24.01, "day"), (167.99, "day"), (168, "week")]
)
def test_whoever_was_at_risk_of_a_scam_is_asked_after_a_day_and_after_a_week(
    hours: float, again: str
) -> None:
    row = ended()

    timing.fire_due(later(hours=hours))

    assert fresh(row).again == again
    assert dissuading.may_call(fresh(row)) is bool(again)


@pytest.mark.parametrize("outcome", ["not-scam", "unreached"])
def test_nobody_is_asked_again_where_there_was_no_scam_or_nobody_was_reached(outcome: str) -> None:
    ended(outcome)

    assert not Timer.objects.filter(action="antifraud.ask_again").exists()


def test_also_whoever_has_paid_is_asked_again_and_operators_are_told_each_time() -> None:
    row = ended("paid", lost=1)

    timing.fire_due(later(days=1))
    asked(row, "day", days=1)
    timing.fire_due(later(days=7))

    assert fresh(row).again == "week"
    assert Message.everything.filter(template="antifraud.ask_again").count() == 2


@pytest.mark.parametrize(
    ("result", "again"),
    [("reached", ""), ("refused", ""), ("wrong-number", ""), ("busy", "day"), ("no-answer", "day")],
)
def test_it_stays_to_be_asked_until_somebody_answers(result: str, again: str) -> None:
    row = ended()
    timing.fire_due(later(days=1))

    asked(row, "day", result, days=1)

    assert fresh(row).again == again
    assert row.attempts.filter(step="day", result=result).count() == 1


def test_each_is_asked_apart_and_the_history_of_the_own_case_says_so() -> None:
    row = ended()
    other = dissuading.end(warned("w2", phone="12012345679"), "stopped", by=BY, now=NOON)
    timing.fire_due(later(days=1))

    asked(row, "day", days=1)

    assert (fresh(row).again, fresh(other).again) == ("", "day")
    for one in (row, other):
        line = one.case.timeline.get(verb="dissuasion.ask_again")
        assert (line.data["dissuasion"], line.data["again"]) == (one.pk, "day")


def test_what_is_not_due_or_was_asked_already_is_not_kept() -> None:
    row = ended()
    early = refusal(lambda: asked(row, "day", hours=1))
    timing.fire_due(later(days=1))
    asked(row, "day", days=1)

    assert (early, refusal(lambda: asked(row, "day", days=1))) == ("other-step", "other-step")
    assert refusal(lambda: asked(row, "week", days=1)) == "other-step"
    assert row.attempts.count() == 1


def test_the_settings_move_both_questions() -> None:
    settings_in_force.change("antifraud.again_hours", 2, by=BY, now=NOON)
    settings_in_force.change("antifraud.again_days", 4, by=BY, now=NOON)
    row = ended()

    timing.fire_due(later(hours=2))
    first = fresh(row).again
    timing.fire_due(later(days=4))

    assert (first, fresh(row).again) == ("day", "week")


def test_nobody_is_asked_whose_number_was_destroyed() -> None:
    row = ended()
    people.erase_person(row.person, by=BY, now=NOON)

    timing.fire_due(later(days=8))

    assert fresh(row).again == ""
    assert not Message.everything.filter(template="antifraud.ask_again").exists()
