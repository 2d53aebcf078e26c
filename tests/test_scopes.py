"""What each role sees of the scoped tables, row by row."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from tests.district_world import ROLES, World
from zhizhi.directory.models import (
    Account,
    Area,
    RoleAssignment,
)
from zhizhi.engine.models import (
    Alert,
    Case,
    CheckIn,
    Extension,
    Macro,
    Notice,
    Supervision,
    Suspension,
    Task,
)
from zhizhi.systems.fishery.models import Violation
from zhizhi.trust.scoping import Grant, Scope, ScopeMissing

pytestmark = pytest.mark.django_db
SCOPED: tuple[Any, ...] = tuple(
    model for model in apps.get_models() if hasattr(model, "scope_filter")
)
WIDE = {"operator", "inspector", "leader", "administrator", "technical_reviewer", "legal_reviewer"}
READERS = {
    "wall_pass": "administrator",
    "check_in": "operator inspector leader administrator unit_member",
    "message": "operator",
    "claim": "auditor",
    "appeal": "inspector legal_reviewer",
    "guardianship": "operator inspector leader legal_reviewer",
    "enrolment": "operator inspector leader legal_reviewer",
    "grant": "operator inspector leader legal_reviewer",
    "emergency": "operator inspector leader legal_reviewer auditor",
    "look_review": "auditor",
    "own_look_review": "operator auditor",
}
SEES_THE_CASE = WIDE | {"agency_officer", "unit_member"}


def seen(model: Any, scope: Scope) -> list[Any]:
    return sorted(row.pk for row in model.objects.visible_to(scope))


@pytest.mark.parametrize("model", SCOPED)
def test_a_scoped_table_is_not_read_without_saying_for_whom(model: Any) -> None:
    for read in ("all", "count", "first", "exists"):
        with pytest.raises(ScopeMissing, match="say for whom"):
            getattr(model.objects, read)()


@pytest.mark.parametrize("model", SCOPED)
def test_nobody_sees_anything_without_a_grant(model: Any, world: World) -> None:
    assert world.nobody is not None

    assert seen(model, world.nobody.scope()) == []
    assert seen(model, Scope(None)) == []
    assert seen(model, Scope(0, (Grant("king"),))) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_the_case_of_its_town_or_not(role: str, world: World) -> None:
    expected = [world.records["case"].pk] if role in SEES_THE_CASE else []

    assert seen(Case, world.here[role].scope()) == expected
    assert seen(Case, world.elsewhere[role].scope()) == []


@pytest.mark.parametrize("role", ROLES)
def test_what_hangs_on_a_case_is_seen_with_it(role: str, world: World) -> None:
    expected = [world.records["violation"].pk] if role in SEES_THE_CASE else []

    assert seen(Violation, world.here[role].scope()) == expected
    assert seen(Violation, world.elsewhere[role].scope()) == []
    assert len(seen(Alert, world.here[role].scope())) == len(expected)
    assert len(seen(Notice, world.here[role].scope())) == len(expected)
    assert seen(Notice, world.elsewhere[role].scope()) == []
    for model in (Extension, Suspension, Supervision):
        assert len(seen(model, world.here[role].scope())) == len(expected)
        assert seen(model, world.elsewhere[role].scope()) == []


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_read_with_its_case_has_readers_of_its_own(role: str, world: World) -> None:
    def read_by(account: Account) -> set[str]:
        records = {name: world.records[name] for name in READERS}
        return {name for name, row in records.items() if row.pk in seen(type(row), account.scope())}

    assert read_by(world.here[role]) == {name for name in READERS if role in READERS[name].split()}
    assert read_by(world.elsewhere[role]) == set()


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        ("unit_member", ["unit_task"]),
        ("agency_officer", ["agency_task", "unit_task"]),
        ("operator", ["agency_task", "unit_task"]),
        ("auditor", []),
        ("security_administrator", []),
    ],
)
def test_a_unit_sees_its_own_tasks_and_the_desk_all_of_them(
    role: str, kinds: list[str], world: World
) -> None:
    expected = sorted(world.records[kind].pk for kind in kinds)

    assert seen(Task, world.here[role].scope()) == expected
    assert seen(Task, world.elsewhere[role].scope()) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_macro_is_seen_by_who_uses_it_and_by_who_edits_it(role: str, world: World) -> None:
    expected = [world.records["macro"].pk] if role in {"operator", "administrator"} else []

    assert seen(Macro, world.here[role].scope()) == expected
    assert seen(Macro, world.elsewhere[role].scope()) == []


def test_a_macro_of_the_district_is_used_in_its_towns_and_edited_above_alone(world: World) -> None:
    macro, town = world.records["macro"], world.records["area"].path
    district = "/990101000000000/"
    Area.objects.filter(pk=macro.area_id).update(path=district)

    assert seen(Macro, Scope(1, (Grant("operator", town),))) == [macro.pk]
    assert seen(Macro, Scope(1, (Grant("operator", ""),))) == [macro.pk]
    assert seen(Macro, Scope(1, (Grant("operator", "/990102000000000/"),))) == []
    assert seen(Macro, Scope(1, (Grant("administrator", town),))) == []
    assert seen(Macro, Scope(1, (Grant("administrator", district),))) == [macro.pk]


@pytest.mark.parametrize("role", ROLES)
def test_an_account_that_was_closed_sees_nothing(role: str, world: World) -> None:
    account = world.here[role]
    account.is_active = False

    assert seen(Case, account.scope()) == []


def test_a_grant_for_the_installation_sees_every_town(world: World) -> None:
    account = Account.objects.create(username="district-desk")
    RoleAssignment.objects.create(account=account, role="operator")

    assert seen(Case, account.scope()) == [world.records["case"].pk]


def test_a_town_whose_code_begins_alike_is_another_town(world: World) -> None:
    case = world.records["case"]
    alike = case.area_path[:-1] + "1/"

    assert seen(Case, Scope(1, (Grant("operator", alike),))) == []
    assert seen(Case, Scope(1, (Grant("operator", case.area_path),))) == [case.pk]


def test_wildcards_in_a_path_are_letters(world: World) -> None:
    pattern = world.records["case"].area_path.replace("9", "_")

    assert seen(Case, Scope(1, (Grant("operator", pattern),))) == []
    assert seen(Case, Scope(1, (Grant("operator", "%"),))) == []


def test_two_grants_for_one_case_show_it_once(world: World) -> None:
    case = world.records["case"]
    grants = (Grant("operator", case.area_path), Grant("leader", case.area_path))

    assert Case.objects.visible_to(Scope(1, grants)).count() == 1


@pytest.mark.parametrize("model", SCOPED)
@pytest.mark.parametrize("role", ROLES)
def test_no_scope_joins_what_may_repeat_a_row(model: Any, role: str, world: World) -> None:
    query = model.objects.visible_to(world.here[role].scope()).query
    joins = [join for join in query.alias_map.values() if hasattr(join, "join_field")]

    assert [join.table_name for join in joins if join.join_field.one_to_many] == []
    assert not query.distinct


def test_an_officer_sees_a_case_once_however_many_parts_and_tasks_it_has(world: World) -> None:
    case, officer = world.records["case"], world.here["agency_officer"].scope()
    for kind in ("second", "third"):
        Task.everything.create(
            case=case, kind=kind, agency_id=officer.grants[0].agency, state=Task.State.DONE,
            offered_at=case.opened_at, offered_by="worker",
        )  # fmt: skip
    both = Scope(officer.account, (*officer.grants, *world.here["unit_member"].scope().grants))

    assert list(Case.objects.visible_to(both)) == [case]


def test_an_officer_of_another_agency_of_the_same_town_sees_nothing(world: World) -> None:
    case, other = world.records["case"], world.elsewhere["agency_officer"]
    agency = other.scope().grants[0].agency

    assert seen(Case, Scope(1, (Grant("agency_officer", case.area_path, agency),))) == []
    assert seen(Case, Scope(1, (Grant("agency_officer", case.area_path),))) == []


@pytest.mark.parametrize("model", [Case, Task, CheckIn])
@pytest.mark.parametrize("role", ["auditor", "security_administrator"])
def test_an_agency_or_a_unit_gives_no_role_that_sees(model: Any, role: str, world: World) -> None:
    case, unit = world.records["case"], world.records["unit"]

    assert seen(model, Scope(1, (Grant(role, case.area_path, unit.agency_id, unit.pk),))) == []


def test_an_officer_for_one_town_sees_no_case_of_the_agency_elsewhere(world: World) -> None:
    case, there = world.records["case"], world.elsewhere["operator"].scope().grants[0].area_path
    agency = world.here["agency_officer"].scope().grants[0].agency

    assert seen(Case, Scope(1, (Grant("agency_officer", case.area_path, agency),))) == [case.pk]
    assert seen(Case, Scope(1, (Grant("agency_officer", there, agency),))) == []
