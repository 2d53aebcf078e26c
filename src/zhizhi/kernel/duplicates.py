"""How likely two reports tell of the same matter, and what that was worked out from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from zhizhi.kernel.ngrams import Floats, Grams, rarity, weighed
from zhizhi.kernel.plain_text import plain

GRAMS = Grams(least=1, most=2, bits=18)
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Told:
    """One report as it is compared: its words and time, and what else is known of it."""

    title: str
    at_s: float
    body: str = ""
    place_m: tuple[float, float] | None = None  # on a plane, in metres
    photo: int | None = None  # perceptual hash of 64 bits


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two reports have in common; a part that one of them lacks is None and counts nothing."""

    title: float  # cosine, 0 to 1
    body: float | None
    days: float
    shared: str  # the longest run of characters that both titles have
    metres: float | None
    photo: int | None  # bits of the two photos that differ
    score: float


@dataclass(frozen=True, slots=True)
class Likening:
    """How much each part counts. Words and time were tried on pairs of titles, the rest was not."""

    rare: Floats  # how much each run of characters tells, from texts of the installation
    body: float = 0.5
    a_day: float = 0.002
    shared: float = 0.1
    longest: int = 10  # more characters in common do not count for more
    far: float = 0.3
    far_m: float = 250.0
    photo: float = 0.3
    photo_bits: int = 16  # so many differing bits and more are another picture

    def likeness(self, one: Told, other: Told) -> Likeness:
        """Return what ``one`` and ``other`` have in common, with the score, in either order."""
        title = self._cosine(one.title, other.title)
        has_bodies = bool(one.body and other.body)
        body = self._cosine(one.body, other.body) if has_bodies else None
        days = abs(one.at_s - other.at_s) / DAY_S
        shared = longest_shared(*sorted((plain(one.title), plain(other.title))))
        metres = _metres(one, other)
        photo = _differing(one.photo, other.photo)
        score = (
            title
            + (0.0 if body is None else self.body * body)
            - self.a_day * days
            + self.shared * min(len(shared), self.longest) / self.longest
            - (0.0 if metres is None else self.far * math.log1p(metres / self.far_m))
            + (0.0 if photo is None else self.photo * max(0.0, 1 - photo / self.photo_bits))
        )
        return Likeness(title, body, days, shared, metres, photo, score)

    def _cosine(self, one: str, other: str) -> float:
        rows = weighed(GRAMS.counted([plain(one), plain(other)]), self.rare)
        middle = rows.begin[1]
        first = dict(zip(rows.column[:middle].tolist(), rows.value[:middle].tolist(), strict=True))
        second = zip(rows.column[middle:].tolist(), rows.value[middle:].tolist(), strict=True)
        return math.fsum(first.get(column, 0.0) * value for column, value in second)


def likening(texts: Sequence[str]) -> Likening:
    """Return a way to compare that knows from ``texts`` which runs of characters are rare."""
    return Likening(rarity(GRAMS.counted([plain(text) for text in texts])))


def longest_shared(one: str, other: str) -> str:
    """Return the longest run of characters that stands in both, often the name of a place."""
    found = SequenceMatcher(None, one, other, autojunk=False).find_longest_match()
    return one[found.a : found.a + found.size]


def _metres(one: Told, other: Told) -> float | None:
    if one.place_m is None or other.place_m is None:
        return None
    return math.dist(one.place_m, other.place_m)


def _differing(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else (one ^ other).bit_count()
