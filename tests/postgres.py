"""A private PostgreSQL cluster for the tests: ``python -m tests.postgres COMMAND...``.

Runs COMMAND with ZHIZHI_DATABASE pointing at a fresh cluster on a socket in a temporary folder and
removes the cluster afterwards. PostgreSQL refuses to run as root, so root starts it as "postgres".
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil


class PostgresMissing(RuntimeError):
    """No PostgreSQL server programs on this machine."""


def programs() -> Path:
    """Return the folder that holds initdb and pg_ctl; raises PostgresMissing with the remedy."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not folders:
        message = "PostgreSQL is missing. Type: sudo apt-get install -y postgresql"
        raise PostgresMissing(message)
    return folders[-1].parent


def _as_server(command: list[str]) -> None:
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*prefix, *command], check=False, capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


class Cluster:
    """A database server with files of its own; ``url`` is how it is reached while it runs."""

    def __init__(
        self, *, durable: bool, home: Path | None = None, data: Path | None = None
    ) -> None:
        self.binaries = programs()
        self.home = home or Path(tempfile.mkdtemp(prefix="zhizhi-pg-"))
        self.home.chmod(0o755)
        self.data, self.socket = data or self.home / "data", self.home / "socket"
        self.url = f"postgresql://zhizhi@/zhizhi?host={self.socket}"
        self._server: psutil.Process | None = None  # which knows when it began: no number is reused
        self.options = (
            f"-c listen_addresses='' -c unix_socket_directories='{self.socket}' "
            "-c max_connections=200"
        )
        if not durable:
            self.options += " -c fsync=off -c full_page_writes=off"

    def make(self) -> None:
        """Make the files of a server without any database of ours."""
        for folder in (self.data, self.socket):
            folder.mkdir()
            if os.geteuid() == 0:
                shutil.chown(folder, "postgres", "postgres")
        _as_server(
            [str(self.binaries / "initdb"), "-D", str(self.data), "-U", "zhizhi", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        )  # fmt: skip

    def create_database(self) -> None:
        """Make the empty database that ``url`` names; the server runs."""
        create = [str(self.binaries / "createdb"), "-h", str(self.socket), "-U", "zhizhi"]
        _as_server([*create, "zhizhi"])

    def start(self) -> None:
        log = str(self.data / "log")
        try:
            self._control("-w", "-l", log, "-o", self.options, "start")
        finally:  # also one that was too slow runs; read now, its disk may lose its power
            with contextlib.suppress(OSError, psutil.NoSuchProcess):
                first = (self.data / "postmaster.pid").read_text(encoding="ascii").split()[0]
                self._server = psutil.Process(int(first))

    def stop(self) -> None:
        """End it at once, as if the machine had failed."""
        self._control("-m", "immediate", "stop")
        self._server = None

    def kill(self) -> None:
        """Kill every process of the server with SIGKILL, as when the machine loses its power.

        One that was stopped, or never started, is left alone.
        """
        server, self._server = self._server, None
        if server is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            server.suspend()  # so that it cannot start another one meanwhile
            everyone = [server, *server.children(recursive=True)]
            for one in everyone:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            psutil.wait_procs(everyone, timeout=30)

    def _control(self, *words: str) -> None:
        _as_server([str(self.binaries / "pg_ctl"), "-D", str(self.data), *words])


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[Cluster]:
    """Yield a running cluster with an empty database; ``durable`` keeps fsync on."""
    made = Cluster(durable=durable)
    made.make()
    made.start()
    try:
        made.create_database()
        yield made
    finally:
        made.stop()
        shutil.rmtree(made.home, ignore_errors=True)


@contextlib.contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of a database in a cluster of its own; ``durable`` keeps fsync on."""
    with running(durable=durable) as made:
        yield made.url


def main() -> int:
    """Run the command line given and return its exit status; an ended run leaves no cluster."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with cluster() as url:
        environment = {**os.environ, "ZHIZHI_DATABASE": url}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
