"""Reading the public AIS record of United States waters (MarineCadastre.gov) as vessel positions.

The file is a CSV, gzip or plain, with vessel, t, lat, lon, sog_kn, cog and other columns. ``t``
is UTC and written without a zone; the format says so, so the reader adds it. AIS writes "not
available" as 102.3 knots and as 360 degrees: both become unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

STREAM = "vessel_positions.v1"
COLUMNS = ("vessel", "t", "lat", "lon", "sog_kn", "cog")
SAMPLE = "lower_mississippi_20220103.csv.gz"
_NO_SPEED, _NO_COURSE = 102.25, 359.95

Texts = Any  # a column of text; the published types do not know chunked ones
_compute: Any = pyarrow.compute


def is_raw_record(header: Sequence[str]) -> bool:
    """Return whether a file with these columns is in the raw format."""
    return set(COLUMNS) <= set(header)


def read_file(path: Path) -> pa.Table:
    """Return the rows of a raw file in the columns of ``vessel_positions.v1``.

    Numbers and times stay as written where they cannot be read, so that the reading of
    observations names each bad row; raises OSError for a file that is cut off.
    """
    as_text = {name: pa.string() for name in COLUMNS}
    options = pyarrow.csv.ConvertOptions(column_types=as_text, include_columns=list(COLUMNS))
    return as_positions(pyarrow.csv.read_csv(path, convert_options=options))


def as_positions(raw: pa.Table) -> pa.Table:
    """Return raw rows under the names of ``vessel_positions.v1``, still unchecked."""
    text: dict[str, Texts] = {name: raw.column(name).cast(pa.string()) for name in COLUMNS}
    time = _compute.binary_join_element_wise(text["t"], "Z", "")
    return pa.table(
        {
            "entity": _number_or_text(text["vessel"], pa.int64()),
            "observed_at": _compute.if_else(_compute.equal(text["t"], ""), None, time),
            "lon": _number_or_text(text["lon"], pa.float64()),
            "lat": _number_or_text(text["lat"], pa.float64()),
            "speed_kn": _below(text["sog_kn"], _NO_SPEED),
            "course_deg": _below(text["cog"], _NO_COURSE),
        }
    )


def sample() -> pa.Table:
    """Return the trimmed sample that comes with the product (sample/ATTRIBUTION.md)."""
    folder = resources.files("zhizhi.sources.ais") / "sample"
    with resources.as_file(folder / SAMPLE) as path:
        return read_file(path)


def _number_or_text(column: Texts, kind: Any) -> Texts:
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return column


def _below(column: Texts, limit: float) -> Texts:
    """Return the numbers below ``limit``; what is not a number, or not below, is unknown."""
    is_number = _compute.match_substring_regex(column, r"^-?\d+(\.\d+)?$")
    number = _compute.if_else(is_number, column, None).cast(pa.float64())
    return _compute.if_else(_compute.less(number, limit), number, None)
