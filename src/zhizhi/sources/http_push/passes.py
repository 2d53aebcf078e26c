"""Who sends: a source shows its bearer token, of which only the SHA-256 digest is kept."""

from __future__ import annotations

import hmac
import time

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from zhizhi.engine.models import Source
from zhizhi.trust.ciphers import token_digest

REMEMBER_S = 2.0  # how long a withdrawn token may still work
_MOST_KNOWN = 1000

_known: dict[str, tuple[float, Source]] = {}


async def source_of(authorization: str) -> Source | None:
    """Return the active source whose token an Authorization header shows, or None."""
    scheme, _space, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    digest = token_digest(token.strip())
    return _remembered(digest) or await sync_to_async(_look_up)(digest)


def forget() -> None:
    """Look every token up again."""
    _known.clear()


def _remembered(digest: str) -> Source | None:
    known = _known.get(digest)
    return known[1] if known and time.monotonic() - known[0] <= REMEMBER_S else None


def _look_up(digest: str) -> Source | None:
    """Ask the database, unless somebody has done so while this request waited for its turn."""
    if known := _remembered(digest):
        return known
    close_old_connections()
    _known.pop(digest, None)
    source = Source.objects.filter(token_digest=digest, is_active=True).first()
    if source is None or not hmac.compare_digest(source.token_digest, digest):
        return None
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[digest] = (time.monotonic(), source)
    return source
