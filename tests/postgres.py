"""A private PostgreSQL cluster for the tests: ``python -m tests.postgres COMMAND...``.

Runs COMMAND with ZHIZHI_DATABASE pointing at a fresh cluster on a socket in a temporary folder and
removes the cluster afterwards. PostgreSQL refuses to run as root, so root starts it as "postgres".
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path


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


@contextlib.contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Yield the URL of a database in a cluster of its own; ``durable`` keeps fsync on."""
    binaries = programs()
    home = Path(tempfile.mkdtemp(prefix="zhizhi-pg-"))
    home.chmod(0o755)
    data, socket = home / "data", home / "socket"
    for folder in (data, socket):
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
    _as_server(
        [str(binaries / "initdb"), "-D", str(data), "-U", "zhizhi", "-A", "trust", "-E", "UTF8",
         "--locale=C.UTF-8", "--no-sync"]
    )  # fmt: skip
    options = f"-c listen_addresses='' -c unix_socket_directories='{socket}' -c max_connections=200"
    if not durable:
        options += " -c fsync=off -c full_page_writes=off"
    start = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log")]
    _as_server([*start, "-o", options, "start"])
    try:
        _as_server([str(binaries / "createdb"), "-h", str(socket), "-U", "zhizhi", "zhizhi"])
        yield f"postgresql://zhizhi@/zhizhi?host={socket}"
    finally:
        _as_server([str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"])
        shutil.rmtree(home, ignore_errors=True)


def main() -> int:
    """Run the command line given and return its exit status."""
    with cluster() as url:
        environment = {**os.environ, "ZHIZHI_DATABASE": url}
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
