"""Events of the past from a file, as an Arrow table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet

from zhizhi.config.rule_files import FileUnreadable

_TIMES = ("observed_at", "transferred_at")  # Arrow's own guess forgets the offset
_NAMES = ("event_id", "entity", "case_id", "outcome")


def _csv(path: Path) -> pa.Table:
    options = pyarrow.csv.ConvertOptions(
        strings_can_be_null=True,
        null_values=[""],
        column_types={name: pa.string() for name in (*_TIMES, *_NAMES)},
    )
    return pyarrow.csv.read_csv(path, convert_options=options)


def _json(path: Path) -> pa.Table:
    schema = pa.schema([(name, pa.string()) for name in _TIMES])
    table = pyarrow.json.read_json(
        path, parse_options=pyarrow.json.ParseOptions(explicit_schema=schema)
    )
    empty = [name for name in _TIMES if table.column(name).null_count == table.num_rows]
    return table.drop_columns(empty)


def _arrow(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pyarrow.ipc.open_file(source).read_all()


_READERS: Mapping[str, Callable[[Path], pa.Table]] = {
    ".parquet": pyarrow.parquet.read_table,
    ".csv": _csv,
    ".jsonl": _json,
    ".ndjson": _json,
    ".arrow": _arrow,
}


def read_events(path: Path) -> pa.Table:
    """Return the rows of a file, by how its name ends. Raises FileUnreadable."""
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise FileUnreadable(f"{path} is none of {', '.join(sorted(_READERS))}")
    try:
        return read(path)
    except (OSError, pa.ArrowException) as error:
        raise FileUnreadable(f"{path} cannot be read: {error}") from error
