"""Tables whose rows may be added but not changed: triggers that refuse UPDATE and DELETE.

The triggers stop mistakes and hasty hands; whoever may drop them is found by the hash chains.
SQLite loses triggers when a migration rebuilds their table: repeat ``append_only`` in that
migration (``unguarded`` tells, and so does ``zhizhi doctor``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, migrations, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "append_only_"


def append_only(table: str, *, except_columns: Sequence[str] = ()) -> migrations.RunPython:
    """Return the migration operation that guards ``table``.

    ``except_columns`` may still be updated. Reversing the migration removes the guard.
    """

    def guard(apps: Any, editor: Any) -> None:
        for statement in _creating(editor.connection, table, tuple(except_columns)):
            editor.execute(statement, params=None)

    def unguard(apps: Any, editor: Any) -> None:
        for statement in _dropping(editor.connection, table):
            editor.execute(statement, params=None)

    return migrations.RunPython(guard, unguard)


def guarded_again(table: str, *, except_columns: Sequence[str] = ()) -> migrations.RunPython:
    """Return the migration operation that guards ``table`` also in its new columns.

    Put it behind the operation that adds the columns. Reversing it takes the guard away, because
    a column that a trigger names cannot be dropped: ``zhizhi doctor --restore-guards`` follows.
    """

    def guard(apps: Any, editor: Any) -> None:
        dropping = _dropping(editor.connection, table)
        for statement in (*dropping, *_creating(editor.connection, table, tuple(except_columns))):
            editor.execute(statement, params=None)

    def unguard(apps: Any, editor: Any) -> None:
        for statement in _dropping(editor.connection, table):
            editor.execute(statement, params=None)

    return migrations.RunPython(guard, unguard)


@contextmanager
def lifted() -> Iterator[None]:
    """Take every guard away for the block, in one transaction: for emptying a test database."""
    with transaction.atomic():
        present = _present(connection)
        with connection.cursor() as cursor:
            for _, dropping, _ in present:
                cursor.execute(dropping)
            yield
            for _, _, creating in present:
                cursor.execute(creating)


def unguarded(tables: Sequence[str]) -> list[str]:
    """Return those of ``tables`` that lack a guard."""
    names = {name for name, _, _ in _present(connection)}
    return [
        table
        for table in tables
        if not {f"{PREFIX}{table}_update", f"{PREFIX}{table}_delete"} <= names
    ]


def restore(table: str, *, except_columns: Sequence[str] = ()) -> None:
    """Put the guard of ``table`` back, whatever is left of it."""
    creating = _creating(connection, table, tuple(except_columns))
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (*_dropping(connection, table), *creating):
            cursor.execute(statement)


def _dropping(database: BaseDatabaseWrapper, table: str) -> list[str]:
    own = {f"{PREFIX}{table}_{verb}" for verb in ("update", "delete", "truncate")}
    return [dropping for name, dropping, _ in _present(database) if name in own]


def _columns(database: BaseDatabaseWrapper, table: str, free: tuple[str, ...]) -> str:
    with database.cursor() as cursor:
        found = database.introspection.get_table_description(cursor, table)
    return ", ".join(f'"{column.name}"' for column in found if column.name not in free)


def _creating(database: BaseDatabaseWrapper, table: str, free: tuple[str, ...]) -> list[str]:
    guarded = f" OF {_columns(database, table, free)}" if free else ""
    update, delete = f"{PREFIX}{table}_update", f"{PREFIX}{table}_delete"
    if database.vendor == "sqlite":
        refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        return [
            f'CREATE TRIGGER "{update}" BEFORE UPDATE{guarded} ON "{table}" {refusal}',
            f'CREATE TRIGGER "{delete}" BEFORE DELETE ON "{table}" {refusal}',
        ]
    refuse = 'EXECUTE FUNCTION "append_only_refuse"()'
    return [
        'CREATE OR REPLACE FUNCTION "append_only_refuse"() RETURNS trigger LANGUAGE plpgsql AS $$ '
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        f'CREATE TRIGGER "{update}" BEFORE UPDATE{guarded} ON "{table}" FOR EACH ROW {refuse}',
        f'CREATE TRIGGER "{delete}" BEFORE DELETE ON "{table}" FOR EACH ROW {refuse}',
        f'CREATE TRIGGER "{PREFIX}{table}_truncate" BEFORE TRUNCATE ON "{table}" '
        f"FOR EACH STATEMENT {refuse}",
    ]


def _present(database: BaseDatabaseWrapper) -> list[tuple[str, str, str]]:
    """Return name, dropping and creating statement of each guard in the database."""
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute(
                "SELECT name, 'DROP TRIGGER \"' || name || '\"', sql FROM sqlite_master "
                "WHERE type = 'trigger' AND substr(name, 1, 12) = %s ORDER BY name",
                [PREFIX],
            )
        else:
            cursor.execute(
                'SELECT tgname, format(\'DROP TRIGGER "%%s" ON "%%s"\', tgname, relname), '
                "pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger "
                "JOIN pg_class ON pg_class.oid = tgrelid "
                "WHERE NOT tgisinternal AND left(tgname, 12) = %s ORDER BY tgname",
                [PREFIX],
            )
        return [(str(name), str(drop), str(create)) for name, drop, create in cursor.fetchall()]
