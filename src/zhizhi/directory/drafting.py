"""Reading areas that somebody hands in: GeoJSON or a workbook, with a declared coordinate system.

Nothing is written here. Each row becomes a draft or gets errors that name the row, the field and
the remedy, so that the whole file can be mended at once.
"""

from __future__ import annotations

import io
import json
import math
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

import shapely
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from zhizhi.directory.codes import CodeInvalid, read_code
from zhizhi.directory.models import Area
from zhizhi.kernel import crs as coordinates
from zhizhi.kernel import shapes

COLUMNS = ("kind", "code", "name", "population", "geometry", "lon", "lat")
LONGEST_NAME = 80
MOST_PEOPLE = 2**31 - 1  # of a whole number in the database
MOST_ROWS = 200_000
MOST_UNPACKED = 256 * 1024 * 1024  # bytes
UNREADABLE = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, LookupError, OSError,
    EOFError, ValueError, NotImplementedError, RuntimeError,
)  # fmt: skip


class FileUnreadable(ValueError):
    """The file as a whole cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class AreaDraft:
    """One area as it shall be; ``boundary`` is WKB (WGS84), empty for a building known as a point.

    ``row`` is where it stood: the first feature is 1, a workbook's first line below the head is 2.
    """

    row: int
    kind: str
    code: str
    name: str
    parent: str
    boundary: bytes
    lon: float
    lat: float
    population: int = 0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        if not self.boundary:
            return self.lon, self.lat, self.lon, self.lat
        west, south, east, north = shapely.bounds(shapely.from_wkb(self.boundary)).tolist()
        return west, south, east, north


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row and how to mend it; row 0 speaks of the file."""

    row: int
    field: str
    message: str

    def __str__(self) -> str:
        place = _("row %(row)d, %(field)s") % {"row": self.row, "field": self.field}
        return f"{place}: {self.message}" if self.row else self.message


@dataclass(slots=True)
class Handed:
    """What a file gave: good rows as drafts, and every error."""

    drafts: list[AreaDraft] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def read(content: bytes, *, crs: str, allow_inverse: bool = False) -> Handed:
    """Read GeoJSON or a workbook, told apart by their first bytes; raises FileUnreadable."""
    if not coordinates.is_known(crs):
        raise FileUnreadable(str(coordinates.UnknownCrs(crs)))
    reader = read_workbook if content[:2] == b"PK" else read_geojson
    try:
        return reader(content, crs=crs, allow_inverse=allow_inverse)
    except (coordinates.UnknownCrs, coordinates.InverseNotAllowed) as error:
        raise FileUnreadable(str(error)) from error


def read_geojson(content: bytes, *, crs: str, allow_inverse: bool = False) -> Handed:
    """Read a FeatureCollection whose features carry kind, code, name and perhaps population."""
    try:
        document = json.loads(content)
        handed = shapes.parse_geojson(content, crs=crs, allow_inverse=allow_inverse)
    except (shapes.UnreadableShapes, ValueError, RecursionError) as error:
        raise FileUnreadable(str(error)) from error
    found = Handed()
    features = document["features"] if document["type"] == "FeatureCollection" else [document]
    for shape, feature in zip(handed, features, strict=True):
        row = shape.number + 1
        point = _point_of(feature.get("geometry"), crs, allow_inverse=allow_inverse)
        _take(found, _Row(row, shape.properties, shape.boundary, point, shape.problems))
    return found


def read_workbook(content: bytes, *, crs: str, allow_inverse: bool = False) -> Handed:
    """Read the first sheet: a head line with ``COLUMNS``, geometry as WKT, or lon and lat."""
    found = Handed()
    for row, cells in _lines(content):
        boundary, point, problems = _placed(cells, crs, allow_inverse=allow_inverse)
        _take(found, _Row(row, cells, boundary, point, problems))
        if len(found.drafts) + len(found.errors) > MOST_ROWS:
            raise FileUnreadable(
                _("More than %(count)d rows: split the file.") % {"count": MOST_ROWS}
            )
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    facts: Mapping[str, Any]
    boundary: bytes
    point: tuple[float, float] | None
    problems: Sequence[shapes.Problem]


def _take(found: Handed, row: _Row) -> None:
    """Add ``row`` to the drafts, or its errors to the errors."""
    errors = [RowError(row.number, name, text) for name, text in _faults(row)]
    found.errors.extend(errors)
    if errors:
        return
    kind = str(row.facts["kind"]).strip()
    code = read_code(str(row.facts["code"]), kind)
    if row.boundary:
        inside = shapely.point_on_surface(shapely.from_wkb(row.boundary))
        lon, lat = float(shapely.get_x(inside)), float(shapely.get_y(inside))
    else:
        lon, lat = row.point or (math.nan, math.nan)
    name = str(row.facts["name"]).strip()
    people = int(row.facts.get("population") or 0)
    found.drafts.append(
        AreaDraft(row.number, kind, code.code, name, code.parent, row.boundary, lon, lat, people)
    )


def _faults(row: _Row) -> Iterator[tuple[str, str]]:
    kind = str(row.facts.get("kind") or "").strip()
    if kind not in Area.Kind.values:
        yield "kind", _("Write one of: %(kinds)s.") % {"kinds": ", ".join(Area.Kind.values)}
    else:
        try:
            read_code(str(row.facts.get("code") or ""), kind)
        except CodeInvalid as error:
            yield "code", str(error)
    name = str(row.facts.get("name") or "").strip()
    if not name or len(name) > LONGEST_NAME:
        yield "name", _("Write a name of 1 to %(most)d characters.") % {"most": LONGEST_NAME}
    if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} for letter in name):
        yield "name", _("It holds a character that is not seen: type it again.")
    if not _is_count(row.facts.get("population")):
        yield "population", _("Write a whole number, 0 or more, or leave it empty.")
    yield from _place_faults(row, kind)


def _place_faults(row: _Row, kind: str) -> Iterator[tuple[str, str]]:
    if row.boundary:
        return
    if row.point is not None:
        if kind != Area.Kind.BUILDING:
            yield "geometry", _("Only a building may be a point; give this area an outline.")
        elif not (abs(row.point[0]) <= 180 and abs(row.point[1]) <= 90):
            yield "geometry", _("The point is not on the globe: check the coordinate system.")
        return
    if not row.problems:
        yield "geometry", _("Give an outline (polygon), or for a building a point.")
    for problem in row.problems:
        yield "geometry", _(problem.message) + str(problem)[len(problem.message) :]


def _is_count(value: Any) -> bool:
    if value in (None, ""):
        return True
    try:
        return int(value) == float(value) and 0 <= int(value) <= MOST_PEOPLE
    except (TypeError, ValueError, OverflowError):
        return False


def _point_of(geometry: Any, crs: str, *, allow_inverse: bool) -> tuple[float, float] | None:
    if not isinstance(geometry, Mapping) or geometry.get("type") != "Point":
        return None
    pair = geometry.get("coordinates")
    return _converted(pair, crs, allow_inverse=allow_inverse)


def _converted(pair: Any, crs: str, *, allow_inverse: bool) -> tuple[float, float] | None:
    try:
        lon, lat = float(pair[0]), float(pair[1])
    except (TypeError, ValueError, LookupError, OverflowError):
        return None
    x, y = coordinates.to_wgs84([lon], [lat], crs, allow_inverse=allow_inverse)
    return (float(x[0]), float(y[0])) if math.isfinite(x[0]) and math.isfinite(y[0]) else None


def _placed(
    cells: Mapping[str, Any], crs: str, *, allow_inverse: bool
) -> tuple[bytes, tuple[float, float] | None, Sequence[shapes.Problem]]:
    """Return outline, point and problems of a workbook line."""
    text = str(cells.get("geometry") or "").strip()
    if not text:
        pair = (cells.get("lon"), cells.get("lat"))
        return b"", _converted(pair, crs, allow_inverse=allow_inverse), ()
    try:
        drawn = json.loads(shapely.to_geojson(shapely.from_wkt(text)))
    except (shapely.errors.GEOSException, NotImplementedError):  # the latter for arcs
        return b"", None, (shapes.Problem("not-a-number", _("This is not WKT: POLYGON((...)).")),)
    one = json.dumps({"type": "Feature", "geometry": drawn})
    try:
        shape = shapes.parse_geojson(one, crs=crs, allow_inverse=allow_inverse)[0]
    except shapes.UnreadableShapes as error:
        return b"", None, (shapes.Problem("unsupported", str(error)),)
    return shape.boundary, None, shape.problems


def _lines(content: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines of the first sheet with their numbers; raises FileUnreadable."""
    rows = _rows(content)
    head = [str(cell or "").strip().lower() for cell in next(rows, ())]
    absent = [name for name in ("kind", "code", "name") if name not in head]
    if absent:
        raise FileUnreadable(
            _("The first line lacks the columns: %(names)s.") % {"names": ", ".join(absent)}
        )
    for number, cells in enumerate(rows, start=2):
        line = {name: cell for name, cell in zip(head, cells, strict=False) if name in COLUMNS}
        if any(cell not in (None, "") for cell in line.values()):
            yield number, {k: _code_text(v) if k == "code" else v for k, v in line.items()}


def _rows(content: bytes) -> Iterator[tuple[Any, ...]]:
    """Yield the cells of the first sheet, once it is known to how much they unpack."""
    try:
        # No part gives more than its size in the list, at which zipfile stops.
        unpacked = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).filelist)
        if unpacked <= MOST_UNPACKED:
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            yield from book.worksheets[0].iter_rows(values_only=True)
    except UNREADABLE as error:
        message = _("The workbook cannot be opened; save it again as .xlsx.")
        raise FileUnreadable(message) from error
    if unpacked > MOST_UNPACKED:
        most = {"most": MOST_UNPACKED >> 20}
        raise FileUnreadable(_("The workbook unpacks to over %(most)d MB: split it.") % most)


def _code_text(value: Any) -> Any:
    """Return a code that a spreadsheet turned into a number as text again."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else value
