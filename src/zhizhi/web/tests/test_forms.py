"""The form of the zone page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from tests.district_world import LAT, LON, World

from zhizhi.kernel.seasons import BadSeason
from zhizhi.web import forms
from zhizhi.web.forms import ZoneForm

BOUNDS = (LON - 1, LAT - 1, LON + 1, LAT + 1)


def square(west: float = LON, south: float = LAT, **properties: Any) -> dict[str, Any]:
    ring = [[west, south], [west + 0.1, south], [west + 0.1, south + 0.1], [west, south + 0.1],
            [west, south]]  # fmt: skip
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def filled(text: str, **fields: Any) -> ZoneForm:
    with translation.override("en"):
        form = ZoneForm({"geojson": text, "crs": "WGS84", "reason": "n", **fields}, bounds=BOUNDS)
        form.is_valid()
    return form


@pytest.mark.parametrize(
    ("text", "seasons"),
    [
        ("", []),
        ("03-01 to 06-30", [["03-01", "06-30"]]),
        ("03-01~06-30，09-01至09-30", [["03-01", "06-30"], ["09-01", "09-30"]]),
        ("03-01 – 06-30、09-01 至 09-30", [["03-01", "06-30"], ["09-01", "09-30"]]),
        ("11-01 to 02-28", [["11-01", "02-28"]]),
    ],
)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_seasons_are_read_as_people_write_them(
    text: str, seasons: list[list[str]], language: str
) -> None:
    assert forms.seasons_of(text) == seasons
    with translation.override(language):
        told = forms.seasons_text(seasons)
    assert forms.seasons_of(told) == seasons
    assert " to " not in told or language == "en"


@pytest.mark.parametrize("text", ["March", "03-01", "02-30 to 03-01", "03-01 to 06-30 to 07-01"])
def test_what_is_no_season_is_refused(text: str) -> None:
    with pytest.raises(BadSeason):
        forms.seasons_of(text)

    assert "seasons" in filled(collection(square(name="A")), seasons=text).errors


@pytest.mark.django_db
def test_each_shape_becomes_a_zone_under_the_name_that_the_file_gives() -> None:
    form = filled(collection(square(name="上段"), square(LON + 0.3, name="下段")))

    drafts = form.drafts()

    assert [draft.name for draft in drafts] == ["上段", "下段"]
    assert len({draft.key for draft in drafts}) == 2
    assert {draft.based_on for draft in drafts} == {0}


def test_redrawing_keeps_what_the_form_does_not_ask_for(world: World) -> None:
    zone = world.records["zone"]
    zone.parameters = {"limit_minutes": 45}
    zone.save()

    [draft] = filled(json.dumps(square()), key=zone.key, name="Reach").drafts()

    assert (draft.key, draft.based_on) == (zone.key, zone.version)
    assert draft.parameters == {"limit_minutes": 45}
    assert draft.area_path == zone.area_path


def test_a_version_that_was_seen_is_the_one_that_is_replaced(world: World) -> None:
    zone = world.records["zone"]

    [draft] = filled(
        json.dumps(square()), key=zone.key, name="Reach", seen=json.dumps({zone.key: 7})
    ).drafts()

    assert draft.based_on == 7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Choose a file or paste GeoJSON."),
        ("not json", "This is not GeoJSON with polygons"),
        ('{"type": "Point", "coordinates": [1, 2]}', ""),
        (collection(), "The file holds no polygon."),
    ],
)
@pytest.mark.django_db
def test_a_file_without_shapes_is_refused_with_what_to_choose(text: str, told: str) -> None:
    form = filled(text, name="A")

    assert not form.is_valid()
    assert told in str(form.errors)


@pytest.mark.django_db
def test_a_shape_without_a_name_asks_for_one() -> None:
    assert "name" in filled(collection(square())).errors
    assert filled(collection(square()), name="A").is_valid()


@pytest.mark.parametrize(("size", "is_taken"), [(-1, True), (0, True), (1, False)])
@pytest.mark.django_db
def test_a_file_may_have_eight_megabytes(size: int, is_taken: bool) -> None:
    text = json.dumps(square(name="A"))
    content = text.encode().ljust(forms.MOST_BYTES + size)
    with translation.override("en"):
        form = ZoneForm(
            {"crs": "WGS84", "reason": "n"},
            {"file": SimpleUploadedFile("a.geojson", content)},
            bounds=BOUNDS,
        )

        assert form.is_valid() is is_taken


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09"])
@pytest.mark.django_db
def test_offset_maps_are_turned_back_only_where_the_deployer_permits_it(
    crs: str, settings: Any
) -> None:
    settings.ALLOW_OFFSET_MAPS = False
    assert "permitted it" in str(filled(collection(square(name="A")), crs=crs).errors)

    settings.ALLOW_OFFSET_MAPS = True
    assert filled(collection(square(name="A")), crs=crs).is_valid()


@pytest.mark.django_db
def test_a_shape_that_crosses_itself_is_named_with_its_place() -> None:
    bow = square(name="蝶形")
    ring = bow["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]

    told = str(filled(json.dumps(bow)).errors)

    assert "蝶形" in told
    assert "107.4" in told
