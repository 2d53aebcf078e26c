"""The parts of the pages' scripts that need no page are tested by Node's own test runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "src" / "zhizhi" / "web" / "assets" / "js"
LONGEST = 300


def test_the_scripts_do_what_their_tests_say() -> None:
    tests = sorted(str(path) for path in (SCRIPTS / "tests").glob("*.test.js"))
    assert tests

    run = subprocess.run(
        ["node", "--test", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


def test_no_script_is_too_long() -> None:
    lengths = {
        path.name: path.read_text(encoding="utf-8").count("\n") for path in SCRIPTS.glob("*.js")
    }

    assert {name: lines for name, lines in lengths.items() if lines >= LONGEST} == {}
