"""Request bodies: unpacked within a limit and turned into good rows and named defects."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa

from zhizhi.engine import reading
from zhizhi.kernel.observations import Reading, Stream
from zhizhi.sources import arrow_limits

JSON, NDJSON, ARROW = (
    "application/json",
    "application/x-ndjson",
    "application/vnd.apache.arrow.stream",
)
KINDS = (JSON, NDJSON, ARROW)
MOST_ROWS = 1_000_000
ROWS_AT_ONCE = 20_000  # of NDJSON: as objects they take about ten times their bytes
_ARROW_FACTOR = 4  # unpacked bytes that are allowed, times the limit of the body
_MIB = 1 << 20


class BodyRefused(ValueError):
    """The body cannot be read at all; ``status`` is the HTTP status that says so."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def too_large(most: int) -> BodyRefused:
    message = f"The body is larger than {most // _MIB} MiB. Send it in several requests."
    return BodyRefused(message, status=413)


def too_many() -> BodyRefused:
    message = f"The body has more than {MOST_ROWS:,} rows. Send it in several requests."
    return BodyRefused(message, status=413)


def digest_of(stream: str, kind: str, body: bytes) -> str:
    """Return what names a body that came without a key: the SHA-256 of what was sent as what."""
    return hashlib.sha256(f"{stream}\n{kind}\n".encode() + body).hexdigest()


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """Return the body without its gzip wrapping, which may hold at most ``most`` bytes."""
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        message = f"Content-Encoding {encoding!r} is not understood: send gzip or nothing."
        raise BodyRefused(message, status=415)
    plain, rest = bytearray(), body
    while rest:  # a gzip file may have several members
        unzip = zlib.decompressobj(wbits=31)
        try:
            plain += unzip.decompress(rest, most + 1 - len(plain))
        except zlib.error as error:
            message = "The gzip body is damaged. Compress it again and send it whole."
            raise BodyRefused(message) from error
        if len(plain) > most:
            raise too_large(most)
        if not unzip.eof:
            message = "The gzip body is cut off before its end. Send it whole."
            raise BodyRefused(message)
        rest = unzip.unused_data
    return bytes(plain)


def reading_of(
    reader: reading.Reader,
    stream: Stream,
    kind: str,
    body: bytes,
    *,
    arrival_at: datetime,
    most: int,
) -> Reading:
    """Return the rows of ``body`` checked one by one.

    Raises BodyRefused when it cannot be read as ``kind`` at all, or when it has too many rows.
    """
    if kind == NDJSON:
        parts = (reader.read(stream, rows, arrival_at=arrival_at) for rows in _ndjson(body))
        return reading.joined(stream, parts)
    sent = _arrow(body, most) if kind == ARROW else json_rows(body)
    return reader.read(stream, sent, arrival_at=arrival_at)


def _arrow(body: bytes, most: int) -> pa.Table:
    try:
        rows, size = arrow_limits.claims(body)
        if rows > MOST_ROWS:
            raise too_many()
        if size > most * _ARROW_FACTOR:
            raise too_large(most * _ARROW_FACTOR)
        with pa.ipc.open_stream(pa.py_buffer(body)) as opened:
            table = opened.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, struct.error) as error:
        message = "The Arrow stream is damaged or cut off. Write it again and send it whole."
        raise BodyRefused(message) from error
    except ValueError as error:
        if isinstance(error, BodyRefused):
            raise
        message = "The body is not an Arrow IPC stream. Write it with an IPC stream writer."
        raise BodyRefused(message) from error
    if not body.endswith(arrow_limits.END_OF_STREAM):
        message = "The Arrow stream is cut off: its end-of-stream mark is missing. Send it whole."
        raise BodyRefused(message)
    return table


def json_rows(body: bytes) -> Sequence[Any]:
    """Return the rows of a JSON body, not yet checked; raises BodyRefused when it has none."""
    try:
        rows = _loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        message = f"The JSON body cannot be read at {place}: {error.msg}."
        raise BodyRefused(message) from error
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list):
        message = "The JSON body must be a list of objects, one for each observation."
        raise BodyRefused(message)
    if len(rows) > MOST_ROWS:
        raise too_many()
    return rows


def _ndjson(body: bytes) -> Iterator[Sequence[Any]]:
    """Yield the rows in pieces; a line that is no JSON becomes a row that is no object."""
    lines = (line for line in io.BytesIO(body) if not line.isspace())
    count = 0
    while piece := [_line(line) for line in itertools.islice(lines, ROWS_AT_ONCE)]:
        count += len(piece)
        if count > MOST_ROWS:
            raise too_many()
        yield piece


def _line(line: bytes) -> Any:
    try:
        return _loads(line)
    except orjson.JSONDecodeError:
        return None


def _loads(text: bytes) -> Any:
    """Read JSON, also with the NaN and Infinity that many libraries write against the standard.

    They make bad rows, not a bad body.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as strict:
        if b"NaN" not in text and b"Infinity" not in text:
            raise
        try:
            found = json.loads(text)
            json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be kept
            return found
        except (ValueError, RecursionError):
            raise strict from None
