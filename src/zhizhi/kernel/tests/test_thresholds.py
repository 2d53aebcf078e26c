"""Each zone's thresholds: the detector's own, unless the zone says otherwise within reason."""

from __future__ import annotations

import numpy as np
import pytest

from zhizhi.kernel.detection import INSIDE, RING
from zhizhi.kernel.dwell import Dwell
from zhizhi.kernel.episodes import Hits
from zhizhi.kernel.thresholds import (
    LONGEST_GRACE_US,
    OVERRIDES,
    ThresholdError,
    check_defaults,
    demoted,
    rules_for,
    zone_number,
)

DEFAULTS = Dwell().thresholds()
SECOND = 1_000_000


def test_a_zone_without_settings_has_the_detectors_thresholds() -> None:
    (rule,) = rules_for(DEFAULTS, ["A"], [{}])

    assert {name: rule[name].item() for name in rule.dtype.names} == {
        "number": zone_number("A"), "limit_us": 1_800 * SECOND, "grace_us": 180 * SECOND,
        "gap_us": 600 * SECOND, "cooldown_us": 86_400 * SECOND, "minimum_fixes": 3,
        "maximum_accuracy_m": 200.0,
    }  # fmt: skip


def test_a_zone_overrides_only_what_it_names_and_only_for_itself() -> None:
    first, second = rules_for(DEFAULTS, ["A", "B"], [{"limit_minutes": 0.5, "other": 1}, {}])

    assert (first["limit_us"], second["limit_us"]) == (30 * SECOND, 1_800 * SECOND)
    assert first["gap_us"] == second["gap_us"]


ENDS = {
    "limit_minutes": (0, 366 * 1440),
    "grace_seconds": (0, 3600),
    "gap_seconds": (1e-6, 366 * 86_400),
    "cooldown_hours": (0, 366 * 24),
    "minimum_fixes": (1, 65_535),
    "maximum_accuracy_m": (0, 100_000),
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_both_ends_of_a_threshold_are_accepted_and_nothing_beyond(name: str) -> None:
    lowest, highest = ENDS[name]

    for value in (lowest, highest):
        assert len(rules_for(DEFAULTS, ["A"], [{name: value}])) == 1
    for value in (lowest - 1e-6, highest + 1e-6):
        with pytest.raises(ThresholdError, match=f"Zone A: {name} is .*; give a number from"):
            rules_for(DEFAULTS, ["A"], [{name: value}])


@pytest.mark.parametrize("value", ["30", None, True, float("nan"), float("inf"), [30]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ThresholdError, match="limit_minutes"):
        rules_for(DEFAULTS, ["A"], [{"limit_minutes": value}])


def test_a_detectors_own_thresholds_are_checked_by_the_same_rule() -> None:
    with pytest.raises(ThresholdError, match="detector fishery: minimum_fixes is 0"):
        check_defaults("fishery", {**DEFAULTS, "minimum_fixes": 0})


def test_a_zone_has_the_same_number_in_every_set_and_no_two_zones_share_one() -> None:
    keys = [f"Z{n}" for n in range(2_000)]

    numbers = rules_for(DEFAULTS, keys, [{}] * 2_000)["number"]

    assert numbers[7] == zone_number("Z7") == rules_for(DEFAULTS, ["Z7"], [{}])["number"][0]
    assert len(set(numbers.tolist())) == 2_000


def test_two_zones_of_one_key_are_refused() -> None:
    with pytest.raises(ThresholdError, match="same key"):
        rules_for(DEFAULTS, ["A", "A"], [{}, {}])


def test_the_longest_grace_fits_where_an_episode_keeps_it() -> None:
    assert LONGEST_GRACE_US + 1 < 2**32


@pytest.mark.parametrize(
    ("accuracy", "classes"),
    [(49.0, [INSIDE, INSIDE]), (50.0, [INSIDE, INSIDE]), (51.0, [RING, INSIDE]),
     (201.0, [RING, RING]), (float("nan"), [INSIDE, INSIDE])],
)  # fmt: skip
def test_a_fix_proves_presence_only_where_it_is_accurate_enough(
    accuracy: float, classes: list[int]
) -> None:
    rules = rules_for(DEFAULTS, ["A", "B"], [{"maximum_accuracy_m": 50}, {}])
    hits = Hits(np.array([0, 2], np.int32), np.array([0, 1], np.int32), np.full(2, INSIDE))

    found = demoted(hits, np.array([accuracy], np.float32), rules)

    assert found.cls.tolist() == classes
    assert hits.cls.tolist() == [INSIDE, INSIDE]  # what was given stays as it was


def test_without_zones_nothing_is_demoted() -> None:
    hits = Hits(np.zeros(2, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8))

    assert demoted(hits, np.array([9e9], np.float32), rules_for(DEFAULTS, [], [])) is hits
