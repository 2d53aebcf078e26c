"""The rule carries the numbers in force, and nothing of Django."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Case
from zhizhi.systems.fishery.detectors import CODE, stay_rule
from zhizhi.systems.fishery.tests.river import River, after


def rule(**changed: Any) -> Any:
    return stay_rule({**settings_in_force.snapshot(), **changed})


@pytest.mark.django_db
def test_the_defaults_are_those_of_the_decision() -> None:
    found = rule()

    assert (found.code, found.version) == (CODE, 1)
    assert found.reads == apps.get_app_config("fishery").reads  # type: ignore[attr-defined]
    assert found.limit == timedelta(minutes=30)
    assert (found.grace, found.gap) == (timedelta(minutes=3), timedelta(minutes=10))
    assert (found.enter_margin_m, found.exit_margin_m) == (15.0, 50.0)
    assert (found.maximum_accuracy_m, found.minimum_fixes) == (200.0, 3)
    assert (found.cooldown, found.lateness) == (timedelta(days=1), timedelta(minutes=2))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "value", "field", "wanted"),
    [
        ("fishery.limit_minutes", 20, "limit", timedelta(minutes=20)),
        ("fishery.grace_seconds", 60, "grace", timedelta(minutes=1)),
        ("fishery.gap_seconds", 300, "gap", timedelta(minutes=5)),
        ("fishery.minimum_fixes", 5, "minimum_fixes", 5),
        ("fishery.enter_margin_m", 30.0, "enter_margin_m", 30.0),
        ("fishery.exit_margin_m", 80.0, "exit_margin_m", 80.0),
        ("fishery.maximum_accuracy_m", 90.0, "maximum_accuracy_m", 90.0),
        ("fishery.cooldown_hours", 2, "cooldown", timedelta(hours=2)),
        ("fishery.lateness_seconds", 60, "lateness", timedelta(minutes=1)),
    ],
)
def test_a_changed_setting_changes_the_rule(key: str, value: Any, field: str, wanted: Any) -> None:
    settings_in_force.change(key, value, by="account:1", now=after(0))

    (found,) = apps.get_app_config("fishery").detectors()  # type: ignore[attr-defined]

    assert getattr(found, field) == wanted


def test_every_setting_has_a_meaning_and_numbers_have_bounds() -> None:
    declared = apps.get_app_config("fishery").settings  # type: ignore[attr-defined]
    numbers = [one for one in declared if type(one.value) in {int, float}]

    assert all(str(one.meaning) for one in declared)
    assert all(one.minimum <= one.value <= one.maximum for one in numbers)


def test_the_detectors_load_without_django() -> None:
    script = "import sys, zhizhi.systems.fishery.detectors; sys.exit('django' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(("fixes", "found"), [(2, 0), (3, 1), (4, 1)])
def test_a_stay_needs_three_positions_inside(river: River, fixes: int, found: int) -> None:
    settings_in_force.change("fishery.gap_seconds", 7200, by="account:1", now=after(0))

    river.observe([31 * number / (fixes - 1) for number in range(fixes)])
    river.pass_time(35)

    assert Case.everything.count() == found


@pytest.mark.parametrize(("silence", "found"), [(9.98, 1), (10, 1), (10.02, 0)])
def test_a_silence_over_ten_minutes_ends_the_stay(river: River, silence: float, found: int) -> None:
    river.observe([0, 5, 10, 10 + silence, 24, 31])
    river.pass_time(35)

    assert Case.everything.count() == found
