"""A trial finds what the rule would have found with other numbers, and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from zhizhi.engine import settings_in_force, trials
from zhizhi.engine.detecting import Runner
from zhizhi.engine.models import Alert, Case, TimelineEntry, Trial
from zhizhi.engine.system import systems
from zhizhi.engine.tests import building
from zhizhi.engine.tests.building import NOON, later
from zhizhi.engine.tests.feeding import seed_systems, stay, tick
from zhizhi.engine.trials import TrialRefused
from zhizhi.kernel.detection import Detector
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
END = later(hours=6)
LIMIT = "fishery.limit_minutes"


@pytest.fixture(autouse=True)
def journal() -> None:
    """Boats that stay 25, 31 and 40 minutes, and one that comes back after 22 minutes."""
    building.area()
    building.zone()
    seed_systems()
    stay(8, minutes=25)
    stay(9, minutes=22, start=later(hours=1))
    stay(7, minutes=40, start=later(hours=2))
    stay(10, minutes=31, start=later(hours=3))
    stay(9, minutes=40, start=later(hours=4))
    tick(later(hours=5))
    Runner().run_through(later(hours=5))


def rule() -> Detector:
    system = next(one for one in systems() if one.label == "fishery")
    return system.detectors()[0]


def ask(changes: dict[str, Any], **more: Any) -> Trial:
    given: dict[str, Any] = {
        "since": later(minutes=-5), "until": END, "by": "account:1", "now": END, **more
    }  # fmt: skip
    return trials.ask(rule(), changes, **given)


def done(changes: dict[str, Any], **more: Any) -> Trial:
    made = ask(changes, **more)
    assert trials.run_next(END) == 1
    made.refresh_from_db()
    assert made.state == Trial.State.DONE, made.failure
    return made


def differences(trial: Trial) -> list[tuple[str, str]]:
    return [(one["change"], one["entity"]) for one in (trial.result or {})["differences"]]


def test_unchanged_numbers_find_what_was_recorded_and_nothing_else() -> None:
    trial = done({})

    assert trial.result is not None
    assert trial.result["agrees"] is True
    assert trial.result["recorded"] == trial.result["before"] == trial.result["after"] == 3
    assert differences(trial) == []


def test_twenty_minutes_find_more_and_the_pause_after_a_finding_takes_one_away() -> None:
    trial = done({LIMIT: 20})

    assert trial.result is not None
    assert sorted(differences(trial)) == [("gone", "9"), ("new", "8"), ("new", "9")]
    assert (trial.result["before"], trial.result["after"]) == (3, 4)


@pytest.mark.parametrize(("minutes", "found"), [(24, 1), (25, 0), (26, 0)])
def test_the_limit_is_kept_to_the_minute(minutes: int, found: int) -> None:
    trial = done({LIMIT: minutes})

    assert differences(trial).count(("new", "8")) == found


def test_a_difference_tells_its_reason() -> None:
    told = (done({LIMIT: 20}).result or {})["differences"]

    shorter = next(one for one in told if (one["change"], one["entity"]) == ("new", "8"))
    time = next(one for one in shorter["inputs"] if one["name"] == "time in the zone")
    assert (time["was"], time["met"], time["will"], time["meets"]) == (30, False, 20, True)
    assert time["value"] == 21
    paused = next(one for one in told if one["change"] == "gone")
    assert paused["earlier"] == later(hours=1, minutes=21).isoformat()


def test_running_twice_is_the_same_bit_for_bit() -> None:
    first, second = done({LIMIT: 20}), done({LIMIT: 20})

    assert first.digest == second.digest != ""
    assert first.result == second.result
    assert (first.first_offset, first.last_offset) == (second.first_offset, second.last_offset)


def test_numbers_that_changed_since_do_not_change_the_trial() -> None:
    made = ask({LIMIT: 20})
    settings_in_force.change(LIMIT, 10, by="account:1", now=END)

    trials.run_next(END)
    made.refresh_from_db()

    assert made.result is not None
    assert made.result["before"] == 3


def test_a_trial_changes_no_alert_case_or_history() -> None:
    def counted() -> tuple[int, int, int]:
        return (
            Alert.everything.count(), Case.everything.count(), TimelineEntry.objects.count()
        )  # fmt: skip

    before = counted()

    done({LIMIT: 20})

    assert counted() == before
    asked = AuditEntry.objects.filter(subject__startswith="trial:")
    assert list(asked.values_list("verb", flat=True)) == ["trial.ask"]


def test_what_was_found_before_the_period_is_not_told() -> None:
    trial = done({LIMIT: 20}, since=later(hours=3, minutes=30))

    assert differences(trial) == [("gone", "9")]


def test_a_cancelled_trial_does_not_run() -> None:
    made = ask({LIMIT: 20})

    assert trials.cancel(made, by="account:1", now=END) is True
    assert trials.run_next(END) == 0
    assert trials.cancel(made, by="account:1", now=END) is False


def test_a_trial_that_is_cancelled_while_it_runs_keeps_no_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = ask({LIMIT: 20})
    real = trials._take

    def cancelling(*given: Any) -> None:
        trials.cancel(made, by="account:1", now=END)
        real(*given)

    monkeypatch.setattr(trials, "_take", cancelling)
    trials.run_next(END)
    made.refresh_from_db()

    assert (made.state, made.result) == (Trial.State.CANCELLED, None)


@pytest.mark.parametrize(
    ("days", "is_refused"), [(6.99, False), (7, False), (7.01, True), (0, True)]
)
def test_a_period_has_at_most_seven_days(days: float, is_refused: bool) -> None:
    since = END - timedelta(days=days)

    if is_refused:
        with pytest.raises(TrialRefused):
            ask({LIMIT: 20}, since=since)
    else:
        assert ask({LIMIT: 20}, since=since).pk


def test_a_person_may_let_five_trials_wait() -> None:
    for _ in range(5):
        ask({LIMIT: 20})

    with pytest.raises(TrialRefused):
        ask({LIMIT: 20})

    assert ask({LIMIT: 20}, by="account:2").pk


def test_a_number_outside_its_range_is_refused() -> None:
    with pytest.raises(settings_in_force.SettingRefused):
        ask({LIMIT: 4})


def test_what_a_rule_may_remember_is_read_before_the_period() -> None:
    assert trials.memory(rule()) > timedelta(hours=24, minutes=30)
    assert NOON < END
