"""Whoever alters the history of a setting behind the product's back is found."""

from __future__ import annotations

import pytest
from django.db import connection

from zhizhi.engine import setting_history, settings_in_force
from zhizhi.engine.models import SettingChange
from zhizhi.engine.tests.building import NOON
from zhizhi.trust import append_only
from zhizhi.trust.tests.damage import damage

pytestmark = pytest.mark.django_db
KEY = "engine.road_factor"


@pytest.fixture(autouse=True)
def changed() -> None:
    settings_in_force.change(KEY, 2.0, by="account:1", now=NOON, reason="floods")
    settings_in_force.reset(KEY, by="account:2", now=NOON, reason="dry again")


def tamper(statement: str) -> None:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


def breaks() -> list[str]:
    return [str(one) for one in setting_history.verify()]


def test_an_untouched_history_is_whole() -> None:
    assert SettingChange.objects.count() == 2
    assert breaks() == []


@pytest.mark.parametrize(
    "change", ["reason = 'another'", "by = 'account:3'", "is_reset = true", "new = '3'"]
)
def test_a_change_that_was_altered_is_named(change: str) -> None:
    tamper(f"UPDATE engine_settingchange SET {change} WHERE version = 1")  # noqa: S608 - ours

    assert breaks() == [f"engine_settingchange {KEY} version 1: changed"]


def test_a_change_that_was_removed_is_named() -> None:
    tamper("DELETE FROM engine_settingchange WHERE version = 1")

    assert breaks() == [f"engine_settingchange {KEY} version 1: missing"]


def test_a_change_that_was_added_is_named() -> None:
    SettingChange.objects.create(key=KEY, version=3, old=1.4, new=5, at=NOON, by="account:1")

    assert breaks() == [f"engine_settingchange {KEY} version 3: is not in the audit chain"]


def test_a_change_that_cannot_be_read_is_named() -> None:
    damage("engine_settingchange", "at", "version = 2")

    assert breaks() == [f"engine_settingchange {KEY} version 2: cannot be read"]
