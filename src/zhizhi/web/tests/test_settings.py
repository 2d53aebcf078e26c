"""Settings: found, explained, changed with a reason, put back, and never overwritten unseen."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.district_world import World

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Setting, SettingChange
from zhizhi.trust.models import AuditEntry
from zhizhi.web.tests.conftest import Browse

PLAIN = "/settings/engine.accept_minutes/"
RULE = "/settings/fishery.limit_minutes/"
FRACTION = "/settings/engine.road_factor/"


def typed(value: object, *, seen: int = 0, **more: Any) -> dict[str, Any]:
    return {"value": str(value), "reason": "boats are slow", "seen": str(seen), **more}


def test_every_declared_setting_is_listed_with_its_value_default_and_range(
    world: World, browse: Browse
) -> None:
    page = browse("administrator").get("/settings/")

    rows = [row for group in page.context["groups"] for row in group["rows"]]
    assert {row["declared"].key for row in rows} == set(settings_in_force.declared())
    accept = next(row for row in rows if row["declared"].key == "engine.accept_minutes")
    assert (accept["written"], accept["default"], accept["range"]) == (
        "5 minutes", "5 minutes", "1 – 120",
    )  # fmt: skip
    assert "never changed" in page.content.decode()


def test_every_group_has_a_name_in_words(browse: Browse) -> None:
    groups = browse("administrator").get("/settings/").context["groups"]

    assert groups
    assert [one["label"] for one in groups if str(one["name"]) == one["label"]] == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("accept_minutes", {"engine.accept_minutes"}),
        ("  STAY limit ", {"fishery.limit_minutes"}),
        ("jitter", {"fishery.grace_seconds"}),
        ("nothing-is-called-so", set()),
    ],
)
def test_a_search_looks_in_name_meaning_and_key(
    search: str, found: set[str], world: World, browse: Browse
) -> None:
    page = browse("administrator").get("/settings/", {"q": search})

    keys = {row["declared"].key for group in page.context["groups"] for row in group["rows"]}
    assert keys == found


def test_the_list_costs_the_same_however_much_was_changed(
    world: World, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = world.records["case"].opened_at
    for key, one in settings_in_force.declared().items():
        settings_in_force.change(key, one.value, by="account:1", now=now)

    reader = browse("administrator")

    with django_assert_max_num_queries(7):
        reader.get("/settings/")


@pytest.mark.parametrize(
    ("value", "is_taken"),
    [(0, False), (1, True), (2, True), (119, True), (120, True), (121, False)],
)
def test_a_whole_number_is_taken_inside_its_range_alone(
    value: int, is_taken: bool, world: World, browse: Browse
) -> None:
    answer = browse("administrator").post(PLAIN, typed(value))

    assert answer.status_code == (302 if is_taken else 400)
    assert settings_in_force.value("engine.accept_minutes") == (value if is_taken else 5)
    audited = AuditEntry.objects.filter(verb="setting.change")
    assert SettingChange.objects.count() == audited.count() == int(is_taken)
    if not is_taken:
        assert "Write a whole number from 1 to 120." in answer.content.decode()
        assert f'value="{value}"' in answer.content.decode()


@pytest.mark.parametrize(
    ("value", "status"),
    [("0.99", 400), ("1", 302), ("1.01", 302), ("4.99", 302), ("5", 302), ("5.01", 400),
     ("nan", 400), ("inf", 400), ("", 400), ("x", 400)],
)  # fmt: skip
def test_a_fraction_is_taken_inside_its_range_alone(
    value: str, status: int, world: World, browse: Browse
) -> None:
    answer = browse("administrator").post(FRACTION, typed(value))

    assert answer.status_code == status
    assert Setting.objects.exists() is (status == 302)


def test_a_change_without_a_reason_is_refused_and_writes_nothing(
    world: World, browse: Browse
) -> None:
    answer = browse("administrator").post(PLAIN, {**typed(7), "reason": " "})

    assert answer.status_code == 400
    assert "Give the reason" in answer.content.decode()
    assert not Setting.objects.exists()


@pytest.mark.parametrize(("length", "status"), [(299, 302), (300, 302), (301, 400)])
def test_a_reason_has_three_hundred_characters_at_most(
    length: int, status: int, world: World, browse: Browse
) -> None:
    answer = browse("administrator").post(PLAIN, {**typed(7), "reason": "x" * length})

    assert answer.status_code == status


def test_the_value_in_force_is_no_change(world: World, browse: Browse) -> None:
    answer = browse("administrator").post(PLAIN, typed(5))

    assert answer.status_code == 400
    assert "5 minutes is in force already." in answer.content.decode()
    assert not SettingChange.objects.exists()


def test_a_change_names_who_made_it_and_why(world: World, browse: Browse) -> None:
    browse("administrator").post(PLAIN, typed(7))

    page = browse("administrator").get(PLAIN).content.decode()
    assert str(world.here["administrator"]) in page
    assert "boats are slow" in page
    assert "5 minutes → <strong>7 minutes</strong>" in page


def test_of_two_administrators_the_second_is_told_what_the_first_did(
    world: World, browse: Browse
) -> None:
    first, second = browse("administrator", elsewhere=True), browse("administrator")
    shown = second.get(PLAIN).context["form"].initial["seen"]
    first.post(PLAIN, typed(7))

    answer = second.post(PLAIN, typed(9, seen=shown))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert str(world.elsewhere["administrator"]) in page
    assert "now: 7 minutes" in page
    assert answer.context["form"]["value"].value() == "9"
    assert answer.context["form"]["seen"].value() == 1
    assert settings_in_force.value("engine.accept_minutes") == 7
    assert second.post(PLAIN, typed(9, seen=1)).status_code == 302


def test_a_preview_of_an_older_version_is_a_conflict_too(world: World, browse: Browse) -> None:
    browse("administrator").post(RULE, typed(20, save="1"))

    assert browse("administrator").post(RULE, typed(25)).status_code == 409


def test_the_default_is_put_back_whatever_stands_in_the_field(world: World, browse: Browse) -> None:
    browse("administrator").post(PLAIN, typed(7))

    answer = browse("administrator").post(PLAIN, typed("x", seen=1, reset="1"))

    assert answer.status_code == 302
    assert settings_in_force.value("engine.accept_minutes") == 5
    assert SettingChange.objects.latest("version").is_reset


def test_the_default_of_a_rule_is_tried_before_it_is_put_back(world: World, browse: Browse) -> None:
    reader = browse("administrator")
    reader.post(RULE, typed(20, save="1"))

    preview = reader.post(RULE, typed("", seen=1, reset="1"))
    assert "With 30 minutes: the same alerts as now." in preview.content.decode()
    assert settings_in_force.value("fishery.limit_minutes") == 20

    reader.post(RULE, typed("", seen=1, reset="1", save="1"))
    assert settings_in_force.value("fishery.limit_minutes") == 30


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("fishery.dispatches_itself", "True", True),
        ("fishery.reminder_language", "en", "en"),
        ("engine.road_factor", "2", 2.0),
    ],
)
def test_choices_and_fractions_are_stored_in_their_type(
    key: str, value: str, stored: object, world: World, browse: Browse
) -> None:
    browse("administrator").post(f"/settings/{key}/", typed(value))

    assert settings_in_force.value(key) == stored
    assert type(settings_in_force.value(key)) is type(stored)


@pytest.mark.parametrize(
    ("key", "value"),
    [("fishery.dispatches_itself", "perhaps"), ("fishery.reminder_language", "fr")],
)
def test_a_choice_that_is_not_offered_is_refused(
    key: str, value: str, world: World, browse: Browse
) -> None:
    assert browse("administrator").post(f"/settings/{key}/", typed(value)).status_code == 400
    assert not Setting.objects.exists()


def test_a_form_without_its_version_is_refused(world: World, browse: Browse) -> None:
    answer = browse("administrator").post(PLAIN, {"value": "7", "reason": "x"})

    assert answer.status_code == 400
    assert "The page was incomplete: load it again." in answer.content.decode()


def test_a_setting_that_nobody_declares_is_not_found(world: World, browse: Browse) -> None:
    assert browse("administrator").get("/settings/engine.unheard_of/").status_code == 404


@pytest.mark.parametrize(("role", "is_led"), [("administrator", True), ("leader", False)])
def test_the_menu_leads_administrators_there(
    role: str, is_led: bool, world: World, browse: Browse
) -> None:
    page = browse(role).get("/messages/").content.decode()

    assert ('href="/settings/"' in page) is is_led


@pytest.mark.parametrize("role", ["operator", "inspector", "leader", "auditor", "unit_member"])
def test_nobody_else_sees_or_changes_them(role: str, world: World, browse: Browse) -> None:
    assert browse(role).get("/settings/").status_code == 403
    assert browse(role).post(PLAIN, typed(7)).status_code == 403
    assert not Setting.objects.exists()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("fishery.limit_minutes", "Preview and try on yesterday"),
        ("fishery.enter_margin_m", "Preview and try on yesterday"),
        ("fishery.second_stage_minutes", "Put in force"),
        ("fishery.reminder_language", "Put in force"),
        ("fishery.dispatches_itself", "Put in force"),
        ("engine.accept_minutes", "Put in force"),
    ],
)
def test_the_button_says_whether_the_change_is_tried_first(
    key: str, said: str, world: World, browse: Browse
) -> None:
    assert f'<button class="primary">{said}</button>' in (
        browse("administrator").get(f"/settings/{key}/").content.decode()
    )
