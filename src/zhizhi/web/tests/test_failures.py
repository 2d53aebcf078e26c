"""What a page says when something went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from tests.district_world import AT, World

from zhizhi.directory.models import Unit
from zhizhi.engine import dispatching
from zhizhi.engine.models import Case, Task
from zhizhi.engine.states import StateConflict
from zhizhi.web import failures
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse

HTMX = {"HX-Request": "true"}


def sent_by_another(world: World) -> tuple[Case, Unit]:
    """A case to which another operator has sent a unit at noon local time, and a free unit."""
    wanted, free = case(world, 1), world.records["unit"]
    boat = Unit.objects.create(
        code="b2", name="Boat 2", kind="river_patrol", area=free.area, lon=free.lon, lat=free.lat,
        position_at=AT, capabilities=["water"],
    )  # fmt: skip
    other = world.elsewhere["operator"]
    dispatching.dispatch(wanted, boat, by=f"account:{other.pk}", now=AT)
    return wanted, free


def dispatch(browser: Client, wanted: Case, unit: Unit, **headers: Any) -> Any:
    address = reverse("web:dispatch", args=[wanted.pk])
    return browser.post(address, {"unit": unit.pk}, headers=headers)


def test_whoever_was_slower_is_told_who_was_faster_and_when(world: World, browse: Browse) -> None:
    wanted, free = sent_by_another(world)

    answer = dispatch(browse("operator"), wanted, free)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody was faster." in page
    assert f"{world.elsewhere['operator']} · 12:00:00 · Boat 2" in page
    assert "Nothing of yours was changed." in page
    assert Task.everything.filter(case=wanted).count() == 1


def test_a_fragment_is_told_over_the_page_that_it_came_from(world: World, browse: Browse) -> None:
    wanted, free = sent_by_another(world)

    answer = dispatch(browse("operator"), wanted, free, **HTMX)

    assert (answer.status_code, answer["HX-Retarget"]) == (409, "#toasts")
    assert answer.content.lstrip().startswith(b'<div class="notice error" role="alert">')


def test_a_case_that_was_acknowledged_names_who_did_it(world: World, browse: Browse) -> None:
    wanted, other = case(world, 1), world.elsewhere["operator"]
    dispatching.acknowledge(wanted, by=f"account:{other.pk}", now=AT)

    answer = browse("operator").post(reverse("web:acknowledge", args=[wanted.pk]))

    assert answer.status_code == 409
    assert f"{other} · 12:00:00" in answer.content.decode()


def test_a_script_is_told_in_words_that_it_can_show(world: World, browse: Browse) -> None:
    task = world.records["unit_task"]
    Task.everything.filter(pk=task.pk).update(state="expired", ended_at=AT)
    body = {"outcome": "left", "key": "draft-1"}

    answer = browse("unit_member").post(
        reverse("web:report", args=[task.pk]), body, headers={"accept": "application/json"}
    )

    assert answer.status_code == 409
    assert answer.json() == {
        "arrived": False,
        "reason": "Not taken: the task is now “Not accepted in time”.",
    }


def test_without_a_fit_unit_nothing_is_sent_and_the_page_says_what_to_do(
    world: World, browse: Browse
) -> None:
    wanted = case(world, 1, capabilities=["helicopter"])

    answer = browse("operator").post(reverse("web:dispatch", args=[wanted.pk]))

    assert answer.status_code == 409
    assert "No fit unit is available." in answer.content.decode()


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_missing_database_is_told_and_that_nothing_was_saved(error: type[Exception]) -> None:
    def away(_request: HttpRequest) -> HttpResponse:
        raise error

    with translation.override("en"):
        answer = failures.FailureMiddleware(away)(RequestFactory().post("/cases/1/dispatch/"))

    assert isinstance(answer, HttpResponse)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Nothing was saved." in answer.content.decode()


def test_other_errors_are_not_swallowed() -> None:
    request = RequestFactory().get("/")
    middleware = failures.FailureMiddleware(lambda _request: HttpResponse())

    assert middleware.process_exception(request, ValueError()) is None


def test_a_conflict_about_a_zone_names_who_redrew_it(world: World) -> None:
    error = StateConflict("zone changed", record=world.records["zone"])

    with translation.override("en"):
        facts = failures.conflict_facts(error)

    assert (facts["who"], facts["at"]) == ("Automatic", AT)


def test_a_conflict_about_nothing_known_still_has_words() -> None:
    facts = failures.conflict_facts(StateConflict("lost"))

    assert (facts["who"], facts["at"], facts["is_race"]) == ("", None, True)


@pytest.mark.parametrize(
    ("address", "leads"),
    [
        ("/zones/import/", "/zones/"),
        ("/cases/1/dispatch/", "/cases/1/"),
        ("/cases/1/undo/5/", "/cases/1/"),
        ("/theme/", "/"),
    ],
)
def test_opening_where_a_form_is_sent_leads_to_the_page_of_the_form(
    address: str, leads: str, client: Client
) -> None:
    opened = client.get(address, headers={"Accept": "text/html,*/*;q=0.8"})
    asked = client.get(address, headers={"Accept": "application/json"})
    part = client.put(address, headers={"Accept": "text/html"})

    assert (opened.status_code, opened.headers["Location"]) == (302, leads)
    assert asked.status_code == part.status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("sign", ["a\0b", "\0"])
def test_text_with_a_nul_is_refused_before_it_is_read(
    sign: str, world: World, browse: Browse
) -> None:
    operator = browse("operator")
    case = world.records["case"]

    assert operator.get("/desk/", {"q": sign}).status_code == 400
    assert operator.post(f"/cases/{case.pk}/dismiss/", {"reason": sign}).status_code == 400
    assert operator.get("/desk/", {"q": "a\u2400b"}).status_code == 200
