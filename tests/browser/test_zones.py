"""A zone is imported, seen on the map, tried on yesterday, and only then saved."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import shapely
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.covering import SCREENS, Screen

pytestmark = pytest.mark.browser

NAME = "试验禁区"
PAINTED = """() => [...document.querySelectorAll(".leaflet-zones-pane canvas")].some((canvas) =>
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean))"""


def around(page: Page, key: str) -> dict[str, Any]:
    """Return a rectangle around a zone that is in force, as somebody's map program writes it."""
    [zone] = [
        one for one in page.request.get("/geo/zones.geojson").json()["features"] if one["id"] == key
    ]
    shape = json.loads(shapely.to_geojson(shapely.box(*zone["bbox"]).buffer(0.001)))
    return {"type": "Feature", "properties": {"name": NAME}, "geometry": shape}


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_zone_is_imported_previewed_tried_on_yesterday_and_saved(
    screen: Screen, open_as: Opener, tmp_path: Path
) -> None:
    page, says = open_as("administrator", "/zones/", **screen.options), screen.says
    in_force = page.locator("section", has=page.locator("#inforce"))
    file = tmp_path / "zone.geojson"
    file.write_text(json.dumps(around(page, "nf-town")), encoding="utf-8")

    page.get_by_label(says("GeoJSON file")).set_input_files(file)
    asked = page.get_by_label(says("Coordinate system of the file"))
    expect(asked.locator("option:checked")).to_contain_text("WGS 84")
    asked.select_option("CGCS2000")
    page.get_by_label(says("Reason")).fill("notice 12")
    page.get_by_role("button", name=says("Preview and try on yesterday")).click()

    page.wait_for_selector('.map[data-ready="true"]')
    assert page.evaluate(PAINTED)
    screen.shows(page)
    tried = page.get_by_role("group", name=says("Dry run")).locator("tr", has_text=NAME)
    before, after, change = (cell.inner_text() for cell in tried.locator("td.number").all())
    assert before == "0"
    assert int(after) >= 1
    assert change == f"+{after}"
    expect(in_force).not_to_contain_text(NAME)

    page.get_by_role("button", name=says("Put in force")).click()

    saved = says("{n} zone is in force.", n=1)
    expect(page.locator(".notices")).to_contain_text(re.compile(rf"{saved} ?{NAME}"))
    mine = in_force.locator("li", has_text=NAME)
    expect(mine).to_contain_text(f"{says('version')} 1")

    page.on("dialog", lambda dialog: dialog.accept())
    mine.get_by_role("button", name=says("Retire")).click()

    expect(page.locator(".notices")).to_contain_text(says("{name} is out of force.", name=NAME))
    expect(in_force).not_to_contain_text(NAME)


def test_a_zone_that_crosses_itself_is_refused_with_its_name_and_place(open_as: Opener) -> None:
    page = open_as("administrator", "/zones/", language="en")
    ring = [[107.0, 29.6], [107.1, 29.7], [107.1, 29.6], [107.0, 29.7], [107.0, 29.6]]
    crossed = {
        "type": "Feature",
        "properties": {"name": "蝶形区"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }

    page.get_by_label("or GeoJSON text").fill(json.dumps(crossed))
    page.get_by_label("Reason").fill("notice 12")
    page.get_by_role("button", name="Preview and try on yesterday").click()

    told = page.get_by_role("alert")
    expect(told).to_contain_text("Nothing was saved.")
    expect(told).to_contain_text("“蝶形区”")
    expect(told).to_contain_text("107.05")
    expect(page.get_by_label("or GeoJSON text")).to_have_value(json.dumps(crossed))
