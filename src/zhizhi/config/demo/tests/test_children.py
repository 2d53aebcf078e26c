"""The demonstration's processes end with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from zhizhi.config.demo.children import ChildDied, Children


def test_who_is_told_to_end_ends_the_children_first(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    children = Children(tmp_path)

    def told_to_end() -> None:
        with children:
            children.start("gateway", ["--port", "0", "--ledger", str(tmp_path / "ledger")])
            started.extend(process for _name, process in children.running)
            os.kill(os.getpid(), signal.SIGTERM)

    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(SystemExit) as ended:
        told_to_end()

    assert ended.value.code == 128 + signal.SIGTERM
    assert [process.poll() is None for process in started] == [False]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_child_that_ends_by_itself_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        children.start("no-such-command", [])
        children.running[0][1].wait()

        with pytest.raises(ChildDied, match="no-such-command ended with status"):
            children.check()
