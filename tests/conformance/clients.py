"""Clients that others wrote, and open311, which is our own, in an environment of their own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".cache" / "conformance" / "bin" / "python"
CLIENTS: Mapping[str, Path] = {
    name: Path(__file__).with_name(f"ask_{name}.py")
    for name in ("gdal", "owslib", "cap", "three", "open311")
}
WITHIN_S = 180.0
MISSING = "is missing: make conformance installs it"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a client came to: whether it could read all it asked for, and its words."""

    name: str
    is_good: bool
    told: str

    def __str__(self) -> str:
        return f"{'passed' if self.is_good else 'FAILED'}  {self.name}: {self.told}"


def ask(name: str, url: str, secret: str, *, python: Path = PYTHON) -> Verdict:
    """Let one client read an installation; one that is not there, or is too slow, has failed."""
    if not python.is_file():
        return Verdict(name, is_good=False, told=MISSING)
    command = [str(python), "-W", "ignore", str(CLIENTS[name]), url, secret]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=WITHIN_S,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Verdict(name, is_good=False, told=f"not done within {WITHIN_S:.0f} s")
    told = (done.stdout if done.returncode == 0 else done.stderr).strip()
    is_good = done.returncode == 0 and bool(told)
    return Verdict(name, is_good, told.splitlines()[-1] if told else "said nothing")
