"""Which cases may be about the same: near, at about the time, and how alike they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.engine import likening, settings_in_force
from zhizhi.engine.models import Case
from zhizhi.engine.tests.building import LAT, NOON
from zhizhi.engine.tests.test_merging import data, merge, reported, told
from zhizhi.kernel.metres import metres_per_degree

pytestmark = pytest.mark.django_db
__all__ = ["data"]  # the fixture


def found(case: Case) -> list[int]:
    return [one.case.pk for one in likening.candidates(case, Case.everything.all())]


@pytest.mark.parametrize(("metres", "is_found"), [(249.9, True), (250, True), (250.1, False)])
def test_a_case_within_the_radius_may_be_the_same(metres: float, *, is_found: bool) -> None:
    one = told(1)
    other = told(2, lat=LAT + metres / metres_per_degree(LAT)[1])

    assert found(one) == ([other.pk] if is_found else [])


def test_the_radius_is_a_setting() -> None:
    one, _other = told(1), told(2, lat=LAT + 20 / metres_per_degree(LAT)[1])
    settings_in_force.change("engine.duplicate_radius_m", 10, by="account:1", now=NOON)

    assert found(one) == []


@pytest.mark.parametrize(("seconds", "is_found"), [(-1, True), (0, True), (1, False)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_case_of_about_the_time_may_be_the_same(
    seconds: int, sign: int, *, is_found: bool
) -> None:
    one = told(1)
    other = told(2, opened_at=NOON + sign * (timedelta(days=30) + timedelta(seconds=seconds)))

    assert found(one) == ([other.pk] if is_found else [])


@pytest.mark.parametrize("state", ["open", "dispatched", "handling", "handled", "closed", "merged"])
def test_only_what_goes_on_may_be_the_same(state: str) -> None:
    one, other = told(1), told(2, state=state)

    assert found(one) == ([] if state in {"closed", "merged"} else [other.pk])


def test_another_system_is_about_something_else_and_a_sibling_may_be_the_same() -> None:
    one = told(1)
    told(2, system="residents")
    sibling = told(3, kind="poaching")

    [candidate] = likening.candidates(one, Case.everything.all())

    assert (candidate.case, candidate.is_same_kind) == (sibling, False)


def test_only_what_one_may_see_is_compared() -> None:
    one, _other = told(1), told(2)

    assert likening.candidates(one, Case.everything.none()) == []


def test_the_likelier_stands_first_with_what_its_score_is_made_of() -> None:
    one, far = reported(1).case, told(2, lat=LAT + 0.001)
    near = reported(3).case

    first, second = likening.candidates(one, Case.everything.all())

    assert [first.case, second.case] == [near, far]
    assert first.parts() == {
        "score": pytest.approx(1.07, abs=0.04), "metres": 0, "days": 0.0,
        "words": pytest.approx(1, abs=0.001), "shared": 7, "same_kind": True,
    }  # fmt: skip
    assert second.parts()["metres"] == pytest.approx(111, abs=1)
    assert (first.is_likely, second.is_likely) == (True, False)


@pytest.mark.parametrize(("percent", "is_likely"), [(-1, True), (0, True), (1, False)])
def test_a_score_at_the_threshold_is_likely(
    percent: int, monkeypatch: pytest.MonkeyPatch, *, is_likely: bool
) -> None:
    one = reported(1).case
    other = reported(2).case
    [exact] = likening.candidates(one, Case.everything.all())
    value = exact.likeness.score * 100 + percent / 1000
    settings = settings_in_force.snapshot()
    monkeypatch.setattr(
        settings_in_force, "snapshot", lambda: {**settings, "engine.duplicate_percent": value}
    )

    [candidate] = likening.candidates(one, Case.everything.all())

    assert (candidate.case, candidate.is_likely) == (other, is_likely)


def test_what_was_joined_is_offered_no_more() -> None:
    one, other = told(1), told(2)
    merge(other, one)

    assert found(one) == []
