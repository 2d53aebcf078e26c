"""From rules that fire to what is warned of: scores of a typology, its tier, and who rests.

Pure: what was told before comes in and goes out as times of events, so that replay equals live.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from zhizhi.kernel.rules.rule import HIGH, LIVE, LOW, MEDIUM, SHADOW, TIERS, WarningRule
from zhizhi.kernel.rules.schema import Event

FULL_SCORE: Final = 100
_MICROSECOND = timedelta(microseconds=1)

LastTold = Mapping[str, int]  # of one person: by rule id the microsecond of the last warning


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened to one protected person, with what came before it as features."""

    id: str
    kind: str
    entity: int
    time_us: int
    values: Event


@dataclass(frozen=True, slots=True)
class TierScores:
    """From which score of a typology on a warning has a tier; below ``low`` nothing is told."""

    low: int = 10
    medium: int = 40
    high: int = 70

    def tier(self, score: int, levels: Iterable[str]) -> str | None:
        """Return the tier of a score, no higher than the highest level that a rule allows."""
        most = max(map(TIERS.index, levels))
        bounds = {LOW: self.low, MEDIUM: self.medium, HIGH: self.high}
        reached = [TIERS.index(tier) for tier, least in bounds.items() if score >= least]
        return TIERS[min(max(reached), most)] if reached else None


@dataclass(frozen=True, slots=True)
class TypologyVerdict:
    """What the rules of one typology and mode say together about one occurrence."""

    typology: str
    mode: str
    score: int
    tier: str | None
    fired: tuple[WarningRule, ...]
    resting: frozenset[str]  # references of rules that warned of this person a while ago

    @property
    def is_told(self) -> bool:
        """Whether a warning follows; in shadow it is a phantom that nobody sees."""
        return self.tier is not None and any(r.reference not in self.resting for r in self.fired)


def verdicts(
    fired: Sequence[WarningRule],
    occurrence: Occurrence,
    last_told: LastTold,
    scores: TierScores | None = None,
) -> tuple[TypologyVerdict, ...]:
    """Return what is to be told, by typology; live rules and those in shadow for themselves."""
    groups: dict[tuple[str, str], list[WarningRule]] = {}
    for rule in sorted(fired, key=lambda rule: rule.reference):
        if rule.mode in {LIVE, SHADOW}:
            groups.setdefault((rule.typology, rule.mode), []).append(rule)
    found = []
    for (typology, mode), rules in sorted(groups.items()):
        score = min(sum(rule.score for rule in rules), FULL_SCORE)
        tier = (scores or TierScores()).tier(score, [rule.level for rule in rules])
        resting = frozenset(r.reference for r in rules if _rests(r, occurrence.time_us, last_told))
        found.append(TypologyVerdict(typology, mode, score, tier, tuple(rules), resting))
    return tuple(found)


def told_after(
    last_told: LastTold, found: Sequence[TypologyVerdict], occurrence: Occurrence
) -> dict[str, int]:
    """Return what was last told after these verdicts; a late event moves no time back."""
    after = dict(last_told)
    for verdict in found:
        for rule in verdict.fired if verdict.is_told else ():
            if rule.reference not in verdict.resting:
                after[rule.id] = max(after.get(rule.id, occurrence.time_us), occurrence.time_us)
    return after


def _rests(rule: WarningRule, time_us: int, last_told: LastTold) -> bool:
    """Return whether the rule warned less than its cool-down ago, or after this late event."""
    last = last_told.get(rule.id)
    return last is not None and time_us - last < rule.cooldown // _MICROSECOND
