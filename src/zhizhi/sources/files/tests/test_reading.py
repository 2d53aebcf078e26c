from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zhizhi.kernel.observations import read_table
from zhizhi.sources.files.reading import FileContent, FileUnreadable, read_file

VESSELS = "vessel_positions.v1"
HEADER = "entity,observed_at,lon,lat"
GOOD = "7,2026-03-01T08:00:00+08:00,107.4,29.7"


def written(folder: Path, name: str, content: bytes | str) -> FileContent:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path)


def faults(content: FileContent, stream: str = VESSELS) -> list[tuple[int, str, str]]:
    reading = content.numbered(read_table(stream, content.table, token_key=b"k"))
    assert reading.table.num_rows + reading.refused == content.table.num_rows + len(content.defects)
    assert all(defect.remedy for defect in reading.defects)
    return [(defect.row, defect.field, defect.reason) for defect in reading.defects]


def row(**fields: Any) -> dict[str, Any]:
    seen = "2026-03-01T08:00:00+08:00"
    return {"entity": 7, "observed_at": seen, "lon": 107.4, "lat": 29.7, **fields}


@pytest.mark.parametrize(
    "name", ["a.csv", "a.CSV", "a.csv.gz", "a.ndjson", "a.jsonl.gz", "a.parquet"]
)
def test_every_kind_of_file_gives_its_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = "\n".join(json.dumps(row(entity=n)) for n in (7, 8))
    if "csv" in name.lower():
        lines = f"{HEADER}\n{GOOD}\n{GOOD.replace('7', '8', 1)}\n"
    if name == "a.parquet":
        pq.write_table(pa.Table.from_pylist([row(entity=7), row(entity=8)]), path)
    else:
        path.write_bytes(gzip.compress(lines.encode()) if name.endswith("gz") else lines.encode())

    content = read_file(path)

    assert faults(content) == []
    assert [str(n) for n in content.table["entity"].to_pylist()] == ["7", "8"]


BAD_CELLS = [
    ("107.4", "east", "lon", "not-a-number"),
    ("107.4", "", "lon", "missing"),
    ("107.4", "181", "lon", "out-of-range"),
    ("107.4,29.7", "29.7,107.4", "lon", "swapped"),
    ("107.4", "nan", "lon", "not-a-number"),
    ("T08:00:00+08:00", "T08:00:00", "observed_at", "no-zone"),
    ("2026-03-01T08:00:00+08:00", "yesterday", "observed_at", "bad-time"),
    ("2026-03-01", "1970-01-01", "observed_at", "stale"),
]


@pytest.mark.parametrize(("good", "bad", "field", "reason"), BAD_CELLS)
def test_a_bad_cell_of_a_csv_is_named_by_row_and_field(
    tmp_path: Path, good: str, bad: str, field: str, reason: str
) -> None:
    lines = [HEADER, GOOD, GOOD.replace(good, bad), GOOD]

    content = written(tmp_path, "a.csv", "\n".join(lines))

    assert faults(content) == [(1, field, reason)]


@pytest.mark.parametrize("block", [1, 40_000])
def test_lines_with_other_columns_are_set_aside_and_rows_keep_their_numbers(
    tmp_path: Path, block: int
) -> None:
    """Larger than what the reader takes at once: the numbers must not begin anew."""
    good = [GOOD] * block
    lines = [HEADER, *good, "only,two", GOOD.replace("107.4", "x"), *good, f"{GOOD},1", "7", GOOD]

    content = written(tmp_path, "a.csv", "\n".join(lines))

    assert faults(content) == [
        (block, "", "columns"),
        (block + 1, "lon", "not-a-number"),
        (2 * block + 2, "", "columns"),
        (2 * block + 3, "", "columns"),
    ]
    assert content.defects[0].raw == "2 columns, 4 expected"


def test_lines_that_are_no_objects_are_set_aside_and_say_nothing_of_their_content(
    tmp_path: Path,
) -> None:
    lines = [json.dumps(row()), "{13800000000", "", "[1]", json.dumps(row(lat=95)), "7"]

    content = written(tmp_path, "a.ndjson", "\n".join(lines))

    assert faults(content) == [
        (1, "", "not-an-object"),
        (2, "", "not-an-object"),
        (3, "lat", "out-of-range"),
        (4, "", "not-an-object"),
    ]
    assert "138" not in str(content.defects)


def test_an_unknown_column_is_named_once_and_the_rows_are_taken(tmp_path: Path) -> None:
    content = written(tmp_path, "a.csv", f"{HEADER},hat\n{GOOD},red\n{GOOD},blue\n")

    assert faults(content) == [(-1, "hat", "unknown-field")]


def test_a_missing_column_refuses_every_row_and_is_named_once(tmp_path: Path) -> None:
    content = written(tmp_path, "a.csv", "entity,lon,lat\n7,107.4,29.7\n8,107.4,29.7\n")

    assert faults(content) == [(-1, "observed_at", "missing")]


def test_a_time_of_parquet_without_a_zone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.Table.from_pylist([row()])
    naive = pa.array([1_772_323_200_000_000], pa.timestamp("us"))
    pq.write_table(table.set_column(1, "observed_at", naive), path)

    assert faults(read_file(path)) == [(0, "observed_at", "no-zone")]


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_of_a_gzip_that_is_cut_off_the_whole_lines_are_read(tmp_path: Path, keep: float) -> None:
    lines = [HEADER, *(f"{n},2026-03-01T08:00:00Z,107.4,{20 + n % 977 / 97}" for n in range(9000))]
    packed = gzip.compress("\n".join(lines).encode())

    content = written(tmp_path, "a.csv.gz", packed[: int(len(packed) * keep)])

    assert 0 < content.table.num_rows < 9000
    assert content.table["entity"].to_pylist() == [str(n) for n in range(content.table.num_rows)]
    assert f"cut off after line {content.table.num_rows + 1}" in content.problem
    assert content.defects == ()


def test_a_damaged_byte_in_a_gzip_keeps_what_is_before_it(tmp_path: Path) -> None:
    lines = [HEADER, *(f"{n},2026-03-01T08:00:00Z,107.4,{20 + n % 977 / 97}" for n in range(9000))]
    packed = bytearray(gzip.compress("\n".join(lines).encode()))
    packed[-5] ^= 0xFF  # the checksum

    content = written(tmp_path, "a.csv.gz", bytes(packed))

    assert 5000 < content.table.num_rows < 9000
    assert "Fetch or compress the file again" in content.problem


def test_a_gzip_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    parts = [f"{HEADER}\n{GOOD}\n".encode(), f"{GOOD}\n".encode()]

    content = written(tmp_path, "a.csv.gz", b"".join(map(gzip.compress, parts)))

    assert content.table.num_rows == 2
    assert content.problem == ""


def test_a_parquet_that_is_cut_off_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist([row()] * 1000), path)
    whole = path.read_bytes()

    for size in (0, 4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FileUnreadable, match="Write it again"):
            read_file(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n \n", "is empty"),
        ("a.ndjson", b"", "is empty"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("a.csv.gz", b"", "no whole gzip"),
        ("a.csv.gz", b"plain text", "no whole gzip"),
        ("a.csv", b"entity,lon\n\xff\xfe,1\n", "UTF-8"),
        ("a.txt", b"x", "no .parquet, .csv, .ndjson or .jsonl"),
        ("a", b"x", "no .parquet, .csv, .ndjson or .jsonl"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(FileUnreadable, match=said):
        written(tmp_path, name, content)


def test_a_file_with_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert faults(written(tmp_path, "a.csv", f"{HEADER}\n")) == []


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="is not there"):
        read_file(tmp_path / "gone.csv")
