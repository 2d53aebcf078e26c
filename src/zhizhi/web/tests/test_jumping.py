"""The command box: what a few letters may mean, for whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from tests.district_world import AT, World

from zhizhi.directory.models import Area, Unit
from zhizhi.engine.models import Case, Task, Zone
from zhizhi.web import jumping
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse


@pytest.fixture
def boat(world: World) -> Unit:
    """The only free boat of the town."""
    Task.everything.update(state="done", ended_at=AT)
    unit: Unit = world.records["unit"]
    Unit.objects.filter(pk=unit.pk).update(status="available", task=None, name="Heron 7")
    unit.refresh_from_db()
    return unit


def found(browser: Any, text: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = browser.get(reverse("web:jump"), {"q": text}).json()["found"]
    return lines


def labels(browser: Any, text: str) -> list[str]:
    return [one["label"] for one in found(browser, text)]


@pytest.mark.parametrize("written", ["{pk}", "{code}", "{small}"])
def test_a_number_is_its_case(written: str, world: World, browse: Browse) -> None:
    one = case(world, 1)
    text = written.format(pk=one.pk, code=one.code, small=one.code.lower())

    [line] = found(browse("operator"), text)

    assert line["label"] == one.code
    assert line["url"] == f"/desk/?state=all&case={one.pk}"
    assert line["body"] is None


@pytest.mark.parametrize("text", ["{pk}", "a {pk}", "d {pk}"])
def test_a_case_of_another_town_means_nothing(text: str, world: World, browse: Browse) -> None:
    one = case(world, 1)

    assert found(browse("operator", elsewhere=True), text.format(pk=one.pk)) == []


def test_nothing_typed_shows_the_viewers_pages(world: World, browse: Browse) -> None:
    assert labels(browse("operator"), "")[0] == "Desk"
    assert "Settings" not in labels(browse("operator"), "")
    assert "Settings" in labels(browse("administrator"), "")


def test_a_page_is_found_by_a_part_of_its_name(world: World, browse: Browse) -> None:
    assert labels(browse("administrator"), "zon")[0] == "Zones"


def test_an_area_and_a_zone_lead_to_their_cases(world: World, browse: Browse) -> None:
    area: Area = world.records["area"]
    Area.objects.filter(pk=area.pk).update(name="Willow Bank")
    Zone.objects.update(name="Willow Reach")

    lines = found(browse("operator"), "willow")

    addresses = {one["label"]: one["url"] for one in lines}
    assert addresses["Willow Bank"] == f"/desk/?area={area.path}"
    assert addresses["Willow Reach"] == "/desk/?q=Willow+Reach"
    assert "Willow Bank" not in labels(browse("operator", elsewhere=True), "willow")


def test_a_unit_leads_to_the_case_that_it_is_on(world: World, browse: Browse, boat: Unit) -> None:
    one = case(world, 1)
    browse("operator").post(reverse("web:dispatch", args=[one.pk]), {"unit": boat.pk})

    [line] = found(browse("operator"), "heron")

    assert line["label"] == "Heron 7"
    assert line["url"] == jumping.on_desk(one)


def test_d_offers_the_units_that_may_be_sent(world: World, browse: Browse, boat: Unit) -> None:
    one = case(world, 1)

    send, look = found(browse("operator"), f"d {one.pk}")

    assert send["label"] == f"Send Heron 7 to {one.code}"
    assert (send["url"], send["body"]) == (
        reverse("web:dispatch", args=[one.pk]), {"unit": str(boat.pk)},
    )  # fmt: skip
    assert send["after"] == jumping.on_desk(one)
    assert look["body"] is None
    assert labels(browse("operator"), f"d {one.pk} heron")[0] == send["label"]
    assert labels(browse("operator"), f"d {one.pk} {boat.code}")[0] == send["label"]
    assert labels(browse("operator"), f"d {one.pk} swan") == [one.code]


def test_what_is_offered_can_be_done(world: World, browse: Browse, boat: Unit) -> None:
    one, operator = case(world, 1), browse("operator")

    for text in ("a {pk}", "d {pk}"):
        line = found(operator, text.format(pk=one.pk))[0]
        answer = operator.post(line["url"], line["body"], headers={"accept": "application/json"})
        assert answer.status_code == 302

    one.refresh_from_db(from_queryset=Case.everything.all())
    assert one.acknowledged_at
    assert [task.unit for task in one.tasks.all()] == [boat]
    assert labels(operator, f"a {one.pk}") == [one.code]


def test_z_offers_only_what_is_held_and_mine(
    world: World, browse: Browse, boat: Unit, django_user_model: Any
) -> None:
    one = case(world, 1)
    assert labels(browse("operator"), f"z {one.pk}") == [one.code]
    browse("operator").post(reverse("web:dispatch", args=[one.pk]), {"unit": boat.pk})

    assert labels(browse("operator"), f"z {one.pk}")[0] == f"Undo dispatch: {one.code}"


@pytest.mark.parametrize("state", ["handled", "closed", "dismissed"])
def test_no_unit_is_offered_for_work_that_is_done(
    state: str, world: World, browse: Browse, boat: Unit
) -> None:
    one = case(world, 1, state=state)

    assert labels(browse("operator"), f"d {one.pk}") == [one.code]


@pytest.mark.parametrize("role", ["leader", "inspector", "administrator"])
def test_who_may_only_look_is_offered_no_acts(
    role: str, world: World, browse: Browse, boat: Unit
) -> None:
    one = case(world, 1)

    assert labels(browse(role), f"d {one.pk}") == [one.code]


@pytest.mark.parametrize(
    "text", ["d", "x 12", "d " + "9" * 17, "9" * 17, "' OR 1=1", "%", "d 1 2 3"]
)
def test_strange_text_means_nothing_and_breaks_nothing(
    text: str, world: World, browse: Browse
) -> None:
    assert browse("operator").get(reverse("web:jump"), {"q": text}).status_code == 200


def test_only_who_has_a_desk_gets_the_box(world: World, browse: Browse) -> None:
    assert 'id="jump"' in browse("leader").get("/desk/").content.decode()
    assert 'id="jump"' not in browse("unit_member").get("/my/").content.decode()
    assert browse("unit_member").get(reverse("web:jump")).status_code == 403


def test_no_more_lines_than_a_screen_holds(world: World, browse: Browse) -> None:
    Unit.objects.update(name="Willow")
    Zone.objects.update(name="Willow")
    Area.objects.update(name="Willow")

    assert 0 < len(found(browse("operator"), "willow")) <= jumping.SHOWN
