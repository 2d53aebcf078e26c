"""Zones drawn on the map: tried before they are saved, as versions, over nobody else's."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest
import shapely
import time_machine
from django.test import Client
from django.utils import timezone
from tests.district_world import LAT, LON, World

from zhizhi.engine import timing, zoning
from zhizhi.engine.models import Setting, Timer, Zone
from zhizhi.trust.models import AuditEntry
from zhizhi.web.corner_text import write
from zhizhi.web.tests.conftest import Browse

CORNERS = write(shapely.box(LON, LAT, LON + 0.1, LAT + 0.1))
TYPED = {"name": "新区", "kind": "no_fishing", "shape": CORNERS, "crs": "WGS84", "seen": "0",
         "reason": "notice 3"}  # fmt: skip
BASE = "/zones/draw/?zone=reach-1"


def tried(browser: Client, address: str = "/zones/draw/", **body: Any) -> str:
    """Look at the dry run; returns the proof that it was shown."""
    page = browser.post(address, {**TYPED, **body})
    assert page.status_code == 200, page.context["form"].errors
    return str(page.context["form"].data["tried"])


def saved(browser: Client, address: str = "/zones/draw/", **body: Any) -> Any:
    proof = tried(browser, address, **body)
    return browser.post(address, {**TYPED, **body, "tried": proof, "save": "1"})


def change(zone: Zone, **body: Any) -> dict[str, Any]:
    return {"name": zone.name, "seen": zone.version, **body}


def test_a_drawn_zone_is_in_force_as_it_was_tried(world: World, browse: Browse) -> None:
    answer = saved(browse("administrator"), seasons="11-15 to 02-15", limit="45")

    zone = Zone.objects.get(name="新区")
    assert (answer.status_code, answer["Location"]) == (302, f"/zones/{zone.key}/?saved=1")
    assert (zone.version, zone.is_current, zone.reason) == (1, True, "notice 3")
    assert (zone.seasons, zone.parameters) == ([["11-15", "02-15"]], {"limit_minutes": 45})
    assert AuditEntry.objects.filter(verb="zone.save", subject=f"zone:{zone.key}").count() == 1


def test_nothing_is_saved_before_its_dry_run_was_shown(world: World, browse: Browse) -> None:
    page = browse("administrator").post("/zones/draw/", {**TYPED, "save": "1"})

    assert page.status_code == 200
    assert "Nothing was saved" in page.content.decode()
    assert not Zone.objects.filter(name="新区").exists()


@pytest.mark.parametrize(
    "other",
    [
        {"shape": write(shapely.box(LON, LAT, LON + 0.1, LAT + 0.1000001))},
        {"limit": "46"},
        {"seasons": "03-01 to 06-30"},
        {"name": "别处"},
    ],
)
def test_the_dry_run_of_another_draft_does_not_count(
    other: dict[str, str], world: World, browse: Browse
) -> None:
    administrator = browse("administrator")
    proof = tried(administrator)

    page = administrator.post("/zones/draw/", {**TYPED, **other, "tried": proof, "save": "1"})

    assert page.status_code == 200
    assert page.context["preview"]["is_other"]
    assert Zone.objects.count() == 1


def test_the_dry_run_that_somebody_else_was_shown_does_not_count(
    world: World, browse: Browse
) -> None:
    proof = tried(browse("administrator"))

    other = browse("administrator", elsewhere=True)
    other.post("/zones/draw/", {**TYPED, "tried": proof, "save": "1"})

    assert Zone.objects.count() == 1


@pytest.mark.parametrize(("minutes", "count"), [(59, 2), (61, 1)])
def test_a_dry_run_goes_stale_after_an_hour(
    minutes: int, count: int, world: World, browse: Browse
) -> None:
    administrator = browse("administrator")
    with time_machine.travel(timezone.now() - timedelta(minutes=minutes), tick=False):
        proof = tried(administrator)

    administrator.post("/zones/draw/", {**TYPED, "tried": proof, "save": "1"})

    assert Zone.objects.count() == count


def test_whoever_is_overtaken_is_told_by_whom_and_keeps_what_was_drawn(
    world: World, browse: Browse
) -> None:
    zone = world.records["zone"]
    administrator = browse("administrator")
    body = change(zone, name="mine")
    proof = tried(administrator, BASE, **body)
    saved(browse("administrator", elsewhere=True), BASE, **change(zone, name="theirs"))

    page = administrator.post(BASE, {**TYPED, **body, "tried": proof, "save": "1"})

    told = page.content.decode()
    assert page.status_code == 409
    assert str(world.elsewhere["administrator"]) in told
    assert CORNERS.replace("\n", "\r\n").splitlines()[0] in told
    assert page.context["form"]["name"].value() == "mine"
    assert Zone.objects.get(is_current=True).name == "theirs"

    again = dict(page.context["form"].data.items())
    assert again["seen"] == 2
    assert saved(administrator, BASE, **{**body, "seen": again["seen"]}).status_code == 302
    assert Zone.objects.get(is_current=True).name == "mine"


def test_an_edit_that_changes_nothing_is_refused(world: World, browse: Browse) -> None:
    zone = world.records["zone"]
    shape = write(shapely.from_wkb(bytes(zone.boundary)))

    page = browse("administrator").post(BASE, {**TYPED, **change(zone, shape=shape)})

    assert page.status_code == 400
    assert "Nothing differs" in page.content.decode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"shape": "107.4,29.7\n107.5,abc"}, "Line 2 is not a corner"),
        ({"shape": ""}, "Draw the zone on the map"),
        ({"shape": "107.4,29.7\n107.5,29.8\n107.5,29.7\n107.4,29.8"}, "(107.45000, 29.75000)"),
        ({"shape": "29.7,107.4\n29.8,107.4\n29.8,107.5"}, "exchanged"),
        ({"crs": "GCJ-02"}, "Offset coordinates"),
        ({"seasons": "13-01 to 14-01"}, "two days of the year"),
        ({"limit": "4"}, "Write a number from 5 to 1440"),
        ({"limit": "1441"}, "Write a number from 5 to 1440"),
        ({"valid_from": "2020-01-01"}, "Choose today or a later day"),
        ({"reason": " "}, "Give the reason"),
        ({"name": ""}, "Give the zone a name"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_beside_its_field_and_kept(
    body: dict[str, str], said: str, world: World, browse: Browse
) -> None:
    page = browse("administrator").post("/zones/draw/", {**TYPED, **body})

    assert page.status_code == 400
    assert said in page.content.decode()
    assert page.context["form"]["shape"].value() == body.get("shape", CORNERS)
    assert Zone.objects.count() == 1


@pytest.mark.parametrize("limit", ["5", "1440"])
def test_a_limit_may_be_as_short_and_as_long_as_the_setting_allows(
    limit: str, world: World, browse: Browse
) -> None:
    assert tried(browse("administrator"), limit=limit)


def test_corners_of_a_national_grid_are_shown_in_degrees_after_the_preview(
    world: World, browse: Browse
) -> None:
    grid = "441995,3286720\n442995,3286720\n442995,3287720"

    page = browse("administrator").post(
        "/zones/draw/", {**TYPED, "shape": grid, "crs": "EPSG:4545"}
    )

    form = page.context["form"]
    assert form["crs"].value() == "WGS84"
    assert form["shape"].value().startswith("107.4")


def test_pasted_geojson_is_read_as_well(world: World, browse: Browse) -> None:
    pasted = shapely.to_geojson(shapely.box(LON, LAT, LON + 0.1, LAT + 0.1))

    assert tried(browse("administrator"), shape=pasted)


def test_a_version_of_a_later_day_is_planned_and_comes_into_force_by_itself(
    world: World, browse: Browse
) -> None:
    zone, day = world.records["zone"], timezone.localdate() + timedelta(days=2)
    administrator = browse("administrator")

    saved(administrator, BASE, **change(zone, name="later", valid_from=day.isoformat()))

    planned = Zone.objects.get(is_planned=True)
    assert (planned.name, zoning.current().get().name) == ("later", zone.name)
    assert planned.valid_from == timezone.make_aware(datetime.combine(day, time.min))
    page = administrator.get("/zones/reach-1/").content.decode()
    assert f"planned from {day}" in page

    assert planned.valid_from is not None
    timing.fire_due(planned.valid_from - timedelta(seconds=1))
    assert zoning.current().get().name == zone.name
    timing.fire_due(planned.valid_from)
    assert zoning.current().get().name == "later"
    assert AuditEntry.objects.filter(verb="zone.begin").count() == 1


def test_a_plan_is_dropped_alone_and_its_timer_with_it(world: World, browse: Browse) -> None:
    zone, day = world.records["zone"], timezone.localdate() + timedelta(days=2)
    administrator = browse("administrator")
    saved(administrator, BASE, **change(zone, name="later", valid_from=day.isoformat()))

    administrator.post("/zones/reach-1/retire/", {"planned": "1"})

    assert not Zone.objects.filter(is_planned=True).exists()
    assert zoning.current().get().name == zone.name
    assert Timer.objects.get(key__startswith="zone:").cancelled_at is not None
    assert AuditEntry.objects.filter(verb="zone.unplan").count() == 1


def test_a_later_version_takes_the_place_of_a_planned_one(world: World, browse: Browse) -> None:
    zone, day = world.records["zone"], timezone.localdate() + timedelta(days=2)
    administrator = browse("administrator")
    saved(administrator, BASE, **change(zone, name="later", valid_from=day.isoformat()))

    saved(administrator, BASE, **change(zone, name="now", seen=2))
    timing.fire_due(timezone.now() + timedelta(days=3))

    rows = Zone.objects.order_by("version").values_list("name", "is_current", "is_planned")
    expected = [(zone.name, False, False), ("later", False, False), ("now", True, False)]
    assert list(rows) == expected


def test_the_page_of_a_zone_tells_who_changed_what_and_why(world: World, browse: Browse) -> None:
    zone, administrator = world.records["zone"], browse("administrator")
    saved(administrator, BASE, **change(zone, limit="45", reason="after the flood"))

    page = administrator.get("/zones/reach-1/?version=2")

    newest, first = page.context["versions"]
    assert newest["who"] == str(world.here["administrator"])
    assert newest["zone"].reason == "after the flood"
    assert newest["changed"][0].startswith("border: +")
    assert "limit" in newest["changed"]
    assert first["changed"] == ["new"]
    compared = page.context["compared"]
    before, after = (
        shapely.from_wkb(bytes(row.boundary)) for row in Zone.objects.order_by("version")
    )
    assert bool(compared["gained"]["features"]) == (after.difference(before).area > 0)
    assert administrator.get("/zones/reach-1/?version=9").context["compared"] is None
    assert administrator.get("/zones/no-such/").status_code == 404


def test_an_old_version_comes_back_as_a_new_one(world: World, browse: Browse) -> None:
    zone, administrator = world.records["zone"], browse("administrator")
    saved(administrator, BASE, **change(zone))

    page = administrator.get(f"{BASE}&version=1")
    began = page.context["form"].initial
    assert began["seen"] == 2
    body = {name: "" if value is None else value for name, value in began.items()}
    saved(administrator, BASE, **body)

    back = shapely.from_wkb(bytes(Zone.objects.get(is_current=True).boundary))
    assert shapely.equals_exact(back, shapely.from_wkb(bytes(zone.boundary)), 1e-7, normalize=True)
    assert Zone.objects.get(is_current=True).version == 3


def test_a_retired_zone_can_be_put_in_force_again(world: World, browse: Browse) -> None:
    administrator = browse("administrator")
    administrator.post("/zones/reach-1/retire/")

    assert saved(administrator, BASE, name="back", seen=0).status_code == 302

    assert zoning.current().get().name == "back"
    assert administrator.get("/zones/draw/?zone=nothing").status_code == 404


def test_a_limit_out_of_the_range_that_a_zone_already_has_may_stay(
    world: World, browse: Browse
) -> None:
    zone = world.records["zone"]
    Zone.objects.filter(pk=zone.pk).update(parameters={"limit_minutes": 0.05, "grace_seconds": 9})

    saved(browse("administrator"), BASE, **change(zone, limit="0.05"))

    assert zoning.current().get().parameters == {"limit_minutes": 0.05, "grace_seconds": 9}


def test_the_help_of_the_limit_names_the_setting_in_force(world: World, browse: Browse) -> None:
    Setting.objects.create(
        key="fishery.limit_minutes", value=20, changed_at=timezone.now(), changed_by="worker"
    )

    page = browse("administrator").get("/zones/draw/")

    assert "the setting in force, 20 minutes" in page.content.decode()


def test_a_zone_is_never_called_as_a_page_beside_it(world: World, browse: Browse) -> None:
    saved(browse("administrator"), name="draw")

    assert Zone.objects.get(name="draw").key == "draw-2"
