"""Where a process can die: before and after every commit, write, send, answer and file of ours.

A point is named by the two functions of the product that lead to it, so that points can be counted
and each of them struck. Reads are none: dying before one is dying after the write before it.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from django.db.backends.sqlite3.base import DatabaseWrapper

import zhizhi

if TYPE_CHECKING:
    from tests.simulation.processes import Process

PRODUCT = str(Path(str(zhizhi.__file__)).parent) + os.sep
SCHEDULER = str(Path(__file__).with_name("playing.py"))
WRITES = ("INSERT", "UPDATE", "DELETE", "BEGIN", "SAVEPOINT", "RELEASE")
TABLE = re.compile(r'"(\w+)"')
FILES_OF = ("trust.",)  # whose files are told apart; others are read only


class Struck(BaseException):
    """The process is gone: nothing of it may go on."""


@dataclass(frozen=True, slots=True)
class Troubles:
    """What goes wrong in a run; moments count the points that were passed before."""

    strikes: frozenset[int] = frozenset()  # at the n-th commit, send, answer or file
    anywhere: frozenset[int] = frozenset()  # at the n-th point of any kind
    pauses: frozenset[int] = frozenset()  # stands still at the n-th point outside a transaction
    aims: frozenset[str] = frozenset()  # at the first visit of each of these points
    lose_requests: float = 0.0
    lose_answers: float = 0.0


@dataclass
class Points:
    """What was passed and what is aimed at; ``pause`` lets the others go on meanwhile."""

    troubles: Troubles
    pause: Callable[[Process], None] = lambda process: None
    seen: dict[str, int] = field(default_factory=dict)  # in the order of their first visit
    struck: list[str] = field(default_factory=list)
    is_calm: bool = False
    visits: int = 0
    vital: int = 0
    outside: int = 0

    def __post_init__(self) -> None:
        self._aims = set(self.troubles.aims)

    def visit(self, process: Process, what: str, *, is_vital: bool = False) -> None:
        """Pass the point of the calling function, or die at it."""
        name = where()
        if not name:
            return
        self.pass_(process, f"{name} {what}", is_vital=is_vital)

    def pass_(self, process: Process, point: str, *, is_vital: bool) -> None:
        process.check_alive()
        self.seen[point] = self.seen.get(point, 0) + 1
        self.visits += 1
        self.vital += is_vital
        if self.is_calm:
            return
        is_hit = self.visits in self.troubles.anywhere
        is_hit |= is_vital and self.vital in self.troubles.strikes
        if is_hit or point in self._aims:
            self._aims.discard(point)
            self.struck.append(point)
            process.die()
        if not process.connection.is_writing():
            self.outside += 1
            if self.outside in self.troubles.pauses:
                self.pause(process)


class Connection(DatabaseWrapper):
    """A connection of one process; once that has died, it does nothing any more."""

    process: Process
    points: Points

    def watch(self, process: Process, points: Points) -> None:
        self.process, self.points = process, points
        self.execute_wrappers.append(self._execute)

    def _execute(
        self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        self.process.check_alive()
        what = _kind(sql)
        if not what:
            return execute(sql, params, many, context)
        self.points.visit(self.process, f"{what} before")
        told = execute(sql, params, many, context)
        if not self.in_atomic_block and what != "BEGIN":
            self.points.visit(self.process, f"{what} after", is_vital=True)
        return told

    def _commit(self) -> None:
        self.points.visit(self.process, "COMMIT before", is_vital=True)
        super()._commit()
        self.points.visit(self.process, "COMMIT after", is_vital=True)

    def _rollback(self) -> None:
        self.process.check_alive()
        super()._rollback()

    def _set_autocommit(self, autocommit: bool) -> None:
        self.process.check_alive()
        super()._set_autocommit(autocommit)

    def connect(self) -> None:
        self.process.check_alive()
        super().connect()

    def is_writing(self) -> bool:
        """Say whether it holds the lock of the writer, for which all others wait."""
        return self.connection is not None and self.connection.in_transaction

    def cut(self) -> None:
        """Drop what is not committed, as the system does for a process that died."""
        raw, self.connection = self.connection, None
        if raw is not None:
            raw.close()


@cache
def _kind(sql: str) -> str:
    """Return the kind of a statement and its table; nothing for one that only reads."""
    verb = sql.lstrip().partition(" ")[0].upper()
    if verb not in WRITES:
        return ""
    table = TABLE.search(sql) if verb in {"INSERT", "UPDATE", "DELETE"} else None
    return f"{verb} {table[1]}" if table else verb


def where() -> str:
    """Return the two innermost different functions of the product that are running."""
    found: list[str] = []
    frame = sys._getframe(2)
    while frame is not None and len(found) < 2:
        if frame.f_code.co_filename == SCHEDULER:
            break  # what lies behind it belongs to a process that stands still
        name = _name(frame.f_code)
        if name and name not in found:
            found.append(name)
        frame = frame.f_back  # type: ignore[assignment]
    return " > ".join(reversed(found))


@cache
def _name(code: CodeType) -> str:
    """Return module and function of the product's code, nothing for all other code."""
    path = code.co_filename
    if not path.startswith(PRODUCT) or f"{os.sep}tests{os.sep}" in path:
        return ""
    module = path.removeprefix(PRODUCT).removesuffix(".py").replace(os.sep, ".")
    return f"{module}.{code.co_qualname.partition('.<locals>')[0]}"


@contextmanager
def swapped(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Put ``value`` in the place of an attribute while the block runs."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


class Files:
    """Makes points of what the product does with its own files."""

    def __init__(self, current: Callable[[], Process | None], points: Callable[[], Points]) -> None:
        self._current, self._points = current, points
        self._open_low, self._open_high = os.open, io.open

    @contextmanager
    def watched(self) -> Iterator[None]:
        with ExitStack() as stack:
            for name in ("fsync", "rename"):
                around = partial(self._around, getattr(os, name), name)
                stack.enter_context(swapped(os, name, around))
            stack.enter_context(swapped(os, "open", self.open_low))
            stack.enter_context(swapped(io, "open", self.open_high))
            yield

    def open_low(self, path: Any, flags: int, *given: Any, **more: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            self._visit("open before")
        return self._open_low(path, flags, *given, **more)

    def open_high(self, file: Any, mode: str = "r", *given: Any, **more: Any) -> Any:
        if set(mode) & set("wax+"):
            self._visit("open before")
        return self._open_high(file, mode, *given, **more)

    def _around(self, real: Callable[..., Any], what: str, *given: Any, **more: Any) -> Any:
        self._visit(f"{what} before")
        told = real(*given, **more)
        self._visit(f"{what} after")
        return told

    def _visit(self, what: str) -> None:
        process, name = self._current(), where()
        if process is not None and name.rpartition(" > ")[2].startswith(FILES_OF):
            self._points().pass_(process, f"{name} {what}", is_vital=True)
