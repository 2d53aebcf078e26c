"""What it costs to learn categories from texts and to name them, beside scikit-learn in one run.

The texts are invented: eight categories, each with words of its own among common ones, drawn from a
seed. So the figures tell of cost alone; accuracy is told to show that both have learned the same.
Run with: python -m bench.texts --json
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from bench.measuring import Figure, figure, show, timed

from zhizhi.kernel.accuracy import accuracy
from zhizhi.kernel.categorising import text_model
from zhizhi.kernel.learning import FeaturePart, learned
from zhizhi.kernel.ngrams import Grams
from zhizhi.kernel.plain_text import plain

SEED, TEXTS, CATEGORIES, FIRST_SIGN = 20261127, 4000, 8, 0x4E00
PEER = "scikit-learn TF-IDF 1-3, LinearSVC"


def texts() -> tuple[list[str], list[int]]:
    """Return invented texts with their categories: one word in five is of the category's own."""
    draw = np.random.default_rng(SEED)
    words = [
        "".join(chr(FIRST_SIGN + sign) for sign in draw.integers(0, 2500, size))
        for size in draw.integers(2, 5, 3000)
    ]
    own = draw.integers(0, len(words), (CATEGORIES, 60))
    label = draw.integers(0, CATEGORIES, TEXTS)
    found = []
    for one in label:
        picks = draw.integers(0, len(words), int(draw.integers(15, 80)))
        is_own = draw.random(len(picks)) < 0.2
        picks[is_own] = draw.choice(own[one], int(is_own.sum()))
        found.append("".join(words[pick] for pick in picks))
    return found, label.tolist()


def run() -> list[Figure]:
    """Return all figures."""
    told, label = texts()
    half = TEXTS // 2
    teach, known = told[:half], label[:half]
    grams = Grams(1, 3, 18)
    text_model(teach[:400], [str(one) for one in known[:400]])  # compiles
    ours, ours_learning = timed(
        lambda: learned([FeaturePart(grams.counted([plain(t) for t in teach]))], known, CATEGORIES)
    )
    guess, ours_naming = timed(
        lambda: ours.margins([FeaturePart(grams.counted([plain(t) for t in told[half:]]))])
    )
    model = text_model(teach, [str(one) for one in known])
    named, whole_naming = timed(lambda: model.suggestions(told[half:]))
    peer, peer_learning, peer_naming = _peer(teach, known, told[half:])
    alike = accuracy(label[half:], guess.argmax(axis=1)) - accuracy(label[half:], peer)
    return [
        _cost("learning, the same features", ours_learning, peer_learning, half, least=1),
        _cost("naming, the same features", ours_naming, peer_naming, half, least=5),
        _cost("naming, the text model with chances and choices", whole_naming, peer_naming, half),
        figure("texts a second, the same features", "", half / ours_naming),
        figure("accuracy, ours less theirs", "", alike, least=-0.01),
        figure("accuracy of the text model", "", accuracy(
            [str(one) for one in label[half:]], [one.choices[0][0] for one in named])),
    ]  # fmt: skip


def _cost(name: str, ours: float, peer: float, count: int, *, least: float | None = None) -> Figure:
    micro = 1e6 / count
    return figure(f"{name}, a text", "µs", ours * micro, (PEER, peer * micro), least=least)


def _peer(teach: list[str], known: list[int], ask: list[str]) -> tuple[Any, float, float]:
    """Return what the peer names, and the CPU seconds it learned and named for."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - development
        from sklearn.pipeline import make_pipeline  # noqa: PLC0415
        from sklearn.svm import LinearSVC  # noqa: PLC0415
    except ImportError:
        sys.exit("The peer is missing; install it with: pip install -r requirements/dev.lock")
    way = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True), LinearSVC()
    )
    _fitted, learning = timed(lambda: way.fit(teach, known))
    named, naming = timed(lambda: way.predict(ask))
    return named, learning, naming


if __name__ == "__main__":
    show(run, __doc__)
