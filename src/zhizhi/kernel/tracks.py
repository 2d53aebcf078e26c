"""Faces of one camera followed from picture to picture, and what several of them agree on.

A track is one person walking through one camera's view. Nobody is told from a single face: at least
three usable ones have to agree, and their mean has to be sure enough. Too few usable faces are
"unusable", which says nothing about who was there; never is it "nobody".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]  # (faces, 4): left, top, right, bottom in pixels


@dataclass(frozen=True, slots=True)
class TrackRules:
    """When two boxes are the same person, and how many faces are needed to say who it is."""

    least_overlap: float = 0.3  # intersection over union
    farthest: float = 0.75  # of the box's size between two middles, where nothing overlaps
    gap: timedelta = timedelta(seconds=2)
    least_px: int = 60
    least_faces: int = 3
    most_faces: int = 5  # the best ones are kept
    least_agreeing: float = 2 / 3
    longest: timedelta = timedelta(seconds=10)  # then it is decided and begins anew

    def __post_init__(self) -> None:
        if not 1 <= self.least_faces <= self.most_faces:
            raise ValueError(f"{self.least_faces} to {self.most_faces} faces decide nothing")

    def is_usable(self, size_px: int) -> bool:
        """Say whether a face of this size may tell who it is; a smaller one is only followed."""
        return size_px >= self.least_px


class Decision(StrEnum):
    """What a track comes to."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Guess:
    """One usable face: how good a picture it is, whom it is nearest to, and by which score."""

    quality: float
    person: int
    score: float  # lower is surer


@dataclass
class FaceTrack:
    """One person in one camera's view; of the faces only guesses are kept, and of these the best.

    No template and no picture: what is not known is forgotten with the picture it came from.
    """

    number: int
    began_us: int
    seen_us: int
    box: NDArray[np.float64]
    guesses: list[Guess] = field(default_factory=list)
    faces: int = 0

    def note(self, guess: Guess, most: int) -> None:
        """Keep a guess if it is among the ``most`` best; of equally good ones the earlier."""
        self.guesses = sorted([*self.guesses, guess], key=lambda one: -one.quality)[:most]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a track came to; ``person`` is -1 unless somebody is known."""

    decision: Decision
    person: int
    score: float  # mean of the faces that agree; infinite unless somebody is known
    faces_used: int


class FaceTracker:
    """Follows the faces of one camera; gives each box of a picture the track that it belongs to."""

    def __init__(self, rules: TrackRules | None = None) -> None:
        self.rules = rules or TrackRules()
        self._live: list[FaceTrack] = []
        self._made = 0

    def follow(self, at_us: int, boxes: Boxes) -> tuple[list[FaceTrack], list[FaceTrack]]:
        """Return the track of each box, and the tracks that are over by this picture.

        Pictures that are as old as the one before, or older, come from a camera that repeats
        itself: they change nothing, and each box gets no track (an empty list).
        """
        if any(track.seen_us >= at_us for track in self._live):
            return [], []
        over = self._ended(at_us)
        pairs = self._pairs(np.asarray(boxes, np.float64).reshape(-1, 4))
        found = []
        for place, box in enumerate(np.asarray(boxes, np.float64).reshape(-1, 4)):
            track = pairs.get(place)
            if track is None:
                self._made += 1
                track = FaceTrack(self._made, at_us, at_us, box)
                self._live.append(track)
            track.seen_us, track.box = at_us, box
            track.faces += 1
            found.append(track)
        return found, over

    def finish(self) -> list[FaceTrack]:
        """Return all tracks that are still open: the camera is switched off."""
        over, self._live = self._live, []
        return over

    def _ended(self, at_us: int) -> list[FaceTrack]:
        gap, longest = (
            span // timedelta(microseconds=1) for span in (self.rules.gap, self.rules.longest)
        )
        over = [
            one for one in self._live if at_us - one.seen_us > gap or at_us - one.began_us > longest
        ]
        self._live = [one for one in self._live if one not in over]
        return over

    def _pairs(self, boxes: Boxes) -> dict[int, FaceTrack]:
        """Return which box goes on which track: the closest pair first, each once."""
        if not len(boxes) or not self._live:
            return {}
        cost = self._costs(boxes)
        pairs: dict[int, FaceTrack] = {}
        taken: set[int] = set()
        for flat in np.argsort(cost, axis=None, kind="stable").tolist():
            place, row = divmod(flat, len(self._live))
            if not np.isfinite(cost[place, row]):
                break
            if place not in pairs and row not in taken:
                pairs[place] = self._live[row]
                taken.add(row)
        return pairs

    def _costs(self, boxes: Boxes) -> NDArray[np.float64]:
        """Return how ill each box (row) goes on each track; infinite where it does not at all.

        Below one: they overlap. Above: they do not, and their middles are that far apart.
        """
        before = np.array([track.box for track in self._live])
        overlap = overlaps(boxes, before)
        middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        apart = np.linalg.norm(
            middle[:, None] - ((before[:, :2] + before[:, 2:]) / 2)[None], axis=2
        )
        far = apart / np.maximum(size.max(axis=1), 1)[:, None]
        cost = np.where(far <= self.rules.farthest, 1 + far, np.inf)
        return np.where(overlap >= self.rules.least_overlap, 1 - overlap, cost)


def overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Return intersection over union of each pair, shape (boxes, others); 0 where none is."""
    left_top = np.maximum(boxes[:, None, :2], others[None, :, :2])
    right_bottom = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    inner = np.prod(np.maximum(right_bottom - left_top, 0), axis=2)
    area, other = (np.prod(np.maximum(of[:, 2:] - of[:, :2], 0), axis=1) for of in (boxes, others))
    union = area[:, None] + other[None] - inner
    return np.asarray(np.divide(inner, union, out=np.zeros_like(inner), where=union > 0))


def verdict(guesses: Sequence[Guess], threshold: float, rules: TrackRules) -> Verdict:
    """Return who a track is: known when enough faces agree and their mean score is below.

    ``threshold`` is that of the site, measured on its own strangers.
    """
    if len(guesses) < rules.least_faces:
        return Verdict(Decision.UNUSABLE, -1, float("inf"), len(guesses))
    (person, agreeing), *_others = Counter(guess.person for guess in guesses).most_common(1)
    mean = float(np.mean([guess.score for guess in guesses if guess.person == person]))
    # In whole faces: 2 of 3 are enough, whatever two thirds are as a fraction of two.
    is_agreed = agreeing + 1e-9 >= rules.least_agreeing * len(guesses)
    if is_agreed and mean < threshold:
        return Verdict(Decision.KNOWN, person, mean, len(guesses))
    return Verdict(Decision.UNKNOWN, -1, float("inf"), len(guesses))
