"""Cut after cut on one disk: load, cut, kill, mount again, compare."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.powercut.disk import Disk
from tests.powercut.houses import Embedded, House, Server

FORK = multiprocessing.get_context("fork")  # Django is set up once, each connection is its own
FIRST_S = 60.0  # until something must have been acknowledged
SHORTEST_S, LONGEST_S = 0.05, 0.8  # of load after that


@dataclass
class Result:
    """What the cuts under one setting came to."""

    setting: str
    cuts: int = 0
    acknowledged: int = 0
    messages: int = 0  # asked for before a cut, and accepted by the gateway at the end
    accepted: int = 0
    offered: int = 0
    lost: list[str] = field(default_factory=list)
    cuts_with_loss: int = 0
    damage: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        return {
            "setting": self.setting,
            "cuts": self.cuts,
            "acknowledged": self.acknowledged,
            "messages": self.messages,
            "accepted": self.accepted,
            "redelivered": self.offered - self.accepted,
            "lost": len(self.lost),
            "cuts_with_loss": self.cuts_with_loss,
            "damaged": len(self.damage),
            "seconds": round(self.seconds, 1),
        }


class Stage:
    """One disk with one database on it."""

    def __init__(self, home: Path, kind: str) -> None:
        self.home, self.kind = home, kind
        self.gateway = home / "gateway.sqlite3"  # the ledger of whom it told, outside of the disk
        self.disk = Disk(home)
        self.disk.mount()
        folder = self.disk.folder
        self.house: House = Embedded(folder) if kind == "sqlite" else Server(folder, home)

    def found(self) -> None:
        """Make the database with its tables, and let it come to rest on the disk."""
        self.house.make()
        self.house.start()
        apart(_found)
        self.house.stop()

    def cut(self, number: int, chance: random.Random, options: dict[str, str]) -> dict[str, Any]:
        """Load, cut the power in the middle, start again; returns what was promised and is gone."""
        ledger, asked = self.home / f"ledger-{number}", self.home / f"asked-{number}"
        ledger.touch()
        asked.touch()
        self.house.start()
        loading = FORK.Process(target=_load, args=(ledger, asked, number, options))
        loading.start()
        try:
            wait_for(lambda: ledger.stat().st_size > 0, seconds=FIRST_S)
            time.sleep(chance.uniform(SHORTEST_S, LONGEST_S))
            moment = self.disk.cut()
        finally:
            loading.kill()
            loading.join()
        self.house.die()
        self.disk.unmount()
        self.disk.mount()
        self.house.start()
        try:
            return apart(_compare, ledger, asked, self.gateway, moment)
        finally:
            self.house.stop()
            ledger.unlink()
            asked.unlink()

    def finish(self) -> dict[str, Any]:
        """Send what is left, without any cut; returns what is not told exactly once after that."""
        self.house.start()
        try:
            return apart(_finish, self.gateway)
        finally:
            self.house.stop()

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.house.die()
        if self.disk.is_mounted:
            self.disk.unmount()


@contextlib.contextmanager
def stage(kind: str) -> Iterator[Stage]:
    """Give a disk with an empty database, and take all of it away afterwards."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-powercut-"))
    home.chmod(0o755)
    made = Stage(home, kind)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(home, ignore_errors=True)


def cut_again_and_again(
    made: Stage, *, cuts: int, seed: int, weakness: str = "",
    progress: Callable[[Result], None] = lambda result: None,
) -> Result:  # fmt: skip
    """Cut ``cuts`` times under the product's own settings, or under weaker ones."""
    chance, result = random.Random(seed), Result(weakness or "as the product sets it")
    options = made.house.weakened(weakness) if weakness else {}
    begun = time.monotonic()
    for number in range(cuts):
        came = made.cut(number, chance, options)
        result.cuts += 1
        result.acknowledged += came["promised"]
        result.messages += came["messages"]
        result.accepted, result.offered = came["accepted"], came["offered"]
        result.lost += came["lost"]
        result.cuts_with_loss += bool(came["lost"] or came["damage"])
        result.damage += came["damage"]
        result.seconds = time.monotonic() - begun
        progress(result)
        if weakness and came["damage"]:
            break  # a database that is broken tells nothing more
    if not weakness:
        left = made.finish()
        result.lost += left["lost"]
        result.accepted, result.offered = left["accepted"], left["offered"]
    return result


def wait_for(is_so: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            message = f"nothing was acknowledged within {seconds:.0f} s"
            raise RuntimeError(message)
        time.sleep(0.01)


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """Run ``work`` in a process of its own, which lets go of the disk when it ends."""
    mine, theirs = FORK.Pipe()
    process = FORK.Process(target=_tell, args=(theirs, work, given))
    process.start()
    theirs.close()
    try:
        is_well, told = mine.recv()
    except EOFError as error:
        message = f"{work.__name__} ended without a word"
        raise RuntimeError(message) from error
    except BaseException:
        process.terminate()  # which then takes its disk and its server away
        raise
    finally:
        process.join()
    if not is_well:
        raise told
    return told


def _tell(theirs: Any, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    try:
        told = (True, work(*given))
    except Exception as error:
        told = (False, error)
    theirs.send(told)
    theirs.close()


def _found() -> None:
    from django.core.management import call_command

    from tests.powercut import loading

    call_command("migrate", verbosity=0)
    loading.found()


def _load(ledger: Path, asked: Path, cut: int, options: dict[str, str]) -> None:
    import logging
    import threading

    from django.db import connections

    from tests.powercut import loading, telling

    logging.disable(logging.CRITICAL)  # the door complains when its disk is gone
    connections["default"].settings_dict["OPTIONS"].update(options)
    threading.Thread(target=telling.tell, args=(asked, cut)).start()
    loading.load(ledger, cut)


def _compare(ledger: Path, asked: Path, gateway: Path, moment: int) -> dict[str, Any]:
    from django.db import DatabaseError

    from tests.powercut import loading, telling

    promised = loading.acknowledged(ledger, before=moment)
    messages, taken = telling.asked(asked, before=moment), telling.accepted(gateway)
    try:
        came = loading.compare(promised)
        came["lost"] += telling.compare(messages, taken)
    except DatabaseError as error:
        came = {"lost": sorted(promised), "damage": [str(error)], "stored": 0}
    return {
        **came, "promised": len(promised), "messages": len(messages), "accepted": len(taken),
        "offered": telling.offered(gateway),
    }  # fmt: skip


def _finish(gateway: Path) -> dict[str, Any]:
    from tests.powercut import telling

    lost = telling.finish(gateway)
    accepted, offered = len(telling.accepted(gateway)), telling.offered(gateway)
    return {"lost": lost, "accepted": accepted, "offered": offered}
