"""Seeds and points: random troubles by a seed, and one strike at each point that there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.simulation.comparing import Outcome
from tests.simulation.plan import plan, story_of, troubles
from tests.simulation.playing import Stage
from tests.simulation.striking import Troubles

TOGETHER = 12  # strikes in one replay
MOST_TOLD = 5  # faults
Told = Callable[[int], None]


@dataclass
class Truth:
    """The ends of the undisturbed runs, one for each story."""

    stage: Stage
    more: dict[str, Any] = field(default_factory=dict)
    _known: dict[int, Outcome] = field(default_factory=dict)

    def of(self, seed: int) -> Outcome:
        story = story_of(seed)
        if story not in self._known:
            calm = self.stage.play(plan(seed, is_plain=True), Troubles(), **self.more)
            if calm.faults:
                told = calm.faults[:MOST_TOLD]
                message = f"the undisturbed run of story {story} is not sound: {told}"
                raise RuntimeError(message)
            self._known[story] = calm
        return self._known[story]

    def faults(self, seed: int, came: Outcome) -> list[str]:
        """Return what is wrong with a run: its own faults, and where its end differs."""
        wanted = self.of(seed).ends
        different = [f"{name} differ" for name in wanted if wanted[name] != came.ends[name]]
        return [f"seed {seed}: {fault}" for fault in (*came.faults, *different)]

    def troubles(self, seed: int) -> Troubles:
        points = self.of(seed).points
        return troubles(seed, visits=points.visits, vital=points.vital, outside=points.outside)


@dataclass
class Result:
    """What came of many seeds."""

    seeds: int = 0
    strikes: int = 0
    failed: int = 0  # seeds
    faults: list[str] = field(default_factory=list)
    struck: set[str] = field(default_factory=set)


def run_seeds(stage: Stage, seeds: Sequence[int], *, told: Told = lambda n: None,
              **more: Any) -> Result:  # fmt: skip
    """Play each of ``seeds`` with its troubles and compare it with the undisturbed run."""
    truth, result = Truth(stage, more), Result()
    for seed in seeds:
        came = stage.play(plan(seed), truth.troubles(seed), **more)
        faults = truth.faults(seed, came)
        result.seeds += 1
        result.strikes += len(came.points.struck)
        result.struck |= set(came.points.struck)
        result.failed += bool(faults)
        result.faults += faults
        told(result.seeds)
    return result


@dataclass(frozen=True, slots=True)
class _Way:
    """How to come to a point: the run in which it was seen first."""

    seed: int
    troubles: Troubles


@dataclass
class Sweep:
    """Every point that was ever seen, and those at which a process was struck."""

    ways: dict[str, _Way] = field(default_factory=dict)
    struck: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    replays: int = 0

    @property
    def missed(self) -> list[str]:
        return [point for point in self.ways if point not in self.struck]


def strike_all(
    stage: Stage, seeds: Sequence[int], *, told: Callable[[Sweep], None] = lambda sweep: None,
    only: Callable[[str], bool] = lambda point: True,
) -> Sweep:  # fmt: skip
    """Record the points of ``seeds``, then strike each of them at least once."""
    truth, sweep = Truth(stage), Sweep()

    def play(way: _Way) -> None:
        came = stage.play(plan(way.seed), way.troubles)
        sweep.faults += truth.faults(way.seed, came)
        sweep.struck |= set(came.points.struck)
        for point in came.points.seen:
            if only(point):
                sweep.ways.setdefault(point, way)

    for seed in seeds:
        lossy = replace(truth.troubles(seed), strikes=frozenset(), anywhere=frozenset())
        play(_Way(seed, lossy))
    for together in (TOGETHER, TOGETHER // 3, 1):
        _aim(sweep, together, play, told)
    while any(point not in sweep.ways[point].troubles.aims for point in sweep.missed):
        _aim(sweep, 1, play, told)  # at what was seen only after a strike
    return sweep


def _aim(sweep: Sweep, together: int, play: Callable[[_Way], None], told: Any) -> None:
    """Strike at what was missed until now, ``together`` at once."""
    for way in list(_groups(sweep, together)):
        play(way)
        sweep.replays += 1
        told(sweep)


def _groups(sweep: Sweep, together: int) -> Iterator[_Way]:
    """Yield replays that aim at what was missed, some in each, spread over the run."""
    by_way: dict[_Way, list[str]] = {}
    for point in sweep.missed:
        by_way.setdefault(sweep.ways[point], []).append(point)
    for way, points in by_way.items():
        count = math.ceil(len(points) / together)
        for number in range(count):
            aims = way.troubles.aims | set(points[number::count])
            yield _Way(way.seed, replace(way.troubles, aims=aims))
