"""Reading rows that may be damaged: whoever looks for damage must not stumble over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection, models, transaction

from zhizhi.trust import canonical, ciphers

# Bytes that are no text, a moment that is none, a number that became text.
DAMAGE = (DatabaseError, ValueError, TypeError, OverflowError, AttributeError)
CHUNK = 1000

Key = tuple[Any, ...]


@contextmanager
def snapshot() -> Iterator[None]:
    """Read the database as it stood at one moment, while others go on writing.

    A log and the audit chain are read one after the other: what is written in between would look
    like tampering. Nothing can be written inside.
    """
    if connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()  # only then is it known how its transactions begin
    wrapper: Any = connection  # Django declares no such attribute for all kinds of databases
    if connection.vendor == "sqlite":
        mode, wrapper.transaction_mode = wrapper.transaction_mode, "DEFERRED"
        try:
            with transaction.atomic():
                yield
        finally:
            wrapper.transaction_mode = mode
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def each(rows: models.QuerySet[Any], *names: str, chunk: int = CHUNK) -> Iterator[tuple[Key, Any]]:
    """Yield key and row of ``rows`` in their order; None in place of one that cannot be read.

    The key is the primary key and the columns ``names``, best those of the index that orders the
    rows: then they tell which row it is even when the row itself does not.
    """
    keys = list(rows.values_list("pk", *names))
    for start in range(0, len(keys), chunk):
        own = keys[start : start + chunk]
        found = _read(rows, [key[0] for key in own])
        for key in own:
            yield key, found.get(key[0])


def fits(record: Mapping[str, Any], digest: Any) -> bool:
    """Say whether ``digest`` is the digest of ``record``; what has no spelling has none."""
    try:
        return ciphers.digest_fits(canonical.encode(record), digest)
    except DAMAGE:
        return False


def doubt(row: Any, digest: str | None, columns_of: Callable[[Any], Mapping[str, Any]]) -> str:
    """Return what is wrong with a row whose leaf in the audit chain has ``digest``, or nothing.

    ``row`` is None where it cannot be read, ``digest`` where the chain has no such leaf.
    """
    if row is None:
        return "cannot be read"
    if digest is None:
        return "is not in the audit chain"
    return "" if fits(columns_of(row), digest) else "changed"


def _read(rows: models.QuerySet[Any], keys: list[Any]) -> dict[Any, Any]:
    """Return the rows by primary key; when they cannot be read together, one by one."""
    try:
        return {_key(row): row for row in rows.filter(pk__in=keys)}
    except DAMAGE:
        if len(keys) == 1:
            return {}
    middle = len(keys) // 2
    return _read(rows, keys[:middle]) | _read(rows, keys[middle:])


def _key(row: Any) -> Any:
    return row["pk"] if isinstance(row, dict) else row.pk
