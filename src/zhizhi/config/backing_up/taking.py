"""Making a backup while the installation goes on serving."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from zhizhi.config.backing_up import embedded, folders, latest, served
from zhizhi.config.backing_up.manifest import (
    DATABASE,
    MEDIA,
    PUBLISHED,
    BackupRefused,
    Manifest,
    Sealed,
)
from zhizhi.trust import audit, keys, people_keys
from zhizhi.trust.audit import Leaf
from zhizhi.trust.sealed_files import SealingFile

BY = "cli"
MEDIA_FOLDERS = ("sealed", "working", "map")
PUBLISHED_FOLDERS = ("published",)
ROOM = ".backing-up-"
_HELD = ".backing-up.lock"


def take(folder: Path, *, now: datetime) -> Manifest:
    """Write a backup into ``folder``, which appears whole or not at all.

    People's data keys go to the file of the keys folder instead. Raises BackupRefused, KeysMissing.
    """
    _check(folder)
    draft = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed
    draft.mkdir(mode=0o700)
    try:
        with _room() as room:
            manifest = _written(draft, room, now)
        people_keys.keep(now=now)
        for path in draft.iterdir():
            keys.sync(path)
        keys.sync(draft)
        draft.rename(folder)
        keys.sync(folder.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    size = sum(one.bytes for one in manifest.files.values())
    latest.note(latest.Backup(now, size, manifest.people))
    with transaction.atomic():
        detail = {"bytes": size, "people": manifest.people, "head": manifest.head}
        audit.append([Leaf(BY, "installation.backup", "installation:1", now, detail=detail)])
    return manifest


def _check(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder} is not empty: a backup goes into a new folder."
        raise BackupRefused(message)
    if not folder.parent.is_dir():
        message = f"There is no folder {folder.parent} to put the backup into."
        raise BackupRefused(message)
    if folder.resolve().is_relative_to(keys.folder().resolve()):
        message = "A backup must not lie in the keys folder: keep them apart."
        raise BackupRefused(message)
    if not keys.ring().of(keys.BACKUP):
        message = "There is no key for backups yet. Type: zhizhi doctor --make-keys"
        raise BackupRefused(message)


def _written(draft: Path, room: Path, now: datetime) -> Manifest:
    """Write the three files and the manifest.

    Roots are read before the database, which then knows all of them; originals after it, because
    each lies on the disk before its row is committed.
    """
    data = Path(settings.DATA)
    files, counts = dict[str, Sealed](), dict[str, int]()

    def write(name: str, fill: Callable[[SealingFile], int]) -> None:
        with (draft / name).open("xb") as file:
            sink = SealingFile(file, key=keys.ring().current(keys.BACKUP), name=name)
            counts[name] = fill(sink)
            digest = sink.finish()
        files[name] = Sealed(sink.size, digest)

    is_embedded = connection.vendor == "sqlite"
    dump = embedded.dump if is_embedded else served.dump
    write(PUBLISHED, lambda sink: folders.pack(data, PUBLISHED_FOLDERS, sink))
    head = str(audit.head())
    write(DATABASE, lambda sink: dump(sink, room))
    write(MEDIA, lambda sink: folders.pack(data, MEDIA_FOLDERS, sink))
    manifest = Manifest(now, connection.vendor, newest_migrations(), counts[DATABASE], head, files)
    manifest.save(draft)
    return manifest


def newest_migrations() -> dict[str, str]:
    """Return the newest applied migration of each app."""
    return dict(sorted(MigrationRecorder(connection).applied_migrations()))


@contextmanager
def _room() -> Iterator[Path]:
    """Yield a folder beside the database for its copy, to one backup at a time."""
    data = Path(settings.DATA)
    with (data / _HELD).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            message = "Another backup is being made."
            raise BackupRefused(message) from None
        for left in data.glob(f"{ROOM}*/"):  # of a run that was killed
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(dir=data, prefix=ROOM) as room:
            yield Path(room)
