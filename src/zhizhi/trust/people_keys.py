"""The wrapped data keys of people in one file of the keys folder, kept out of every backup.

A backup holds no data key, so no old backup can bring an erased person back: what opens people is
this one file, which is replaced as a whole by each backup and rotation, and from which destroyed
keys are wiped where they lie. Records have one length and are ordered by row, so one is found
without reading the file.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from zhizhi.trust import keys
from zhizhi.trust.models import SubjectKey

NAME = "people.keys"
_MAGIC = b"zhizhi-people-1\n"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEAD = struct.Struct(">16sQ")  # magic, when it was written (µs)
_RECORD = struct.Struct(">QQ16sB127s")  # row, when it was made (µs), vault key, length, wrapped
_EMPTY = bytes(_RECORD.size - 16)


class PeopleKeysUnusable(ValueError):
    """The file of people's keys is missing, cut off or something else."""


@dataclass(frozen=True, slots=True, repr=False)
class Kept:
    """One wrapped data key; row and moment name it, because a restored database counts anew."""

    row: int
    made_us: int
    key_id: str
    wrapped: bytes


def path() -> Path:
    return keys.folder() / NAME


def keep(*, now: datetime) -> int:
    """Write the data keys that exist now into the file, in place of all before; returns how many.

    The file is whole or the one before, also after a power cut.
    """
    with keys.alone(keys.folder()):  # so that a key which is destroyed meanwhile is wiped after it
        return _written(now)


def _written(now: datetime) -> int:
    rows = SubjectKey.objects.filter(wrapped__isnull=False).order_by("pk")
    wanted = rows.values_list("pk", "created_at", "key_id", "wrapped")
    draft, count = path().with_name(f".{NAME}.part"), 0
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_HEAD.pack(_MAGIC, microseconds(now)))
        for pk, made_at, key_id, wrapped in wanted.iterator(chunk_size=2000):
            made_us, sealed = microseconds(made_at), bytes(wrapped or b"")
            file.write(_RECORD.pack(pk, made_us, key_id.encode(), len(sealed), sealed))
            count += 1
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path())
    keys.sync(path().parent)
    return count


def kept_at() -> datetime:
    """Return when the file was written; raises PeopleKeysUnusable."""
    with _opened() as file:
        _magic, at_us = _HEAD.unpack(file.read(_HEAD.size))
    return _EPOCH + timedelta(microseconds=at_us)


def kept() -> Iterator[Kept]:
    """Yield every data key in the file; raises PeopleKeysUnusable."""
    with _opened() as file:
        file.seek(_HEAD.size)
        while record := file.read(_RECORD.size):
            row, made_us, key_id, length, wrapped = _RECORD.unpack(record)
            if length:
                yield Kept(row, made_us, key_id.rstrip(b"\0").decode(), wrapped[:length])


def wipe(rows: Iterable[int]) -> int:
    """Overwrite the data keys of ``rows`` where they lie; returns how many were there."""
    if not path().exists():
        return 0
    wiped = 0
    with keys.alone(keys.folder()), path().open("r+b") as file:
        count = (path().stat().st_size - _HEAD.size) // _RECORD.size
        for row in rows:
            wiped += _wipe(file.fileno(), row, count)
        os.fsync(file.fileno())
    return wiped


def _wipe(file: int, row: int, count: int) -> bool:
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        place = _HEAD.size + middle * _RECORD.size
        found = int.from_bytes(os.pread(file, 8, place), "big")
        if found == row:
            os.pwrite(file, _EMPTY, place + 16)
            return True
        low, high = (middle + 1, high) if found < row else (low, middle)
    return False


def microseconds(at: datetime) -> int:
    """Return the whole microseconds from 1970 to ``at``."""
    return (at - _EPOCH) // timedelta(microseconds=1)


@contextmanager
def _opened() -> Iterator[BinaryIO]:
    try:
        with path().open("rb") as file:
            size = path().stat().st_size - _HEAD.size
            if file.read(len(_MAGIC)) != _MAGIC or size < 0 or size % _RECORD.size:
                message = f"{path()} is cut off or no file of people's keys"
                raise PeopleKeysUnusable(message)
            file.seek(0)
            yield file
    except OSError as error:
        message = f"{path()} cannot be read ({error.strerror})"
        raise PeopleKeysUnusable(message) from error
