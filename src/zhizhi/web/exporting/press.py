"""Writing PDF in processes of their own, few at a time: pages stay quick while paper is made.

Laying a file out takes seconds of a core and a hundred MB. A press does it beside the web process,
ends by itself when nobody needs it, and is ended when a file takes too long. Whoever would have to
wait behind too many others is told so at once.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, LifoQueue
from typing import Any

from zhizhi.web.exporting import paper

PRESSES = 2  # at work at once: one a core of the smallest machine
MOST = 6  # at work and waiting; who comes next is sent away
WAIT_S = 20.0  # for a press to be free
LONGEST_S = 60.0  # of one file
IDLE_S = 120.0  # a press that nobody needs for so long ends, and gives its memory back

_methods = multiprocessing.get_context("spawn")  # a fork would copy the threads' locks


class PressBusy(RuntimeError):
    """Too many files are being written just now; the same request may be sent again soon."""


class PressFailed(RuntimeError):
    """The press ended or took too long over this file; other files are not concerned."""


class Press:
    """One process that writes PDF, started when it is first needed."""

    def __init__(self, *, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._process: SpawnProcess | None = None
        self._line: Connection | None = None

    def ask(self, what: tuple[Any, ...], *, within: float) -> Any:
        """Let the press do ``what`` and return its answer; raises PressFailed or PaperMissing."""
        answer = self._asked(what, within)
        if answer is None:  # it went to rest just as it was asked
            answer = self._asked(what, within)
        is_done, told = answer or (False, ("failed", "the press ended over this file"))
        if is_done:
            return told
        kind, message = told
        raise (paper.PaperMissing if kind == "missing" else PressFailed)(message)

    def _asked(self, what: tuple[Any, ...], within: float) -> tuple[bool, Any] | None:
        """Return the answer, or None when the press ended instead of answering."""
        try:
            line = self._sent(what)
            if not line.poll(within):
                self.end()
                return False, ("failed", f"no answer within {within:g} s")
            answer: tuple[bool, Any] = line.recv()
        except (EOFError, OSError):
            self.end()
            return None
        return answer

    def _sent(self, what: tuple[Any, ...]) -> Connection:
        """Hand ``what`` over; a press that went to rest is started again."""
        if self._process is not None and not self._process.is_alive():
            self.end()
        line = self._line or self._start()
        line.send(what)
        return line

    def _start(self) -> Connection:
        ours, theirs = _methods.Pipe()
        self._process = _methods.Process(
            target=work, args=(theirs, self._idle_s), name="press", daemon=True
        )
        self._process.start()
        theirs.close()
        self._line = ours
        return ours

    def end(self) -> None:
        """End the process, also in the middle of a file."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._line = self._process = None


class Presses:
    """A few presses, and a waiting room of limited size."""

    def __init__(
        self, count: int = PRESSES, *, most: int = MOST, wait_s: float = WAIT_S,
        longest_s: float = LONGEST_S, idle_s: float = IDLE_S,
    ) -> None:  # fmt: skip
        self._free: LifoQueue[Press] = LifoQueue()  # the one used last has everything loaded
        for _number in range(count):
            self._free.put(Press(idle_s=idle_s))
        self._room = threading.BoundedSemaphore(most)
        self._wait_s, self._longest_s = wait_s, longest_s

    def check(self) -> None:
        """Raise PaperMissing when PDF cannot be written here, PressBusy when not just now."""
        with self._one() as press:
            press.ask(("load",), within=self._longest_s)

    def pdf(self, html: str, pictures: Mapping[str, bytes]) -> bytes:
        """Return ``paper.pdf`` of the arguments; raises PressBusy, PressFailed, PaperMissing."""
        with self._one() as press:
            content: bytes = press.ask(
                ("pdf", html.encode(), dict(pictures)), within=self._longest_s
            )
        return content

    @contextmanager
    def _one(self) -> Iterator[Press]:
        if not self._room.acquire(blocking=False):
            message = "too many files are being written"
            raise PressBusy(message)
        try:
            press = self._free.get(timeout=self._wait_s)
        except Empty as error:
            self._room.release()
            message = f"no press was free within {self._wait_s:g} s"
            raise PressBusy(message) from error
        try:
            yield press
        finally:
            self._free.put(press)
            self._room.release()


def work(line: Connection, idle_s: float) -> None:
    """Answer one request after the other until nobody asks for ``idle_s`` or the asker ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the web process, which ends us
    try:
        while line.poll(idle_s):
            line.send(_answer(line.recv()))
    except (EOFError, OSError):
        return


def _answer(what: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        if what[0] == "load":
            paper.load()
            return True, None
        return True, paper.pdf(what[1].decode(), what[2])
    except paper.PaperMissing as error:
        return False, ("missing", str(error))
    except Exception as error:  # noqa: BLE001 - one file's trouble must not end the press
        return False, ("failed", f"{type(error).__name__}: {error}")


presses = Presses()
