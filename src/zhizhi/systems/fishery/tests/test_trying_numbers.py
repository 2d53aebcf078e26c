"""Before a number of the rule is changed, an administrator sees what it would have found."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Alert, Setting
from zhizhi.systems.fishery.tests.river import ZONE, Desk, River, after
from zhizhi.web.trial import try_numbers

ADDRESS = "/settings/fishery.limit_minutes/"


def tried(river: River, **changed: Any) -> Any:
    now = settings_in_force.snapshot()
    new = {**now, **{f"fishery.{name}": value for name, value in changed.items()}}
    return try_numbers(apps.get_app_config("fishery"), now, new, now=after(60))  # type: ignore[arg-type]


@pytest.mark.parametrize(("limit", "more"), [(24, 1), (25, 0), (26, 0)])
def test_a_shorter_limit_finds_a_stay_that_is_longer_than_it(
    river: River, limit: int, more: int
) -> None:
    river.observe([0, 5, 10, 15, 20, 25])

    found = tried(river, limit_minutes=limit)

    assert found["counts"] == {"new": more, "gone": 0, "same": 0}
    assert [row["change"] for row in found["rows"] if not row["zone"]] == [more]
    assert [stay["zone"] for stay in found["stays"]] == [ZONE] * more
    assert not Alert.everything.exists()


def test_a_longer_limit_no_longer_finds_a_stay(river: River) -> None:
    river.observe([0, 5, 10, 15, 20, 25, 31])

    assert tried(river, limit_minutes=60)["counts"] == {"new": 0, "gone": 1, "same": 0}


def test_a_number_that_no_rule_asks_for_is_not_tried(river: River) -> None:
    assert tried(river, second_stage_minutes=20) is None


def test_every_rule_can_be_made_with_the_ends_of_every_range(river: River) -> None:
    system = apps.get_app_config("fishery")
    now = settings_in_force.snapshot()
    for one in system.settings:  # type: ignore[attr-defined]
        for end in filter(lambda end: end is not None, (one.minimum, one.maximum)):
            assert system.detectors({**now, one.key: type(one.value)(end)})  # type: ignore[attr-defined]


def test_the_page_tells_what_would_be_found_before_anything_is_saved(
    river: River, desk: Desk
) -> None:
    river.observe([0, 5, 10, 15, 20, 25])
    typed = {"value": "20", "reason": "many short stays", "seen": "0"}

    with time_machine.travel(after(60), tick=False):
        page = desk("administrator").post(ADDRESS, typed)

    assert page.status_code == 200
    assert "With 20 minutes: 1 more alert." in page.content.decode()
    assert not Setting.objects.exists()

    with time_machine.travel(after(60), tick=False):
        saved = desk("administrator").post(ADDRESS, {**typed, "save": "1"})

    assert saved["Location"] == reverse("web:setting", args=["fishery.limit_minutes"])
    assert settings_in_force.value("fishery.limit_minutes") == 20
