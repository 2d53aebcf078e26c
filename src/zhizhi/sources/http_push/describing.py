"""The OpenAPI description of the API, generated from typed declarations."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from ninja import Field, NinjaAPI, Schema

from zhizhi.kernel.streams import STREAMS, Stream
from zhizhi.sources import bodies

SUMMARY = "Send observations of one stream"
MEANING = """
Everything counted as accepted is durable when the answer comes. Rows that cannot be used are set
aside with the reason and the remedy; they never hold up the others.

`Idempotency-Key` names the body: repeating a request with the same key and the same bytes returns
the first answer (header `Idempotency-Replayed: true`) and stores nothing twice. Without the header
the digest of the body is the key. The same key with other bytes is refused (409).

Bodies may be compressed with `Content-Encoding: gzip`; 64 MiB and a million rows are the most.
"""


class RowDefect(Schema):
    """Why one row was not accepted and how to mend it; row -1 speaks of a whole column."""

    row: int
    field: str
    reason: str
    remedy: str


class ReceiptShown(Schema):
    """What became of the rows; ``defects`` shows the first hundred."""

    accepted: int
    quarantined: int
    offset: int | None = Field(None, description="Position in the journal; null if none accepted")
    defects: list[RowDefect]


class Refusal(Schema):
    """Nothing was stored; ``error`` is a stable word, ``message`` says what to do."""

    error: str
    message: str
    known: list[str] = []
    allowed: list[str] = []


_ANSWERS: dict[int, type[Schema]] = {
    **dict.fromkeys((200, 202, 422), ReceiptShown),
    **dict.fromkeys((400, 401, 403, 404, 405, 408, 409, 413, 415, 500, 503), Refusal),
}


def _observations(request: HttpRequest, stream: str) -> None:
    """Stand for the operation in the description; requests are answered by ``receiving``."""


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return the API's OpenAPI document."""
    api = NinjaAPI(title="Zhizhi", version="1", docs_url=None, openapi_url=None)
    api.post(
        "/observations/{stream}",
        response=_ANSWERS,
        summary=SUMMARY,
        description=MEANING,
        operation_id="send_observations",
        tags=["observations"],
    )(_observations)
    document: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1"))
    operation = document["paths"]["/api/v1/observations/{stream}"]["post"]
    operation["security"] = [{"token": []}]
    operation["requestBody"] = {"required": True, "content": _content()}
    operation["parameters"][0]["schema"]["enum"] = [one.name for one in _pushed()]
    operation["parameters"].append(
        {
            "in": "header",
            "name": "Idempotency-Key",
            "required": False,
            "schema": {"type": "string", "maxLength": 255},
        }
    )
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return document


def _pushed() -> list[Stream]:
    """Return the streams that machines send."""
    return [stream for stream in STREAMS.values() if stream.is_pushed]


def _content() -> dict[str, Any]:
    # A row may hold what two streams ask for: "one of" would call it wrong.
    row = {"anyOf": [_row(stream) for stream in _pushed()]}
    binary = {"type": "string", "format": "binary"}
    return {
        bodies.JSON: {"schema": {"type": "array", "items": row}},
        bodies.NDJSON: {"schema": {"type": "string", "description": "one JSON object a line"}},
        bodies.ARROW: {"schema": binary},
    }


def _row(stream: Stream) -> dict[str, Any]:
    """Return the JSON schema of one row of ``stream``."""
    known: dict[str, dict[str, Any]] = {
        "entity": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
        "observed_at": {"type": "string", "format": "date-time"},
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
    }
    columns = {name: known.get(name, {"type": "string"}) for name in stream.required}
    for name, (lowest, highest) in stream.ranges.items():
        columns[name] = {"type": "number", "minimum": lowest, "maximum": highest}
    return {
        "title": stream.name,
        "description": stream.meaning,
        "type": "object",
        "required": list(stream.required),
        "properties": columns,
    }
