"""What is played: anglers who stay, people who pass, in waves; the same for every run of a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

STREAM = "shore_positions.v1"
TOKEN = "chaos-source-token"
BROKER_SOURCE = "broker"  # the same rows by MQTT
ZONES = ("reach-1", "reach-2")
WEST, SOUTH, SIDE = 107.30, 29.60, 0.05  # the first zone; the second lies 0.2 degrees further east
LIMIT_MINUTES = 0.05  # so that a stay takes seconds
FIXES = 5  # one a second: the stay lasts four seconds


@dataclass(frozen=True, slots=True)
class Walk:
    """One person: a token, the zone, and whether they stay or only pass."""

    token: int
    zone: str
    stays: bool

    def place(self, fix: int) -> tuple[float, float]:
        """Return lon/lat of one fix; who passes is inside only once."""
        east = WEST + 0.2 * ZONES.index(self.zone) + SIDE / 2
        is_inside = self.stays or fix == 0
        return east, SOUTH + (SIDE / 2 if is_inside else 3 * SIDE)


@dataclass(frozen=True, slots=True)
class Plan:
    """Waves of walks; ``truth`` is what must be found, once."""

    waves: tuple[tuple[Walk, ...], ...]

    @property
    def truth(self) -> set[tuple[int, str]]:
        return {(walk.token, walk.zone) for wave in self.waves for walk in wave if walk.stays}


def plan(*, waves: int, seed: int) -> Plan:
    """Return ``waves`` of four who stay and two who pass."""
    chance = random.Random(seed)
    made = []
    for number in range(waves):
        first = 1000 * (number + 1)
        wave = [Walk(first + n, chance.choice(ZONES), stays=n < 4) for n in range(6)]
        made.append(tuple(wave))
    return Plan(tuple(made))
