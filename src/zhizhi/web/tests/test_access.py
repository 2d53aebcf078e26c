"""Who may open a page: denied by default."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from tests.district_world import World

from zhizhi.trust.scoping import Scope
from zhizhi.web import access


@access.for_roles("inspector")
def page(request: HttpRequest, scope: Scope) -> HttpResponse:
    return HttpResponse(",".join(grant.role for grant in scope.grants))


def asked(user: object, path: str = "/page/", **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, headers=headers)
    request.user = user  # type: ignore[assignment]
    return request


def test_only_the_grants_of_the_pages_roles_count(world: World) -> None:
    account = world.here["inspector"]
    account.roles.create(role="leader")

    answer = page(asked(account))

    assert isinstance(answer, HttpResponse)
    assert answer.content == b"inspector"


def test_another_role_is_refused(world: World) -> None:
    with pytest.raises(PermissionDenied):
        page(asked(world.here["leader"]))


def test_whoever_is_not_signed_in_is_led_to_the_door_and_back() -> None:
    answer = page(asked(AnonymousUser(), "/page/?q=1"))

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/page/%3Fq%3D1")


@pytest.mark.parametrize(
    ("referer", "goes_on"),
    [
        ("http://testserver/cases/7/?x=1", "/cases/7/%3Fx%3D1"),
        ("http://elsewhere/cases/7/", "/"),
        ("", "/"),
    ],
)
def test_a_form_without_a_session_leads_back_to_the_page_that_it_stood_on(
    referer: str, goes_on: str
) -> None:
    request = RequestFactory().post("/cases/7/inspect/", headers={"referer": referer})
    request.user = AnonymousUser()

    answer = page(request)

    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={goes_on}")


@pytest.mark.parametrize(
    ("path", "headers"), [("/geo/x", {}), ("/events/x", {}), ("/page/", {"HX-Request": "true"})]
)
def test_a_script_without_a_session_is_told_so(path: str, headers: dict[str, str]) -> None:
    assert page(asked(AnonymousUser(), path, **headers)).status_code == 401


def test_whoever_only_asks_for_the_head_of_a_page_comes_back_to_it() -> None:
    request = RequestFactory().head("/page/?q=1")
    request.user = AnonymousUser()

    assert page(request)["Location"] == "/sign-in/?next=/page/%3Fq%3D1"


@pytest.mark.parametrize(
    ("named", "roles"),
    [
        ("DESK_READERS", "operator inspector leader administrator"),
        (
            "CASE_READERS",
            "operator inspector leader administrator agency_officer technical_reviewer "
            "legal_reviewer unit_member",
        ),
        ("GUARDIAN_READERS", "operator inspector leader legal_reviewer"),
        ("GRANT_ASKERS", "operator inspector agency_officer"),
        ("GRANT_READERS", "operator inspector agency_officer leader legal_reviewer"),
        ("RULE_READERS", "operator inspector leader administrator auditor"),
    ],
)
def test_the_groups_of_roles_hold_these_and_no_others(named: str, roles: str) -> None:
    assert sorted(getattr(access, named)) == sorted(roles.split())


def test_nobody_is_no_account() -> None:
    with pytest.raises(PermissionDenied):
        access.account_of(asked(AnonymousUser()))


def test_a_timeline_names_the_account(world: World) -> None:
    account = world.here["operator"]

    assert access.actor_of(asked(account)) == f"account:{account.pk}"
