"""What it costs to check texts for scams from end to end, beside scikit-learn in one run.

With files (the formats of zhizhi evaluate fraud-text) four of five clusters of near-duplicates
teach and the fifth is asked; without, texts are invented as for bench.texts, one kind in eight a
scam, and tell of cost alone. Both learn from the same texts. The peer is asked twice: reading texts
as they stand, and without what stands between letters, for in some collections that tells the
publisher. Ours and the peers' are timed in turns, and medians are told.
Run with: python -m bench.fraud_text FILE... --json
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any

import numpy as np
from bench import texts as invented
from bench.measuring import Figure, figure, print_figures, timed

from zhizhi.config.fraud_evaluating import LabelledText, read_texts
from zhizhi.kernel.accuracy import recall_at
from zhizhi.kernel.learning import folds, learned
from zhizhi.kernel.scam_phrases import phrase_scores
from zhizhi.kernel.scam_text import (
    COST,
    FOLDS,
    ScamModel,
    ScamThresholds,
    scam_lead,
    scam_parts,
    scorer,
)
from zhizhi.kernel.unmasking import unmasked

ROUNDS, ALONE, FALSE_ALARMS = 5, 2000, 0.001
PEER = "scikit-learn TF-IDF 1-3, LinearSVC"
BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class TextsToCheck:
    """Texts that teach and texts that are asked, of which the learners know nothing."""

    teach: list[LabelledText]
    ask: list[LabelledText]

    @property
    def asked(self) -> list[str]:
        return [one.text for one in self.ask]

    @property
    def is_scam(self) -> list[bool]:
        return [one.is_scam for one in self.ask]


def texts_of(paths: Sequence[Path]) -> TextsToCheck:
    """Return the texts of files, or invented ones, in five parts by cluster."""
    told = [text for path in paths for text in read_texts(path)] or _invented()
    fold = folds([one.cluster for one in told], FOLDS)
    return TextsToCheck(
        [one for one, part in zip(told, fold, strict=True) if part],
        [one for one, part in zip(told, fold, strict=True) if not part],
    )


def _invented() -> list[LabelledText]:
    return [
        LabelledText(text, str(kind), kind == 0, text, "")
        for text, kind in zip(*invented.texts(), strict=True)
    ]


def run(paths: Sequence[Path] = ()) -> list[Figure]:
    """Return all figures."""
    told = texts_of(paths)
    model, learning = timed(lambda: _ours(told.teach))
    peer, peers_learning = timed(lambda: _peer(told.teach, as_they_stand))
    bare = _peer(told.teach, without_gaps)
    model.states(told.asked)  # compiles
    ways: dict[str, Callable[[], Any]] = {
        "whole": lambda: model.states(told.asked),
        "reading": lambda: unmasked(told.asked),
        "scoring": lambda: model.scores_of(read),
        "phrases": lambda: phrase_scores(read),
        "peer": lambda: peer(told.asked),
        "bare": lambda: bare(told.asked),
    }
    read = unmasked(told.asked)
    rounds = [{name: timed(way)[1] for name, way in ways.items()} for _round in range(ROUNDS)]
    micro = 1e6 / len(told.ask)
    cost = {name: micro * median(one[name] for one in rounds) for name in ways}
    lead = scam_lead(model.scores_of(read).margins, model.kinds, model.scams)
    ours, theirs, bares = (
        recall_at(told.is_scam, score, FALSE_ALARMS)
        for score in (lead, peer(told.asked), bare(told.asked))
    )
    scale = 1e6 / len(told.teach)
    return [
        figure("checking, a text end to end", "µs", cost["whole"], (PEER, cost["peer"]), least=20),
        figure("checking, peer without gaps", "µs", cost["whole"], (PEER, cost["bare"]), least=20),
        figure("texts a second and core", "", 1e6 / cost["whole"], least=150_000),
        figure("checking one text alone, p99", "ms", _alone(model, told.asked), most=1),
        *(figure(f"of it {name}", "µs", cost[name]) for name in ("reading", "scoring", "phrases")),
        figure("learning, a text", "µs", learning * scale, (PEER, peers_learning * scale)),
        figure("recall at 0.1 % false alarms", "", ours),
        figure("recall, ours less the peer's", "", ours - theirs, least=0),
        figure("recall, ours less the peer's without gaps", "", ours - bares, least=0),
        figure("texts asked", "", len(told.ask)),
        figure("characters of a text, mean", "", float(np.mean([len(one) for one in told.asked]))),
    ]


def as_they_stand(text: str) -> str:
    return text.lower()


def without_gaps(text: str) -> str:
    return BETWEEN.sub("", text.lower())


def _ours(teach: Sequence[LabelledText]) -> ScamModel:
    kinds = sorted({one.kind for one in teach})
    parts = scam_parts(unmasked([one.text for one in teach]))
    taught = learned(parts, [kinds.index(one.kind) for one in teach], len(kinds), cost=COST)
    scams = frozenset(one.kind for one in teach if one.is_scam)
    return scorer(taught, parts, kinds, scams, 1.0, ScamThresholds(0.9, 0.1))


def _alone(model: ScamModel, texts: Sequence[str]) -> float:
    """Return the milliseconds within which 99 of 100 texts were checked, one at a time."""
    waits = []
    for text in texts[:ALONE]:
        begin = thread_time()
        model.states([text])
        waits.append(1000 * (thread_time() - begin))
    return float(np.quantile(waits, 0.99))


def _peer(
    teach: Sequence[LabelledText], read: Callable[[str], str]
) -> Callable[[Sequence[str]], Any]:
    """Return how the peer, which reads texts by ``read``, tells how much they are scams."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - development
        from sklearn.pipeline import make_pipeline  # noqa: PLC0415
        from sklearn.svm import LinearSVC  # noqa: PLC0415
    except ImportError:
        sys.exit("The peer is missing; install it with: pip install -r requirements/dev.lock")
    way = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, preprocessor=read),
        LinearSVC(),
    )
    way.fit([one.text for one in teach], [one.is_scam for one in teach])
    decide: Callable[[Sequence[str]], Any] = way.decision_function
    return decide


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="CSV, or CSV.gz")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    print_figures(run(arguments.files), as_json=arguments.json)
