"""People who go out with a companion, and sometimes are lost, met by cameras: a model with a seed.

It tries ``solitude.Solitude`` on months of a district before anybody is watched, beside the naive
rule that asks the relatives whenever somebody is seen without a companion. A simulation: what it
counts is as true as its numbers (``Habits``), which are said with every result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

import numpy as np

from zhizhi.kernel.solitude import Answer, Push, Reason, Solitude, Stage, Vigil

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
YEAR_DAYS = 365.0
MORNING, EVENING = 7 * 60, 17 * 60  # when outings begin, in minutes of the day
JITTER_S = 5.0  # two who walk together are told within this time
PLACE = (107.39, 29.70)  # all of an outing is near by: distance is tried by the rule's own tests
PERSON, COMPANION, ANSWER, HOME = "person", "companion", "answer", "home"


@dataclass(frozen=True, slots=True)
class Habits:
    """How people go out, are seen and answer; minutes, shares between 0 and 1, and counts a day."""

    outing_minutes: float
    outing_encounter_minutes: float
    outing_visible: float
    outing_person_known: float
    outing_companion_known: float
    lost_a_person_day: float
    lost_minutes: float
    matcher_strangers_a_day: float
    relatives_answer: float
    relatives_answer_minutes: float
    relatives_notice: float
    relatives_notice_minutes: float

    @classmethod
    def read(cls, table: Mapping[str, Mapping[str, float]]) -> Habits:
        """Read sections of numbers; raises ValueError, which names what is missing or unknown."""
        loose = sorted(name for name, part in table.items() if not isinstance(part, Mapping))
        if loose:
            raise ValueError(f"numbers outside of a section: {', '.join(loose)}")
        flat = {f"{name}_{key}": n for name, part in table.items() for key, n in part.items()}
        wrong = sorted(flat.keys() ^ set(cls.__slots__))
        if wrong:
            raise ValueError(f"missing or unknown numbers: {', '.join(wrong)}")
        return cls(**flat)


@dataclass(slots=True)
class Loss:
    """Somebody went out alone: from when to when, and when each stage was told about it."""

    began_us: int
    ends_us: int
    told_us: dict[Stage, int] = field(default_factory=dict)
    naive_us: int | None = None


@dataclass(slots=True)
class Pushes:
    """What one rule told in a simulated time: false ones by stage, and each loss."""

    person_days: float = 0.0
    false: Counter[Stage] = field(default_factory=Counter)
    reviews: int = 0
    naive_false: int = 0
    losses: list[Loss] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Return pushes for each person and year, and delays in minutes."""
        years = self.person_days / YEAR_DAYS
        asked, sent = (self._delays(stage) for stage in (Stage.RELATIVES, Stage.OFFICER))
        naive = [(o.naive_us - o.began_us) / MINUTE_US for o in self.losses if o.naive_us]
        return {
            "person_years": years,
            "losses": len(self.losses),
            "missed": sum(not one.told_us for one in self.losses),
            "false_to_relatives": self.false[Stage.RELATIVES] / years,
            "false_to_officer": self.false[Stage.OFFICER] / years,
            "reviews": self.reviews / years,
            "minutes_to_first": _spread(asked),
            "minutes_to_officer": _spread(sent),
            "naive": {
                "false_to_relatives": self.naive_false / years,
                "missed": len(self.losses) - len(naive),
                "minutes_to_first": _spread(naive),
            },
        }

    def _delays(self, stage: Stage) -> list[float]:
        """Return the minutes until this stage or a higher one was told."""
        delays = []
        for one in self.losses:
            told = [at_us for reached, at_us in one.told_us.items() if reached >= stage]
            delays += [(min(told) - one.began_us) / MINUTE_US] if told else []
        return delays


def simulated(rule: Solitude, habits: Habits, *, people: int, days: int, seed: int) -> Pushes:
    """Return what ``rule`` tells about ``people`` for ``days``; the same for the same seed."""
    pushes = Pushes(person_days=float(people * days))
    strangers = habits.matcher_strangers_a_day / people
    for person in range(people):
        chance = np.random.default_rng([seed, person])
        _Month(rule, habits, chance, pushes).play(days, strangers)
    return pushes


class _Month:
    """One person's time: what happens waits in a heap, what the rule asks is answered later."""

    def __init__(
        self, rule: Solitude, habits: Habits, chance: np.random.Generator, pushes: Pushes
    ) -> None:
        self.rule, self.habits, self.chance, self.pushes = rule, habits, chance, pushes
        self.vigil = Vigil()
        self.losses: list[Loss] = []
        self.events: list[tuple[int, int, str, Any]] = []
        self.number = 0

    def play(self, days: int, strangers_a_day: float) -> None:
        for day in range(days):
            self._plan(day * DAY_US, strangers_a_day)
        while self.events:
            wake_us = self.vigil.next_us  # what is told then may be answered before all else
            if wake_us is not None and wake_us <= self.events[0][0]:
                self._count(self.rule.due(self.vigil, wake_us))
            else:
                at_us, number, kind, what = heappop(self.events)
                self._count(self._happen(at_us, number, kind, what))
        self.pushes.losses += self.losses

    def _plan(self, midnight_us: int, strangers_a_day: float) -> None:
        habits, chance = self.habits, self.chance
        begins = midnight_us + int(chance.uniform(MORNING, EVENING) * MINUTE_US)
        for _ in range(chance.poisson(strangers_a_day)):
            self._add(midnight_us + int(chance.uniform(0, DAY_US)), PERSON, True)
        if chance.random() >= habits.lost_a_person_day:
            for at_us in self._encounters(begins, habits.outing_minutes):
                self._pass_a_camera(at_us)
            return
        loss = Loss(begins, begins + int(habits.lost_minutes * MINUTE_US))
        self.losses.append(loss)
        self._add(loss.ends_us, HOME, None)
        for at_us in self._encounters(begins, habits.lost_minutes):
            if chance.random() < habits.outing_visible * habits.outing_person_known:
                self._add(at_us, PERSON, True)

    def _pass_a_camera(self, at_us: int) -> None:
        """Let the two be met: each may be hidden, or not be known."""
        habits, chance = self.habits, self.chance
        known = (habits.outing_person_known, habits.outing_companion_known)
        person, companion = (chance.random() < habits.outing_visible * share for share in known)
        if companion:
            self._add(at_us + int(chance.uniform(-JITTER_S, JITTER_S) * 1e6), COMPANION, None)
        if person:
            self._add(at_us, PERSON, not companion)

    def _encounters(self, begins_us: int, minutes: float) -> Iterator[int]:
        at = self.chance.exponential(self.habits.outing_encounter_minutes)
        while at < minutes:
            yield begins_us + int(at * MINUTE_US)
            at += self.chance.exponential(self.habits.outing_encounter_minutes)

    def _add(self, at_us: int, kind: str, what: Any) -> None:
        self.number += 1
        heappush(self.events, (at_us, self.number, kind, what))

    def _happen(self, at_us: int, camera: int, kind: str, what: Any) -> list[Push]:
        if kind == ANSWER:
            return self.rule.answered(self.vigil, at_us, what)
        if kind == COMPANION:
            return self.rule.accompanied(self.vigil, at_us, PLACE)
        if kind == HOME:
            self.rule.closed(self.vigil, at_us)
            return []
        if what:
            self._ask_at_once(at_us)
        return self.rule.seen(self.vigil, at_us, camera, PLACE)

    def _ask_at_once(self, at_us: int) -> None:
        """Count what the naive rule does: nobody is beside the person, so it asks."""
        loss = self._loss_at(at_us)
        if loss is None:
            self.pushes.naive_false += 1
        elif loss.naive_us is None:
            loss.naive_us = at_us

    def _loss_at(self, at_us: int) -> Loss | None:
        return next((one for one in self.losses if one.began_us <= at_us <= one.ends_us), None)

    def _count(self, told: list[Push]) -> None:
        """Count what was told, and let the relatives answer what they are asked."""
        for push in told:
            loss = self._loss_at(push.at_us)
            if push.reason is Reason.ACCOMPANIED:
                continue
            if push.reason is Reason.REVIEW:
                self.pushes.reviews += 1
            elif loss is not None:
                loss.told_us.setdefault(push.stage, push.at_us)
            else:
                self.pushes.false[push.stage] += 1
            if push.stage is Stage.RELATIVES:
                self._answer(push.at_us, is_lost=loss is not None)
            elif push.stage is Stage.OFFICER and loss is None:
                self.rule.closed(self.vigil, push.at_us)  # the officer finds them together

    def _answer(self, asked_us: int, *, is_lost: bool) -> None:
        habits = self.habits
        share = habits.relatives_notice if is_lost else habits.relatives_answer
        minutes = habits.relatives_notice_minutes if is_lost else habits.relatives_answer_minutes
        if self.chance.random() < share:
            at_us = asked_us + int(self.chance.exponential(minutes) * MINUTE_US)
            self._add(at_us, ANSWER, Answer.MISSING if is_lost else Answer.WITH_ME)


def _spread(minutes: list[float]) -> dict[str, float | None]:
    if not minutes:
        return {"median": None, "p95": None}
    return {"median": float(np.median(minutes)), "p95": float(np.quantile(minutes, 0.95))}
