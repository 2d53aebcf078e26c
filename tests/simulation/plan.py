"""What happens in the simulated district by a seed: who comes, what is sent, what goes wrong."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.simulation.clockwork import START
from tests.simulation.striking import Troubles

STREAM = "shore_positions.v1"
ZONES = ("reach-1", "reach-2")
WEST, SOUTH, SIDE = 107.30, 29.60, 0.05  # the first zone; the second lies 0.2 degrees further east
ARRIVE_S = tuple(range(0, 70, 10))  # when positions inside are seen: a stay of more than 30 s
LEAVE_S = (250, 270, 290)  # when those who leave are seen outside, and the others once more inside
SLOWEST_S = 20.0  # of a sender
LATENESS_S = 180

# what somebody does: passes by; stays and leaves when reminded; stays until a boat comes; is no
# angler, as the operators see; stays, and the first boat's work does not pass the inspection
PASSES, LEAVES, STAYS, MISTAKEN, REWORKED = "passes", "leaves", "stays", "mistaken", "reworked"
STORIES: Sequence[Sequence[str]] = (
    (LEAVES, PASSES),
    (STAYS,),
    (LEAVES, STAYS),
    (MISTAKEN, LEAVES),
    (REWORKED,),
    (LEAVES, LEAVES, PASSES, LEAVES),
    (STAYS, MISTAKEN, PASSES),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the bank: a token, the zone, and what they do."""

    token: int
    zone: str
    habit: str

    def row(self, second: float) -> dict[str, Any]:
        """Return where they are seen."""
        is_inside = second < LEAVE_S[0] or self.habit not in {PASSES, LEAVES}
        is_inside &= self.habit != PASSES or second == 0
        return {
            "entity": self.token,
            "observed_at": (START + timedelta(seconds=second)).isoformat(),
            "lon": WEST + 0.2 * ZONES.index(self.zone) + SIDE / 2,
            "lat": SOUTH + (SIDE / 2 if is_inside else 3 * SIDE),
            "accuracy_m": 5.0,
        }


@dataclass(frozen=True, slots=True)
class Post:
    """One envelope on its way: not before ``due_s``, nor before ``after`` was acknowledged."""

    due_s: float
    name: str  # of this sending
    key: str  # of the envelope
    rows: tuple[dict[str, Any], ...]
    after: str = ""
    is_refused: bool = False  # another body under a key that was used


@dataclass(frozen=True, slots=True)
class Plan:
    """The story and its posts; ``bad`` counts the rows that nobody can use."""

    seed: int
    people: tuple[Person, ...]
    posts: tuple[Post, ...]
    bad: int
    workers: int


def people_of(story: int) -> tuple[Person, ...]:
    """Return who comes in a story."""
    return tuple(
        Person(1000 + number, ZONES[number % 2], habit)
        for number, habit in enumerate(STORIES[story])
    )


def story_of(seed: int) -> int:
    """Return the story of a seed."""
    return random.Random(seed).randrange(len(STORIES))


def of_every_story(count: int) -> list[int]:
    """Return the first ``count`` seeds of each story."""
    found: dict[int, list[int]] = {story: [] for story in range(len(STORIES))}
    for seed in itertools.count(1):
        if all(len(seeds) >= count for seeds in found.values()):
            break
        found[story_of(seed)].append(seed)
    return sorted(seed for seeds in found.values() for seed in seeds[:count])


def plan(seed: int, *, is_plain: bool = False) -> Plan:
    """Return what a seed brings; a plain plan is the same story, sent once and in order."""
    people, chance = people_of(story_of(seed)), random.Random(seed)
    if is_plain:
        return Plan(seed, people, tuple(_posts(people, None)), bad=0, workers=1)
    posts = _Posts(chance, list(_posts(people, chance)))
    posts.repeat(share=0.15)
    posts.contradict(share=0.1)
    bad = posts.spoil(share=0.1)
    return Plan(seed, people, tuple(posts.all), bad, workers=1 + (chance.random() < 0.4))


def _posts(people: Sequence[Person], chance: random.Random | None) -> list[Post]:
    """Return an envelope for each moment, or one for each person, late by a few seconds."""
    made = []
    for second in (*ARRIVE_S, *LEAVE_S):
        rows = [person.row(second) for person in people]
        is_apart = chance is not None and chance.random() < 0.2
        groups = [[row] for row in rows] if is_apart else [rows]
        for number, group in enumerate(groups):
            late = chance.uniform(0, SLOWEST_S) if chance else 1.0
            key = f"at-{second}-{number}"
            if group:
                made.append(Post(second + late, key, key, tuple(group)))
    return made


@dataclass
class _Posts:
    chance: random.Random
    all: list[Post] = field(default_factory=list)

    def some(self, share: float) -> list[Post]:
        return [one for one in self.all if self.chance.random() < share]

    def repeat(self, *, share: float) -> None:
        """Send some once more: sometimes while the first is still on its way."""
        for one in self.some(share):
            due = one.due_s + self.chance.choice((0.0, 1.0, 60.0))
            self.all.append(Post(due, f"{one.name} again", one.key, one.rows))

    def contradict(self, *, share: float) -> None:
        """Send another body under a key that was acknowledged: it must be refused."""
        for one in [post for post in self.some(share) if post.name == post.key]:
            moved = ({**one.rows[0], "accuracy_m": 6.0}, *one.rows[1:])
            name = f"{one.name} otherwise"
            self.all.append(Post(one.due_s, name, one.key, moved, one.key, is_refused=True))

    def spoil(self, *, share: float) -> int:
        """Send some rows that lie nowhere; returns how many."""
        spoilt = [one for one in self.some(share) if one.name == one.key]
        for one in spoilt:
            row = {**one.rows[0], "lat": 99.0}
            self.all.append(Post(one.due_s, f"{one.name} bad", f"{one.name} bad", (row,)))
        return len(spoilt)


def troubles(seed: int, *, visits: int, vital: int, outside: int) -> Troubles:
    """Return what goes wrong by a seed in a run that passes about so many points."""
    chance = random.Random(seed + 1)

    def moments(most: int, of: int) -> frozenset[int]:
        return frozenset(chance.randrange(1, max(2, of)) for _ in range(chance.randint(0, most)))

    return Troubles(
        strikes=moments(5, vital),
        anywhere=moments(3, visits),
        pauses=moments(2, outside),
        lose_requests=chance.choice((0.0, 0.05, 0.2)),
        lose_answers=chance.choice((0.0, 0.1, 0.3)),
    )
