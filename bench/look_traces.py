"""Reference traces of staff looking people up, from a seed: nothing in them is anybody's.

Shifts, days off and leave; accounts that differ and days that differ (negative binomial counts,
both of all looks and of those that no act follows); days on which a whole role has much more to do;
newcomers, who look more without acting; people who change their role; and, laid over an account
from a day on, somebody who sells what he looks up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DAYS, BEGIN = 120, 60  # sellers begin then
ROLES = (("operator", 120, 9.0), ("agency_officer", 150, 4.0), ("inspector", 30, 2.5))
ACCOUNTS = sum(count for _role, count, _mean in ROLES)
IDLE_SHARE = 0.06  # of the looks no act follows, usually
NEWCOMERS, CHANGERS = 0.05, 0.03


@dataclass(frozen=True, slots=True)
class Trace:
    """Per account and day: whether somebody worked, in which role, all looks and unlinked ones."""

    works: np.ndarray
    role: np.ndarray
    looks: np.ndarray
    unlinked: np.ndarray


def honest(seed: int) -> Trace:
    """Return the looks of accounts of whom nobody sells anything."""
    chance = np.random.default_rng(seed)
    role = np.repeat(np.arange(len(ROLES)), [count for _role, count, _mean in ROLES])
    roles = np.tile(role[:, None], (1, DAYS))
    changed = chance.random(ACCOUNTS) < CHANGERS
    for account in np.flatnonzero(changed):
        roles[account, chance.integers(40, 90) :] = chance.integers(len(ROLES))
    works, since = _shifts(chance)
    mean = np.array([mean for _role, _count, mean in ROLES])[roles]
    person = chance.gamma(5, 1 / 5, ACCOUNTS)[:, None]
    day = chance.gamma(6, 1 / 6, (ACCOUNTS, DAYS))
    burst = np.ones((len(ROLES), DAYS))
    for which in range(len(ROLES)):
        for begin in chance.integers(5, DAYS - 3, 5):
            burst[which, begin : begin + 2] = chance.uniform(1.5, 3)
    much = burst[roles, np.arange(DAYS)]
    looks = chance.poisson(mean * person * day * much)
    share = IDLE_SHARE * chance.gamma(4, 1 / 4, ACCOUNTS)[:, None]
    share = share * chance.gamma(4, 1 / 4, (ACCOUNTS, DAYS)) * np.sqrt(much)
    new = np.arange(DAYS)[None, :] - since[:, None]
    share = np.where((new < 20) & (since[:, None] > 0), 2 * share, share)
    unlinked = chance.binomial(looks, np.minimum(share, 0.9))
    return Trace(works, roles, np.where(works, looks, 0), np.where(works, unlinked, 0))


def _shifts(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return who works when, and since which day: five of seven, or four of six round the clock."""
    days = np.arange(DAYS)[None, :]
    phase = chance.integers(0, 6, ACCOUNTS)[:, None]
    round_the_clock = chance.random(ACCOUNTS)[:, None] < 0.5
    works = np.where(round_the_clock, (days + phase) % 6 < 4, days % 7 < 5)
    works &= chance.random((ACCOUNTS, DAYS)) > 0.04  # ill, or in training
    leave = chance.integers(0, DAYS, ACCOUNTS)[:, None]
    works &= (days < leave) | (days >= leave + 10)
    is_new = chance.random(ACCOUNTS) < NEWCOMERS
    since = np.where(is_new, chance.integers(20, 90, ACCOUNTS), 0)
    return works & (days >= since[:, None]), since


def sold(trace: Trace, accounts: np.ndarray, rate: float, attached: float, seed: int) -> np.ndarray:
    """Lay sellers over ``trace`` from day ``BEGIN`` on; returns how many each has sold on each day.

    ``attached`` is the share of the sold looks that come with acts on real cases.
    """
    chance = np.random.default_rng(seed)
    count = np.zeros_like(trace.looks)
    count[accounts, BEGIN:] = chance.poisson(rate, (len(accounts), DAYS - BEGIN))
    count *= trace.works
    trace.looks[:] += count
    trace.unlinked[:] += chance.binomial(count, 1 - attached)
    return count
