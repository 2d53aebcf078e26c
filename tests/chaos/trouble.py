"""Other troubles than death: what stands still; a database, disk, clock or broker that fails.

Each is played on a fresh installation while rows come in, and compared with what the plan says must
come of them: ``make chaos TROUBLE=pauses`` (or database, disk, clock, broker).
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos import broker
from tests.chaos.broker import BrokerPlayer
from tests.chaos.harness import REST_S, Result, compared
from tests.chaos.plan import plan
from tests.chaos.playing import Player
from tests.chaos.processes import Ground, Installation, installation
from tests.postgres import Cluster, running

PACE_S = 2.0  # between two waves
FARTHEST_S = 25  # from one to the other side less than FUTURE_AFTER
DISK_MIB = 96  # a database of this size is full soon


class NotHere(RuntimeError):
    """This machine or database cannot have the trouble; says why."""


@dataclass
class Playing:
    """What a trouble acts upon, and until when."""

    made: Installation
    player: Player | BrokerPlayer
    cluster: Cluster | None
    chance: random.Random
    ends_at: float
    did: Counter[str]

    def goes_on(self) -> bool:
        return time.monotonic() < self.ends_at


def _by_http(made: Installation, seed: int) -> Player:
    return Player(made.url, seed=seed, pace_s=PACE_S)


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, what the installation stands on, who sends, and how late rows may come."""

    act: Callable[[Playing], None]
    ground: Ground = contextlib.nullcontext
    player: Callable[[Installation, int], Player | BrokerPlayer] = _by_http
    least_s: int = 0
    databases: tuple[str, ...] = ("sqlite", "pg")


def endure(name: str, kind: str, *, waves: int, seed: int) -> Result:
    """Play ``waves`` while the trouble ``name`` goes on; raises NotHere."""
    trouble = TROUBLES[name]
    if kind not in trouble.databases:
        message = f"{name} is for {' and '.join(trouble.databases)}"
        raise NotHere(message)
    wanted, started = plan(waves=waves, seed=seed), time.monotonic()
    with (
        _cluster(kind) as cluster,
        installation(
            database=cluster.url if cluster else "", seed=seed, least_s=trouble.least_s,
            ground=trouble.ground,
        ) as made,
        ThreadPoolExecutor(1) as beside,
    ):  # fmt: skip
        player = trouble.player(made, seed)
        ends_at = time.monotonic() + waves * PACE_S + made.lateness_s
        playing = Playing(made, player, cluster, random.Random(seed), ends_at, Counter())
        acting = beside.submit(trouble.act, playing)
        acknowledged = player.play(wanted)
        acting.result()
        seen = made.outcome(acknowledged.newest, seconds=made.lateness_s + REST_S)
        result = compared(made, seen, acknowledged, wanted)
        result.figures |= {"did": dict(playing.did), "refusals": dict(acknowledged.refusals)}
        result.figures["seconds"] = round(time.monotonic() - started, 1)
        if result.faults:
            result.figures["logs"] = made.logs()
        return result


@contextlib.contextmanager
def _cluster(kind: str) -> Iterator[Cluster | None]:
    if kind == "sqlite":
        yield None
        return
    with running(durable=True) as made:
        yield made


# processes that stand still


@contextlib.contextmanager
def _two_workers(made: Installation) -> Iterator[None]:
    made.parts = (*made.parts, "worker-2")
    yield


def stand_still(playing: Playing) -> None:
    """Stop each process in turn, workers for longer than their leases, some just after a send."""
    parts = ("web", "worker", "gateway", "worker-2")
    number = 0
    while playing.goes_on():
        part = parts[number % len(parts)]
        number += 1
        if part.startswith("worker"):
            playing.made.wait_for_acceptance(seconds=8)
        playing.made.signal(part, signal.SIGSTOP)
        time.sleep(25 if part.startswith("worker") else playing.chance.uniform(4, 8))
        playing.made.signal(part, signal.SIGCONT)
        playing.did[f"{part} stood still"] += 1
        time.sleep(playing.chance.uniform(0.5, 2))


# a database that dies as a whole


def kill_database(playing: Playing) -> None:
    """Kill every process of the server; with SQLite, which has none, all of ours at once."""
    while playing.goes_on():
        time.sleep(playing.chance.uniform(3, 6))
        if playing.cluster is None:
            for part in playing.made.parts:
                playing.made.kill(part)
        else:
            playing.cluster.kill()
            time.sleep(playing.chance.uniform(0.2, 2))
            playing.cluster.start()
        playing.did["the database was killed"] += 1


# a disk that is full


@contextlib.contextmanager
def _small_disk(made: Installation) -> Iterator[None]:
    if os.geteuid() != 0:
        message = "only root may mount a small disk"
        raise NotHere(message)
    data = made.home / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", data], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", data], check=True)


def fill_disk(playing: Playing) -> None:
    """Fill the disk until posts are refused, leave it so for a while, and empty it again."""
    ballast = playing.made.home / "data" / "ballast"
    refusals = playing.player.acknowledged.refusals
    while playing.goes_on():
        time.sleep(playing.chance.uniform(2, 4))
        before, end = refusals.total(), time.monotonic() + 20
        while refusals.total() == before and time.monotonic() < end:
            _pile(ballast)
            time.sleep(0.2)
        time.sleep(2)
        playing.did["the disk was full"] += 1
        ballast.unlink(missing_ok=True)


def _pile(ballast: Path) -> None:
    """Write until nothing fits any more."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2


# a clock that is set


@contextlib.contextmanager
def _clock_of_its_own(made: Installation) -> Iterator[None]:
    """Let the processes read a clock that is set while they run; their spans stay true."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        message = "no libfaketime: apt-get install faketime"
        raise NotHere(message)
    _set_clock(made, 0)
    path = (str(Path(__file__).parent / "steady"), made.environment["PYTHONPATH"])
    made.environment |= {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(made.home / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": os.pathsep.join(path),
    }
    yield


def step_clock(playing: Playing) -> None:
    """Set the clock of all processes forth and back, by less than what rows may be ahead."""
    while playing.goes_on():
        time.sleep(playing.chance.uniform(2, 6))
        _set_clock(playing.made, playing.chance.randint(-FARTHEST_S, FARTHEST_S))
        playing.did["the clock was set"] += 1
    _set_clock(playing.made, 0)


def _set_clock(made: Installation, seconds: int) -> None:
    new = made.home / "clock.new"
    new.write_text(f"{seconds:+d}\n", encoding="ascii")
    new.replace(made.home / "clock")


# a broker that goes away


def take_broker_away(playing: Playing) -> None:
    """Strike the broker or who listens to it, again and again."""
    while playing.goes_on():
        time.sleep(playing.chance.uniform(1, 4))
        playing.did[broker.strike(playing.made, playing.chance)] += 1


def _by_broker(made: Installation, seed: int) -> BrokerPlayer:
    return BrokerPlayer(made, seed=seed, pace_s=PACE_S)


TROUBLES: Mapping[str, Trouble] = {
    "pauses": Trouble(stand_still, ground=_two_workers, least_s=90),
    "database": Trouble(kill_database, least_s=60),
    "disk": Trouble(fill_disk, ground=_small_disk, least_s=90, databases=("sqlite",)),
    "clock": Trouble(step_clock, ground=_clock_of_its_own, least_s=120),
    "broker": Trouble(take_broker_away, ground=broker.beside, player=_by_broker, least_s=120),
}
NAMES = tuple(TROUBLES)


def figures(name: str, kind: str, result: Result) -> dict[str, Any]:
    """Return what one line says of a trial."""
    kinds = Counter(fault.partition(":")[0] for fault in result.faults)
    told = {key: value for key, value in result.figures.items() if key != "logs"}
    return {"trouble": name, "db": kind, **told, "faults": kinds}
