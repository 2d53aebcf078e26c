"""Machine code is kept as long as everything compiled into it stays the same, and no longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import TypingError

from zhizhi.kernel import native

CALLEE = (
    "from zhizhi.kernel.native import native\n\n\n@native\ndef answer() -> int:\n    return {}\n"
)
CALLER = (
    "from zhizhi.kernel.callee import answer\nfrom zhizhi.kernel.native import native\n\n\n"
    "@native\ndef ask() -> int:\n    return answer()\n\n\nprint(ask())\n"
)

WITH_A_CLASS = (
    "from typing import NamedTuple\n\nfrom zhizhi.kernel.native import native\n\n\n"
    "class {0}(NamedTuple):\n    content: int\n\n\n"
    "@native\ndef ask(box: {0}) -> int:\n    return box.content\n\n\nprint(ask({0}(41)))\n"
)


def ask(folder: Path, answer: int) -> int:
    """Return what a process says that compiles ``caller`` with ``callee`` in it."""
    kernel = folder / "zhizhi" / "kernel"
    kernel.mkdir(parents=True, exist_ok=True)
    for package in (kernel.parent, kernel):
        (package / "__init__.py").touch()
    (kernel / "native.py").write_bytes(Path(native.__file__).read_bytes())
    (kernel / "callee.py").write_text(CALLEE.format(answer))
    if not (kernel / "caller.py").exists():
        (kernel / "caller.py").write_text(CALLER)
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-c", START, str(folder), *sys.path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(done.stdout)


START = "import sys; sys.path[:0] = sys.argv[1:]; import zhizhi.kernel.caller"


def test_a_change_in_a_compiled_in_module_is_noticed(tmp_path: Path) -> None:
    assert [ask(tmp_path, 41), ask(tmp_path, 42)] == [41, 42]


def test_a_class_that_was_renamed_does_not_spoil_the_cache(tmp_path: Path) -> None:
    for name in ("Box", "Crate"):
        caller = tmp_path / "zhizhi" / "kernel" / "caller.py"
        caller.parent.mkdir(parents=True, exist_ok=True)
        caller.write_text(WITH_A_CLASS.format(name))

        assert ask(tmp_path, 41) == 41


def test_a_stamp_covers_the_modules_imported_from() -> None:
    reached = native._reached("zhizhi.kernel.judging", set())

    assert reached == {f"zhizhi.kernel.{n}" for n in ("judging", "detection", "episodes", "native")}
    assert native.stamp("zhizhi.kernel.judging") != native.stamp("zhizhi.kernel.episodes")


def test_machine_code_comes_from_the_cache_the_second_time(tmp_path: Path) -> None:
    ask(tmp_path, 41)
    stored = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("caller.ask*.nbc")}

    ask(tmp_path, 41)

    assert stored == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("caller.ask*.nbc")}
    assert len(stored) == 1


def test_a_lean_function_may_not_allocate() -> None:
    def allocates(count: int) -> int:
        return len(np.empty(count))

    with pytest.raises(TypingError):
        native.lean(allocates)(3)
