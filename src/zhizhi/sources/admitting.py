"""Letting a source in: which streams it may send, how it shows who it is, and when no longer."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from zhizhi.engine.models import Source
from zhizhi.kernel.streams import stream_named
from zhizhi.trust import audit, ciphers

KINDS = ("http_push", "mqtt")


class SourceInvalid(ValueError):
    """The source cannot be added or changed like this; says what to do."""


@transaction.atomic
def admit(
    code: str, *, kind: str, streams: Sequence[str], name: str, by: str, now: datetime
) -> Source:
    """Add a source, or give a known one other streams; a withdrawn one is let in again.

    Raises UnknownStream, or SourceInvalid when the code is unusable or taken by another kind.
    """
    if not code.isascii() or not code.replace("-", "").replace("_", "").isalnum():
        message = f"{code!r} is no code of a source: use letters, digits, - and _."
        raise SourceInvalid(message)
    known = [stream_named(stream) for stream in streams]
    wanted = sorted({stream.name for stream in known})
    told = [stream.name for stream in known if not stream.is_pushed]
    if told:
        message = f"{told[0]} is told by people, not sent by a source: leave it out."
        raise SourceInvalid(message)
    if not wanted:
        message = "Say which streams the source may send, for example vessel_positions.v1."
        raise SourceInvalid(message)
    found = Source.objects.select_for_update().filter(code=code).first()
    if found is not None and found.kind != kind:
        message = f"{code} sends by {found.kind} already: choose another code."
        raise SourceInvalid(message)
    source = found or Source(code=code, kind=kind)
    source.name, source.streams, source.is_active = name or source.name or code, wanted, True
    source.save()
    _record("source.admit", source, by=by, now=now)
    return source


@transaction.atomic
def renew_token(code: str, *, by: str, now: datetime) -> str:
    """Give the source a new bearer token and return it; it is kept nowhere, the old one ends."""
    source = _known(code)
    token = secrets.token_urlsafe(32)
    source.token_digest = ciphers.token_digest(token)
    source.save(update_fields=["token_digest"])
    _record("source.renew_token", source, by=by, now=now)
    return token


@transaction.atomic
def withdraw(code: str, *, by: str, now: datetime) -> Source:
    """Take nothing more from the source; what it has sent stays."""
    source = _known(code)
    source.is_active = False
    source.save(update_fields=["is_active"])
    _record("source.withdraw", source, by=by, now=now)
    return source


def _known(code: str) -> Source:
    source = Source.objects.select_for_update().filter(code=code).first()
    if source is None:
        message = f"There is no source {code}: add it with its streams."
        raise SourceInvalid(message)
    return source


def _record(verb: str, source: Source, *, by: str, now: datetime) -> None:
    detail = {"kind": source.kind, "streams": source.streams}
    audit.append(
        [audit.Leaf(actor=by, verb=verb, subject=f"source:{source.code}", at=now, detail=detail)]
    )
