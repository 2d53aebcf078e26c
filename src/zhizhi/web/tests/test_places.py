"""What the map is given to draw."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.conf import LazySettings

from zhizhi.web import places

LAKE = shapely.box(107.0, 29.6, 107.1, 29.7)


@pytest.fixture
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    settings.DATA = tmp_path
    return tmp_path


def drawn() -> list[dict[str, Any]]:
    told = json.loads(gzip.decompress(places.area_shapes(places.area_version())))
    features: list[dict[str, Any]] = told["features"]
    return features


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_without_a_file_of_waters_none_is_drawn() -> None:
    assert drawn() == []


@pytest.mark.django_db
@pytest.mark.usefixtures("folder")
def test_a_file_of_waters_is_drawn_and_changes_the_version() -> None:
    before = places.area_version()

    places.draw_water(LAKE)

    assert places.area_version() != before
    assert [one["properties"] for one in drawn()] == [{"kind": "water"}]


@pytest.mark.django_db
def test_a_collection_of_waters_is_drawn_part_by_part(folder: Path) -> None:
    apart = shapely.box(108.0, 29.6, 108.1, 29.7)
    file = folder / "map" / "water.geojson"
    file.parent.mkdir()
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": json.loads(shapely.to_geojson(apart)),
    }
    other = {**feature, "geometry": json.loads(shapely.to_geojson(LAKE))}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature, other]}))

    assert [one["geometry"]["type"] for one in drawn()] == ["Polygon", "Polygon"]
