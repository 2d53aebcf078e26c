"""What came of the mutants of a module, kept for the next run and for the table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutation.planting import Mutant

BEGIN, END = "<!-- scores -->", "<!-- end of scores -->"
HEAD = (
    "| module | mutants | raised | killed | hung | equivalent | score |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)


@dataclass(frozen=True, slots=True)
class Score:
    """How many mutants there are, how many were raised, and how many of those were noticed."""

    module: str
    mutants: int
    raised: int
    killed: int
    hung: int
    equivalent: int

    @property
    def percent(self) -> float:
        counted = self.raised - self.equivalent
        return 100 * (self.killed + self.hung) / counted if counted else 100.0

    def line(self) -> str:
        """Return the score as words of one line."""
        return (
            f"{self.module}: {self.percent:.1f} % of {self.raised} of {self.mutants} mutants "
            f"({self.killed} killed, {self.hung} hung, {self.equivalent} equivalent)"
        )

    def row(self) -> str:
        figures = (self.mutants, self.raised, self.killed, self.hung, self.equivalent)
        cells = (f"`{self.module.removeprefix('zhizhi.')}`", *figures, f"{self.percent:.1f} %")
        return f"| {' | '.join(map(str, cells))} |"

    def joined(self, again: Score) -> Score:
        """Return this score after the mutants that were left have been raised ``again``."""
        return Score(
            self.module,
            self.mutants,
            self.raised,
            self.killed + again.killed,
            self.hung + again.hung,
            self.equivalent + again.equivalent,
        )


@dataclass(frozen=True, slots=True)
class Last:
    """What the last run found, and the numbers of the mutants that were left."""

    score: Score
    numbers: tuple[int, ...]

    @classmethod
    def read(cls, path: Path, mutants: Sequence[Mutant]) -> Last | None:
        """Return what is kept in ``path``; None when they are others since."""
        if not path.exists():
            return None
        kept = json.loads(path.read_text("utf-8"))
        is_same = kept["mutants"] == _digest(mutants)
        return cls(Score(**kept["score"]), tuple(kept["left"])) if is_same else None

    def left(self, mutants: Sequence[Mutant]) -> list[Mutant]:
        return [mutants[number] for number in self.numbers]

    def keep(self, folder: Path, mutants: Sequence[Mutant]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        kept = {"score": asdict(self.score), "left": self.numbers, "mutants": _digest(mutants)}
        (folder / f"{self.score.module}.json").write_text(json.dumps(kept), "utf-8")


def _digest(mutants: Sequence[Mutant]) -> str:
    return hashlib.sha256(repr(mutants).encode()).hexdigest()


def write_table(path: Path, kept: Path) -> None:
    """Write what is in ``kept`` into the table of ``path``; other rows stay as they are."""
    before, _, rest = path.read_text("utf-8").partition(BEGIN)
    table, _, after = rest.partition(END)
    rows = {_module(row): row for row in table.splitlines() if row.startswith("| `")}
    for one in kept.glob("zhizhi.*.json"):
        row = Score(**json.loads(one.read_text("utf-8"))["score"]).row()
        rows[_module(row)] = row
    text = "\n".join([*HEAD, *(rows[module] for module in sorted(rows))])
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def _module(row: str) -> str:
    return row.split("|")[1]
