"""Who of a gallery is nearest to a probe: exact, in blocks, and how far that is to be believed.

A template is a vector of an encoder; between two of them counts the Euclidean distance. The search
is exhaustive: an index that loses one mate in fifty would leave one lost person in fifty unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

BLOCK = 4096  # rows compared at once: with a batch of probes they stay in the cache
COHORT = 10  # runners-up that say what a stranger's distance looks like for this probe
SHARE = 0.5  # of their mean distance that is taken off


class GalleryInvalid(ValueError):
    """Templates that cannot be compared: says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each probe the places of the nearest templates and their distances, nearest first.

    Shapes (probes, count). Where the gallery has fewer, the place is -1 and the distance infinite.
    """

    place: Places
    distance: Floats


class Gallery:
    """Templates of enrolled people, one row each, float32 of shape (people, dimensions)."""

    def __init__(self, templates: Any) -> None:
        found = np.ascontiguousarray(templates, np.float32)
        if found.ndim != 2 or found.shape[1] == 0:
            raise GalleryInvalid(f"templates of shape {found.shape}: rows of numbers are needed")
        if not np.isfinite(found).all():
            raise GalleryInvalid("a template holds what is no number")
        self.templates: Floats = found
        half = np.einsum("ij,ij->i", found, found, dtype=np.float64) / 2
        # Largest inner product less half the own square = smallest distance: one product for both.
        rows = np.column_stack([found, -half]).astype(np.float32)
        self._blocks = [
            np.ascontiguousarray(rows[start : start + BLOCK].T)
            for start in range(0, len(rows), BLOCK)
        ]

    def __len__(self) -> int:
        return len(self.templates)

    def nearest(self, probes: Any, count: int = COHORT + 1) -> Nearest:
        """Return the ``count`` nearest templates of each probe, float32 (probes, dimensions).

        Of equally near ones among them the first row comes first.
        """
        asked = np.asarray(probes, np.float32)
        if asked.ndim != 2 or asked.shape[1] != self.templates.shape[1]:
            raise GalleryInvalid(
                f"probes of shape {asked.shape} for templates of {self.templates.shape[1]} numbers"
            )
        if not np.isfinite(asked).all():
            raise GalleryInvalid("a probe holds what is no number")
        if not len(self):
            nobody = np.full((len(asked), count), -1, np.int64)
            return Nearest(nobody, np.full(nobody.shape, np.inf, np.float32))
        kept = _Kept(len(asked), count + _SPARE)
        wanted = np.column_stack([asked, np.ones(len(asked), np.float32)])
        room = np.empty((len(asked), BLOCK), np.float32)
        for number, block in enumerate(self._blocks):
            score = np.matmul(wanted, block, out=room[:, : block.shape[1]])
            kept.add(score, number * BLOCK)
        return self._measured(asked, kept.place, count)

    def _measured(self, asked: Floats, place: Places, count: int) -> Nearest:
        """Measure the candidates once more with twice the digits, and put them in order."""
        rows = self.templates[np.maximum(place, 0)].astype(np.float64)
        distance = np.sqrt(np.square(rows - asked[:, None].astype(np.float64)).sum(axis=2))
        distance[place < 0] = np.inf
        behind = np.where(place < 0, len(self), place)
        order = np.lexsort((behind, distance), axis=1)[:, :count]
        return Nearest(
            np.take_along_axis(place, order, axis=1),
            np.take_along_axis(distance, order, axis=1).astype(np.float32),
        )


_SPARE = 4  # candidates more than asked for: single precision may swap neighbours


class _Kept:
    """The best candidates of each probe so far, and what another one has to be better than."""

    def __init__(self, probes: int, count: int) -> None:
        self.place = np.full((probes, count), -1, np.int64)
        self._score = np.full((probes, count), -np.inf, np.float32)
        self._least = np.full((probes, 1), -np.inf, np.float32)

    def add(self, score: Floats, start: int) -> None:
        """Take in the scores of the rows from ``start`` on, shape (probes, rows)."""
        if start == 0:
            place = np.broadcast_to(np.arange(score.shape[1]), score.shape)
            self._merge(place, score)
            return
        probe, column = np.divmod(np.flatnonzero(score > self._least), score.shape[1])
        if not len(probe):
            return
        several = np.bincount(probe, minlength=len(score))
        nth = np.arange(len(probe)) - np.repeat(np.cumsum(several) - several, several)
        new_place = np.full((len(score), several.max()), -1, np.int64)
        new_score = np.full(new_place.shape, -np.inf, np.float32)
        new_place[probe, nth] = column + start
        new_score[probe, nth] = score[probe, column]
        self._merge(new_place, new_score)

    def _merge(self, place: Places, score: Floats) -> None:
        count = self.place.shape[1]
        places = np.concatenate([self.place, place], axis=1)
        scores = np.concatenate([self._score, score], axis=1)
        best = np.argpartition(scores, -count, axis=1)[:, -count:]
        self.place = np.take_along_axis(places, best, axis=1)
        self._score = np.take_along_axis(scores, best, axis=1)
        self._least = self._score.min(axis=1, keepdims=True)


def cohort_scores(distance: Any) -> Floats:
    """Return how much nearer the first is than the cohort behind it lets expect; lower is surer.

    ``distance``: of each probe its nearest first, different people each, shape (probes, count). The
    score is d1 - 0.5 * mean(d2..d11), of fewer where there are no more; infinite where the gallery
    holds nobody else to compare with.
    """
    found = np.asarray(distance, np.float32)
    behind = found[:, 1 : COHORT + 1]
    is_there = np.isfinite(behind)
    several = is_there.sum(axis=1)
    mean = np.where(is_there, behind, 0).sum(axis=1) / np.maximum(several, 1)
    return np.where(several > 0, found[:, 0] - SHARE * mean, np.inf).astype(np.float32)
