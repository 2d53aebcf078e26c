"""Observation files: Parquet, CSV and NDJSON, plain or gzipped; also what a broken one holds.

Rows are counted from 0 as they stand in the file: a CSV's header and blank lines do not count.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from zhizhi.kernel.columns import spelled
from zhizhi.kernel.observations import Defect, Reading
from zhizhi.kernel.remedies import gettext_noop, remedy

HEADER_AND_ROW = 2  # lines
PIECE = 4096  # bytes unpacked at once: what is lost before a damaged byte
OTHER_COLUMNS = gettext_noop("Give every row exactly the columns of the header line.")


class FileUnreadable(ValueError):
    """Nothing of the file can be read; says why and what to do."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The rows of a file; ``problem`` says what is missing when its end is damaged.

    ``defects`` are lines that are no rows at all; they are not in ``table``.
    """

    table: pa.Table
    problem: str = ""
    defects: tuple[Defect, ...] = ()

    def numbered(self, reading: Reading) -> Reading:
        """Return ``reading`` of the table with the lost lines, its rows counted as in the file."""
        lost = np.sort(np.array([defect.row for defect in self.defects], np.int64))
        before = lost - np.arange(len(lost))  # good rows before each lost one
        moved = [
            one if one.row < 0 else replace(one, row=_in_file(one.row, before))
            for one in reading.defects
        ]
        defects = sorted([*self.defects, *moved], key=lambda defect: defect.row)
        return Reading(reading.table, defects, reading.refused + len(self.defects))


def _in_file(row: int, before: Any) -> int:
    return row + int(np.searchsorted(before, row, side="right"))


def read_file(path: Path) -> FileContent:
    """Return the rows of ``path`` under the file's own column names; raises FileUnreadable."""
    if not path.is_file():
        message = f"{path} is not there. Give the path of a Parquet, CSV or NDJSON file."
        raise FileUnreadable(message)
    suffixes = [part.lower() for part in path.suffixes if part.lower() != ".gz"]
    kind = suffixes[-1] if suffixes else ""
    if kind == ".parquet":
        return FileContent(_parquet(path))
    if kind not in {".csv", ".ndjson", ".jsonl"}:
        message = f"{path.name} is no .parquet, .csv, .ndjson or .jsonl file (also with .gz)."
        raise FileUnreadable(message)
    content, problem = _bytes(path)
    if not content.strip():
        message = f"{path.name} is empty: nothing was read. Write it again."
        raise FileUnreadable(message)
    table, defects = _csv(content) if kind == ".csv" else _ndjson(content)
    return FileContent(table, problem, tuple(defects))


def _bytes(path: Path) -> tuple[bytes, str]:
    """Return the content; of a gzip that is cut off, everything up to its last whole line."""
    if path.suffix.lower() != ".gz":
        return path.read_bytes(), ""
    found, is_whole = _unpacked(path.read_bytes())
    if is_whole:
        return found, ""
    whole = found.rpartition(b"\n")[0] + b"\n"
    lines = whole.count(b"\n")
    if lines < HEADER_AND_ROW:
        message = f"{path.name} is no whole gzip file: compress it again."
        raise FileUnreadable(message)
    problem = (
        f"{path.name} is cut off after line {lines}: the rows before it were read, what "
        "follows is lost. Fetch or compress the file again."
    )
    return whole, problem


def _unpacked(packed: bytes) -> tuple[bytes, bool]:
    """Return what can be unpacked, and whether that is all; damage costs what follows it."""
    found, unzip = io.BytesIO(), zlib.decompressobj(wbits=31)
    try:
        for start in range(0, len(packed), PIECE):
            piece = packed[start : start + PIECE]
            while piece:
                if unzip.eof:  # a gzip file may hold several members
                    unzip = zlib.decompressobj(wbits=31)
                found.write(unzip.decompress(piece))
                piece = unzip.unused_data
    except zlib.error:
        return found.getvalue(), False
    return found.getvalue(), unzip.eof


def _csv(content: bytes) -> tuple[pa.Table, list[Defect]]:
    """Return every column as text: the reading of observations converts and names bad values."""
    header = content.partition(b"\n")[0].decode("utf-8-sig", "replace").strip()
    names = [name.strip().strip('"') for name in header.split(",")]
    convert = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    defects: list[Defect] = []

    def lost(line: Any) -> Literal["skip"]:
        # The header is line 1; one thread only knows the numbers.
        told = f"{line.actual_columns} columns, {line.expected_columns} expected"
        defects.append(Defect(line.number - HEADER_AND_ROW, "", "columns", OTHER_COLUMNS, told))
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(content),
            read_options=pyarrow.csv.ReadOptions(use_threads=False),
            convert_options=convert,
            parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=lost),
        )
        table = table.rename_columns(table.column_names)  # which are decoded only now
    except (pa.ArrowException, UnicodeDecodeError) as error:
        message = f"The CSV cannot be read: {error}. Save it as UTF-8 with a header line."
        raise FileUnreadable(message) from error
    return table, defects


def _ndjson(content: bytes) -> tuple[pa.Table, list[Defect]]:
    rows: list[dict[str, object]] = []
    defects: list[Defect] = []
    lines = [line for line in content.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        row = _object(line)
        if row is None:
            told = f"{len(line)} bytes"  # what the line holds may be personal
            defects.append(Defect(number, "", "not-an-object", remedy("not-an-object", ""), told))
        else:
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=_columns(rows)), defects


def _object(line: bytes) -> dict[str, object] | None:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _columns(rows: Sequence[dict[str, object]]) -> pa.Schema:
    """Return a schema that takes every value: numbers where all are numbers, else text."""
    names = sorted(set().union(*rows)) if rows else []
    fields: list[pa.Field[pa.DataType]] = []
    for name in names:
        values = [row[name] for row in rows if row.get(name) is not None]
        kind: pa.DataType = pa.string()
        if values and all(_is_whole(value, 63) for value in values):
            kind = pa.int64()
        elif values and all(type(value) is float or _is_whole(value, 53) for value in values):
            kind = pa.float64()
        if kind == pa.string():
            for row in rows:
                if row.get(name) is not None:
                    row[name] = spelled(row[name])
        fields.append(pa.field(name, kind))
    return pa.schema(fields)


def _is_whole(value: object, bits: int) -> bool:
    """Say whether a value is a whole number that a column of so many bits keeps as it is."""
    return type(value) is int and -(1 << bits) <= value < 1 << bits


def _parquet(path: Path) -> pa.Table:
    try:
        return pyarrow.parquet.read_table(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        message = (
            f"{path.name} is damaged or cut off ({error}). Write it again and replay it whole."
        )
        raise FileUnreadable(message) from error
