"""A database of an earlier version with rows in every table, and whether they are still there.

Run in that installation's environment: python -m tests.upgrade_world old FILE, then
python -m tests.upgrade_world compare FILE
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from zhizhi.config.boot import boot

boot()

from django.db import connection, models, transaction  # noqa: E402 - Django must be set up first
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from zhizhi.config import database_checks  # noqa: E402
from zhizhi.directory import people  # noqa: E402
from zhizhi.directory.models import Person  # noqa: E402
from zhizhi.directory.people import PersonalData  # noqa: E402
from zhizhi.trust import audit, grounds, vault  # noqa: E402

AT = datetime(2026, 2, 24, 8, tzinfo=UTC)
# The first version that stored anything: every later migration runs over its rows.
OLD = [
    ("trust", "0002_append_only"),
    ("directory", "0001_initial"),
    ("engine", "0002_append_only"),
    ("fishery", "0001_initial"),
]
CHAINED = {"AuditEntry", "ChainHead", "SubjectKey", "Person"}  # made by the code itself
SPECIAL: dict[str, Any] = {"path": "/1/", "valid_to": AT + timedelta(days=1)}
ROWS = 3
NAME = "Canary Wagtail"
Told = dict[str, dict[str, Any]]


def old(file: str) -> None:
    """Make the earlier tables, fill each, and write down what is in them."""
    executor = MigrationExecutor(connection)
    executor.migrate(OLD)
    state = executor.loader.project_state(OLD)
    with transaction.atomic():
        people.add_people([PersonalData(name=NAME)] * ROWS, by="cli", now=AT)
        wanted = [one for one in state.apps.get_models() if one._meta.app_label in dict(OLD)]
        made: dict[Any, list[Any]] = {}
        while wanted:
            left = [one for one in wanted if not _make(one, made, wanted)]
            assert len(left) < len(wanted), f"these need each other: {left}"
            wanted = left
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if _is_ours(name)]
    Path(file).write_text(json.dumps({name: _content(name) for name in tables}), encoding="utf-8")


def _is_ours(table: str) -> bool:
    return table.partition("_")[0] in dict(OLD)


def _make(model: Any, made: dict[Any, list[Any]], waiting: list[Any]) -> bool:
    """Insert rows of one table; False while a table that it points to is empty still."""
    name = model._meta.object_name
    needed = {
        field.related_model
        for field in model._meta.concrete_fields
        if field.is_relation and not field.null and field.related_model is not model
    }
    if needed & set(waiting):
        return False
    manager = model._base_manager
    if name not in CHAINED:
        for number in range(1, ROWS + 1):
            manager.create(**dict(_values(model, number)))
    made[model] = list(manager.all())
    return True


def _values(model: Any, number: int) -> Iterator[tuple[str, Any]]:
    for field in model._meta.concrete_fields:
        if isinstance(field, models.AutoField) or (field.null and field.is_relation):
            continue
        yield field.attname, _value(field, number)


def _value(field: Any, number: int) -> Any:
    if field.is_relation:
        rows = field.related_model._base_manager.order_by("pk").values_list("pk", flat=True)
        return rows[number - 1]
    if field.choices:
        return field.choices[0][0]
    if field.name in SPECIAL:
        return SPECIAL[field.name]
    kinds: list[tuple[Any, Any]] = [
        (models.BooleanField, False),
        (models.DateTimeField, AT + timedelta(minutes=number)),
        (models.DateField, date(2026, 2, number)),
        (models.TimeField, AT.time()),
        (models.DurationField, timedelta(minutes=number)),
        (models.JSONField, {"number": number, "word": "字"}),
        (models.BinaryField, bytes([0, number, 255])),
        (models.FloatField, 1.5 * number),
        (models.IntegerField, number),
        (models.CharField, f"{field.name[:3]}{number}"[: field.max_length]),
        (models.TextField, f"字 {number}"),
    ]
    return next(value for kind, value in kinds if isinstance(field, kind))


def _content(table: str, columns: list[str] | None = None) -> dict[str, Any]:
    """Return columns and rows of a table, as text that is the same before and after."""
    with connection.cursor() as cursor:
        known = columns or sorted(
            column.name for column in connection.introspection.get_table_description(cursor, table)
        )
        names = ", ".join(f'"{name}"' for name in known)
        cursor.execute(f'SELECT {names} FROM "{table}"')  # noqa: S608
        rows = sorted([_text(value) for value in row] for row in cursor.fetchall())
    return {"columns": known, "rows": rows}


def _text(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)


def say(words: object) -> None:
    sys.stdout.write(f"{words}\n")


def compare(file: str) -> None:
    """Print what differs from what was written down; nothing when all is there."""
    told: Told = json.loads(Path(file).read_text(encoding="utf-8"))
    counted = 0
    for table, before in told.items():
        now = _content(table, before["columns"])
        counted += len(now["rows"])
        if now["rows"] != before["rows"]:
            say(f"{table}: {before['rows']} became {now['rows']}")
    for broken in audit.verify():
        say(broken)
    for table in database_checks.unguarded():
        say(f"{table} lost its guard")
    names = [_name(person) for person in Person.objects.select_related("key")]
    if names != [NAME] * ROWS:
        say(f"{names} can be read")
    say(f"{len(told)} tables, {counted} rows")


def _name(person: Person) -> str:
    place = vault.Place(people.TABLE, "name", person.pk)
    with grounds.reading(grounds.by_law("prove-keys")):
        return vault.unseal(bytes(person.name or b""), key=vault.unwrap(person.key), place=place)


if __name__ == "__main__":
    {"old": old, "compare": compare}[sys.argv[1]](sys.argv[2])
