"""What can be typed after ``zhizhi``."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhizhi.config import cli, commands


def test_every_command_that_is_written_can_be_called() -> None:
    written = {path.stem for path in Path(commands.__path__[0]).glob("[a-z]*.py")}

    assert set(cli.COMMANDS) == written


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_a_command_says_how_it_is_used(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([name.replace("_", "-"), "--help"])

    assert ended.value.code == 0
    assert f"zhizhi {name.replace('_', '-')}" in capsys.readouterr().out
