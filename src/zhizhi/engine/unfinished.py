"""Reports that are still being written: kept for a short time, readable by their writer alone.

The browser's cookie holds a random token. The table knows the token's digest and what is sealed
with a key that is derived from the token, so neither the table nor a backup of it gives anything
away; after the time that the page states, the row is deleted.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from zhizhi.engine.models import ReportDraft
from zhizhi.trust import ciphers

PURPOSE = b"zhizhi report draft|"


@dataclass(slots=True)
class Unfinished:
    """What has been answered so far, and until when it is kept."""

    token: str
    expires_at: datetime
    answers: dict[str, Any] = field(default_factory=dict)
    photo: bytes | None = None


def begin(*, within: timedelta, now: datetime) -> Unfinished:
    """Start an empty report; ``token`` is for the browser alone."""
    found = Unfinished(secrets.token_urlsafe(32), now + within)
    keep(found, within=within, now=now)
    return found


def find(token: str, *, now: datetime) -> Unfinished | None:
    """Return the report that belongs to ``token``; None when there is none or it has expired."""
    row = ReportDraft.objects.filter(digest=_digest(token), expires_at__gt=now).first()
    if row is None:
        return None
    try:
        answers = json.loads(_open(token, bytes(row.answers), b"answers"))
        photo = _open(token, bytes(row.photo), b"photo") if row.photo else None
    except ciphers.SealBroken:
        return None
    return Unfinished(token, row.expires_at, answers, photo)


def keep(draft: Unfinished, *, within: timedelta, now: datetime) -> None:
    """Keep what has been answered; each answer gives the writer the whole time again."""
    draft.expires_at = now + within
    columns = {
        "answers": _seal(draft.token, _written(draft.answers), b"answers"),
        "photo": _seal(draft.token, draft.photo, b"photo") if draft.photo else None,
        "expires_at": draft.expires_at,
    }
    ReportDraft.objects.update_or_create(digest=_digest(draft.token), defaults=columns)


def discard(token: str) -> None:
    """Forget an unfinished report at once."""
    ReportDraft.objects.filter(digest=_digest(token)).delete()


def forget_expired(*, now: datetime) -> int:
    """Delete what nobody went on with; returns how many."""
    return ReportDraft.objects.filter(expires_at__lte=now).delete()[0]


def _written(answers: Mapping[str, Any]) -> bytes:
    return json.dumps(answers, ensure_ascii=False).encode()


def _digest(token: str) -> str:
    return ciphers.token_digest(token)


def _key(token: str) -> bytes:
    return hashlib.sha256(PURPOSE + token.encode()).digest()


def _seal(token: str, content: bytes, part: bytes) -> bytes:
    suite, nonce = ciphers.suite(), ciphers.fresh_nonce()
    head = bytes([suite.number]) + nonce
    return head + suite.encrypt(_key(token), nonce, content, head + part)


def _open(token: str, sealed: bytes, part: bytes) -> bytes:
    head, end = sealed[: 1 + ciphers.NONCE_BYTES], 1 + ciphers.NONCE_BYTES
    suite = ciphers.suite_numbered(sealed[0] if sealed else 0)
    return suite.decrypt(_key(token), head[1:], sealed[end:], head + part)
