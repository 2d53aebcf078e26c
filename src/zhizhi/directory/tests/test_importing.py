from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import shapely
from django.db import DatabaseError
from django.utils import translation
from openpyxl import Workbook

from zhizhi.directory import drafting
from zhizhi.directory.importing import ImportRefused, import_areas, preview
from zhizhi.directory.models import Area
from zhizhi.trust import audit
from zhizhi.trust.models import AuditEntry

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
DISTRICT, TOWN, COMMUNITY = "990001000000000", "990001001000000", "990001001001000"

pytestmark = pytest.mark.django_db


def square(west: float, south: float, size: float = 0.1) -> list[list[list[float]]]:
    east, north = west + size, south + size
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def feature(kind: str, code: str, coordinates: Any, **also: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"kind": kind, "code": code, "name": f"甲{code[-9:-3]}", **also},
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def document(*features: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def nested() -> list[dict[str, Any]]:
    return [
        feature("district", DISTRICT, square(107.0, 29.0, 0.5)),
        feature("town", TOWN, square(107.1, 29.1, 0.3)),
        feature("community", COMMUNITY, square(107.15, 29.15, 0.1), population=2_400),
    ]


def load(*features: dict[str, Any], crs: str = "WGS84", now: datetime = NOW) -> Any:
    return import_areas(drafting.read(document(*features), crs=crs), by="account:1", now=now)


def test_areas_are_written_with_parent_path_and_box() -> None:
    outcome = load(*nested())

    assert (outcome.created, outcome.redrawn, outcome.unchanged) == (3, 0, 0)
    area = Area.objects.get(code=COMMUNITY)
    assert area.parent is not None
    assert area.parent.code == TOWN
    assert area.path == f"/{DISTRICT}/{TOWN}/{COMMUNITY}/"
    assert (area.min_lon, area.max_lat) == pytest.approx((107.15, 29.25))
    assert (area.population, area.version, area.valid_from) == (2_400, 1, NOW)


def test_children_may_stand_before_their_parents() -> None:
    assert load(*reversed(nested())).created == 3


def test_an_import_leaves_one_audit_entry_with_its_counts() -> None:
    load(*nested())
    entry = AuditEntry.objects.get(verb="area.import")
    assert entry.actor == "account:1"
    assert entry.detail["created"] == 3
    assert list(audit.verify()) == []


def test_the_same_file_again_changes_nothing() -> None:
    load(*nested())
    outcome = load(*nested(), now=LATER)
    assert (outcome.created, outcome.redrawn, outcome.unchanged) == (0, 0, 3)
    assert Area.objects.count() == 3


def test_a_redrawn_area_is_the_next_version_and_its_children_hang_on_it() -> None:
    load(*nested())
    moved = feature("town", TOWN, square(107.1, 29.1, 0.35))

    outcome = load(moved, now=LATER)

    assert (outcome.created, outcome.redrawn) == (0, 1)
    old, new = Area.objects.filter(code=TOWN).order_by("version")
    assert (old.version, old.valid_to) == (1, LATER)
    assert (new.version, new.valid_from, new.valid_to) == (2, LATER, None)
    assert Area.objects.get(code=COMMUNITY).parent == new


def test_a_new_name_alone_is_a_new_version() -> None:
    load(*nested())
    renamed = nested()[2]
    renamed["properties"]["name"] = "乙"
    assert load(renamed, now=LATER).redrawn == 1
    assert Area.objects.get(code=COMMUNITY, valid_to=None).name == "乙"


def test_one_bad_row_refuses_the_whole_file_and_names_it() -> None:
    bad = nested()
    bad[1]["geometry"]["coordinates"] = [[[107, 29], [108, 30], [108, 29], [107, 30], [107, 29]]]

    with pytest.raises(ImportRefused) as refusal:
        load(*bad)

    assert Area.objects.count() == 0
    assert (refusal.value.errors[0].row, refusal.value.errors[0].field) == (2, "geometry")
    assert not AuditEntry.objects.filter(verb="area.import").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "village"}, "kind"),
        ({"code": "12"}, "code"),
        ({"code": "99000100100100X"}, "code"),
        ({"name": ""}, "name"),
        ({"name": "长" * 81}, "name"),
        ({"population": -1}, "population"),
        ({"population": "many"}, "population"),
        ({"population": 1.5}, "population"),
        ({"population": 2**31}, "population"),
        ({"population": 10**400}, "population"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
    ],
)
def test_every_bad_field_is_named(change: dict[str, Any], field: str) -> None:
    rows = nested()
    rows[2]["properties"].update(change)
    handed = drafting.read(document(*rows), crs="WGS84")
    assert [(error.row, error.field) for error in handed.errors] == [(3, field)]


def test_as_many_people_are_written_as_the_database_can_count() -> None:
    rows = nested()
    rows[0]["properties"]["population"] = 2**31 - 1

    load(*rows)

    assert Area.objects.get(code=DISTRICT).population == 2**31 - 1


def test_all_errors_of_a_file_are_told_at_once() -> None:
    rows = nested()
    rows[0]["properties"]["name"] = ""
    rows[2]["properties"]["population"] = "many"
    handed = drafting.read(document(*rows), crs="WGS84")
    assert [error.row for error in handed.errors] == [1, 3]


def test_a_code_used_twice_is_an_error_of_the_second_row() -> None:
    seen = preview(drafting.read(document(*nested(), nested()[2]), crs="WGS84"))
    assert [(error.row, error.field) for error in seen.errors] == [(4, "code")]


def test_an_area_without_its_parent_is_refused() -> None:
    seen = preview(drafting.read(document(nested()[2]), crs="WGS84"))
    assert [(error.row, error.field) for error in seen.errors] == [(1, "code")]


def test_an_area_outside_of_its_parent_is_refused() -> None:
    rows = nested()
    rows[2]["geometry"]["coordinates"] = square(108.0, 29.0)
    seen = preview(drafting.read(document(*rows), crs="WGS84"))
    assert [(error.row, error.field) for error in seen.errors] == [(3, "geometry")]


def test_a_building_may_be_a_point_and_nothing_else_may() -> None:
    point = {"type": "Point", "coordinates": [107.2, 29.2]}
    building = feature("building", COMMUNITY[:12] + "001001", None)
    building["geometry"] = point
    grid = feature("grid_cell", "990001001001001", square(107.16, 29.16, 0.08))
    assert load(*nested(), grid, building).created == 5
    assert Area.objects.get(kind="building").boundary is None

    town = feature("town", "990001002000000", None)
    town["geometry"] = point
    handed = drafting.read(document(town), crs="WGS84")
    assert [error.field for error in handed.errors] == ["geometry"]


def test_a_preview_writes_nothing_and_counts_what_would_change() -> None:
    load(*nested())
    rows = nested()
    rows[1] = feature("town", TOWN, square(107.1, 29.1, 0.35))
    rows.append(feature("town", "990001002000000", square(107.02, 29.02, 0.05)))

    seen = preview(drafting.read(document(*rows), crs="WGS84"))

    assert ([d.code for d in seen.new], [d.code for d in seen.changed], seen.unchanged) == (
        ["990001002000000"], [TOWN], 2,
    )  # fmt: skip
    assert Area.objects.count() == 3


def test_a_file_in_an_offset_system_is_turned_only_with_permission() -> None:
    with pytest.raises(drafting.FileUnreadable, match="GCJ-02"):
        drafting.read(document(*nested()), crs="GCJ-02")
    handed = drafting.read(document(*nested()), crs="GCJ-02", allow_inverse=True)
    assert handed.errors == []
    shift = abs(handed.drafts[0].lon - 107.25) * 97_000
    assert 200 < shift < 700


@pytest.mark.parametrize(("metres", "warned"), [(250.0, False), (500.0, True), (950.0, False)])
def test_known_areas_that_all_move_half_a_kilometre_raise_a_warning(
    metres: float, warned: bool
) -> None:
    load(*nested())
    off = metres / 111_195.0
    moved = [
        feature("district", DISTRICT, square(107.0, 29.0 + off, 0.5)),
        feature("town", TOWN, square(107.1, 29.1 + off, 0.3)),
        feature("community", COMMUNITY, square(107.15, 29.15 + off, 0.1), population=2_400),
    ]
    assert bool(preview(drafting.read(document(*moved), crs="WGS84")).warnings) is warned


def workbook(*rows: tuple[Any, ...], head: tuple[str, ...] = drafting.COLUMNS) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(head)
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def wkt(west: float, south: float, size: float) -> str:
    return shapely.to_wkt(shapely.box(west, south, west + size, south + size))


def test_a_workbook_is_read_with_wkt_and_points() -> None:
    content = workbook(
        ("district", DISTRICT, "甲区", None, wkt(107.0, 29.0, 0.5)),
        ("town", TOWN, "甲镇", 9_000, wkt(107.1, 29.1, 0.3)),
        ("building", TOWN + "001", "1号楼", 40, None, 107.2, 29.2),
    )
    handed = drafting.read(content, crs="CGCS2000")
    assert handed.errors == []
    outcome = import_areas(handed, by="account:1", now=NOW)
    assert outcome.created == 3


def test_a_workbook_on_a_gauss_krueger_grid_is_turned_to_degrees() -> None:
    content = workbook(("district", DISTRICT, "甲区", None, wkt(500_000, 3_287_000, 50_000)))
    handed = drafting.read(content, crs="EPSG:4545")
    assert handed.errors == []
    west, south, _east, _north = handed.drafts[0].box
    assert (west, south) == pytest.approx((108.0, 29.7), abs=0.01)


def test_errors_of_a_workbook_name_the_line_of_the_sheet() -> None:
    content = workbook(
        ("district", DISTRICT, "甲区", None, wkt(107.0, 29.0, 0.5)),
        ("town", TOWN, "", None, "POLYGON("),
    )
    handed = drafting.read(content, crs="WGS84")
    assert [(error.row, error.field) for error in handed.errors] == [(3, "name"), (3, "geometry")]


def test_a_workbook_without_the_needed_columns_is_refused() -> None:
    with pytest.raises(drafting.FileUnreadable, match="code"):
        drafting.read(workbook(head=("kind", "name", "geometry")), crs="WGS84")


@pytest.mark.parametrize("content", [b"{", b"PK\x03\x04broken", b"[]", b'{"type": "Point"}', b""])
def test_a_file_that_is_neither_is_refused(content: bytes) -> None:
    with pytest.raises(drafting.FileUnreadable):
        drafting.read(content, crs="WGS84")


def packed(parts: dict[str, bytes]) -> bytes:
    """The first workbook with some of its parts replaced."""
    out = io.BytesIO()
    plain = zipfile.ZipFile(io.BytesIO(workbook()))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in plain.namelist():
            made.writestr(name, parts.get(name, plain.read(name)))
        for name in parts.keys() - set(plain.namelist()):
            made.writestr(name, parts[name])
    return out.getvalue()


def test_a_small_workbook_that_would_unpack_to_hundreds_of_megabytes_is_refused_unread() -> None:
    bomb = packed({"xl/sharedStrings.xml": bytes(drafting.MOST_UNPACKED)})
    assert len(bomb) < 1024 * 1024

    tracemalloc.start()
    with pytest.raises(drafting.FileUnreadable, match="256 MB"):
        drafting.read(bomb, crs="WGS84")
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize(("over", "is_refused"), [(-1, False), (0, False), (1, True)])
def test_a_workbook_may_unpack_to_the_limit_and_no_further(
    over: int, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = packed({"xl/media/picture.png": bytes(10_000)})
    size = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).filelist)
    monkeypatch.setattr(drafting, "MOST_UNPACKED", size - over)

    if is_refused:
        words = pytest.raises(drafting.FileUnreadable, match="unpacks to over")
        with translation.override("en"), words:
            drafting.read(content, crs="WGS84")
    else:
        assert drafting.read(content, crs="WGS84").errors == []


LAUGHS = b"".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">'.encode() if n else b'<!ENTITY l0 "lol">'
    for n in range(12)
)


@pytest.mark.parametrize("sheet", [
    b"<worksheet><sheetData><row><c><v>", b"\x00" * 100, b"",
    b"<!DOCTYPE w [" + LAUGHS + b"]><worksheet><sheetData><row r='1'><c r='A1' t='str'><v>&l11;"
    b"</v></c></row></sheetData></worksheet>",
], ids=["cut-off", "zeros", "empty", "laughs"])  # fmt: skip
def test_a_sheet_that_cannot_be_read_is_refused_with_the_remedy(sheet: bytes) -> None:
    with pytest.raises(drafting.FileUnreadable):
        drafting.read(packed({"xl/worksheets/sheet1.xml": sheet}), crs="WGS84")


@pytest.mark.parametrize("deep", [b"[" * 200_000, b'{"a":' * 200_000], ids=["lists", "objects"])
def test_a_document_nested_without_end_is_refused(deep: bytes) -> None:
    with pytest.raises(drafting.FileUnreadable):
        drafting.read(deep, crs="WGS84")


def test_an_unknown_coordinate_system_is_refused() -> None:
    with pytest.raises(drafting.FileUnreadable, match="Mars"):
        drafting.read(document(*nested()), crs="Mars 2000")


@pytest.mark.django_db(transaction=True)
def test_a_failure_of_the_database_half_way_leaves_nothing_behind() -> None:
    handed = drafting.read(document(*nested()), crs="WGS84")
    unstorable = drafting.AreaDraft(
        row=4, kind="building", code=COMMUNITY + "001", name="1", parent=COMMUNITY, boundary=b"",
        lon=107.2, lat=29.2, population=-(2**70),
    )  # fmt: skip
    handed.drafts.append(unstorable)

    with pytest.raises((OverflowError, DatabaseError)):
        import_areas(handed, by="account:1", now=NOW)

    assert not Area.objects.exists()
