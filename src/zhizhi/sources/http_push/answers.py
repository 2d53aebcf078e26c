"""What a sender is told: a receipt, or in plain words why nothing was taken."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import DatabaseError, InterfaceError

from zhizhi.engine.committing import EnvelopeUnstorable, IntakeBusy, IntakeUnavailable
from zhizhi.engine.intake import KeyReused, Receipt
from zhizhi.sources.bodies import BodyRefused
from zhizhi.trust.keys import KeysMissing

REFUSALS = (
    BodyRefused,
    DatabaseError,
    EnvelopeUnstorable,
    InterfaceError,
    IntakeBusy,
    IntakeUnavailable,
    KeyReused,
    KeysMissing,
    TimeoutError,
)
_PLAIN = ((KeyReused, 409, "key-reused"), (EnvelopeUnstorable, 500, "unstorable"))
_NO_KEYS = "This installation has no keys yet: its operator runs zhizhi doctor --make-keys."
_NO_DATABASE = "The database is not reachable. Nothing was stored; send again."

log = logging.getLogger(__name__)


class Refused(Exception):
    """The request is answered without taking anything; ``more`` joins the answer."""

    def __init__(self, status: int, word: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.word = word
        self.more = more


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told."""

    status: int
    content: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        return orjson.dumps(self.content)


def told(receipt: Receipt) -> Answer:
    """Return 200 when all rows were accepted, 202 when some were set aside, 422 when all were."""
    status = 200
    if receipt.quarantined:
        status = 202 if receipt.accepted else 422
    headers = {"Idempotency-Replayed": "true"} if receipt.is_repeat else {}
    return Answer(status, receipt.as_response(), headers)


def refusal(refused: Refused) -> Answer:
    """Return the answer to a request that is refused for what it says."""
    headers = {401: {"WWW-Authenticate": "Bearer"}, 405: {"Allow": "POST"}}
    content = {"error": refused.word, "message": str(refused), **refused.more}
    return Answer(refused.status, content, headers.get(refused.status, {}))


def failure(error: Exception) -> Answer:
    """Return the answer to one of ``REFUSALS``; nothing of the request was stored."""
    if isinstance(error, BodyRefused):
        word = {413: "too-large", 415: "kind"}.get(error.status, "unreadable")
        return refusal(Refused(error.status, word, str(error)))
    if isinstance(error, IntakeBusy | IntakeUnavailable):
        word = "busy" if isinstance(error, IntakeBusy) else "unavailable"
        return _later(word, str(error), error.retry_after.seconds)
    if isinstance(error, DatabaseError | InterfaceError | KeysMissing):
        log.error("observations were refused: %s", error)
        text = _NO_KEYS if isinstance(error, KeysMissing) else _NO_DATABASE
        return _later("unavailable", text, IntakeUnavailable.retry_after.seconds)
    for kind, status, word in _PLAIN:
        if isinstance(error, kind):
            return refusal(Refused(status, word, str(error)))
    return refusal(Refused(408, "too-slow", "The body did not arrive in time. Send it again."))


def _later(word: str, message: str, seconds: int) -> Answer:
    return Answer(503, {"error": word, "message": message}, {"Retry-After": str(seconds)})
