import pytest
from pytest_django import DjangoAssertNumQueries

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Setting
from zhizhi.engine.system import DeclaredSetting
from zhizhi.engine.tests.building import NOON
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
    assert leaf.detail == {"from": 5, "to": 7}


def test_a_second_change_names_the_first_as_old() -> None:
    settings_in_force.change("engine.accept_minutes", 7, by="account:1", now=NOON)
    settings_in_force.change("engine.accept_minutes", 9, by="account:1", now=NOON)

    assert AuditEntry.objects.latest("seq").detail == {"from": 7, "to": 9}


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
