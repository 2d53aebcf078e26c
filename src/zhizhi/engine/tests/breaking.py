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
    connection.ensure_connection()  # afterwards it could not
    given = connection.get_connection_params()
    name = given.pop("dbname")
    database = sql.Identifier(name)
    where = {key: given[key] for key in ("host", "port", "user", "password") if key in given}
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as beside:
        try:
            beside.execute(allow.format(database, sql.SQL("false")))
            beside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> %s",
                [name, connection.connection.info.backend_pid],
            )
            yield
        finally:
            beside.execute(allow.format(database, sql.SQL("true")))
