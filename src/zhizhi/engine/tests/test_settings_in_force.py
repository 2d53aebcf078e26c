from collections.abc import Callable

import pytest
from django.db import DatabaseError, transaction
from pytest_django import DjangoAssertNumQueries

from zhizhi.engine import setting_history, settings_in_force
from zhizhi.engine.models import Setting, SettingChange
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import DeclaredSetting
from zhizhi.engine.tests.building import NOON
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_a_setting_has_its_declared_value_until_it_is_changed() -> None:
    assert settings_in_force.value("engine.accept_minutes") == 5


def test_a_changed_setting_is_in_force_and_audited() -> None:
    settings_in_force.change("engine.accept_minutes", 7, by="account:1", now=NOON)

    leaf = AuditEntry.objects.get()
    assert settings_in_force.value("engine.accept_minutes") == 7
    assert settings_in_force.snapshot()["engine.accept_minutes"] == 7
    assert (leaf.actor, leaf.verb, leaf.subject) == (
        "account:1", "setting.change", "setting:engine.accept_minutes",
    )  # fmt: skip
    told = SettingChange.objects.get()
    assert leaf.detail == {
        "from": 5, "to": 7, "version": 1, "digest": setting_history.seal(told),
    }  # fmt: skip


def test_a_second_change_names_the_first_as_old() -> None:
    settings_in_force.change("engine.accept_minutes", 7, by="account:1", now=NOON)
    settings_in_force.change("engine.accept_minutes", 9, by="account:1", now=NOON)

    detail = AuditEntry.objects.latest("seq").detail
    assert (detail["from"], detail["to"], detail["version"]) == (7, 9, 2)


def test_a_change_keeps_who_when_what_and_why() -> None:
    settings_in_force.change(
        "engine.accept_minutes", 7, by="account:1", now=NOON, reason="boats are slow"
    )

    told = SettingChange.objects.get()
    assert (told.key, told.version, told.old, told.new, told.is_reset) == (
        "engine.accept_minutes", 1, 5, 7, False,
    )  # fmt: skip
    assert (told.by, told.at, told.reason) == ("account:1", NOON, "boats are slow")


def test_a_reset_follows_the_default_again_and_stays_in_the_history() -> None:
    settings_in_force.change("engine.accept_minutes", 7, by="account:1", now=NOON)

    settings_in_force.reset("engine.accept_minutes", by="account:2", now=NOON, seen=1)

    told = SettingChange.objects.latest("version")
    assert settings_in_force.value("engine.accept_minutes") == 5
    assert settings_in_force.snapshot()["engine.accept_minutes"] == 5
    assert (told.old, told.new, told.is_reset, told.version) == (7, 5, True, 2)
    assert Setting.objects.get().value is None


@pytest.mark.parametrize("seen", [0, 2])
def test_a_change_that_was_decided_on_another_version_is_a_conflict(seen: int) -> None:
    settings_in_force.change("engine.accept_minutes", 7, by="account:1", now=NOON)

    with pytest.raises(StateConflict) as caught:
        settings_in_force.change("engine.accept_minutes", 9, by="account:2", now=NOON, seen=seen)

    assert caught.value.record.changed_by == "account:1"
    assert settings_in_force.value("engine.accept_minutes") == 7
    assert SettingChange.objects.count() == AuditEntry.objects.count() == 1


def test_a_change_that_was_decided_on_the_newest_version_is_taken() -> None:
    settings_in_force.change("engine.accept_minutes", 7, by="account:1", now=NOON)

    settings_in_force.change("engine.accept_minutes", 9, by="account:2", now=NOON, seen=1)

    assert settings_in_force.value("engine.accept_minutes") == 9


def test_the_history_cannot_be_edited() -> None:
    settings_in_force.change("engine.accept_minutes", 7, by="account:1", now=NOON)

    with pytest.raises(DatabaseError), transaction.atomic():
        SettingChange.objects.update(reason="another")
    with pytest.raises(DatabaseError), transaction.atomic():
        SettingChange.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decided_on_the_same_version_one_is_told() -> None:
    def put(value: int) -> Callable[[], Setting]:
        return lambda: settings_in_force.change(
            "engine.accept_minutes", value, by=f"account:{value}", now=NOON, seen=0
        )

    results = race(put(7), put(9))

    [winner], [loser] = winners(results), losers(results)
    assert isinstance(loser, StateConflict)
    assert settings_in_force.value("engine.accept_minutes") == winner.value
    assert SettingChange.objects.count() == 1


@pytest.mark.parametrize("wrong", [0, 121, "5", 5.5, True, None])
def test_a_value_outside_the_declared_range_or_type_is_refused(wrong: object) -> None:
    with pytest.raises(settings_in_force.SettingRefused, match=r"engine\.accept_minutes"):
        settings_in_force.change("engine.accept_minutes", wrong, by="account:1", now=NOON)

    assert not Setting.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("right", [1, 120])
def test_the_ends_of_the_range_are_allowed(right: int) -> None:
    settings_in_force.change("engine.accept_minutes", right, by="account:1", now=NOON)

    assert settings_in_force.value("engine.accept_minutes") == right


def test_a_whole_number_serves_where_a_fraction_is_wanted() -> None:
    settings_in_force.change("engine.road_factor", 2, by="account:1", now=NOON)

    assert settings_in_force.value("engine.road_factor") == 2.0


def test_a_fraction_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(settings_in_force.SettingRefused):
        settings_in_force.change("engine.road_factor", float("nan"), by="account:1", now=NOON)


def test_a_setting_that_nobody_declares_is_unknown() -> None:
    with pytest.raises(settings_in_force.SettingUnknown, match="no setting is called x"):
        settings_in_force.value("x.y")


@pytest.mark.parametrize(("value", "is_known"), [("zh-hans", True), ("en", True), ("fr", False)])
def test_a_text_with_choices_is_one_of_them(value: str, is_known: bool) -> None:
    text = DeclaredSetting("x.y", "en", "", choices=(("zh-hans", "Chinese"), ("en", "English")))

    if is_known:
        assert settings_in_force.check(text, value) == value
    else:
        with pytest.raises(settings_in_force.SettingRefused, match="one of zh-hans, en"):
            settings_in_force.check(text, value)


def test_a_text_has_no_range() -> None:
    text = DeclaredSetting("x.y", "en", "")

    assert settings_in_force.check(text, "zh-hans") == "zh-hans"


def test_all_values_cost_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        settings_in_force.snapshot()


def test_every_default_lies_in_its_own_range() -> None:
    for setting in settings_in_force.declared().values():
        assert settings_in_force.check(setting, setting.value) == setting.value


def test_every_setting_is_named_and_explained_and_every_number_has_a_range() -> None:
    for setting in settings_in_force.declared().values():
        assert str(setting.name), setting.key
        assert str(setting.meaning), setting.key
        if isinstance(setting.value, str):  # chosen from a list, or typed and not too long
            assert setting.choices or setting.maximum, setting.key
        elif not isinstance(setting.value, bool):
            assert setting.minimum is not None, setting.key
            assert setting.maximum is not None, setting.key
