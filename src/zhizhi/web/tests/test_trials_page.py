"""The pages of trials: asking, waiting, and differences for whose area they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.district_world import AT, World

from zhizhi.engine.models import Trial
from zhizhi.web.tests.conftest import Browse

pytestmark = pytest.mark.django_db


def finish(trial: Trial, path: str) -> None:
    at = (AT + timedelta(minutes=5)).isoformat()
    row = {
        "id": "a" * 32, "change": "new", "entity": "7", "zone": "reach-1", "started_at": at,
        "found_at": at, "raised_at": at, "left_at": "", "lon": 107.4, "lat": 29.7, "area": "Town",
        "path": path, "earlier": "", "inputs": [
            {"name": "time in the zone", "value": 21.0, "unit": "minutes", "was": 30,
             "met": False, "will": 20, "meets": True},
        ],
    }  # fmt: skip
    result = {"recorded": 3, "before": 3, "after": 4, "agrees": True, "cases": 3, "sent": 3,
              "differences": [row]}  # fmt: skip
    Trial.objects.filter(pk=trial.pk).update(state="done", result=result, digest="d" * 64)


def test_a_changed_number_is_asked_for_and_waits(world: World, browse: Browse) -> None:
    browser = browse("operator")
    start = browser.get("/replay/trials/")
    values = {name: field.initial for name, field in start.context["form"].fields.items()}

    answer = browser.post("/replay/trials/", {**values, "fishery.limit_minutes": "20", "days": "1"})

    made = Trial.objects.latest("pk")
    assert answer["Location"] == f"/replay/trials/{made.pk}/"
    assert made.changes == {"fishery.limit_minutes": 20}
    assert 'id="progress"' in browser.get(answer["Location"]).content.decode()


def test_without_a_change_nothing_is_asked_for(world: World, browse: Browse) -> None:
    browser = browse("operator")
    fields = browser.get("/replay/trials/").context["form"].fields
    values = {name: field.initial for name, field in fields.items() if name != "days"}

    answer = browser.post("/replay/trials/", {**values, "days": "1"})

    assert answer.status_code == 400
    assert "Change at least one value" in answer.content.decode()


@pytest.mark.parametrize(("elsewhere", "shown"), [(False, True), (True, False)])
def test_differences_are_those_of_the_readers_area(
    elsewhere: bool, shown: bool, world: World, browse: Browse
) -> None:
    trial: Trial = world.records["trial"]
    finish(trial, world.records["area"].path)

    page = browse("administrator", elsewhere=elsewhere).get(f"/replay/trials/{trial.pk}/")

    told = page.content.decode()
    assert ("+1 alert" in told) is shown
    assert ("in force 30" in told) is shown
    assert ("outside your area" in told) is not shown


def test_the_way_to_the_setting_is_for_administrators(world: World, browse: Browse) -> None:
    trial: Trial = world.records["trial"]
    finish(trial, world.records["area"].path)
    link = "/settings/fishery.limit_minutes/?value=20"

    pages = {
        role: browse(role).get(f"/replay/trials/{trial.pk}/").content.decode()
        for role in ("administrator", "leader")
    }

    assert {role: link in page for role, page in pages.items()} == {
        "administrator": True, "leader": False,
    }  # fmt: skip
    assert 'value="20"' in browse("administrator").get(link).content.decode()
