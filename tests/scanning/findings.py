"""What scanners found, what of it was looked at and accepted, and the table of it."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ACCEPTED = Path(__file__).with_name("accepted.toml")
SEVERITIES = ("high", "medium", "low")
NOT_CHECKED, FAILED = "not checked", "failed"  # how a run went begins with these, if it did not


@dataclass(frozen=True, slots=True)
class Finding:
    """One place at which one rule of one tool found something.

    ``where`` is a file with its line or an address; ``said`` is the line, or the words of the tool.
    """

    tool: str
    rule: str
    severity: str
    where: str
    said: str = ""

    @property
    def file(self) -> str:
        return self.where.partition(":")[0] if self.where.startswith(("src", "tests")) else ""

    @property
    def line(self) -> int:
        return int(self.where.rpartition(":")[2]) if self.file else 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """Findings that somebody has looked at, and why they are no weakness.

    ``where`` is a pattern of the shell for the place, ``holds`` a part of what was said.
    """

    tool: str
    rule: str
    where: str
    reason: str
    holds: str = ""

    def covers(self, found: Finding) -> bool:
        place = found.file or found.where
        return (
            (self.tool, self.rule) == (found.tool, found.rule)
            and fnmatch(place, self.where)
            and self.holds in found.said
        )


def accepted() -> list[Accepted]:
    """Return what was accepted; raises TypeError for a line without a reason."""
    told = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    return [Accepted(**one) for one in told.get("accepted", [])]


def is_counted(found: Finding, known: Iterable[Accepted]) -> bool:
    return not any(one.covers(found) for one in known)


def table(found: Sequence[Finding], states: dict[str, str], known: Sequence[Accepted]) -> str:
    """Return one line for each tool of ``states``: findings by severity, how many are accepted."""
    counted = Counter((one.tool, one.severity) for one in found if is_counted(one, known))
    passed = Counter(one.tool for one in found if not is_counted(one, known))
    lines = [["tool", *SEVERITIES, "accepted", "ran"]]
    for tool, state in states.items():
        numbers = [*(counted[tool, severity] for severity in SEVERITIES), passed[tool]]
        has_run = not state.startswith((NOT_CHECKED, FAILED))  # nothing was found: no 0
        lines.append([tool, *(str(one) if has_run else "–" for one in numbers), state])
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
