"""What many tests begin with: written by the product once a minute, then put back as it was.

To build the small district takes some hundred questions to the database; to put its rows back takes
one statement a table. They are the rows that the product wrote.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from zhizhi.trust.models import Evidence

AGE = timedelta(minutes=1)  # what waits a few minutes must still wait
Row = tuple[Any, ...]
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Table:
    """A table to which rows came."""

    columns: str
    before: int
    added: list[Row]


@dataclass(frozen=True)
class Standing:
    """What was built, with the rows and files on which it stands."""

    thing: Any
    place: tuple[str, ...]
    at: datetime
    tables: dict[str, Table]
    files: dict[Path, bytes]


def kept(build: Callable[[], Thing]) -> Callable[[], Thing]:
    """Let what a function builds be put back for a minute, where the database is as it found it."""
    last: list[Standing] = []

    @functools.wraps(build)
    def stand() -> Thing:
        if not (last and _is_fresh(last[0]) and _is_as_found(last[0])):
            last[:] = [_built(build)]
        else:
            _put_back(last[0])
        thing: Thing = copy.deepcopy(last[0].thing)
        return thing

    return stand


def _is_fresh(standing: Standing) -> bool:
    return abs(timezone.now() - standing.at) < AGE and standing.place == _place()


def _place() -> tuple[str, ...]:
    """Return what sealed rows depend on beside the database."""
    return str(settings.DATA), settings.SECRET_KEY, str(settings.DATABASES["default"]["NAME"])


def _is_as_found(standing: Standing) -> bool:
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in standing.tables)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        return list(cursor.fetchone()) == [table.before for table in standing.tables.values()]


def _built(build: Callable[[], Any]) -> Standing:
    now, before = timezone.now(), _rows()
    thing = build()
    tables = {
        name: Table(columns, len(before[name][1]), _others(rows, before[name][1]))
        for name, (columns, rows) in _rows().items()
        if rows != before[name][1]
    }
    written = {path: path.read_bytes() for path in _files()}
    return Standing(thing, _place(), now, tables, written)  # never handed out itself


def _others(rows: list[Row], before: list[Row]) -> list[Row]:
    known = set(before)
    if not known <= set(rows):
        message = "a row that stood there was changed: it cannot be put back"
        raise AssertionError(message)
    return [row for row in rows if row not in known]


def _rows() -> dict[str, tuple[str, list[Row]]]:
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            columns = [one.column for one in model._meta.local_concrete_fields if not one.generated]
            names = ", ".join(f'"{column}"' for column in columns)
            cursor.execute(f"SELECT {names} FROM {model._meta.db_table}")  # noqa: S608
            found[model._meta.db_table] = names, cursor.fetchall()
    return found


def _files() -> list[Path]:
    """Return the files of all evidence: also those that an earlier world has written alike."""
    home, found = Path(settings.DATA), list[Path]()
    for evidence in Evidence.objects.all():
        found.append(home / "sealed" / evidence.original)
        if evidence.working_copy:
            found.append(home / "working" / Path(evidence.working_copy).name)
    return [path for path in found if path.exists()]


def _put_back(standing: Standing) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for name, table in standing.tables.items():
            places = ", ".join(["%s"] * len(table.added[0]))
            into = f"INSERT INTO {name} ({table.columns}) VALUES ({places})"  # noqa: S608
            cursor.executemany(into, table.added)
    for path, content in standing.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
