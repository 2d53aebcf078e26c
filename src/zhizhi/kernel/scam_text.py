"""Whether a text is a scam: scam, not sure, or normal, and by which of its words.

Learned from texts of several kinds, some of them scams: hashed runs of signs and of sounds, rare
ones weighing more, one linear model a kind, and chances from margins of texts held out. A text of
words that were never learned is not called normal, and neither is one with the phrases of a trick.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.calibrating import chances, temperature
from zhizhi.kernel.learning import FeaturePart, Learned, folds, held_out, learned
from zhizhi.kernel.native import lean, native
from zhizhi.kernel.ngrams import EMPTY, Grams, column_of, longer
from zhizhi.kernel.scam_phrases import ENOUGH, TYPOLOGIES, phrase_scores
from zhizhi.kernel.unmasking import Unmasked, unmasked

SCAM, UNSURE, NORMAL = "scam", "unsure", "normal"
FALSE_ALARMS = 0.001  # share of other texts that may be called a scam
MISSED = 0.01  # share of scams that may be called normal
LEAST_KNOWN = 0.5  # share of a text's runs that must have been learned from
COST, FOLDS = 3.0, 5
SIGNS, SOUNDS = Grams(least=1, most=4, bits=18), Grams(least=2, most=4, bits=18)
_CHOICES, _SPANS, _STANDS_OUT = 3, 5, 0.25

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A piece of a text, from character to character, and how much it speaks for a scam."""

    start: int
    stop: int
    weight: float


@dataclass(frozen=True, slots=True)
class ScamExplanation:
    """What is said of one text, and why; the likeliest kinds have their margins beside them."""

    state: str
    chance: float
    kinds: tuple[tuple[str, float], ...]
    typologies: tuple[str, ...]
    known: float
    spans: tuple[TextSpan, ...]


@dataclass(frozen=True, slots=True)
class ScamThresholds:
    """Of the chance of a scam: from which on a text is called one, up to which it is normal."""

    scam: float
    normal: float


@dataclass(frozen=True, slots=True)
class ScamScores:
    """What a model says of texts: margins of each kind, the chance of a scam, and what it knew."""

    margins: Floats
    chance: Floats
    known: Floats


@dataclass(frozen=True, slots=True)
class ScamModel:
    """Kinds of texts that were learned, as one table that a text is scored with in one pass.

    A row of the table is a run: its weight for each kind, its rarity squared, and one if it was
    learned from. Frequent runs stand first and together; the last row is that of all others.
    """

    kinds: tuple[str, ...]
    scams: frozenset[str]
    place: NDArray[np.int32]  # of each column in the table
    table: NDArray[np.float32]
    bias: Floats
    temperature: float
    thresholds: ScamThresholds

    def scores(self, texts: Sequence[str]) -> ScamScores:
        """Return what the model says of the texts."""
        return self.scores_of(unmasked(texts))

    def scores_of(self, read: Unmasked) -> ScamScores:
        """Return what the model says of texts that have been read."""
        margins, known = _scored(
            read.symbol, read.sound, read.begin, self.place, self.table, self.bias
        )
        return ScamScores(
            margins, scam_chance(margins, self.kinds, self.scams, self.temperature), known
        )

    def states(self, texts: Sequence[str]) -> list[str]:
        """Return for each text whether it is a scam, normal, or neither for sure."""
        read = unmasked(texts)
        scores = self.scores_of(read)
        has_phrases = (phrase_scores(read) >= ENOUGH).any(axis=1)
        return states(scores.chance, scores.known, has_phrases, self.thresholds)

    def explained(self, text: str) -> ScamExplanation:
        """Return what is said of one text, and which of its pieces say so."""
        read = unmasked([text])
        scores, heard = self.scores_of(read), phrase_scores(read)
        best = np.argsort(-scores.margins[0], kind="stable")[:_CHOICES]
        has_phrases = (heard >= ENOUGH).any(axis=1)
        return ScamExplanation(
            state=states(scores.chance, scores.known, has_phrases, self.thresholds)[0],
            chance=float(scores.chance[0]),
            kinds=tuple((self.kinds[k], float(scores.margins[0, k])) for k in best),
            typologies=tuple(
                name for name, score in zip(TYPOLOGIES, heard[0], strict=True) if score >= ENOUGH
            ),
            known=float(scores.known[0]),
            spans=_spans(read, self.pulls(read, scores.margins[0])),
        )

    def pulls(self, read: Unmasked, margins: Floats) -> Floats:
        """Return how much each symbol of one text speaks for a scam.

        They add up to the difference of the likeliest scam and the likeliest other kind, less what
        the two begin with.
        """
        scam, other = self.rivals(margins)
        found = np.zeros(len(read.symbol))
        for view, (points, grams) in enumerate(((read.symbol, SIGNS), (read.sound, SOUNDS))):
            column, start, length = _runs(points, grams.least, grams.most, grams.bits)
            rows = self.table[self.place[column + view * grams.width]].astype(np.float64)
            distinct, times = np.unique(column, return_counts=True)
            squares = self.table[self.place[distinct + view * grams.width], len(self.kinds)]
            norm = np.sqrt(squares.sum())
            pull = (rows[:, scam] - rows[:, other]) / times[np.searchsorted(distinct, column)]
            for at in range(grams.most):
                inside = length > at
                np.add.at(found, start[inside] + at, (pull / length)[inside] / norm)
        return found

    def rivals(self, margins: Floats) -> tuple[int, int]:
        """Return the likeliest kind of scam and the likeliest other kind."""
        scam, other = (one.argmax(axis=1) for one in _sides(margins[None], self.kinds, self.scams))
        return int(scam[0]), int(other[0])


def scam_parts(read: Unmasked) -> list[FeaturePart]:
    """Return the features of texts: which runs of signs, and which runs of sounds, they have."""
    return [
        FeaturePart(SIGNS.counted_points(read.symbol, read.begin).present()),
        FeaturePart(SOUNDS.counted_points(read.sound, read.begin).present()),
    ]


def scam_lead(margins: Floats, kinds: Sequence[str], scams: Collection[str]) -> Floats:
    """Return how far the likeliest scam is ahead of the likeliest other kind."""
    scam, other = _sides(margins, kinds, scams)
    found: Floats = scam.max(axis=1) - other.max(axis=1)
    return found


def scam_chance(
    margins: Floats, kinds: Sequence[str], scams: Collection[str], temperature: float
) -> Floats:
    """Return the chance that a text is a scam, by how far the likeliest one is ahead."""
    return chances(_two(scam_lead(margins, kinds, scams)), temperature)[:, 1]


def _sides(margins: Floats, kinds: Sequence[str], scams: Collection[str]) -> tuple[Floats, Floats]:
    is_scam = np.array([kind in scams for kind in kinds])
    return np.where(is_scam, margins, -np.inf), np.where(is_scam, -np.inf, margins)


def _two(lead: Floats) -> Floats:
    return np.stack([np.zeros_like(lead), lead], axis=1)


def scam_thresholds(chance: Any, is_scam: Any) -> ScamThresholds:
    """Return the thresholds by texts that were held out: so many alarms, so many misses.

    One more of either is counted in, so that a few lucky texts prove nothing.
    """
    chance, is_scam = np.asarray(chance, np.float64), np.asarray(is_scam, bool)
    others, scams = np.sort(chance[~is_scam])[::-1], np.sort(chance[is_scam])
    alarms = int(FALSE_ALARMS * len(others)) - 1
    missed = int(MISSED * len(scams)) - 1
    above = float(np.nextafter(others[alarms], 2.0)) if alarms >= 0 else 2.0
    below = float(np.nextafter(scams[missed], -1.0)) if missed >= 0 else -1.0
    return ScamThresholds(above, min(below, float(np.nextafter(above, -1.0))))


def states(chance: Any, known: Any, has_phrases: Any, thresholds: ScamThresholds) -> list[str]:
    """Return scam, not sure or normal for each text."""
    is_normal = (chance <= thresholds.normal) & (known >= LEAST_KNOWN) & ~has_phrases
    is_one = np.asarray(chance) >= thresholds.scam
    return [SCAM if a else NORMAL if b else UNSURE for a, b in zip(is_one, is_normal, strict=True)]


def scam_model(
    texts: Sequence[str], kinds: Sequence[str], scams: Collection[str], groups: Sequence[str]
) -> ScamModel:
    """Return a model of the kinds; texts of one group are never each other's teachers."""
    names = sorted(set(kinds))
    label = np.array([names.index(kind) for kind in kinds])
    parts = scam_parts(unmasked(texts))
    margins = held_out(parts, label, folds(groups, FOLDS), len(names), cost=COST)
    is_scam = np.array([kind in scams for kind in kinds])
    heat = temperature(_two(scam_lead(margins, names, scams)), is_scam)
    thresholds = scam_thresholds(scam_chance(margins, names, scams, heat), is_scam)
    taught = learned(parts, label, len(names), cost=COST)
    return scorer(taught, parts, names, frozenset(scams), heat, thresholds)


def scorer(
    taught: Learned, parts: Sequence[FeaturePart], kinds: Sequence[str], scams: frozenset[str],
    heat: float, thresholds: ScamThresholds,
) -> ScamModel:  # fmt: skip
    """Return ``taught``, which was learned from ``parts``, as one table for one pass."""
    rare = np.concatenate(taught.rare)
    weights, count = taught.linear.weights, len(kinds)
    column = np.concatenate([parts[0].counted.column, parts[1].counted.column + SIGNS.width])
    times = np.bincount(column, minlength=len(rare))
    used = np.argsort(-times, kind="stable")[: np.count_nonzero(times)]
    place = np.full(len(rare), len(used), np.int32)
    place[used] = np.arange(len(used))
    wide = -(-(count + 2) // _LINE) * _LINE
    table = np.zeros((len(used) + 1, wide), np.float32)
    table[:-1, :count] = weights[used] * rare[used, None]
    table[:-1, count], table[-1, count] = rare[used] ** 2, rare[times == 0].max(initial=0) ** 2
    table[:-1, count + 1] = 1
    bias = weights[-1].astype(np.float64)
    return ScamModel(tuple(kinds), scams, place, table, bias, heat, thresholds)


def _spans(read: Unmasked, pull: Floats) -> tuple[TextSpan, ...]:
    """Return the pieces that speak for a scam most, neighbours joined, the strongest first."""
    if not len(pull) or pull.max() <= 0:
        return ()
    stands_out = np.flatnonzero(pull >= _STANDS_OUT * pull.max())
    pieces = np.split(stands_out, np.flatnonzero(np.diff(stands_out) > 1) + 1)
    found = [
        TextSpan(int(read.start[p[0]]), int(read.stop[p[-1]]), float(pull[p].sum())) for p in pieces
    ]
    return tuple(sorted(found, key=lambda span: -span.weight)[:_SPANS])


@native
def _scored(symbol: Any, sound: Any, begin: Any, place: Any, table: Any, bias: Any) -> Any:
    rows, kinds = len(begin) - 1, len(bias)
    margins, known = np.empty((rows, kinds)), np.zeros(rows)
    last = np.full(len(place), -1, np.int32)  # the text in which each run was found last
    longest = 0
    for row in range(rows):
        longest = max(longest, begin[row + 1] - begin[row])
    places = np.empty(longest * SIGNS_MOST, np.int64)
    sums = np.empty(table.shape[1], np.float32)
    for row in range(rows):
        margins[row] = bias
        runs, seen = 0, 0.0
        for view in range(2):
            points = symbol if view == 0 else sound
            count = _distinct(points[begin[row] : begin[row + 1]], view, row, last, places)
            square, learned_from = _found(table, place, places[:count], kinds)
            _add(table, places[:count], sums)
            runs += count
            seen += learned_from
            norm = np.sqrt(square)
            for k in range(kinds if count else 0):
                margins[row, k] += sums[k] / norm
        known[row] = seen / runs if runs else 0.0
    return margins, known


SIGNS_MOST = SIGNS.most
_LINE = 16  # numbers in one line of the machine's memory
_BITS, _WIDTH = SIGNS.bits, SIGNS.width
_LEAST, _MOST = (SIGNS.least, SOUNDS.least), (SIGNS.most, SOUNDS.most)


@lean
def _distinct(text: Any, view: int, row: int, last: Any, places: Any) -> int:
    """Write the places of a text's runs, each once, and return how many there are."""
    least, most = _LEAST[view], _MOST[view]
    count = 0
    for start in range(len(text)):
        code = EMPTY
        for at in range(start, min(len(text), start + most)):
            code = longer(code, text[at])
            place = column_of(code, _BITS) + view * _WIDTH
            if at - start + 1 >= least and last[place] != row:
                last[place] = row
                places[count] = place
                count += 1
    return count


@lean
def _found(table: Any, place: Any, places: Any, kinds: int) -> Any:
    """Put rows of the table in place of columns; return their rarities squared, how many are known.

    The rows lie far apart: a loop that does so little asks memory for many of them at once, and
    the one that adds them up finds them near.
    """
    square, known = np.float32(0), np.float32(0)
    for n in range(len(places)):
        places[n] = place[places[n]]
        square += table[places[n], kinds]
        known += table[places[n], kinds + 1]
    return square, known


@lean
def _add(table: Any, rows: Any, sums: Any) -> None:
    """Add up rows of the table, one after the other, but four in one walk along them."""
    sums[:] = 0
    four = len(rows) // 4 * 4
    for n in range(0, four, 4):
        a, b, c, d = table[rows[n]], table[rows[n + 1]], table[rows[n + 2]], table[rows[n + 3]]
        for k in range(len(sums)):
            sums[k] = sums[k] + a[k] + b[k] + c[k] + d[k]
    for row in rows[four:]:
        for k in range(len(sums)):
            sums[k] += table[row, k]


@native
def _runs(points: Any, least: int, most: int, bits: int) -> Any:
    """Return column, beginning and length of every run of one text."""
    room = len(points) * most
    column, start, length = (
        np.empty(room, np.int64),
        np.empty(room, np.int64),
        np.empty(room, np.int64),
    )
    count = 0
    for since in range(len(points)):
        code = EMPTY
        for at in range(since, min(len(points), since + most)):
            code = longer(code, points[at])
            if at - since + 1 >= least:
                column[count], start[count], length[count] = (
                    column_of(code, bits), since, at - since + 1,
                )  # fmt: skip
                count += 1
    return column[:count], start[:count], length[:count]
