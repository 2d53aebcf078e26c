"""What the stand-in gateway has accepted: a small SQLite file of its own."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS accepted (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, token TEXT NOT NULL, text TEXT NOT NULL,
    accepted_at REAL NOT NULL, receipt_at REAL);
CREATE TABLE IF NOT EXISTS tries (key TEXT NOT NULL, at REAL NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message that the gateway took."""

    key: str
    id: str
    token: str
    text: str


class Ledger:
    """Accepts each key once; durable before it answers."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(_TABLES)

    def accept(self, *, key: str, token: str, text: str, at: float) -> tuple[Accepted, bool]:
        """Store the message under its key; returns it and whether it is new."""
        identity = f"sms-{key[:16]}"
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("INSERT INTO tries VALUES (?, ?)", (key, at))
        added = self._database.execute(
            "INSERT INTO accepted (key, id, token, text, accepted_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO NOTHING",
            (key, identity, token, text, at),
        ).rowcount
        self._database.execute("COMMIT")
        found = self.find(key) or Accepted(key, identity, token, text)
        return found, bool(added)

    def find(self, key: str) -> Accepted | None:
        row = self._database.execute(
            "SELECT key, id, token, text FROM accepted WHERE key = ?", (key,)
        ).fetchone()
        return Accepted(*row) if row else None

    def all(self) -> list[Accepted]:
        """Return every accepted message in the order of acceptance."""
        rows = self._database.execute("SELECT key, id, token, text FROM accepted ORDER BY rowid")
        return [Accepted(*row) for row in rows]

    def tries(self) -> int:
        """Return how often a message was offered, repeats included."""
        return int(self._database.execute("SELECT count(*) FROM tries").fetchone()[0])

    def without_receipt(self, limit: int) -> list[str]:
        """Return keys whose sender has not been told yet of the delivery."""
        rows = self._database.execute(
            "SELECT key FROM accepted WHERE receipt_at IS NULL ORDER BY rowid LIMIT ?", (limit,)
        )
        return [row[0] for row in rows]

    def told(self, keys: list[str], *, at: float) -> None:
        self._database.executemany(
            "UPDATE accepted SET receipt_at = ? WHERE key = ?", [(at, key) for key in keys]
        )

    def close(self) -> None:
        self._database.close()
