"""From an MQTT message to an envelope; a message that cannot be used becomes a quarantined row.

The topic is PREFIX/SOURCE/STREAM; who may publish where is for the broker's access list to say.
The key is the user property ``idempotency-key``, else the digest of stream, kind and payload: the
same payload again is the same observations, so a repeat of the broker is stored once.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime

import orjson
import pyarrow as pa
from django.db import DatabaseError, InterfaceError

from zhizhi.engine import reading
from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import Source
from zhizhi.kernel.checking import WHOLE_TABLE
from zhizhi.kernel.observations import Defect, Reading
from zhizhi.kernel.remedies import gettext_noop
from zhizhi.kernel.streams import Stream, UnknownStream, stream_named
from zhizhi.sources import bodies
from zhizhi.trust.keys import KeysMissing

KIND = "mqtt"
MOST_BYTES = 4 << 20  # of a payload, packed and unpacked
LONGEST_KEY = 255
REMEMBER_S = 2.0  # how long a withdrawn source may still send
ARROW_MARK, GZIP_MARK = b"\xff\xff\xff\xff", b"\x1f\x8b"
NOTHING = pa.table({})

REMEDIES = {
    "unknown-topic": gettext_noop("Publish to the topic PREFIX/SOURCE/STREAM."),
    "unknown-source": gettext_noop(
        "No active MQTT source has this code: add it with zhizhi source, or correct the topic."
    ),
    "unknown-stream": gettext_noop("No such stream or version: correct the end of the topic."),
    "not-allowed": gettext_noop("This source may not send this stream: ask the administrator."),
    "bad-key": gettext_noop("An idempotency-key is at most 255 printable characters."),
    "key-reused": gettext_noop("The key was used with another body: give each body its own key."),
    "unstorable": gettext_noop("The database refuses this message: tell the operator."),
    "too-large": gettext_noop("A message holds at most 4 MiB: send it in several messages."),
    "unreadable": gettext_noop("Send JSON, NDJSON or an Arrow IPC stream."),
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the broker delivered it, at ``received_at``."""

    topic: str
    payload: bytes
    received_at: datetime
    kind: str = ""  # content type, where the sender gave one
    key: str = ""


class Unusable(ValueError):
    """A message of which nothing can be taken; ``reason`` is a stable word."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(remedy or REMEDIES[reason])
        self.reason = reason


@dataclass(slots=True)
class Sorter:
    """Finds out of each message who sent it and what it holds; ``prefix`` begins every topic."""

    prefix: str
    _known: dict[str, tuple[float, Source]] = field(default_factory=dict)

    def envelope(self, delivery: Delivery) -> Envelope:
        """Return what the message brings; raises DatabaseError when the database is gone."""
        try:
            source, stream = self._addressed(delivery.topic)
            return _read(delivery, source, stream)
        except Unusable as unusable:
            return self.aside(delivery, unusable.reason, str(unusable))
        except (DatabaseError, InterfaceError, KeysMissing):
            raise
        except Exception:
            log.exception("A message to %s breaks its reader", delivery.topic)
            return self.aside(delivery, "unreadable")

    def aside(self, delivery: Delivery, reason: str, remedy: str = "") -> Envelope:
        """Return an envelope that puts the whole message into quarantine, once."""
        code, name = self._parts(delivery.topic)
        told = {"topic": delivery.topic[:120], "bytes": len(delivery.payload)}
        raw = json.dumps(told, ensure_ascii=False)
        defect = Defect(WHOLE_TABLE, "payload", reason, remedy or REMEDIES[reason], raw)
        digest = hashlib.sha256(delivery.topic.encode() + b"\n" + delivery.payload).hexdigest()
        return Envelope(
            source=self._source(code) or _catch_all(),
            stream=name[:48],
            reading=Reading(NOTHING, [defect], 1),
            key=f"aside:{reason}:{digest}",
            body_digest=digest,
            arrival_at=delivery.received_at,
        )

    def _addressed(self, topic: str) -> tuple[Source, Stream]:
        code, name = self._parts(topic)
        if not code:
            raise Unusable("unknown-topic")
        source = self._source(code)
        if source is None:
            raise Unusable("unknown-source")
        try:
            stream = stream_named(name)
        except UnknownStream as unknown:
            raise Unusable("unknown-stream") from unknown
        if stream.name not in source.streams:
            raise Unusable("not-allowed")
        return source, stream

    def _parts(self, topic: str) -> tuple[str, str]:
        """Return the codes of source and stream that the topic names, or nothing."""
        parts = topic.removeprefix(f"{self.prefix}/").split("/")
        is_ours = topic.startswith(f"{self.prefix}/") and len(parts) == 2 and all(parts)
        return (parts[0], parts[1]) if is_ours else ("", "")

    def _source(self, code: str) -> Source | None:
        known = self._known.get(code)
        if known and time.monotonic() - known[0] < REMEMBER_S:
            return known[1]
        self._known.pop(code, None)
        found = Source.objects.filter(code=code, kind=KIND, is_active=True).first()
        if found is not None:
            self._known[code] = (time.monotonic(), found)
        return found


def _read(delivery: Delivery, source: Source, stream: Stream) -> Envelope:
    if len(delivery.key) > LONGEST_KEY or not delivery.key.isprintable():
        raise Unusable("bad-key")
    if len(delivery.payload) > MOST_BYTES:
        raise Unusable("too-large")
    reader = reading.reader()
    try:
        encoding = "gzip" if delivery.payload.startswith(GZIP_MARK) else ""
        plain = bodies.unpacked(delivery.payload, encoding, MOST_BYTES)
        kind = delivery.kind.partition(";")[0].strip().lower() or kind_of(plain)
        if kind not in bodies.KINDS:
            raise Unusable("unreadable")
        found = bodies.reading_of(
            reader, stream, kind, plain, arrival_at=delivery.received_at, most=MOST_BYTES
        )
    except bodies.BodyRefused as refused:
        reason = "too-large" if refused.status == 413 else "unreadable"
        raise Unusable(reason, str(refused)) from refused
    digest = bodies.digest_of(stream.name, kind, delivery.payload)
    return Envelope(
        source=source,
        stream=stream.name,
        reading=found,
        key=delivery.key or f"sha256:{digest}",
        body_digest=digest,
        arrival_at=delivery.received_at,
    )


def kind_of(plain: bytes) -> str:
    """Return the content type of a payload that came without one."""
    if plain.startswith(ARROW_MARK):
        return bodies.ARROW
    first, _end, rest = plain.strip().partition(b"\n")
    if not rest:
        return bodies.JSON
    try:
        is_object = isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        is_object = False
    return bodies.NDJSON if is_object else bodies.JSON


def _catch_all() -> Source:
    """Return the source that stands for messages of nobody who is known."""
    return Source.objects.get_or_create(
        code="mqtt-unknown", defaults={"name": "MQTT", "kind": KIND, "streams": []}
    )[0]
