"""A PostgreSQL database in a backup: every table as one transaction sees them.

Read and written with COPY over the connection that the product has anyhow, so neither pg_dump nor
the same version of PostgreSQL is needed; tables are made by the product's own migrations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from zhizhi.config.backing_up.folders import Sink, Spring
from zhizhi.config.backing_up.manifest import BackupRefused, Manifest

KEYS = "trust_subjectkey"
_LEFT_EMPTY = {"django_migrations"}  # migrating writes it


def dump(sink: Sink, room: Path) -> int:
    """Write the database without people's data keys; returns how many of them there were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(f"SELECT count(*) FROM {KEYS} WHERE wrapped IS NOT NULL")  # noqa: S608
        people = int(cursor.fetchone()[0])
        for table in _tables():
            _write_table(cursor, table, sink)
    sink.write(b"\n")
    return people


def _tables() -> list[str]:
    names = connection.introspection.table_names()
    return sorted(name for name in names if name not in _LEFT_EMPTY)


def _write_table(cursor: Any, table: str, sink: Sink) -> None:
    columns = _columns(cursor, table)
    wanted = [
        "NULL::bytea" if (table, name) == (KEYS, "wrapped") else _quoted(name) for name in columns
    ]
    sink.write(json.dumps({"table": table, "columns": columns}).encode() + b"\n")
    select = f"SELECT {', '.join(wanted)} FROM {_quoted(table)}"  # noqa: S608
    with cursor.copy(f"COPY ({select}) TO STDOUT") as copy:
        for part in copy:
            sink.write(len(part).to_bytes(4, "big") + bytes(part))
    sink.write(bytes(4))


def _columns(cursor: Any, table: str) -> list[str]:
    """Return the columns that hold something of their own; computed ones are computed again."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return [str(name) for (name,) in cursor.fetchall()]


def check_empty() -> None:
    """Raise BackupRefused when the database holds tables already."""
    if connection.introspection.table_names():
        name = connection.settings_dict["NAME"]
        message = f"The database {name} is not empty: make a new one and set ZHIZHI_DATABASE."
        raise BackupRefused(message)


@contextmanager
def loaded(spring: Spring, manifest: Manifest) -> Iterator[None]:
    """Make and fill the tables, let the block go on, and commit all of it at once."""
    with transaction.atomic():
        MigrationExecutor(connection).migrate(sorted(manifest.migrations.items()))
        with connection.cursor() as cursor:
            while header := _line(spring):
                _read_table(cursor, json.loads(header), spring)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else no table can be altered now
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        models = apps.get_models(include_auto_created=True)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), models):
                cursor.execute(statement)
        yield


def _read_table(cursor: Any, told: dict[str, Any], spring: Spring) -> None:
    names = ", ".join(_quoted(name) for name in told["columns"])
    with cursor.copy(f"COPY {_quoted(told['table'])} ({names}) FROM STDIN") as copy:
        while length := int.from_bytes(spring.read(4), "big"):
            copy.write(spring.read(length))


def _line(spring: Spring) -> bytes:
    found = bytearray()
    while (letter := spring.read(1)) not in {b"\n", b""}:
        found += letter
    return bytes(found)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
