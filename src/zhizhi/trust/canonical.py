"""One spelling for each record: the bytes that the hash chains are made of.

UTF-8 JSON, keys sorted by code point, no blanks, no escapes beyond JSON's own. Moments are UTC with
six decimals and a ``Z``; whole floats are written as integers, because PostgreSQL's jsonb does not
keep the difference. A value that a database could give back altered is refused here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_WHOLE = 2**53  # above it a float no longer names one integer


class NotCanonical(ValueError):
    """A value that has no single spelling on both databases."""


def moment(at: datetime) -> str:
    """Return ``at`` as "2023-02-24T00:00:00.000000Z"; raises NotCanonical without a zone."""
    if at.tzinfo is None:
        message = f"{at} names no time zone"
        raise NotCanonical(message)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def plain(value: Any) -> Any:
    """Return ``value`` as either database gives it back; raises NotCanonical."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    message = f"{type(value).__name__} cannot be written as JSON"
    raise NotCanonical(message)


def encode(record: Mapping[str, Any]) -> bytes:
    """Return the canonical bytes of ``record``, whose values are plain or moments."""
    body = {
        key: moment(value) if isinstance(value, datetime) else plain(value)
        for key, value in record.items()
    }
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _text(value: str) -> str:
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        message = "text holds a NUL or half a character, which PostgreSQL refuses"
        raise NotCanonical(message)
    return value


def _key(key: Any) -> str:
    if isinstance(key, str):
        return _text(key)
    message = f"the key {key!r} is not text"
    raise NotCanonical(message)


def _number(value: float) -> float | int:
    if not math.isfinite(value) or abs(value) >= _WHOLE:
        message = f"{value} has no exact spelling"
        raise NotCanonical(message)
    return int(value) if value.is_integer() else value
