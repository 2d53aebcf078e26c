"""Units: listed, filtered, taken out as a file, and kept by administrators."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.district_world import LAT, LON, World

from zhizhi.directory.models import Unit
from zhizhi.engine import dispatching
from zhizhi.trust.models import AuditEntry
from zhizhi.web.tests.conftest import Browse
from zhizhi.web.tests.reading import body

TOWN = "990101001000000"


@pytest.fixture
def boat(world: World) -> Unit:
    """A second boat of the town, with nothing to do."""
    return Unit.objects.create(
        code="boat-2", name="Heron", kind="river_patrol", area=world.records["area"],
        agency=world.records["unit"].agency, capabilities=["water"], lon=LON, lat=LAT,
        position_at=timezone.now(),
    )  # fmt: skip


def told(boat: Unit, **other: Any) -> dict[str, Any]:
    return {
        "seen": boat.version, "code": boat.code, "name": boat.name, "kind": boat.kind,
        "agency": boat.agency_id or "", "area": boat.area.code, "speed_kmh": boat.speed_kmh,
        "capabilities": boat.capabilities, **other,
    }  # fmt: skip


def listed(page: Any) -> list[str]:
    return [line["unit"].code for line in page.context["lines"]]


@pytest.mark.parametrize("role", ["operator", "inspector", "leader", "administrator"])
def test_the_units_of_ones_own_area_are_listed(
    role: str, world: World, boat: Unit, browse: Browse
) -> None:
    assert listed(browse(role).get("/units/")) == ["boat-2", f"boat-{TOWN}"]
    assert "boat-2" not in listed(browse(role, elsewhere=True).get("/units/"))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("units=available", 2),
        ("units=off_duty", 0),
        ("units=uncertain", 1),
        ("unit_kind=river_patrol", 2),
        ("unit_kind=grid_worker", 0),
        (f"agency=fishery-{TOWN}", 2),
        ("agency=police", 0),
        (f"area=/990101000000000/{TOWN}/", 2),
        ("area=/990101000000000/990101009000000/", 0),
        ("units=nonsense", 2),
        ("page=99", 2),
    ],
)
def test_units_are_filtered(
    query: str, count: int, world: World, boat: Unit, browse: Browse
) -> None:
    Unit.objects.exclude(pk=boat.pk).update(position_at=timezone.now() - timedelta(days=1))

    assert len(listed(browse("operator").get(f"/units/?{query}"))) == count


def test_a_list_is_taken_out_with_its_filter_and_that_is_written_down(
    world: World, boat: Unit, browse: Browse
) -> None:
    answer = browse("leader").get("/units.csv?units=available&unit_kind=river_patrol")

    assert "boat-2" in body(answer).decode()
    [entry] = AuditEntry.objects.filter(verb="export")
    assert entry.subject == "list:units"
    assert (entry.detail["rows"], entry.detail["kind"]) == (2, "river_patrol")
    assert browse("leader").get("/units.xlsx").status_code == 200


def test_a_unit_is_made_and_changed(world: World, boat: Unit, browse: Browse) -> None:
    administrator = browse("administrator")

    answer = administrator.post("/units/new/", told(boat, code="boat-3", name="Stork", seen=0))

    made = Unit.objects.get(code="boat-3")
    assert (answer.status_code, answer["Location"]) == (302, f"/units/{made.pk}/")
    administrator.post(
        f"/units/{made.pk}/", told(made, name="Ibis", capabilities=["water", "foot"])
    )
    made.refresh_from_db()
    assert (made.name, made.capabilities, made.version) == ("Ibis", ["water", "foot"], 1)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"code": ""}, "Give the unit a call sign."),
        ({"code": "boat 3"}, "Use letters, digits and hyphens."),
        ({"code": f"boat-{TOWN}"}, "Another unit has this call sign"),
        ({"name": ""}, "Give the unit a name."),
        ({"area": "990101002000000"}, "No area in force that you answer for"),
        ({"speed_kmh": "0.9"}, "greater than or equal to 1"),
        ({"speed_kmh": "301"}, "less than or equal to 300"),
        ({"kind": "submarine"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_told_and_kept(
    other: dict[str, str], said: str, world: World, boat: Unit, browse: Browse
) -> None:
    page = browse("administrator").post(f"/units/{boat.pk}/", told(boat, **other))

    [(name, value)] = other.items()
    assert page.status_code == 400
    assert said in page.content.decode()
    assert page.context["form"][name].value() == value


@pytest.mark.parametrize("speed", [1, 300])
def test_a_speed_may_be_one_or_three_hundred(
    speed: int, world: World, boat: Unit, browse: Browse
) -> None:
    answer = browse("administrator").post(f"/units/{boat.pk}/", told(boat, speed_kmh=speed))

    assert answer.status_code == 302


def test_whoever_is_overtaken_is_told_by_whom_and_keeps_what_was_typed(
    world: World, boat: Unit, browse: Browse
) -> None:
    administrator = browse("administrator")
    administrator.post(f"/units/{boat.pk}/", told(boat, name="theirs"))

    page = administrator.post(f"/units/{boat.pk}/", told(boat, name="mine"))

    assert page.status_code == 409
    assert str(world.here["administrator"]) in page.content.decode()
    assert page.context["form"]["name"].value() == "mine"
    assert page.context["form"]["seen"].value() == 1
    boat.refresh_from_db()
    assert boat.name == "theirs"


def test_a_unit_leaves_the_service_comes_back_and_is_retired(
    world: World, boat: Unit, browse: Browse
) -> None:
    administrator = browse("administrator")

    administrator.post(f"/units/{boat.pk}/take-out/", {"seen": 0, "reason": "engine"})
    page = administrator.get("/units/").content.decode()
    assert "Out of service" in page
    assert "engine" in page
    administrator.post(f"/units/{boat.pk}/bring-back/", {"seen": 1, "reason": "repaired"})
    administrator.post(f"/units/{boat.pk}/retire/", {"seen": 2, "reason": "sold"})

    assert listed(administrator.get("/units/")) == [f"boat-{TOWN}"]
    assert administrator.get(f"/units/{boat.pk}/").status_code == 404


def test_without_a_reason_nothing_happens(world: World, boat: Unit, browse: Browse) -> None:
    page = browse("administrator").post(f"/units/{boat.pk}/take-out/", {"seen": 0, "reason": " "})

    assert page.status_code == 400
    assert "Give the reason" in page.content.decode()
    boat.refresh_from_db()
    assert boat.is_in_service


def test_a_unit_at_work_says_at_which_case(world: World, boat: Unit, browse: Browse) -> None:
    case = world.records["case"]
    dispatching.dispatch(case, boat, by="account:1", now=timezone.now(), is_reinforcement=True)

    page = browse("administrator").post(f"/units/{boat.pk}/retire/", {"seen": 0, "reason": "n"})

    assert page.status_code == 409
    assert case.code in page.content.decode()
    boat.refresh_from_db()
    assert boat.retired_at is None


def test_a_service_change_of_an_older_version_is_a_conflict(
    world: World, boat: Unit, browse: Browse
) -> None:
    administrator = browse("administrator")
    administrator.post(f"/units/{boat.pk}/", told(boat, name="theirs"))

    page = administrator.post(f"/units/{boat.pk}/take-out/", {"seen": 0, "reason": "mine"})

    assert page.status_code == 409
    assert page.context["service"]["reason"].value() == "mine"
    boat.refresh_from_db()
    assert boat.is_in_service


def test_each_line_of_what_is_wrong_leads_to_its_field(world: World, browse: Browse) -> None:
    page = browse("administrator").post("/units/new/", {"capabilities": "flying"}).content.decode()

    summary = page[page.index('role="alert"') : page.index("</ul>", page.index('role="alert"'))]
    links = re.findall(r'href="#(\w*)"', summary)
    assert "id_capabilities" in links
    assert [link for link in links if f'id="{link}"' not in page] == []
