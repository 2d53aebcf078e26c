"""The peer of ``bench.intake``: the same endpoint as a plain Django view, a transaction a request.

Same server, same checks of the same rows, same database settings, and the same promise: an answer
means that the rows are on the disk. Written as one would write it well: no middleware, the token
looked up once, rows by one statement, a repeated key answered with the first receipt. ``threads``
lets Django's ASGI handler run the view in a thread for each request, as it does by itself;
``writer`` gives all requests one thread with one lasting connection, which spares the peer SQLite's
unfair lock.

Run by the benchmark: python -m bench.plain_endpoint WAY PORT FOLDER TOKEN
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import uvicorn
from django.conf import settings

from zhizhi.config import environment

WAY, PORT, FOLDER, TOKEN = sys.argv[1:5]

settings.configure(
    DATABASES={"default": environment.database("", Path(FOLDER))},
    ROOT_URLCONF=__name__,
    SECRET_KEY=TOKEN,
    ALLOWED_HOSTS=["127.0.0.1"],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[],
    MIDDLEWARE=[],
)
django.setup()

from django.core.handlers.asgi import ASGIHandler  # noqa: E402
from django.db import IntegrityError, connection, models, transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402


class Receipt(models.Model):
    key = models.CharField(max_length=255, unique=True)
    body_digest = models.CharField(max_length=64)
    response = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        app_label = "plain"


class Position(models.Model):
    entity = models.BigIntegerField()
    observed_at = models.DateTimeField()
    arrival_at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy_m = models.FloatField(null=True)

    class Meta:
        app_label = "plain"


def positions(body: bytes, now: datetime) -> list[Position]:
    """Return the rows of a body; raises ValueError or KeyError for a row that is no position."""
    found = []
    for row in json.loads(body):
        lon, lat = float(row["lon"]), float(row["lat"])
        seen = datetime.fromisoformat(row["observed_at"])
        if not (-180 <= lon <= 180 and -90 <= lat <= 90) or seen.tzinfo is None or seen > now:
            raise ValueError(row)
        accuracy = row.get("accuracy_m")
        found.append(Position(entity=int(row["entity"]), observed_at=seen, arrival_at=now,
                              lon=lon, lat=lat, accuracy_m=accuracy))  # fmt: skip
    return found


def take(body: bytes, key: str) -> tuple[int, dict[str, Any]]:
    """Store one body in a transaction of its own; returns status and answer."""
    now = datetime.now(UTC)
    digest = hashlib.sha256(body).hexdigest()
    try:
        rows = positions(body, now)
    except (ValueError, KeyError):
        return 422, {"error": "unreadable"}
    response = {"accepted": len(rows), "quarantined": 0}
    try:
        with transaction.atomic():
            Receipt.objects.create(key=key, body_digest=digest, response=response, created_at=now)
            Position.objects.bulk_create(rows)
    except IntegrityError:
        before = Receipt.objects.get(key=key)
        return (200, before.response) if before.body_digest == digest else (409, {"error": "key"})
    return 200, response


def is_known(request: HttpRequest) -> bool:
    return request.headers.get("Authorization") == f"Bearer {TOKEN}"


def answer(status: int, content: dict[str, Any]) -> JsonResponse:
    made = JsonResponse(content, status=status)
    made["Content-Length"] = str(len(made.content))
    return made


def in_its_thread(request: HttpRequest) -> JsonResponse:
    if not is_known(request):
        return answer(401, {"error": "token"})
    status, content = take(request.body, request.headers["Idempotency-Key"])
    return answer(status, content)


writer = ThreadPoolExecutor(max_workers=1)


async def by_the_writer(request: HttpRequest) -> JsonResponse:
    if not is_known(request):
        return answer(401, {"error": "token"})
    loop, key = asyncio.get_running_loop(), request.headers["Idempotency-Key"]
    status, content = await loop.run_in_executor(writer, take, request.body, key)
    return answer(status, content)


WAYS = {"threads": in_its_thread, "writer": by_the_writer}
urlpatterns = [path("observations", WAYS[WAY])]


def main() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Receipt)
        editor.create_model(Position)
    connection.close()
    uvicorn.run(ASGIHandler(), host="127.0.0.1", port=int(PORT), log_level="warning",
                access_log=False, backlog=2048, lifespan="off")  # fmt: skip


if __name__ == "__main__":
    # The module itself is what Django asks for addresses, not a second copy of it.
    sys.modules["bench.plain_endpoint"] = sys.modules[__name__]
    main()
