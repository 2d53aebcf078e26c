"""What ``zhizhi evaluate fraud-text`` does: reads labelled texts, and sets ours beside a baseline.

Every model is learned from some of the files' texts and asked of others: of other files, or of the
clusters of near-duplicates that were held out. Nothing that is learned here is kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zhizhi.config.evaluating import Figures, FileUnusable, opened_csv
from zhizhi.kernel import accuracy as good
from zhizhi.kernel.bayes import counted_bayes
from zhizhi.kernel.evading import DISGUISES, evaded
from zhizhi.kernel.learning import Turn, folds, held_out, learned, turns
from zhizhi.kernel.ngrams import Grams
from zhizhi.kernel.scam_phrases import ENOUGH, phrase_scores
from zhizhi.kernel.scam_text import (
    COST,
    FOLDS,
    NORMAL,
    SCAM,
    UNSURE,
    ScamThresholds,
    scam_chance,
    scam_lead,
    scam_parts,
    scam_thresholds,
    scorer,
    states,
)  # fmt: skip
from zhizhi.kernel.unmasking import unmasked

SCAM_LABELS = {"fraud", "spam", "scam"}
SHARES = {"recall_at_1_percent": 0.01, "recall_at_0.1_percent": 0.001}
Disguises = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text, of which kind it is, whether that is a scam, and its near-duplicates."""

    text: str
    kind: str
    is_scam: bool
    cluster: str
    file: str


@dataclass(frozen=True, slots=True)
class FraudTrial:
    """Texts, which of them teach and which are asked, and the disguises to ask them in."""

    texts: list[LabelledText]
    turns: list[Turn]
    disguises: tuple[Disguises, ...]

    @property
    def kinds(self) -> list[str]:
        """Return the kinds that are taught."""
        taught = {int(n) for teach, _ask in self.turns for n in teach}
        return sorted({self.texts[n].kind for n in taught})

    @property
    def scams(self) -> frozenset[str]:
        """Return the kinds that are scams."""
        return frozenset(one.kind for one in self.texts if one.is_scam)

    @property
    def asked(self) -> Any:
        """Return the indices of all texts that are asked."""
        return np.concatenate([ask for _teach, ask in self.turns])

    def taken(self, those: Any) -> list[LabelledText]:
        """Return the texts at the indices ``those``."""
        return [self.texts[n] for n in those]


def disguises_named(written: str) -> Disguises:
    """Return what ``NAME[:RATE]``, several joined by ``+``, names. Raises ValueError."""
    found = []
    for part in written.split("+"):
        name, _colon, rate = part.partition(":")
        if name not in DISGUISES:
            raise ValueError(f"no disguise is called {name!r}; there are {', '.join(DISGUISES)}")
        share = float(rate) if rate else DISGUISES[name][1]
        if not 0 <= share <= 1:
            raise ValueError(f"a rate is from 0 to 1, not {rate}")
        found.append((name, share))
    return tuple(found)


def fraud_text_evaluated(
    train: Sequence[Path], test: Sequence[Path], disguises: Sequence[Disguises]
) -> Figures:
    """Return the figures of baseline and ours. Raises FileUnusable."""
    teach = [text for path in train for text in read_texts(path)]
    apart = sorted(test) != sorted(train) and bool(test)
    ask = [text for path in test for text in read_texts(path)] if apart else []
    trial = FraudTrial(teach + ask, _turns(teach, len(ask)), tuple(disguises))
    told = trial.taken(trial.asked)
    if len({one.is_scam for one in told}) < 2 or len({one.is_scam for one in teach}) < 2:
        raise FileUnusable("both scams and other texts are needed, to learn from and to ask")
    baseline, _answers = _measured("characters 1-3, counting Bayes", trial, _bayes)
    ours, asked = _measured("signs and sounds, linear", trial, _linear)
    return {
        "task": "fraud-text",
        "how": "on files apart" if apart else "cross-validated in five parts by cluster",
        "learned": len(teach),
        "measured": len(told),
        "scams": sum(one.is_scam for one in told),
        "baseline": baseline,
        "ours": ours | {"states": _states(trial, asked)},
        "across": _across(teach),
    }


def read_texts(path: Path) -> list[LabelledText]:
    """Return the texts of a file; its columns tell which format it has. Raises FileUnusable."""
    with opened_csv(path) as reader:
        columns = set(reader.fieldnames or ())
        read = next((one for wanted, one in _FORMATS if wanted <= columns), None)
        if read is None:
            raise FileUnusable(
                f"{path} has none of the known formats: it needs cluster, label and text, "
                "or cluster, label, kind and turns"
            )
        try:
            found = [LabelledText(*read(row), row["cluster"], path.name) for row in reader]
        except (TypeError, KeyError, ValueError) as error:
            raise FileUnusable(f"{path}, line {reader.line_num}: {error}") from error
    if not found:
        raise FileUnusable(f"{path} has no rows")
    return found


def _grouped(row: dict[str, str]) -> tuple[str, str, bool]:
    return row["text"], row["label"], row["group"] == "FR"


def _plain_label(row: dict[str, str]) -> tuple[str, str, bool]:
    is_scam = row["label"] in SCAM_LABELS
    return row["text"], row["label"] if is_scam else "normal", is_scam


def _dialogue(row: dict[str, str]) -> tuple[str, str, bool]:
    said = "\n".join(text for _who, text in json.loads(row["turns"]))
    return said, row["kind"], row["label"] in SCAM_LABELS


_FORMATS: tuple[tuple[set[str], Callable[[dict[str, str]], tuple[str, str, bool]]], ...] = (
    ({"cluster", "group", "label", "text"}, _grouped),
    ({"cluster", "label", "kind", "turns"}, _dialogue),
    ({"cluster", "label", "text"}, _plain_label),
)


def _turns(teach: Sequence[LabelledText], asked: int) -> list[Turn]:
    if asked:
        return [(np.arange(len(teach)), np.arange(len(teach), len(teach) + asked))]
    found = turns(folds([one.cluster for one in teach], FOLDS))
    if len(found) < 2:
        raise FileUnusable("too few clusters to measure in parts")
    return found


@dataclass(frozen=True, slots=True)
class TextAnswers:
    """Of texts that were asked: margins of each kind, share known, phrases of a trick or none."""

    margins: Any
    known: Any
    has_phrases: Any


Learner = Callable[[Sequence[str], Any, Sequence[str]], Callable[[Sequence[str]], TextAnswers]]


def _bayes(texts: Sequence[str], label: Any, kinds: Sequence[str]) -> Callable[..., TextAnswers]:
    grams = Grams(1, 3, 18)
    model = counted_bayes(grams.counted(texts), label, len(kinds))

    def ask(those: Sequence[str]) -> TextAnswers:
        ones = np.ones(len(those))
        return TextAnswers(model.margins(grams.counted(those)), ones, ones < 0)

    return ask


def _linear(texts: Sequence[str], label: Any, kinds: Sequence[str]) -> Callable[..., TextAnswers]:
    parts = scam_parts(unmasked(texts))
    taught = learned(parts, label, len(kinds), cost=COST)
    model = scorer(taught, parts, kinds, frozenset(), 1.0, ScamThresholds(1.0, 0.0))

    def ask(those: Sequence[str]) -> TextAnswers:
        read = unmasked(those)
        scores = model.scores_of(read)
        return TextAnswers(
            scores.margins, scores.known, (phrase_scores(read) >= ENOUGH).any(axis=1)
        )

    return ask


def _measured(name: str, trial: FraudTrial, learner: Learner) -> tuple[Figures, TextAnswers]:
    """Return the figures of one learner, in plain dress and in every disguise."""
    kinds, spent = trial.kinds, 0.0
    answers: list[list[TextAnswers]] = [[] for _dress in range(1 + len(trial.disguises))]
    for teach, ask in trial.turns:
        taught = trial.taken(teach)
        label = np.array([kinds.index(one.kind) for one in taught])
        model = learner([one.text for one in taught], label, kinds)
        clean = [one.text for one in trial.taken(ask)]
        model(clean[:1])
        begin = time.process_time()
        answers[0].append(model(clean))
        spent += time.process_time() - begin
        for n, disguises in enumerate(trial.disguises, 1):
            answers[n].append(model(evaded(clean, disguises)))
    asked = [_together(parts) for parts in answers]
    named = ["+".join(f"{name}:{rate:g}" for name, rate in one) for one in trial.disguises]
    figures = {
        "name": name,
        **_figures(trial, asked[0]),
        "texts_per_second": len(trial.asked) / spent if spent else None,
        "evaded": {
            one: _figures(trial, answer)
            for one, answer in zip(named, asked[1:], strict=True)
        },
    }  # fmt: skip
    return figures, asked[0]


def _together(parts: Sequence[TextAnswers]) -> TextAnswers:
    return TextAnswers(
        np.concatenate([one.margins for one in parts]),
        np.concatenate([one.known for one in parts]),
        np.concatenate([one.has_phrases for one in parts]),
    )


def _figures(trial: FraudTrial, asked: TextAnswers) -> Figures:
    told = trial.taken(trial.asked)
    is_scam = [one.is_scam for one in told]
    lead = scam_lead(asked.margins, trial.kinds, trial.scams)
    return {
        "auc": good.area_under_curve(is_scam, lead),
        **{name: good.recall_at(is_scam, lead, share) for name, share in SHARES.items()},
        "macro_f1": _macro_f1(told, asked.margins, trial.kinds),
    }


def _macro_f1(told: Sequence[LabelledText], margins: Any, kinds: Sequence[str]) -> Figures:
    """Return for each file that has classes how well they are told apart, among themselves."""
    found = {}
    for file in sorted({one.file for one in told}):
        mine = [n for n, one in enumerate(told) if one.file == file]
        truth = [told[n].kind for n in mine]
        own = [k for k, kind in enumerate(kinds) if kind in set(truth)]
        if len(own) > 2:
            guess = [kinds[own[k]] for k in margins[mine][:, own].argmax(axis=1)]
            found[file] = good.macro_f1(truth, guess)
    return found


def _states(trial: FraudTrial, asked: TextAnswers) -> Figures:
    """Return how scams and other texts are dealt among the three states.

    Measured in parts the thresholds come from the measured texts: two numbers of thousands of them.
    """
    kinds, scams = trial.kinds, trial.scams
    is_scam = np.array([one.is_scam for one in trial.taken(trial.asked)])
    chance = scam_chance(asked.margins, kinds, scams, 1.0)
    if len(trial.turns) > 1:
        thresholds = scam_thresholds(chance, is_scam)
    else:
        thresholds = _held_thresholds(trial.taken(trial.turns[0][0]), kinds, scams)
    dealt = np.array(states(chance, asked.known, asked.has_phrases, thresholds))
    return {
        who: {state: float(np.mean(dealt[those] == state)) for state in (SCAM, UNSURE, NORMAL)}
        for who, those in (("scams", is_scam), ("others", ~is_scam))
    }


def _held_thresholds(
    taught: Sequence[LabelledText], kinds: Sequence[str], scams: frozenset[str]
) -> ScamThresholds:
    label = np.array([kinds.index(one.kind) for one in taught])
    fold = folds([one.cluster for one in taught], FOLDS)
    parts = scam_parts(unmasked([one.text for one in taught]))
    margins = held_out(parts, label, fold, len(kinds), cost=COST)
    return scam_thresholds(
        scam_chance(margins, kinds, scams, 1.0), [one.is_scam for one in taught]
    )  # fmt: skip


def _across(texts: Sequence[LabelledText]) -> list[Figures]:
    """Return how well what one file with scams teaches is known in another file with scams.

    Half of the files without scams teaches beside it, the other half is asked.
    """
    scams = sorted({one.file for one in texts if one.is_scam})
    half = folds([one.cluster for one in texts], 2)
    found: list[Figures] = []
    for teacher in scams if len(scams) > 1 else ():
        teach = _those(texts, half == 0, teacher, scams)
        kinds = sorted({texts[n].kind for n in teach})
        tricks = {texts[n].kind for n in teach if texts[n].is_scam}
        label = np.array([kinds.index(texts[n].kind) for n in teach])
        model = _linear([texts[n].text for n in teach], label, kinds)
        for other in scams:
            if other != teacher:
                told = [texts[n] for n in _those(texts, half == 1, other, scams)]
                lead = scam_lead(model([one.text for one in told]).margins, kinds, tricks)
                found.append({"taught": teacher, "asked": other, **_crossed(told, lead)})
    return found


def _those(texts: Sequence[LabelledText], mine: Any, file: str, scams: Sequence[str]) -> list[int]:
    return [
        n for n, one in enumerate(texts)
        if one.file == file or (one.file not in scams and mine[n])
    ]  # fmt: skip


def _crossed(told: Sequence[LabelledText], lead: Any) -> Figures:
    is_scam = np.array([one.is_scam for one in told])
    return {
        "auc": good.area_under_curve(is_scam, lead),
        **{name: good.recall_at(is_scam, lead, share) for name, share in SHARES.items()},
        "recall_where_ahead": float(np.mean(lead[is_scam] > 0)),
        "false_where_ahead": float(np.mean(lead[~is_scam] > 0)),
    }
