"""Request bodies: read in pieces up to a limit, unpacked, and turned into rows or a table."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from zhizhi.kernel.observations import Reading, Stream, read_rows, read_table

JSON, NDJSON, ARROW = (
    "application/json",
    "application/x-ndjson",
    "application/vnd.apache.arrow.stream",
)
KINDS = (JSON, NDJSON, ARROW)
_PIECE = 1 << 16


class BodyRefused(ValueError):
    """The body cannot be read at all; ``status`` is the HTTP status that says so."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def pieces(stream: Any, most: int) -> Iterator[bytes]:
    """Yield the body; raises BodyRefused (413) before more than ``most`` bytes are held."""
    size = 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > most:
            raise too_large(most)
        yield piece


def too_large(most: int) -> BodyRefused:
    message = f"The body is larger than {most // 1_048_576} MiB. Send it in several requests."
    return BodyRefused(message, status=413)


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """Return the body without its gzip wrapping."""
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        message = f"Content-Encoding {encoding!r} is not understood: send gzip or nothing."
        raise BodyRefused(message, status=415)
    unzip = zlib.decompressobj(wbits=31)
    try:
        plain = unzip.decompress(body, most + 1)
    except zlib.error as error:
        message = "The gzip body is damaged. Compress it again and send it whole."
        raise BodyRefused(message) from error
    if len(plain) > most:
        raise too_large(most)
    if not unzip.eof:
        message = "The gzip body is cut off before its end. Send it whole."
        raise BodyRefused(message)
    return plain


def reading_of(
    stream: Stream, kind: str, body: bytes, *, token_key: bytes, arrival_us: int
) -> Reading:
    """Return the rows of ``body`` checked one by one; raises BodyRefused."""
    if kind == ARROW:
        return read_table(stream, _arrow(body), token_key=token_key, arrival_us=arrival_us)
    rows = _ndjson(body) if kind == NDJSON else _json(body)
    return read_rows(stream, rows, token_key=token_key, arrival_us=arrival_us)


def _arrow(body: bytes) -> pa.Table:
    try:
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowInvalid, OSError) as error:
        message = "The Arrow stream is damaged or cut off. Write it again and send it whole."
        raise BodyRefused(message) from error
    return table


def _json(body: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        rows = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        message = f"The JSON body cannot be read at {place}: {error.msg}."
        raise BodyRefused(message) from error
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list):
        message = "The JSON body must be an object or a list of objects, one for each observation."
        raise BodyRefused(message)
    return [row if isinstance(row, dict) else _odd(row) for row in rows]


def _ndjson(body: bytes) -> Sequence[Mapping[str, Any]]:
    """Return one row a line; a line that is no object becomes a row of its own defect."""
    rows: list[Mapping[str, Any]] = []
    for line in body.splitlines():
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = line[:200].decode("utf-8", "replace")
        rows.append(row if isinstance(row, dict) else _odd(row))
    return rows


def _odd(value: Any) -> dict[str, Any]:
    """Stand in for something that is not an observation: the reading names what it lacks."""
    return {"not_an_object": json.dumps(value, default=str)[:200]}
