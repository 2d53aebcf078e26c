"""Making the database of a test unreachable for every connection but the test's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection
from psycopg import sql


@contextmanager
def unreachable() -> Iterator[None]:
    """Nobody else can write: SQLite is held by another, PostgreSQL refuses connections."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        holder = sqlite3.connect(name, uri=name.startswith("file:"), isolation_level=None)
        try:
            holder.execute("BEGIN IMMEDIATE")
            holder.execute("UPDATE engine_journalhead SET name = name")
            yield
        finally:
            holder.close()
        return
    given = connection.get_connection_params()
    database = sql.Identifier(given.pop("dbname"))
    where = {key: given[key] for key in ("host", "port", "user", "password") if key in given}
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as beside:
        beside.execute(allow.format(database, sql.SQL("false")))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        try:
            yield
        finally:
            beside.execute(allow.format(database, sql.SQL("true")))
