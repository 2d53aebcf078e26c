"""What is claimed of the product's security, and the tests behind it: docs/assurance/.

``python -m tests.assurance`` says what is proved, documented, absent and missing, chapter by
chapter of each standard, and runs every test that is named. The word for it is "test-mapped",
never "compliant".
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ASVS, DENGBAO = (ROOT / "docs" / "assurance" / name for name in ("asvs.toml", "dengbao.toml"))
CLAIMS = (ASVS, DENGBAO)
KINDS = ("proof", "documented", "absent", "gap")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of a standard and what there is for it; see the heads of the files."""

    number: str
    level: int
    about: str = ""
    proof: tuple[str, ...] = ()
    documented: str = ""
    absent: str = ""
    gap: str = ""

    @property
    def chapter(self) -> str:
        """Return the number without its last two parts: "1" of "1.2.5"."""
        return self.number.rsplit(".", 2)[0]

    @property
    def kind(self) -> str:
        """Return the first of ``KINDS`` that the requirement has; a file with a test is proved."""
        return next((kind for kind in KINDS if getattr(self, kind)), "nothing")


def requirements(text: str) -> list[Requirement]:
    """Return what a claims file says; raises TypeError for a word that it may not hold."""
    found: Mapping[str, Mapping[str, object]] = tomllib.loads(text)
    return [
        Requirement(number, **{**told, "proof": tuple(told.get("proof", ()))})  # type: ignore[arg-type]
        for number, told in found.items()
    ]


def missing(proofs: Iterable[str]) -> list[str]:
    """Return those of ``proofs`` ("tests/test_x.py::test_y") that are no test; ``*`` is any."""
    return [one for one in proofs if not _is_test(one)]


def _is_test(proof: str) -> bool:
    path, _, name = proof.partition("::")
    file = ROOT / path
    if not file.is_file():
        return False
    names = {
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    tests = {one for one in names if one.startswith("test_")}
    return bool(tests) if name == "*" else name in tests


def table(known: Iterable[Requirement]) -> str:
    """Return how many requirements of each chapter there are of each kind."""
    counted = Counter((one.chapter, one.kind) for one in known)
    chapters = sorted({chapter for chapter, _kind in counted}, key=_in_order)
    lines: list[list[str]] = [["", *KINDS]]
    lines += [[one, *(str(counted[one, kind]) for kind in KINDS)] for one in chapters]
    lines.append(["all", *(str(sum(counted[one, kind] for one in chapters)) for kind in KINDS)])
    return "\n".join("".join(cell.rjust(12) for cell in line) for line in lines)


def _in_order(chapter: str) -> list[int]:
    return [int(part) for part in chapter.split(".")]


def main() -> int:
    """Print tables and gaps, and run every proof; returns pytest's worst exit status."""
    say, proofs = sys.stdout.write, set[str]()
    for file in CLAIMS:
        known = requirements(file.read_text(encoding="utf-8"))
        say(f"{file.relative_to(ROOT)}\n{table(known)}\n\n")
        for one in known:
            if one.gap:
                say(f"gap {one.number} (level {one.level}): {one.gap}\n")
        proofs |= {proof.removesuffix("::*") for one in known for proof in one.proof}
    say(f"\n{len(proofs)} proofs\n")
    sys.stdout.flush()
    # The browser's tests keep an event loop, beside which Django's others cannot run.
    return max(_run(proofs, "not browser"), _run(proofs, "browser"))


def _run(proofs: Iterable[str], which: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-m", which, *sorted(proofs)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
