"""Signs of life of the desk, and who is told of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.district_world import ROLES, World

from zhizhi.engine import attending
from zhizhi.engine.attending import Attendance
from zhizhi.engine.models import Presence
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Grant, Scope
from zhizhi.web import live
from zhizhi.web.tests.conftest import Browse


def enter(browser: Any, world: World, tab: str = "a1b2c3d4") -> Any:
    return browser.post(reverse("web:present", args=[world.records["case"].pk]), {"tab": tab})


def test_a_tab_that_is_open_is_noted_and_not_in_the_log(world: World, browse: Browse) -> None:
    lines = AuditEntry.objects.count()

    answer = enter(browse("operator"), world)

    assert answer.json() == {"who": []}
    assert Presence.objects.get().account == world.here["operator"]
    assert AuditEntry.objects.count() == lines


@pytest.mark.parametrize("tab", ["", "short", "G" * 12, "a" * 33, "../../etc"])
def test_a_tab_without_a_name_of_its_own_is_not_noted(
    tab: str, world: World, browse: Browse
) -> None:
    assert enter(browse("operator"), world, tab).status_code == 200
    assert Presence.objects.count() == 0


def test_the_case_says_who_else_has_it_open(world: World, browse: Browse) -> None:
    case, leader = world.records["case"], world.here["leader"]
    attending.enter(leader.pk, "ffffffff", case, now=timezone.now())

    url = reverse("web:case-detail", args=[case.pk])
    operator = browse("operator").get(url).content.decode()
    boat = browse("unit_member").get(url).content.decode()

    assert f"<b data-who>{leader.call_sign}</b> is working on it" in operator
    assert leader.call_sign not in boat
    assert leader.call_sign not in browse("leader").get(url).content.decode().split("<dl")[0]


def test_a_closed_tab_is_forgotten(world: World, browse: Browse) -> None:
    operator = browse("operator")
    enter(operator, world)

    assert operator.post(reverse("web:present-leave"), {"tab": "a1b2c3d4"}).status_code == 204

    assert Presence.objects.count() == 0


def test_only_who_has_a_desk_and_may_see_the_case_is_told(world: World) -> None:
    told = Attendance(world.records["case"].pk, world.records["case"].area_path, ((1, "Desk"),))

    met = {role for role in ROLES if live.Listener(world.here[role].scope()).may_meet(told)}

    assert met == {"operator", "inspector", "leader", "administrator"}
    for role in ROLES:
        assert not live.Listener(world.elsewhere[role].scope()).may_meet(told)


def test_a_screen_on_the_wall_meets_nobody() -> None:
    told = Attendance(1, "/9/", ((1, "Desk"),))

    assert not live.Listener(Scope(None, (Grant("leader", "/9/"),))).may_meet(told)


def test_the_event_has_no_number_and_names_call_signs_alone() -> None:
    event = live.Present(7, ("值班员二席",)).as_event().decode()

    assert "id:" not in event
    assert json.loads(event.split("data: ")[1]) == {"case": 7, "who": ["值班员二席"]}
