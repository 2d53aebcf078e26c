"""Telling the rule what people say and what became of a case: rows of the same stream.

So whatever the rule decided can be replayed from the journal alone.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime

import pyarrow as pa
from django.apps import apps

from zhizhi.directory.models import Area
from zhizhi.engine import intake, journal
from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import Source
from zhizhi.kernel.observations import Reading
from zhizhi.kernel.solitude import Answer
from zhizhi.kernel.streams import STREAMS
from zhizhi.systems.guardian.detectors import CLOSED, SEEN_TO, STOPPED
from zhizhi.systems.guardian.models import Enrolment
from zhizhi.systems.guardian.naming import STREAM

__all__ = ["CLOSED", "SEEN_TO", "STOPPED", "tell", "told_rows"]

SOURCE = "guardian"
Row = tuple[int, int, float, float, str, int]  # entity, time, lon, lat, what was told, flags


def tell(row: Enrolment, what: Answer | str, *, now: datetime) -> None:
    """Write one row about a ward; call it last, for it holds the head of the journal."""
    where = Area.objects.in_force().filter(path=row.area_path).values_list("lon", "lat").first()
    lon, lat = where or (math.nan, math.nan)
    table = told_rows([(row.token, journal.to_us(now), lon, lat, str(what), 0)])
    key = f"{row.token}-{what}-{now.isoformat()}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    envelope = Envelope(_source(), STREAM, Reading(table, []), key, digest, now, taken=1)
    intake.append([envelope], now=now)


def told_rows(rows: list[Row]) -> pa.Table:
    """Return rows of the stream."""
    columns = zip(*rows, strict=True) if rows else [()] * 6
    entity, time_us, lon, lat, zone, flags = (list(column) for column in columns)
    given = {
        "entity": entity, "time_us": time_us, "lon": lon, "lat": lat,
        "accuracy_m": [math.nan] * len(rows), "zone": zone, "flags": flags,
    }  # fmt: skip
    return pa.table(given, schema=STREAMS[STREAM].schema)


def _source() -> Source:
    return Source.of_pages(SOURCE, apps.get_app_config("guardian").verbose_name, STREAM)
