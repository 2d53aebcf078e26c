"""What lets go of which retention class, and when: every class has a job in the worker.

A job does a bounded round in transactions of its own, so it may be killed at any moment and simply
goes on; what it does is conditional, so two workers do it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from zhizhi.directory import positions
from zhizhi.engine import (
    attending,
    parting,
    patrolling,
    pruning,
    rating,
    settings_in_force,
    thinning,
)
from zhizhi.engine.system import systems
from zhizhi.trust.holding import Keep

A_MINUTE, TEN_MINUTES = timedelta(minutes=1), timedelta(minutes=10)
Verb = Callable[[datetime], int]  # lets go of a bounded number; returns how many


@dataclass(frozen=True, slots=True)
class RetentionJob:
    """One way of letting go: what it does, how often it looks, and which classes it enforces."""

    verb: Verb
    keeps: tuple[Keep, ...]
    every: timedelta = TEN_MINUTES


def forget_tracks(now: datetime) -> int:
    """Delete where units were, and their check-ins, ``engine.unit_track_days`` later."""
    before = settings_in_force.days_ago("engine.unit_track_days", now)
    done = positions.forget(before) + patrolling.forget(before, now=now)
    return done + parting.forget_notes(now)


def forget_clues(now: datetime) -> int:
    """Let each system delete what it may keep no longer, by a setting of its own."""
    return sum(system.forget_old(now) for system in systems())


JOBS: tuple[RetentionJob, ...] = (
    RetentionJob(rating.sweep, (Keep.REPORT, Keep.PARTY, Keep.DRAFT, Keep.HOUR), A_MINUTE),
    RetentionJob(attending.forget_gone, (Keep.SESSION,), A_MINUTE),
    RetentionJob(forget_tracks, (Keep.TRACK,)),
    RetentionJob(pruning.prune, (Keep.JOURNAL,)),
    RetentionJob(thinning.thin_due, (Keep.CASE,)),
    RetentionJob(forget_clues, (Keep.CLUE,)),
    RetentionJob(parting.forget_reviewed, (Keep.REVIEW,)),
    # A log keeps its rows; its numbers name nobody once the account has lost its name.
    RetentionJob(parting.forget_closed, (Keep.ACCOUNT, Keep.LOG)),
)


@dataclass(slots=True)
class Retention:
    """Does the job whose turn it is, one a call; one that fails holds up no other."""

    jobs: tuple[RetentionJob, ...] = JOBS
    due: dict[int, datetime] = field(default_factory=dict)

    def __call__(self, now: datetime) -> int:
        """Do one round of the job that has waited longest; returns how much it let go of."""
        waiting = [n for n in range(len(self.jobs)) if self.due.get(n, now) <= now]
        if not waiting:
            return 0
        turn = min(waiting, key=lambda n: (n in self.due, self.due.get(n, now)))
        self.due[turn] = now + self.jobs[turn].every
        done = self.jobs[turn].verb(now)
        if done:  # the rest follows at once
            self.due[turn] = now
        return done
