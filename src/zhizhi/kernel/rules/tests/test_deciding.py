from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from zhizhi.kernel.rules.deciding import Occurrence, TierScores, told_after, verdicts
from zhizhi.kernel.rules.tests.rule_texts import the_rule

HOUR = 3_600_000_000
RULE = replace(the_rule(mode="live"), score=40, cooldown=timedelta(hours=6))
OTHER = replace(RULE, id="other", level="medium", score=30)


def at(time_us: int) -> Occurrence:
    return Occurrence("e1", "account_event", 7, time_us, {})


@pytest.mark.parametrize(
    ("score", "tier"),
    [(9, None), (10, "low"), (11, "low"), (39, "low"), (40, "medium"), (69, "medium"),
     (70, "high"), (100, "high")],
)  # fmt: skip
def test_a_score_has_the_tier_whose_bound_it_reaches(score: int, tier: str | None) -> None:
    assert TierScores().tier(score, ["high"]) == tier


@pytest.mark.parametrize(
    ("levels", "tier"), [(["low"], "low"), (["low", "medium"], "medium"), (["high"], "high")]
)
def test_no_tier_is_higher_than_a_rule_allows(levels: list[str], tier: str) -> None:
    assert TierScores().tier(100, levels) == tier


def test_the_scores_of_a_typology_add_up_and_the_highest_level_counts() -> None:
    (verdict,) = verdicts([RULE, OTHER], at(0), {})

    assert (verdict.score, verdict.tier, verdict.is_told) == (70, "high", True)
    assert verdicts([RULE, replace(OTHER, score=90)], at(0), {})[0].score == 100


def test_typologies_and_modes_are_judged_apart() -> None:
    love = replace(RULE, id="love", typology="romance")
    shadow = replace(RULE, id="shadow", mode="shadow")
    asleep = [replace(RULE, id=mode, mode=mode) for mode in ("draft", "retired")]

    found = verdicts([RULE, love, shadow, *asleep], at(0), {})

    assert [(one.typology, one.mode, one.score) for one in found] == [
        ("account_resale", "live", 40), ("account_resale", "shadow", 40), ("romance", "live", 40),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (6 * HOUR - 1, False),
        (6 * HOUR, True),
        (6 * HOUR + 1, True),
        (-1, False),
        (-9 * HOUR, False),
    ],
)
def test_a_rule_rests_by_the_time_of_events_also_for_late_ones(since: int, told: bool) -> None:
    (verdict,) = verdicts([RULE], at(10 * HOUR + since), {RULE.id: 10 * HOUR})

    assert verdict.is_told is told


def test_a_resting_rule_still_counts_for_another_that_is_awake() -> None:
    found = verdicts([RULE, OTHER], at(1), {RULE.id: 0})

    assert (found[0].score, found[0].is_told) == (70, True)
    assert told_after({RULE.id: 0}, found, at(1)) == {RULE.id: 0, "other": 1}


def test_what_is_not_told_lets_nobody_rest() -> None:
    quiet = replace(RULE, score=9)

    assert told_after({}, verdicts([quiet], at(5), {}), at(5)) == {}
