from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from zhizhi.kernel.observations import read_table
from zhizhi.sources.ais import marinecadastre

HEADER = "vessel,t,lat,lon,sog_kn,cog,heading,vtype,status,len_m,cls\n"


def write(folder: Path, *lines: str) -> Path:
    path = folder / "raw.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "\n".join(lines) + "\n").encode()))
    return path


def test_a_row_gets_the_zone_that_the_format_implies(tmp_path: Path) -> None:
    path = write(tmp_path, "25,2022-01-03T00:00:00,40.61155,-74.20502,0.4,16.5,312,31,0,,A")

    row = marinecadastre.read_file(path).to_pylist()[0]

    assert row == {
        "entity": 25,
        "observed_at": "2022-01-03T00:00:00Z",
        "lon": -74.20502,
        "lat": 40.61155,
        "speed_kn": 0.4,
        "course_deg": 16.5,
    }


@pytest.mark.parametrize(
    ("written", "speed"), [("102.2", 102.2), ("102.3", None), ("", None), ("fast", None)]
)
def test_a_speed_that_is_not_available_is_unknown(
    tmp_path: Path, written: str, speed: float | None
) -> None:
    path = write(tmp_path, f"25,2022-01-03T00:00:00,40.6,-74.2,{written},16.5,312,31,0,,A")
    assert marinecadastre.read_file(path)["speed_kn"].to_pylist() == [speed]


@pytest.mark.parametrize(("written", "course"), [("359.9", 359.9), ("360.0", None)])
def test_a_course_that_is_not_available_is_unknown(
    tmp_path: Path, written: str, course: float | None
) -> None:
    path = write(tmp_path, f"25,2022-01-03T00:00:00,40.6,-74.2,0.1,{written},312,31,0,,A")
    assert marinecadastre.read_file(path)["course_deg"].to_pylist() == [course]


def test_bad_rows_reach_the_reading_which_names_them(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "25,2022-01-03T00:00:00,40.6,-74.2,0.1,1,312,31,0,,A",
        "26,2022-01-03T00:00:01,ninety,-74.2,0.1,1,312,31,0,,A",
        "27,,40.6,-74.2,0.1,1,312,31,0,,A",
        "28,2022-01-03T00:00:03,40.6,-274.2,0.1,1,312,31,0,,A",
    )

    reading = read_table("vessel_positions.v1", marinecadastre.read_file(path))

    assert reading.table.num_rows == 1
    assert [(d.row, d.field) for d in reading.defects] == [
        (1, "lat"), (2, "observed_at"), (3, "lon"),
    ]  # fmt: skip


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    lines = [
        f"{v},2022-01-03T00:00:00,40.{v:05d},-74.{v * 7:05d},0.1,1,312,31,0,,A" for v in range(5000)
    ]
    path = write(tmp_path, *lines)
    path.write_bytes(path.read_bytes()[:-2_000])

    with pytest.raises(OSError, match=r"[Tt]runcated"):
        marinecadastre.read_file(path)


def test_the_raw_format_is_known_by_its_columns() -> None:
    assert marinecadastre.is_raw_record(HEADER.strip().split(","))
    assert not marinecadastre.is_raw_record(["entity", "observed_at", "lon", "lat"])
