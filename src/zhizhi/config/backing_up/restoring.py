"""Bringing an installation back from a backup, whole or not at all.

Everything is made in a room beside its place; the database is put there last. People's data keys
come from the file of the keys folder: whoever is not in it any more, or is named by a ledger of
destroyed keys, stays unreadable, however old the backup is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader

from zhizhi.config.backing_up import embedded, folders, served
from zhizhi.config.backing_up.manifest import DATABASE, MEDIA, PUBLISHED, BackupRefused, Manifest
from zhizhi.config.backing_up.taking import BY, MEDIA_FOLDERS, PUBLISHED_FOLDERS
from zhizhi.engine import erasing, noticing
from zhizhi.trust import audit, destruction, people_keys
from zhizhi.trust.audit import Leaf
from zhizhi.trust.ciphers import SealBroken
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.people_keys import Kept, PeopleKeysUnusable, microseconds
from zhizhi.trust.sealed_files import OpeningFile

MAY_BE_THERE = {"keys", "static"}
_CHUNK = 500
_WORDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: files, people who can be read, and people who stay unreadable."""

    files: int
    people: int
    lost: int


def verify(folder: Path) -> Manifest:
    """Open and check every byte of a backup, writing nothing; raises BackupRefused."""
    manifest = _checked(folder)
    with _opened(folder, PUBLISHED) as spring:
        folders.unpack(spring, PUBLISHED_FOLDERS, None)
    with _opened(folder, DATABASE) as spring:
        while spring.read(1 << 20):
            pass
    with _opened(folder, MEDIA) as spring:
        folders.unpack(spring, MEDIA_FOLDERS, None)
    return manifest


def restore(
    folder: Path, *, destroyed: Sequence[Path], older_keys: bool, now: datetime
) -> Restored:
    """Bring everything back; raises BackupRefused, and then nothing is left behind."""
    data = Path(settings.DATA)
    _check_place(data)
    manifest = _checked(folder)
    _check_people_keys(manifest, is_older_fine=older_keys)
    room = data / embedded.ROOM
    room.mkdir(mode=0o700)
    moved: list[Path] = []
    try:
        files = _staged(folder, room)
        ledgers = [*destroyed, room.joinpath(*destruction.LEDGER)]
        with _opened(folder, DATABASE) as spring, _loaded(spring, manifest):
            people, lost = _people(ledgers, now=now)
            _finish(manifest, people, lost, now=now)
            os.sync()
            for path in list(room.iterdir()):
                path.rename(data / path.name)
                moved.append(data / path.name)
    except BaseException:
        for path in moved:
            shutil.rmtree(path, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(room, ignore_errors=True)
    return Restored(files, people, lost)


def _check_place(data: Path) -> None:
    left = [
        path for path in data.iterdir() if path.name.startswith(embedded.ROOM)
    ]  # by a killed run
    strange = sorted({path.name for path in data.iterdir()} - {path.name for path in left})
    strange = [name for name in strange if name not in MAY_BE_THERE]
    if strange:
        message = (
            f"{data} is not empty ({', '.join(strange[:3])}): restore into a new data folder, "
            "with the keys folder alone."
        )
        raise BackupRefused(message)
    _way().check_empty()
    for path in left:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _way() -> Any:
    return embedded if connection.vendor == "sqlite" else served


def _checked(folder: Path) -> Manifest:
    manifest = Manifest.of(folder)
    manifest.check_files(folder)
    if manifest.database != connection.vendor:
        there, here = (_WORDS.get(one, one) for one in (manifest.database, connection.vendor))
        message = f"This is a backup of a {there} database, and ZHIZHI_DATABASE is {here}."
        raise BackupRefused(message)
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    newer = sorted(
        f"{app} {name}" for app, name in manifest.migrations.items() if (app, name) not in known
    )
    if newer:
        message = f"The backup is of a later version of Zhizhi ({', '.join(newer[:3])})."
        raise BackupRefused(message)
    return manifest


def _check_people_keys(manifest: Manifest, *, is_older_fine: bool) -> None:
    try:
        kept_at = people_keys.kept_at()
    except PeopleKeysUnusable as unusable:
        if not manifest.people or is_older_fine:
            return
        message = f"{unusable}: without it {manifest.people} people cannot be read."
        raise BackupRefused(f"{message} Put the newest copy of the keys folder there.") from None
    if kept_at < manifest.made_at and not is_older_fine:
        message = (
            f"{people_keys.path()} is older than the backup: people who came later could not be "
            "read, and people who were erased could. Put the newest copy of the keys folder there."
        )
        raise BackupRefused(message)


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[OpeningFile]:
    try:
        with (folder / name).open("rb") as file:
            yield OpeningFile(file, name=name)
    except SealBroken as broken:
        message = f"{folder / name} cannot be opened with the keys of this installation: {broken}."
        raise BackupRefused(message) from None


def _staged(folder: Path, room: Path) -> int:
    with _opened(folder, PUBLISHED) as spring:
        count = folders.unpack(spring, PUBLISHED_FOLDERS, room)
    with _opened(folder, MEDIA) as spring:
        count += folders.unpack(spring, MEDIA_FOLDERS, room)
    for name in MEDIA_FOLDERS:
        if (room / name).exists():
            (room / name).chmod(0o700)
    return count


def _loaded(spring: OpeningFile, manifest: Manifest) -> Any:
    if connection.vendor == "sqlite":
        return embedded.loaded(spring)
    return served.loaded(spring, manifest)


@transaction.atomic
def _people(ledgers: Sequence[Path], *, now: datetime) -> tuple[int, int]:
    """Give data keys back to whoever still has one; returns how many have and have not."""
    gone = {name for ledger in ledgers for name in destruction.names(ledger)}
    there = dict(SubjectKey.objects.filter(destroyed_at=None).values_list("pk", "created_at"))
    found = 0
    part: list[Kept] = []
    for kept in _kept():
        made_at, name = there.get(kept.row), (kept.row, kept.made_us)
        if made_at is None or microseconds(made_at) != kept.made_us or name in gone:
            continue
        del there[kept.row]
        part.append(kept)
        found += 1
        if len(part) == _CHUNK:
            _give_back(part)
            part = []
    _give_back(part)
    rows = sorted(there)
    for start in range(0, len(rows), _CHUNK):
        _forget(rows[start : start + _CHUNK], now=now)
    return found, len(rows)


def _kept() -> Iterator[Kept]:
    try:
        yield from people_keys.kept()
    except PeopleKeysUnusable:
        return


def _give_back(part: Sequence[Kept]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE trust_subjectkey SET wrapped = %s, key_id = %s WHERE id = %s",
            [(kept.wrapped, kept.key_id, kept.row) for kept in part],
        )


def _forget(rows: Sequence[int], *, now: datetime) -> None:
    """Clear whatever was sealed with these keys: it can never be opened again."""
    erasing.lost(rows, by=BY, now=now)
    noticing.lost_parties(rows, by=BY, now=now)
    SubjectKey.objects.filter(pk__in=rows).update(destroyed_at=now)
    for relation in SubjectKey._meta.related_objects:  # noqa: SLF001 - Django's public interface
        model: Any = relation.related_model
        cleared = dict(_sealed_columns(model))
        if cleared:
            held = {f"{relation.field.name}__in": rows}
            model._base_manager.filter(**held).update(**cleared)  # noqa: SLF001 - as above


def _sealed_columns(model: type[models.Model]) -> Iterator[tuple[str, Any]]:
    """Yield the columns that a person's key seals or that find the person, each with nothing."""
    for field in model._meta.concrete_fields:  # noqa: SLF001 - as above
        if isinstance(field, models.BinaryField) and field.null:
            yield field.name, None
        elif isinstance(field, models.CharField) and field.name.endswith("_index"):
            yield field.name, ""


def _finish(manifest: Manifest, people: int, lost: int, *, now: datetime) -> None:
    """End every session, and tell in the audit log what was restored."""
    Session.objects.all().delete()
    detail = {"backup": manifest.head, "people": people, "lost": lost}
    with transaction.atomic():
        audit.append([Leaf(BY, "installation.restore", "installation:1", now, detail=detail)])
