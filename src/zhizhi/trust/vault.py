"""Sealing personal columns: one data key a person, wrapped by the installation's vault key.

A sealed value is ``version | suite | length of key id | key id | nonce | ciphertext and tag``,
authenticated together with its place ``table.column.pk``, so it opens nowhere else. Destroying a
person's data key erases every value sealed with it; ``trust/rotating.py`` changes the vault key,
and no backup holds a data key (``trust/people_keys.py``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from zhizhi.trust import ciphers, grounds, keys
from zhizhi.trust.ciphers import SealBroken
from zhizhi.trust.models import SubjectKey

VERSION = 1
_CHUNK = 500


class Erased(LookupError):
    """The data key was destroyed: what it sealed is gone for ever."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lives; it opens only there."""

    table: str
    column: str
    pk: int

    def context(self) -> bytes:
        return f"{self.table}.{self.column}.{self.pk}".encode()


_WRAPPED = Place("trust_subjectkey", "wrapped", 0)  # inserted in bulk, before its pk is known


def make_keys(count: int, *, now: datetime) -> list[tuple[SubjectKey, bytes]]:
    """Insert ``count`` data keys; returns each row with its open key."""
    wrapping = keys.ring().current("vault")
    opened = [ciphers.fresh_key() for _ in range(count)]
    rows = [
        SubjectKey(wrapped=wrap(wrapping, key), key_id=wrapping.id, created_at=now)
        for key in opened
    ]
    return list(zip(SubjectKey.objects.bulk_create(rows, batch_size=_CHUNK), opened, strict=True))


def unwrap(row: SubjectKey) -> bytes:
    """Return the open data key; raises Erased, SealBroken and KeysMissing."""
    if row.wrapped is None:
        message = f"subject key {row.pk} was destroyed"
        raise Erased(message)
    wrapping = keys.ring().find("vault", row.key_id)
    return _unpack(wrapping.secret, bytes(row.wrapped), _WRAPPED)


def seal(text: str, *, key: bytes, key_id: str, place: Place) -> bytes:
    """Return ``text`` sealed with an open data key for one place."""
    return seal_bytes(text.encode(), key=key, key_id=key_id, place=place)


def seal_bytes(content: bytes, *, key: bytes, key_id: str, place: Place) -> bytes:
    """Return ``content`` sealed with an open data key for one place."""
    return _pack(key, key_id, content, place)


def unseal(sealed: bytes, *, key: bytes, place: Place) -> str:
    """Return the text; raises SealBroken when it was changed, moved or sealed otherwise.

    Raises grounds.PurposeMissing outside of ``grounds.reading``.
    """
    return unseal_bytes(sealed, key=key, place=place).decode()


def unseal_bytes(sealed: bytes, *, key: bytes, place: Place) -> bytes:
    """Return the content; raises as ``unseal`` does."""
    grounds.demand()
    return _unpack(key, sealed, place)


def unseal_columns(row: Any, names: Iterable[str], *, table: str, key: bytes) -> dict[str, str]:
    """Return the texts of sealed columns of ``row``, whose key names it; empty where there is none.

    Raises as ``unseal`` does.
    """
    return {
        name: unseal(bytes(sealed), key=key, place=Place(table, name, row.key_id)) if sealed else ""
        for name, sealed in ((name, getattr(row, name)) for name in names)
    }


def blind_index(text: str, *, column: str) -> str:
    """Return the keyed hash by which equal values of ``column`` find each other."""
    secret = keys.ring().current("index").secret
    return hmac.new(secret, f"{column}|{text}".encode(), hashlib.sha256).hexdigest()


def secret_digits(text: str, *, column: str, count: int) -> str:
    """Return digits that whoever knows ``text`` cannot guess: computed, so kept nowhere."""
    return f"{int(blind_index(text, column=column), 16) % 10**count:0{count}}"


def spaced(digits: str) -> str:
    """Return ``digits`` as people read them to each other; ``is_secret`` takes them like this."""
    return f"{digits[:4]} {digits[4:]}"


def is_secret(given: str, own: str) -> bool:
    """Say whether somebody has typed ``own``, which is digits, however it was spaced."""
    digits = "".join(one for one in given if one.isdecimal())
    return hmac.compare_digest(digits.encode(), own.encode())


def destroy(row: SubjectKey, *, now: datetime) -> bool:
    """Destroy a data key for ever; says whether it was not destroyed before.

    A restored backup holds no data keys; whoever's key is lost is destroyed like anybody else.
    """
    changed = SubjectKey.objects.filter(pk=row.pk, destroyed_at=None).update(
        wrapped=None, destroyed_at=now
    )
    row.refresh_from_db()
    if connection.vendor == "sqlite":  # the log beside the database holds the old page until then
        transaction.on_commit(_truncate_log)
    return bool(changed)


def strange_keys() -> list[str]:
    """Return the ids of vault keys that the database needs and the ring lacks."""
    wanted = SubjectKey.objects.filter(wrapped__isnull=False).values_list("key_id", flat=True)
    owned = {key.id for key in keys.ring().of("vault")}
    return sorted(set(wanted.distinct().order_by()) - owned)


def _truncate_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def wrap(wrapping: keys.Key, key: bytes) -> bytes:
    """Return an open data key wrapped with a vault key."""
    return _pack(wrapping.secret, wrapping.id, key, _WRAPPED)


def _pack(key: bytes, key_id: str, content: bytes, place: Place) -> bytes:
    suite, nonce, name = ciphers.suite(), ciphers.fresh_nonce(), key_id.encode()
    header = bytes([VERSION, suite.number, len(name)]) + name
    return header + nonce + suite.encrypt(key, nonce, content, header + place.context())


def _unpack(key: bytes, sealed: bytes, place: Place) -> bytes:
    start = 3 + (sealed[2] if len(sealed) > 2 else 0)
    end = start + ciphers.NONCE_BYTES
    if len(sealed) < end or sealed[0] != VERSION:
        message = "not a sealed value of a known version"
        raise SealBroken(message)
    suite = ciphers.suite_numbered(sealed[1])
    return suite.decrypt(key, sealed[start:end], sealed[end:], sealed[:start] + place.context())
