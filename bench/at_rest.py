"""An installation of the browser tests whose processes have stopped, for one benchmark."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench.measuring import asked_of
from tests.browser.server import serve


def told_at_rest(module: str, *arguments: str) -> dict[str, Any]:
    """Return what a module of this folder prints in an installation where nothing else runs."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-bench-"))
    try:
        with serve(home) as server:
            for process in server.processes.values():
                process.stop()
            return asked_of(home, module, *arguments)
    finally:
        shutil.rmtree(home, ignore_errors=True)
