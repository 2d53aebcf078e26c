from __future__ import annotations

import argparse
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from zhizhi.config.commands import export, import_areas
from zhizhi.directory import drafting, importing
from zhizhi.directory.models import Area
from zhizhi.engine import zoning
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[107.1, 29.1], [107.3, 29.1], [107.3, 29.3], [107.1, 29.3], [107.1, 29.1]]],
}


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    export.arguments(parser)
    return export.run(parser.parse_args(words))


def bring(*words: str) -> int:
    parser = argparse.ArgumentParser()
    import_areas.arguments(parser)
    return import_areas.run(parser.parse_args(words))


def district_file(folder: Path, **also: Any) -> Path:
    facts = {"kind": "district", "code": "990001000000000", "name": "甲区", **also}
    feature = {"type": "Feature", "properties": facts, "geometry": SQUARE}
    path = folder / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def draft_zone(name: str = "禁捕区") -> None:
    outline = shapely.to_wkb(shapely.box(107.1, 29.1, 107.2, 29.2))
    draft = zoning.ZoneDraft("nf-1", "no_fishing", name, outline, [["03-01", "06-30"]])
    zoning.save([draft], by="account:1", now=NOW)


def test_zones_come_out_as_geojson(capsys: pytest.CaptureFixture[str]) -> None:
    draft_zone()

    assert run("zones") == 0

    document = json.loads(capsys.readouterr().out)
    facts = document["features"][0]["properties"]
    assert (facts["key"], facts["seasons"]) == ("nf-1", [["03-01", "06-30"]])
    assert document["features"][0]["geometry"]["type"] == "Polygon"


@pytest.mark.parametrize("name", ["=1+1", "＝1+1", " =1+1", "\u3000@SUM(A1)", "\n=1+1"])  # noqa: RUF001 - meant
def test_a_cell_that_a_spreadsheet_would_execute_is_text(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    draft_zone(name=name)
    run("zones", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[0]["name"] == f"'{name}"
    assert shapely.from_wkt(rows[0]["geometry"]).area > 0


def test_an_export_is_written_into_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    draft_zone()
    run("zones")
    capsys.readouterr()
    entry = AuditEntry.objects.get(verb="export")
    assert (entry.subject, entry.detail["rows"]) == ("zones", 1)


def test_exported_areas_can_be_imported_again_and_nothing_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = district_file(tmp_path).read_bytes()
    importing.import_areas(drafting.read(content, crs="WGS84"), by="account:1", now=NOW)
    out = tmp_path / "out.geojson"

    assert run("areas", "--out", str(out)) == 0
    assert bring(str(out), "--crs", "WGS84", "--json") == 0

    report = json.loads(capsys.readouterr().out)
    assert (report["new"], report["redrawn"], report["unchanged"]) == (0, 0, 1)


def test_no_findings_is_an_empty_collection(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("findings", "--since", "2026-03-01T08:00:00+08:00") == 0
    assert json.loads(capsys.readouterr().out)["features"] == []


def test_a_moment_without_its_offset_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("findings", "--since", "2026-03-01T08:00:00")
    assert "UTC offset" in capsys.readouterr().err


def test_a_preview_tells_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(str(district_file(tmp_path)), "--crs", "WGS84", "--preview") == 0
    assert "nothing was written" in capsys.readouterr().out
    assert not Area.objects.exists()


def test_an_import_writes_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring(str(district_file(tmp_path)), "--crs", "CGCS2000") == 0
    assert "written" in capsys.readouterr().out
    assert Area.objects.get().name == "甲区"


def test_a_bad_row_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(str(district_file(tmp_path, code="1")), "--crs", "WGS84") == 1
    assert "row 1, code" in capsys.readouterr().out
    assert not Area.objects.exists()


@pytest.mark.parametrize("crs", ["GCJ-02", "Mars 2000"])
def test_a_system_that_may_not_or_cannot_be_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], crs: str
) -> None:
    assert bring(str(district_file(tmp_path)), "--crs", crs) == 2
    assert crs in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert bring("/nowhere/areas.geojson", "--crs", "WGS84") == 2
    assert "/nowhere/areas.geojson" in capsys.readouterr().err
