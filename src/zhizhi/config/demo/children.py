"""The demonstration's processes: web, worker and the carrier's gateway."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

PATIENCE_S = 60.0
_GRACE_S = 10.0


class ChildDied(RuntimeError):
    """One of the processes ended by itself; says which and shows the end of its log."""


def _leave(number: int, _frame: object) -> None:
    """End like Ctrl-C does, so that the children are ended too."""
    sys.exit(128 + number)


@dataclass(slots=True)
class Children:
    """Started processes, ended together in the reverse order; logs go below ``logs``.

    Also when this process is told to end: a service manager sends SIGTERM, not Ctrl-C.
    """

    logs: Path
    running: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)
    _before: Any = None

    def __enter__(self) -> Children:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._before = signal.signal(signal.SIGTERM, _leave)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        signal.signal(signal.SIGTERM, self._before)

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start ``zhizhi NAME ARGUMENTS`` in a session of its own, so that Ctrl-C is ours."""
        command = [sys.executable, "-m", "zhizhi.config.cli", name, *arguments]
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(os.environ),
                start_new_session=True,
            )
        self.running.append((name, process))

    def check(self) -> None:
        """Raise ChildDied when one of them has ended."""
        for name, process in self.running:
            if process.poll() is not None:
                text = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
                message = f"{name} ended with status {process.returncode}:\n{text[-1500:]}"
                raise ChildDied(message)

    def wait_for(self, url: str) -> int:
        """Return the status of ``url`` once something answers there."""
        limit = time.monotonic() + PATIENCE_S
        while True:
            self.check()
            try:
                return httpx.get(url, timeout=5.0, trust_env=False).status_code
            except httpx.HTTPError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        """End all of them: politely first, then by force."""
        for _name, process in reversed(self.running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + _GRACE_S
        for _name, process in reversed(self.running):
            try:
                process.wait(timeout=max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()

    def memory_mb(self) -> float:
        """Return the memory that these processes and this one use now, where the system tells."""
        total = 0.0
        for pid in (os.getpid(), *(process.pid for _name, process in self.running)):
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            except OSError:
                continue
            line = next((row for row in text.splitlines() if row.startswith("Pss:")), "Pss: 0 kB")
            total += int(line.split()[1]) / 1024
        return round(total, 1)
