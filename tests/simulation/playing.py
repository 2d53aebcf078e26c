"""Play a plan: one step of one process at a time, in an order that the seed decides."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from tests.simulation import template
from tests.simulation.clockwork import Clock, Machines, governed
from tests.simulation.comparing import Outcome, is_at_rest, outcome
from tests.simulation.gateway import Line, client_of
from tests.simulation.plan import LATENESS_S, LEAVE_S, SLOWEST_S, Plan, Post
from tests.simulation.processes import Desk, Door, Process, Worker, numbers
from tests.simulation.striking import Connection, Files, Points, Struck, Troubles, swapped
from tests.simulation.waiting import RARELY, look
from zhizhi.channels.carrier_sms import sending
from zhizhi.engine.intake import Receipt

TICK_S = (2.0, 30.0)  # of virtual time between two rounds
LONG_TICK_S = (10.0, 60.0)  # when all posts are in
HURRY_S = 1.0  # while posts are overdue
PAUSE_ROUNDS, PAUSE_S = 2, 20.0  # longer than every lease
RETRY_S = 2.0  # after which a sender that was not answered sends again
TROUBLED_ROUNDS = 200  # then nothing is lost any more, and nobody dies
LEAST_ROUNDS = 400  # until it must be at rest, and as many more as the plan has posts and troubles


@dataclass
class Senders:
    """The ledger outside: what was sent, and what the house has promised."""

    world: World
    waiting: list[Post] = field(default_factory=list)
    offsets: dict[str, int | None] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    _again: dict[str, float] = field(default_factory=dict)

    def due(self) -> list[Post]:
        """Return up to four posts whose time has come; whoever is not answered sends again."""
        now = self.world.clock.passed_s
        ready = [one for one in self.waiting if self._again.get(one.name, one.due_s) <= now]
        found = [one for one in ready if not one.after or one.after in self.offsets][:4]
        self._again |= {one.name: now + RETRY_S for one in found}
        return found

    def is_late(self) -> bool:
        now = self.world.clock.passed_s
        return any(one.due_s < now for one in self.waiting)

    def hear(self, post: Post, receipt: Receipt | None, is_reused: bool) -> None:
        """Note an answer, unless it is lost on the way."""
        points = self.world.points
        is_lost = self.world.chance.random() < points.troubles.lose_answers
        if post not in self.waiting or (is_lost and not points.is_calm):
            return
        if is_reused != post.is_refused and (is_reused or receipt is not None):
            self.contradictions.append(f"{post.name}: {receipt}")
        if receipt is not None:
            self.promised(post, receipt.offset)
        if receipt is not None or is_reused:
            self.waiting.remove(post)

    def promised(self, post: Post, offset: int | None) -> None:
        if self.offsets.setdefault(post.key, offset) != offset:
            text = f"{post.key}: {self.offsets[post.key]} and then {offset}"
            self.contradictions.append(text)


class World:
    """One installation of processes on a database of its own."""

    def __init__(self, plan: Plan, troubles: Troubles, *, door: type[Door] = Door) -> None:
        self.plan, self.clock, self.chance = plan, Clock(), random.Random(plan.seed + 3)
        self.points = Points(troubles, pause=self.pause)
        self.pids, self.complaints = numbers(), list[str]()
        self.current: Process | None = None
        self.senders = Senders(self, list(plan.posts))
        self.gateway = Line(self)
        workers = [Worker(f"worker-{n}", f"host-{n}", self) for n in range(plan.workers)]
        self.processes: list[Process] = [door("door", "web", self), Desk("desk", "web", self)]
        self.processes += workers
        self.beside = connections["default"]  # of nobody: looks and compares
        self.rounds = 0

    def connect(self, process: Process) -> Connection:
        made = Connection({**self.beside.settings_dict}, "default")
        made.watch(process, self.points)
        return made

    def acting_process(self) -> Process:
        assert self.current is not None
        return self.current

    def is_alive(self, host: str, pid: int) -> bool:
        return any((one.host, one.pid, one.is_down) == (host, pid, False) for one in self.processes)

    @contextmanager
    def acting(self, process: Process) -> Iterator[None]:
        """Let ``process`` run; it may die in the block."""
        before, connection = self.current, connections["default"]
        try:
            self.current = process
            connections["default"] = process.connection
            yield
        except Struck:
            process.connection.cut()
        finally:
            self.current = before
            connections["default"] = connection

    def round(self) -> None:
        """Let every process that runs do what waits for it, in any order, and look for more."""
        self.rounds += 1
        waits, steps = look(self), []
        for process in self.processes:
            if process.is_down and process.starts_at <= self.clock.at:
                process.start()
            if not process.is_down and not process.is_still:
                steps += [
                    (process, process.pid, step)
                    for name, step in process.steps().items()
                    if name in waits or self.chance.random() < RARELY
                ]
        self.chance.shuffle(steps)
        for process, pid, step in steps:
            if not process.is_down and process.pid == pid and not process.is_still:
                with self.acting(process):
                    self._do(process, step)

    def _do(self, process: Process, step: Any) -> None:
        process.is_still = True  # also for those that run while it stands still
        try:
            step()
        except Exception as error:
            self.complaints.append(f"{process.name}: {type(error).__name__}: {error}")
        finally:
            process.is_still = False

    def pause(self, process: Process) -> None:
        """Let the others go on for longer than any lease while ``process`` stands still."""
        for _round in range(PAUSE_ROUNDS):
            self.clock.pass_(PAUSE_S)
            self.round()

    def tick(self) -> None:
        is_early = self.clock.passed_s < LEAVE_S[-1] + SLOWEST_S + LATENESS_S
        hurries = self.senders.is_late() and is_early
        span = TICK_S if self.senders.waiting else LONG_TICK_S
        self.clock.pass_(HURRY_S if hurries else self.chance.uniform(*span))
        self.round()


@contextmanager
def stage(home: Path) -> Iterator[Stage]:
    """Give a stage whose worlds lie in ``home``; a database must be there to copy."""
    made = Stage(home)
    logging.disable(logging.CRITICAL)
    with ExitStack() as stack:
        stack.callback(logging.disable, logging.NOTSET)
        stack.enter_context(swapped(settings, "DATA", str(home)))
        stack.enter_context(governed(lambda: made.world.clock, made.machines))
        stack.enter_context(swapped(sending, "client", client_of(lambda: made.world)))
        stack.enter_context(Files(made.acting, lambda: made.world.points).watched())
        stack.enter_context(template.database(home / "world.sqlite3"))
        yield made


class Stage:
    """Plays worlds one after another, each from the same template."""

    world: World

    def __init__(self, home: Path) -> None:
        self.home = home
        self.machines = Machines(self.acting, self._is_alive)

    def _is_alive(self, host: str, pid: int) -> bool:
        return self.world.is_alive(host, pid)

    def acting(self) -> Process | None:
        return self.world.current if hasattr(self, "world") else None

    def play(self, plan: Plan, troubles: Troubles, **more: Any) -> Outcome:
        """Play ``plan`` with ``troubles``, then in calm until all is at rest; returns the end."""
        self._clear()
        world = self.world = World(plan, troubles, **more)
        while not is_at_rest(world) and world.rounds <= self._most(world):
            world.points.is_calm = world.rounds > TROUBLED_ROUNDS
            world.tick()
        return outcome(world)

    def _most(self, world: World) -> int:
        of_plan = len(world.plan.posts) + 20 * len(world.points.struck)
        return LEAST_ROUNDS + 4 * of_plan

    def _clear(self) -> None:
        connections["default"].close()
        for process in self.world.processes if hasattr(self, "world") else ():
            process.end()
        for name in ("sealed", "working", "published"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        for suffix in ("", "-wal", "-shm"):
            (self.home / f"world.sqlite3{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.home / template.NAME, self.home / "world.sqlite3")
