"""Play a plan, kill processes meanwhile, let all come to rest, and compare with the truth."""

from __future__ import annotations

import contextlib
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.chaos.plan import Plan, plan
from tests.chaos.playing import Acknowledged, Player
from tests.chaos.processes import PARTS, Installation, installation
from tests.postgres import cluster

Pair = tuple[int, str]
APPEAL_CODE = re.compile(r"\d+-\d{4}-\d{4}")
REST_S = 420.0  # longer than an unlucky message waits for its next try (300 s at most)
SECONDS_A_KILL = 2.0  # or a tenth of the lateness: on a busy machine a start takes longer
LONGEST_PACE_S = 3.5  # a thousand kills in an hour, however late rows may be
SHORTEST_PACE_S = 1.0  # of waves


@dataclass
class Result:
    """What one run came to."""

    alerts: list[Pair]
    cases: list[Pair]
    accepted: list[tuple[str, str]]
    faults: list[str]
    kills: dict[str, int]
    figures: dict[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    """Give the address of a fresh database: "" for SQLite, else a cluster that really syncs."""
    if kind == "sqlite":
        yield ""
        return
    with cluster(durable=True) as url:
        yield url


def run(
    kind: str, *, kills: int, waves: int, seed: int, least_s: int = 0, is_naive: bool = False,
    progress: Any = None,
) -> Result:  # fmt: skip
    """Play ``waves`` on a fresh installation while ``kills`` processes are killed.

    ``least_s``: what rows may be late by at least, for a machine that has other work.
    """
    wanted = plan(waves=waves, seed=seed)
    with (
        database(kind) as url,
        installation(database=url, is_naive=is_naive, seed=seed, least_s=least_s) as made,
    ):
        started = time.monotonic()
        pace_s = max(SECONDS_A_KILL, min(made.lateness_s / 10, LONGEST_PACE_S))
        play_s = max(kills * pace_s - made.lateness_s, waves * SHORTEST_PACE_S)
        killer = _Killer(made, kills=kills, play_s=play_s, progress=progress)
        killer.start()
        player = Player(made.url, seed=seed, pace_s=play_s / waves)
        acknowledged = player.play(wanted)
        killer.join()
        seen = made.outcome(acknowledged.newest, seconds=made.lateness_s + REST_S)
        result = compared(made, seen, acknowledged, wanted)
        result.figures["seconds"] = round(time.monotonic() - started, 1)
        if result.faults:
            result.figures["logs"] = made.logs()
        return result


@dataclass(frozen=True, slots=True)
class Trial:
    """The same plan three times: undisturbed, killed, and killed with the naive worker."""

    calm: Result
    killed: Result
    naive: Result

    @property
    def is_equal(self) -> bool:
        """Say whether killing made no difference to alerts, cases and accepted messages."""
        pairs = ((one.alerts, one.cases, one.accepted) for one in (self.calm, self.killed))
        return next(pairs) == next(pairs)

    @property
    def has_power(self) -> bool:
        """Say whether the naive worker failed by its mistakes, not because rows came late."""
        return bool(self.naive.faults) and not self.naive.figures["late_rows"]


def trial(
    kind: str, *, kills: int, waves: int, seed: int, least_s: int = 0, progress: Any = None
) -> Trial:
    """Play the plan on three installations at once; the naive one gets fewer kills."""
    few = min(kills, 9)
    with ThreadPoolExecutor(3) as runs:
        start = partial(runs.submit, run, kind, seed=seed, least_s=least_s)
        calm = start(kills=0, waves=waves)
        killed = start(kills=kills, waves=waves, progress=progress)
        naive = start(kills=few, waves=min(waves, 12), is_naive=True)
        return Trial(calm.result(), killed.result(), naive.result())


class _Killer(threading.Thread):
    """Kills one of the processes every now and then, and the worker at its worst moments.

    Rows are judged when their lateness has passed: first mostly the web is killed, which takes
    them in, then mostly the worker. Every other time the worker is killed just after the gateway
    accepted a message, before the worker can have marked it. Each of the three is killed at least
    once.
    """

    def __init__(self, made: Installation, *, kills: int, play_s: float, progress: Any) -> None:
        super().__init__()
        self._made, self._kills, self._progress = made, kills, progress
        self._chance = random.Random(made.seed)
        self._play_s = play_s

    def run(self) -> None:
        started = time.monotonic()
        for number, (moment, part) in enumerate(sorted(map(self._kill, range(self._kills)))):
            time.sleep(max(0.0, started + moment - time.monotonic()))
            if part == "worker" and number % 2:
                self._made.wait_for_acceptance(seconds=10)
            self._made.kill(part)
            if self._progress:
                self._progress(number + 1, part)

    def _kill(self, number: int) -> tuple[float, str]:
        """Return when to kill which: one of three while rows come in, two while they are judged."""
        moment = self._chance.uniform(0, self._play_s)
        is_early = number % len(PARTS) == 0
        weights = (3, 1, 1) if is_early else (1, 4, 1)
        part = self._chance.choices(PARTS, weights)[0] if number >= len(PARTS) else PARTS[number]
        return moment + (0 if is_early else self._made.lateness_s), part


def compared(
    made: Installation, seen: dict[str, Any], acknowledged: Acknowledged, wanted: Plan
) -> Result:
    """Return what a run came to, compared with what the plan says must come of it."""
    alerts = [(int(subject), zone) for subject, zone in seen["alerts"]]
    cases = [(int(subject), zone) for subject, zone in seen["cases"]]
    # The code of an appeal comes from the keys of the installation: each run has its own.
    accepted = [(token, APPEAL_CODE.sub("code", text)) for token, text in made.accepted()]
    told = [int(token) for token, _text in accepted]
    faults = [
        *_differences("alert", alerts, list(wanted.truth)),
        *_differences("case", cases, list(wanted.truth)),
        *_differences("message", told, [token for token, _zone in wanted.truth]),
        *_lost_envelopes(seen, acknowledged),
        *(f"contradictory answers: {text}" for text in acknowledged.contradictions),
        *(f"chain broken: {text}" for text in seen["breaks"]),
    ]
    if seen["late"]:
        faults.append(f"{seen['late']} rows came late: the machine was too slow for this plan")
    if not seen["is_at_rest"]:
        faults.append("the installation did not come to rest")
    figures = {
        "envelopes": len(acknowledged.offsets),
        "posts": acknowledged.tries,
        "alerts": len(alerts),
        "cases": len(cases),
        "accepted": len(accepted),
        "offered": made.tries(),
        "late_rows": seen["late"],
        "lateness_s": made.lateness_s,
        "states": dict(Counter(state for _recipient, state in seen["messages"])),
    }
    return Result(alerts, cases, accepted, faults, dict(made.kills), figures)


def _differences(what: str, found: list[Any], wanted: list[Any]) -> list[str]:
    """Return what is lost, what is there too often, and what should not be there."""
    missing, extra = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    lost = [f"{what} lost: {one}" for one in missing.elements()]
    twice = [f"{what} too much: {one}" for one in extra.elements()]
    return lost + twice


def _lost_envelopes(seen: dict[str, Any], acknowledged: Acknowledged) -> list[str]:
    """Return acknowledged envelopes that are not in the journal, and rows taken twice."""
    faults = [
        f"acknowledged and lost: {key}"
        for key, offset in acknowledged.offsets.items()
        if seen["keys"].get(key) != offset or str(offset) not in seen["rows"]
    ]
    if len(seen["rows"]) != len(acknowledged.offsets):
        faults.append(f"{len(seen['rows'])} segments for {len(acknowledged.offsets)} envelopes")
    return faults
