"""Mutants that no test can kill, each with the reason; a line that is wrong is an error."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.planting import Mutant

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Equivalents:
    """What is listed, by module: the line as it stands there, and the change."""

    listed: dict[str, dict[Key, str]]

    @classmethod
    def read(cls, path: Path) -> Equivalents:
        rows = tomllib.loads(path.read_text("utf-8")).get("equivalent", [])
        listed: dict[str, dict[Key, str]] = {}
        for row in rows:
            listed.setdefault(row["module"], {})[row["line"], row["change"]] = row["reason"]
        return cls(listed)

    def of(self, module: str) -> dict[Key, str]:
        return self.listed.get(module, {})

    def are_right(self, module: str, there: Sequence[Mutant], killed: Sequence[Mutant]) -> bool:
        """Tell each listed mutant that is there no more, or that a test does kill."""
        listed = set(self.of(module))
        gone = listed - {mutant.key for mutant in there}
        alive = listed & {mutant.key for mutant in killed}
        for line, change in sorted(gone):
            print(
                f"{module}: listed as equivalent but not there: {line} ({change})", file=sys.stderr
            )
        for line, change in sorted(alive):
            print(f"{module}: listed as equivalent but killed: {line} ({change})", file=sys.stderr)
        return not gone and not alive
