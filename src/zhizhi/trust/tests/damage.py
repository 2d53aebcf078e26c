"""A moment that neither database can give back, as a flipped bit in its file would leave it."""

from __future__ import annotations

from django.db import connection

from zhizhi.trust import append_only

UNREADABLE = {"sqlite": "CAST(X'FF' AS TEXT)", "postgresql": "'infinity'"}


def damage(table: str, column: str, row: str) -> None:
    """Make ``column`` of the rows that fit ``row`` unreadable."""
    value = UNREADABLE[connection.vendor]
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {value} WHERE {row}")  # noqa: S608 - ours
