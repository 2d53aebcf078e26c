"""Where power cannot be cut, the reason and the remedy are told."""

import os
import shutil
import signal

import pytest

from tests.powercut.__main__ import end, main
from tests.powercut.disk import CannotCut, check_machine


def test_who_is_not_root_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(CannotCut, match="sudo make powercut"):
        check_machine()


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "mkfs.ext4" else name)

    with pytest.raises(CannotCut, match=r"mkfs\.ext4 missing.*apt-get install -y e2fsprogs"):
        check_machine()


def test_the_command_fails_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("sys.argv", ["tests.powercut"])

    assert main() == 2
    assert "only root may do" in capsys.readouterr().err


def test_an_ended_run_leaves_in_order_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(signal, "signal", lambda *given: told.append(given))

    with pytest.raises(SystemExit, match="143"):
        end(signal.SIGTERM, None)

    assert told == [(signal.SIGTERM, signal.SIG_IGN)]
