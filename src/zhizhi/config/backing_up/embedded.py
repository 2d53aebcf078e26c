"""The embedded database in a backup: one consistent copy, made while others read and write."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, connection

from zhizhi.config.backing_up.folders import Sink, Spring
from zhizhi.config.backing_up.manifest import BackupRefused
from zhizhi.trust import keys

ROOM = ".restoring"
_CHUNK = 1 << 20


def dump(sink: Sink, room: Path) -> int:
    """Write the database without people's data keys; returns how many of them there were.

    ``VACUUM INTO`` reads in one transaction and leaves pages of deleted rows behind. The copy lies
    in ``room`` for as long as it is read.
    """
    copy = room / "copy.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    with closing(sqlite3.connect(copy, isolation_level=None)) as database:
        for pragma in ("secure_delete=ON", "journal_mode=MEMORY"):
            database.execute(f"PRAGMA {pragma}").fetchall()
        update = "UPDATE trust_subjectkey SET wrapped = NULL WHERE wrapped IS NOT NULL"
        people = database.execute(update).rowcount
    with copy.open("rb") as file:
        while part := file.read(_CHUNK):
            sink.write(part)
    copy.unlink()
    return people


def place() -> Path:
    return Path(connection.settings_dict["NAME"])


def check_empty() -> None:
    """Raise BackupRefused when there is a database already."""
    if place().exists():
        message = f"{place()} exists already: restore into an installation without a database."
        raise BackupRefused(message)


@contextmanager
def loaded(spring: Spring) -> Iterator[None]:
    """Let Django work on the restored database beside its place; put it there at the end."""
    final = place()
    staged = final.with_name(f"{ROOM}-{final.name}")
    final.parent.mkdir(parents=True, exist_ok=True)
    connection.close()
    connection.settings_dict["NAME"] = str(staged)
    try:
        _write(spring, staged)
        _check()
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        yield
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        staged.rename(final)
        keys.sync(final.parent)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(final)
        for path in final.parent.glob(f"{staged.name}*"):
            path.unlink()


def _write(spring: Spring, staged: Path) -> None:
    with staged.open("wb") as file:
        while part := spring.read(_CHUNK):
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _check() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check")
            verdict = str(cursor.fetchone()[0])
    except DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        message = f"the database in the backup is damaged: {verdict}"
        raise BackupRefused(message)
