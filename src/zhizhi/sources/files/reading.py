"""Observation files: Parquet, CSV and NDJSON, plain or gzipped; also what a broken one holds."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

HEADER_AND_ROW = 2  # lines


class FileUnreadable(ValueError):
    """Nothing of the file can be read; says why and what to do."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The rows of a file; ``problem`` says what is missing when its end is damaged."""

    table: pa.Table
    problem: str = ""


def read_file(path: Path) -> FileContent:
    """Return the rows of ``path`` under the file's own column names; raises FileUnreadable."""
    if not path.is_file():
        message = f"{path} is not there. Give the path of a Parquet, CSV or NDJSON file."
        raise FileUnreadable(message)
    suffixes = [part.lower() for part in path.suffixes if part.lower() != ".gz"]
    kind = suffixes[-1] if suffixes else ""
    if kind == ".parquet":
        return FileContent(_parquet(path))
    content, problem = _bytes(path)
    if kind == ".csv":
        return FileContent(_csv(content), problem)
    if kind in {".ndjson", ".jsonl"}:
        return FileContent(_ndjson(content), problem)
    message = f"{path.name} is no .parquet, .csv, .ndjson or .jsonl file (also with .gz)."
    raise FileUnreadable(message)


def _bytes(path: Path) -> tuple[bytes, str]:
    """Return the content; of a gzip that is cut off, everything up to its last whole line."""
    if path.suffix.lower() != ".gz":
        return path.read_bytes(), ""
    packed, found, is_whole = path.read_bytes(), io.BytesIO(), False
    try:
        while packed:  # a gzip file may hold several members
            unzip = zlib.decompressobj(wbits=31)
            found.write(unzip.decompress(packed))
            packed, is_whole = unzip.unused_data, unzip.eof
    except zlib.error:
        is_whole = False
    if is_whole:
        return found.getvalue(), ""
    whole = found.getvalue().rpartition(b"\n")[0] + b"\n"
    lines = whole.count(b"\n")
    if lines < HEADER_AND_ROW:
        message = f"{path.name} is no whole gzip file: compress it again."
        raise FileUnreadable(message)
    problem = (
        f"{path.name} is cut off after line {lines}: the rows before it were read, what "
        "follows is lost. Fetch or compress the file again."
    )
    return whole, problem


def _csv(content: bytes) -> pa.Table:
    """Return every column as text: the reading of observations converts and names bad values."""
    header = content.partition(b"\n")[0].decode("utf-8-sig", "replace").strip()
    names = [name.strip().strip('"') for name in header.split(",")]
    convert = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    parse = pyarrow.csv.ParseOptions(invalid_row_handler=lambda _row: "skip")
    try:
        return pyarrow.csv.read_csv(
            io.BytesIO(content), convert_options=convert, parse_options=parse
        )
    except pa.ArrowInvalid as error:
        message = f"The CSV cannot be read: {error}. Save it as UTF-8 with a header line."
        raise FileUnreadable(message) from error


def _ndjson(content: bytes) -> pa.Table:
    rows = []
    for line in content.splitlines():
        try:
            row = orjson.loads(line) if line.strip() else None
        except orjson.JSONDecodeError:
            row = {"not_an_object": line[:200].decode("utf-8", "replace")}
        if row is not None:
            rows.append(row if isinstance(row, dict) else {"not_an_object": str(row)[:200]})
    return pa.Table.from_pylist(rows, schema=_columns(rows))


def _columns(rows: list[dict[str, object]]) -> pa.Schema:
    """Return a schema that takes every value: numbers where all are numbers, else text."""
    names = sorted(set().union(*rows)) if rows else []
    fields: list[pa.Field[pa.DataType]] = []
    for name in names:
        values = [row[name] for row in rows if row.get(name) is not None]
        kind: pa.DataType = pa.string()
        if values and all(type(value) is int for value in values):
            kind = pa.int64()
        elif values and all(type(value) in {int, float} for value in values):
            kind = pa.float64()
        if kind == pa.string():
            for row in rows:
                if row.get(name) is not None:
                    row[name] = str(row[name])
        fields.append(pa.field(name, kind))
    return pa.schema(fields)


def _parquet(path: Path) -> pa.Table:
    try:
        return pyarrow.parquet.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        message = (
            f"{path.name} is damaged or cut off ({error}). Write it again and replay it whole."
        )
        raise FileUnreadable(message) from error
