"""Raises each mutant in a process of its own, forked at the moment its module is imported.

Everything that is imported before the module is shared by all mutants. Everything after it, the
module with the mistake first, is imported by the mutant alone: no name of the true module can have
got anywhere before.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mutation import planting
from tests.mutation.planting import Mutant
from tests.mutation.watching import Watching

QUIET = ("-q", "--tb=no", "--no-header", "-x", "-p", "no:randomly", "-p", "no:xdist",
         "-m", "not browser and not chaos",
         "-W", "ignore::pytest.PytestAssertRewriteWarning")  # fmt: skip
PLAIN = ("--noconftest", "-p", "no:django")
SLOWER = 20  # so many times longer than the clean run, and a mutant counts as hanging
STARTING_S = 5.0
LONGEST_WAIT_S = 120.0  # the processor's time is limited, the clock's only for who waits for ever
MOST_MEMORY = 12 << 30
KILLED, SURVIVED, HUNG = "killed", "survived", "hung"


class Unclean(Exception):
    """The tests fail without any mistake, or never import the module."""


@dataclass(frozen=True, slots=True)
class Target:
    """A module whose mutants are raised, and the tests that have to find them."""

    module: str
    tests: tuple[str, ...]
    plain: bool = False  # its tests need no Django

    @property
    def source(self) -> Path:
        spec = importlib.util.find_spec(self.module.partition(".")[0])
        assert spec is not None
        folder = Path(spec.submodule_search_locations[0])  # type: ignore[index]
        path = folder.joinpath(*self.module.split(".")[1:])
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def raise_all(
    target: Target, mutants: Sequence[Mutant], home: Path, told: Callable[[Mutant, str], None]
) -> dict[int, str]:
    """Return what became of each mutant by its number; raises Unclean before any is planted."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _leave(lambda: _Nursery(target, mutants, home, writing).open())
    os.close(writing)
    came: dict[int, str] = {}
    known = {mutant.number: mutant for mutant in mutants}
    with os.fdopen(reading) as lines:
        for line in lines:
            answer = json.loads(line)
            if "unclean" in answer:
                os.waitpid(child, 0)
                raise Unclean(answer["unclean"])
            came[answer["number"]] = answer["end"]
            told(known[answer["number"]], answer["end"])
    os.waitpid(child, 0)
    if len(came) < len(mutants):
        message = f"{target.module}: {len(mutants) - len(came)} mutants were never raised"
        raise Unclean(message)
    return came


class _Nursery(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in the way of the module's import."""

    def __init__(self, target: Target, mutants: Sequence[Mutant], home: Path, pipe: int) -> None:
        self.target, self.mutants, self.home, self.pipe = target, mutants, home, pipe
        self.path = target.source
        self.text = self.path.read_text("utf-8")
        self.watching = Watching()

    def open(self) -> int:
        """Start pytest; only the mutants and the clean run come back out of it."""
        sys.meta_path.insert(0, self)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        more = PLAIN if self.target.plain else ()
        return int(pytest.main([*QUIET, *more, *self.target.tests], plugins=[self.watching]))

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self.target.module:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        sys.meta_path.remove(self)  # not before: Django first asks only whether it is there
        notes = self.home / "notes.json"
        notes.unlink(missing_ok=True)
        clean = os.fork()
        if not clean:
            self.watching.notes = notes
            setattr(module, planting.PROBE, self.watching.probe)
            self._run(planting.probed(self.text), module)
            return
        begun = time.perf_counter()
        os.waitpid(clean, 0)
        if not notes.exists() or not json.loads(notes.read_text())["passed"]:
            self._tell(unclean=f"{self.target.module}: its tests fail without a mistake")
            os._exit(1)
        seen = _Seen(json.loads(notes.read_text()), time.perf_counter() - begun)
        for mutant in self.mutants:
            if self._is_raised(mutant, seen, module):
                return
        os._exit(0)

    def _is_raised(self, mutant: Mutant, seen: _Seen, module: ModuleType) -> bool:
        """Return True in the process of the mutant, False in the nursery when it has ended."""
        only = seen.tests(mutant)
        if not only:
            self._tell(number=mutant.number, end=SURVIVED)
            return False
        limit = seen.limit(only)
        child = os.fork()
        if child:
            self._tell(number=mutant.number, end=_end(child, limit))
            return False
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 2))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        self.watching.only = only
        self._run(planting.planted(self.text, mutant.number), module)
        return True

    def _run(self, tree: ast.Module, module: ModuleType) -> None:
        exec(compile(tree, self.path, "exec"), module.__dict__)  # noqa: S102

    def _tell(self, **answer: Any) -> None:
        os.write(self.pipe, json.dumps(answer).encode() + b"\n")


class _Seen:
    """What the clean run showed."""

    def __init__(self, notes: Any, took: float) -> None:
        self.everywhere = set(notes["everywhere"])
        self.reached = {name: set(lines) for name, lines in notes["reached"].items()}
        self.took: dict[str, float] = notes["took"]
        self.starting = max(0.0, took - sum(self.took.values()))

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that can see the mutant, the quickest first."""
        line = mutant.statement
        names = list(self.reached)
        if line not in self.everywhere:
            names = [name for name, reached in self.reached.items() if line in reached]
        return sorted(names, key=lambda name: self.took[name])

    def limit(self, names: Sequence[str]) -> float:
        return STARTING_S + 2 * self.starting + SLOWER * sum(self.took[name] for name in names)


def _end(child: int, limit: float) -> str:
    """Wait for a mutant and say how it ended; one that waits for nothing is stopped as well."""
    last = time.monotonic() + max(LONGEST_WAIT_S, limit)
    while time.monotonic() < last:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if os.WIFSIGNALED(status):
                is_late = os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL}
                return HUNG if is_late else KILLED
            return SURVIVED if os.WEXITSTATUS(status) == 0 else KILLED
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return HUNG


def _leave(work: Callable[[], int]) -> None:
    """End a forked process with what ``work`` returns, and none of its parent's business."""
    code = 1
    try:
        code = work()
    finally:
        os._exit(code)
