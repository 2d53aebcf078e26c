"""The databases whose power is cut: the embedded one and a PostgreSQL server, on that disk."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tests.postgres import Cluster


class House(Protocol):
    """A database on the disk; ``url`` is how the product reaches it."""

    url: str
    weaknesses: tuple[str, ...]  # settings that must lose, or the test sees nothing

    def make(self) -> None: ...
    def start(self) -> None: ...
    def die(self) -> None: ...
    def stop(self) -> None: ...
    def weakened(self, how: str) -> dict[str, str]: ...


class Embedded:
    """SQLite, which lives in the processes that use it."""

    weaknesses = ("OFF", "NORMAL")

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/zhizhi.sqlite3"

    def make(self) -> None:
        """Nothing to make: the first process does."""

    def start(self) -> None:
        """Nothing to start."""

    def die(self) -> None:
        """Nothing of its own runs."""

    def stop(self) -> None:
        """Nothing of its own runs."""

    def weakened(self, how: str) -> dict[str, str]:
        """Return the options of a connection that syncs too seldom."""
        return {"init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={how}"}


class Server:
    """A PostgreSQL server whose files lie on the disk and whose socket lies beside it."""

    weaknesses = ("off",)

    def __init__(self, folder: Path, home: Path) -> None:
        self.cluster = Cluster(durable=True, home=home, data=folder / "postgres")
        self.url = self.cluster.url

    def make(self) -> None:
        self.cluster.make()
        self.cluster.start()
        self.cluster.create_database()
        self.stop()

    def start(self) -> None:
        self.cluster.start()

    def die(self) -> None:
        """Kill every process of the server, which has no disk any more."""
        self.cluster.kill()

    def stop(self) -> None:
        self.cluster.stop()

    def weakened(self, how: str) -> dict[str, str]:
        """Return the options of a connection that is answered before the log is on the disk."""
        return {"options": f"-c synchronous_commit={how}"}
