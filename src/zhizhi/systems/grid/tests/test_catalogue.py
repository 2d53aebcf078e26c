"""What can be reported by categories: at the price of one small query, and never an old tree."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from zhizhi.engine import reporting, settings_in_force
from zhizhi.engine.system import systems
from zhizhi.systems.grid import catalogue, keeping
from zhizhi.systems.grid.tests.packs import NOON, brought, category, row

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"by": "account:1", "now": NOON}
TREE = (
    row("facility", name_zh="设施", name_en="Facilities"),
    row("light", "facility", name_zh="照明", name_en="Lights"),
    row("lamp", "light", severity="important", radius_m="30", capabilities="foot",
        lead_agency="urban", look_minutes="15", hint_en="Its number"),
    row("drain", "facility", name_zh="下水道", name_en="Drain"),
)  # fmt: skip


def codes() -> list[str]:
    return [code for code in reporting.kinds() if code.startswith("grid.")]


def test_the_ends_of_the_branches_can_be_reported_under_the_names_above_them() -> None:
    brought(*TREE)

    assert codes() == ["grid.lamp", "grid.drain"]
    lamp = reporting.kinds()["grid.lamp"]
    with translation.override("en"):
        assert (str(lamp.name), str(lamp.hint)) == ("Lamp out", "Its number")
        assert [(code, str(name)) for code, name in lamp.groups] == [
            ("grid.facility", "Facilities"), ("grid.light", "Lights"),
        ]  # fmt: skip
    with translation.override("zh-hans"):
        assert str(lamp.name) == "路灯不亮"
    assert (lamp.system, lamp.case_kind, lamp.severity) == ("grid", "grid.lamp", "important")
    assert (lamp.capabilities, lamp.lead_agency) == (("foot",), "urban")
    assert (lamp.look_minutes, lamp.radius_m, lamp.is_for_residents) == (15, 30, True)


@pytest.mark.parametrize("switched", ["lamp", "light", "facility"])
def test_what_is_off_takes_everything_below_it_with_it(switched: str) -> None:
    brought(*TREE)

    keeping.switch(category(switched), on=False, seen=1, **WHO)

    left = [] if switched == "facility" else ["grid.drain"]
    assert codes() == left


def test_a_group_whose_categories_are_all_off_does_not_become_one_itself() -> None:
    brought(*TREE)

    keeping.switch(category("lamp"), on=False, seen=1, **WHO)

    assert "grid.light" not in codes()


def test_what_the_newest_file_lacks_can_no_longer_be_reported_and_keeps_its_name() -> None:
    brought(*TREE)

    brought(TREE[0], TREE[3])

    assert codes() == ["grid.drain"]
    with translation.override("en"):
        assert reporting.kind_name("grid.lamp") == "Lamp out"
        assert reporting.kind_name("grid.never") == "grid.never"


def test_residents_are_offered_what_no_step_of_the_branch_keeps_for_the_staff() -> None:
    brought(row("inner", residents="no"), row("visit", "inner"), row("lamp"))

    offered = {kind.code: kind.is_for_residents for kind in reporting.kinds().values()}

    assert (offered["grid.visit"], offered["grid.lamp"]) == (False, True)


def test_unchecked_categories_are_kept_for_the_staff_where_the_setting_says_so() -> None:
    brought(row("lamp"), row("drain"))
    keeping.mark_checked(category("lamp"), is_official=True, seen=1, **WHO)
    settings_in_force.change("grid.offers_unchecked", False, **WHO)

    offered = {kind.code: kind.is_for_residents for kind in reporting.kinds().values()}

    assert (offered["grid.lamp"], offered["grid.drain"]) == (True, False)


def test_a_tree_that_did_not_change_costs_one_query_however_large_it_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    brought(*(row(f"c{number}") for number in range(200)))
    catalogue.current()

    with django_assert_num_queries(1):
        assert len(catalogue.current().kinds) == 200
    with django_assert_num_queries(2):  # and the setting
        reporting.kinds()
    with django_assert_num_queries(0):
        assert str(catalogue.recent().names["grid.c7"])


def test_a_change_is_seen_at_once_and_one_that_was_undone_never_happened() -> None:
    brought(row("lamp"))
    assert codes() == ["grid.lamp"]

    with transaction.atomic():
        keeping.switch(category("lamp"), on=False, seen=1, **WHO)
        assert codes() == []
        transaction.set_rollback(True)

    assert codes() == ["grid.lamp"]
    keeping.mark_checked(category("lamp"), is_official=True, seen=1, **WHO)
    assert catalogue.current().unofficial == frozenset()


def test_names_in_lists_may_be_a_moment_old(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.0
    monkeypatch.setattr(catalogue, "monotonic", lambda: clock)
    catalogue.forget()
    brought(row("lamp"))
    before = catalogue.recent()
    brought(row("lamp", name_en="Lantern out"))
    assert catalogue.recent() is not before  # written here, so it is known here

    kept = catalogue.recent()
    category("lamp").pack.stamp = ""
    type(category("lamp").pack).objects.update(stamp="f" * 32)  # as another process would
    clock = 1001.0
    assert catalogue.recent() is kept
    clock = 1001.001
    assert catalogue.recent() is not kept


def test_in_few_columns_a_category_counts_as_the_top_of_its_branch() -> None:
    brought(*TREE)
    [grid] = [system for system in systems() if system.label == "grid"]

    assert grid.broad_kind("grid.lamp") == "grid.facility"
    assert grid.broad_kind("grid.gone") == "grid.gone"
