"""``python -m tests.mutation --only kernel.dwell``: plant mutants, and see which tests notice."""

from __future__ import annotations

import argparse
import importlib
import os
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path

from tests.mutation import nursery, planting, template
from tests.mutation.equivalents import Equivalents
from tests.mutation.nursery import SURVIVED, Target, Unclean
from tests.mutation.planting import Mutant
from tests.mutation.scores import Last, Score, write_table

HERE = Path(__file__).parent
LAST = Path(".cache/mutation")
TABLE = Path("docs/assurance/mutation.md")
# What many tests import, once for all mutants; none of it knows the product or its settings.
SHARED = ("_pytest.assertion.rewrite", "hypothesis.strategies", "numpy", "pyarrow.ipc")
SHARED_BY_PAGES = ("PIL.Image", "fido2.server", "httpx", "openpyxl", "pydantic", "qrcode",
                   "shapely", "weasyprint")  # fmt: skip


def main() -> int:
    """Return 0 when every list is right; scores are told, not judged."""
    chosen = _arguments()
    targets = [target for target in _targets(chosen.targets) if chosen.only in target.module]
    if not targets:
        sys.exit(f"no target is called {chosen.only}")
    equivalents = Equivalents.read(chosen.targets.with_name("equivalents.toml"))
    with tempfile.TemporaryDirectory(prefix="zhizhi-mutants-", dir=_memory()) as folder:
        _prepare(Path(folder), targets)
        right = [_measure(target, equivalents, chosen, Path(folder)) for target in targets]
    if chosen.table:
        write_table(TABLE, LAST)
    return int(not all(right))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.mutation", description=__doc__)
    parser.add_argument("--only", default="", help="a part of the module's name")
    parser.add_argument("--most", type=int, default=0, help="mutants of a module; 0 = all")
    parser.add_argument("--seed", type=int, default=1, help="which of them")
    parser.add_argument(
        "--again",
        action="store_true",
        help="only what survived last time, where the module is as it was",
    )
    parser.add_argument("--table", action="store_true", help=f"write the table in {TABLE}")
    parser.add_argument("--targets", type=Path, default=HERE / "targets.toml")
    return parser.parse_args()


def _targets(path: Path) -> list[Target]:
    rows = tomllib.loads(path.read_text("utf-8"))["target"]
    return [Target(row["module"], tuple(row["tests"]), row.get("plain", False)) for row in rows]


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of our own


def _prepare(home: Path, targets: list[Target]) -> None:
    sys.dont_write_bytecode = False  # else every mutant would compile the tests anew
    os.environ |= {
        "ZHIZHI_MODE": "test",
        "ZHIZHI_DATA": str(home),
        "ZHIZHI_DATABASE": "",
        "ZHIZHI_SECRET_KEY": "tests",
        "ZHIZHI_LOG_LEVEL": "CRITICAL",
        "DJANGO_SETTINGS_MODULE": "zhizhi.config.settings",
        "CI": "1",  # Hypothesis then tries the same examples each time
        "NUMBA_CACHE_DIR": str((LAST / "numba").absolute()),  # no mutant's number gets into ours
    }
    is_plain = all(target.plain for target in targets)
    if not is_plain:
        template.hand_out(template.make(home))
    for name in SHARED if is_plain else SHARED + SHARED_BY_PAGES:
        importlib.import_module(name)


def _measure(
    target: Target, equivalents: Equivalents, chosen: argparse.Namespace, home: Path
) -> bool:
    begun = time.monotonic()
    mutants = planting.mutants(target.source.read_text("utf-8"))
    last = Last.read(LAST / f"{target.module}.json", mutants) if chosen.again else None
    raised = last.left(mutants) if last else _sample(mutants, chosen)
    try:
        came = nursery.raise_all(target, raised, home, _show)
    except Unclean as problem:
        print(problem, file=sys.stderr)
        return False
    survivors = [mutant for mutant in raised if came[mutant.number] == SURVIVED]
    listed = equivalents.of(target.module)
    left = [mutant for mutant in survivors if mutant.key not in listed]
    ends = Counter(came.values())
    score = Score(target.module, len(mutants), len(raised), ends[nursery.KILLED],
                  ends[nursery.HUNG], len(survivors) - len(left))  # fmt: skip
    if last:
        score = last.score.joined(score)
    _tell(target, score, left, time.monotonic() - begun)
    Last(score, tuple(mutant.number for mutant in left)).keep(LAST, mutants)
    killed = [mutant for mutant in raised if came[mutant.number] != SURVIVED]
    return equivalents.are_right(target.module, mutants, killed)


def _sample(mutants: list[Mutant], chosen: argparse.Namespace) -> list[Mutant]:
    if 0 < chosen.most < len(mutants):
        drawn = random.Random(chosen.seed).sample(mutants, chosen.most)
        return sorted(drawn, key=lambda mutant: mutant.number)
    return mutants


def _tell(target: Target, score: Score, left: list[Mutant], took: float) -> None:
    print(f"{score.line()} {took:.0f} s")
    for mutant in left:
        print(f"  {target.source.name}:{mutant.line}: {mutant.text}\n      {mutant.change}")
    sys.stdout.flush()


def _show(mutant: Mutant, end: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{mutant.line}: {end:10}", end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
