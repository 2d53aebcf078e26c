"""Changing the vault key while everybody goes on reading and writing.

A rotation makes the next vault key and wraps every data key with it, a batch at a time: reading
and wrapping hold no lock, writing a batch is one short transaction. Readers find either key by the
id in the row. A rotation that was killed is taken up where it stood; the audit log tells of its
beginning and its end.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db import connection, transaction

from zhizhi.trust import audit, keys, people_keys, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import AuditEntry, SubjectKey

BATCH = 500
BEGUN, DONE, RETIRED = "keys.rotate", "keys.rotated", "keys.retire"
_LOCK = ".rotating.lock"
Told = Callable[[int], None]


class RotationRuns(RuntimeError):
    """Another process is changing the vault key."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did; ``is_resumed`` when it took up one that was killed."""

    key_id: str
    rewrapped: int
    is_resumed: bool


def rotate(*, by: str, now: datetime, progress: Told = lambda rows: None) -> Rotated:
    """Wrap every data key with a new vault key, or end the rotation that was begun last.

    Raises RotationRuns, KeysMissing, and SealBroken for a data key that is damaged.
    """
    with _alone():
        if is_unfinished():
            ended = _run(by=by, now=now, progress=progress, is_resumed=True)
            if ended.rewrapped:
                return ended
        keys.add("vault")
        return _run(by=by, now=now, progress=progress, is_resumed=False)


def is_unfinished() -> bool:
    """Say whether a rotation was begun and not ended: the current key is not the only one."""
    known = keys.ring().of("vault")
    ended = AuditEntry.objects.filter(verb=DONE, subject=_subject(known[-1].id))
    return len(known) > 1 and not ended.exists()


def retire_unused(*, superseded_before: datetime, by: str, now: datetime) -> list[str]:
    """Destroy the vault keys that were superseded before that moment; returns their ids.

    The wait lets writers that still held the older key finish; what they left is wrapped anew
    first, and so is the file of people's keys.
    """
    with _alone():
        known = keys.ring().of("vault")
        waiting = [
            older for older, newer in pairwise(known) if keys.made_at(newer) < superseded_before
        ]
        if not waiting:
            return []
        _rewrap(known[-1], lambda rows: None)
        _renew_people_keys(now)
        for key in waiting:
            keys.retire(key)
            _note(RETIRED, key.id, {}, by=by, now=now)
        return [key.id for key in waiting]


def _run(*, by: str, now: datetime, progress: Told, is_resumed: bool) -> Rotated:
    wrapping = keys.ring().current("vault")
    if not is_resumed:
        _note(BEGUN, wrapping.id, {}, by=by, now=now)
    count = _rewrap(wrapping, progress)
    _renew_people_keys(now)
    _note(DONE, wrapping.id, {"rewrapped": count, "resumed": is_resumed}, by=by, now=now)
    return Rotated(wrapping.id, count, is_resumed)


def _rewrap(wrapping: keys.Key, progress: Told) -> int:
    """Go over all rows until a pass finds none: writers may hold the older key for a moment."""
    total = 0
    while count := _pass(wrapping, progress):
        total += count
    return total


def _pass(wrapping: keys.Key, progress: Told) -> int:
    count, last = 0, 0
    while rows := _batch(wrapping, after=last):
        done = _rewrap_batch(wrapping, rows)
        progress(done)
        count, last = count + done, rows[-1].pk
    return count


def _batch(wrapping: keys.Key, *, after: int) -> list[SubjectKey]:
    others = SubjectKey.objects.filter(wrapped__isnull=False).exclude(key_id=wrapping.id)
    return list(others.filter(pk__gt=after).order_by("pk")[:BATCH])


def _rewrap_batch(wrapping: keys.Key, rows: Sequence[SubjectKey]) -> int:
    """Write a batch; a row that was destroyed or wrapped anew meanwhile is left as it is."""
    changed = [
        (vault.wrap(wrapping, vault.unwrap(row)), wrapping.id, row.pk, row.key_id) for row in rows
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE trust_subjectkey SET wrapped = %s, key_id = %s "
            "WHERE id = %s AND key_id = %s AND wrapped IS NOT NULL",
            changed,
        )
        return int(cursor.rowcount)


def _renew_people_keys(now: datetime) -> None:
    """Where backups are made, let their file of people's keys need the new key alone."""
    if people_keys.path().exists():
        people_keys.keep(now=now)


def _note(verb: str, key_id: str, detail: dict[str, object], *, by: str, now: datetime) -> None:
    with transaction.atomic():
        audit.append([Leaf(by, verb, _subject(key_id), now, detail=detail)])


def _subject(key_id: str) -> str:
    return f"key:vault-{key_id}"


@contextmanager
def _alone() -> Iterator[None]:
    keys.ring()  # makes the folder, where that is allowed
    with (keys.folder() / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = "Another process is changing the vault key."
            raise RotationRuns(message) from None
        yield
