"""The scanners, each in a throw-away environment of its own: none is part of the product's locks.

wapiti and sqlmap are GPL and the others pin what the product needs in other versions.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "scanning"
PINNED = {
    "bandit": "bandit==1.9.4",
    "pip-audit": "pip-audit==2.10.1",
    "schemathesis": "schemathesis==4.32.5",
    "semgrep": "semgrep==1.182.0",
    "sqlmap": "sqlmap==1.10.10",
    "wapiti": "wapiti3==3.2.3",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a scanner said, and whether its time was over before it was done."""

    status: int
    out: str
    err: str
    is_cut: bool = False


def program(name: str) -> Path:
    """Return the program of a scanner, installed on its first use."""
    home = FOLDER / f"{name}-{PINNED[name].partition('==')[2]}"
    found = home / "bin" / name
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "-qq"]
        subprocess.run([*pip, "--disable-pip-version-check", PINNED[name]], check=True)
    return found


def say(name: str, *words: str, within_s: float, folder: Path = ROOT) -> Said:
    """Run a scanner in ``folder`` for at most ``within_s``; what it wrote until then counts."""
    command = [str(program(name)), *words]
    try:
        done = subprocess.run(
            command, cwd=folder, check=False, capture_output=True, text=True, timeout=within_s,
            errors="replace", stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as over:
        return Said(-1, _text(over.stdout), _text(over.stderr), is_cut=True)
    return Said(done.returncode, done.stdout, done.stderr)


def _text(told: str | bytes | None) -> str:
    return told.decode(errors="replace") if isinstance(told, bytes) else told or ""
