"""What warnings were worth: precision by who warned, and whole yuan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.engine.tests.building import NOON, area, later
from zhizhi.systems.antifraud import dissuading, parting_with, proving
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.systems.antifraud.proving import WarnerFigures
from zhizhi.systems.antifraud.tests.risk import BY, warned

pytestmark = pytest.mark.django_db


def ended(name: str, outcome: str, *, lost: int = 0, rule: str = "", by: str = "bank") -> None:
    row = warned(name, warned_by=by, rule=rule, amount=1000)
    dissuading.end(row, outcome, lost=lost, by=BY, now=NOON)


def found(*, since: timedelta = timedelta(0)) -> list[WarnerFigures]:
    return proving.figures(Dissuasion.everything.all(), since=NOON + since)


def test_precision_and_value_are_told_by_who_warned_and_by_which_rule() -> None:
    area()
    ended("a", "stopped", rule="new-payee@3")
    ended("b", "paid", lost=400, rule="new-payee@3")
    ended("c", "not-scam", rule="new-payee@3")
    ended("d", "unreached", rule="new-payee@3")
    ended("e", "stopped", by="carrier")
    warned("still under way")

    first, second = found()

    assert first == WarnerFigures("bank", "new-payee@3", 4, 2, 1, 1, 400, 1600)
    assert (first.judged, first.value, second.value) == (3, 400, 1000)
    assert (second.warned_by, second.rule, second.warnings) == ("carrier", "", 1)


@pytest.mark.parametrize(("count", "is_enough"), [(9, False), (10, True), (11, True)])
def test_a_share_is_told_from_ten_judged_warnings_on(count: int, *, is_enough: bool) -> None:
    figures = WarnerFigures("bank", "", 20, count - 1, 1, 20 - count, 0, 0)

    assert figures.is_enough is is_enough


@pytest.mark.parametrize(("since", "count"), [(-1, 1), (0, 1), (1, 0)])
def test_what_ended_before_is_left_out(since: int, count: int) -> None:
    area()
    ended("a", "stopped")

    assert len(found(since=timedelta(seconds=since))) == count


def test_what_was_at_risk_stays_known_when_the_person_is_gone() -> None:
    area()
    ended("a", "stopped")

    parting_with.forget_old(later(days=91))

    assert [one.saved for one in found()] == [1000]
