"""A source with a token, and requests in its name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from zhizhi.engine.models import Source
from zhizhi.trust import ciphers

TOKEN = "token-of-the-gateway"
VESSELS = "vessel_positions.v1"
JSON = "application/json"
NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"


def source(code: str = "gateway", token: str = TOKEN, **columns: Any) -> Source:
    given = {"name": code, "kind": "http_push", "streams": [VESSELS], **columns}
    return Source.objects.create(code=code, token_digest=ciphers.token_digest(token), **given)


def row(entity: int = 7, **fields: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"entity": entity, "observed_at": now, "lon": 107.4, "lat": 29.7, **fields}


def post(
    body: Any, *, kind: str = JSON, stream: str = VESSELS, token: str = TOKEN, **headers: str
) -> Any:
    """Send ``body``, a list of rows or bytes; ``key`` and ``encoding`` become headers."""
    names = {"key": "Idempotency-Key", "encoding": "Content-Encoding"}
    given = {names.get(name, name): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().post(
        f"/api/v1/observations/{stream}",
        content,
        content_type=kind,
        headers={"Authorization": f"Bearer {token}", **given},
    )
