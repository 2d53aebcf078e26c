"""Which category a text belongs to: learned from labelled texts, with the right to say nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.calibrating import Abstention, abstention, chances, temperature
from zhizhi.kernel.learning import FeaturePart, Learned, folds, held_out, learned
from zhizhi.kernel.ngrams import Grams
from zhizhi.kernel.plain_text import plain

CHOICES = 3
FOLDS = 5
FEWEST = 2  # texts of a category: one to learn from while the other is held out
WANTED = 0.99  # share of decided texts that are to be right
COST = 1.0

_BODY = Grams(least=1, most=3, bits=18)
_HEAD = Grams(least=1, most=3, bits=16)
_HEAD_LENGTH, _HEAD_WEIGHT = 30, 0.5  # how a text begins says more than what follows
_WORD, _WORD_WEIGHT = Grams(least=1, most=1, bits=17), 0.7  # where a language parts its words


class TooFewTexts(Exception):
    """There is too little to learn from; the message says of what."""


@dataclass(frozen=True, slots=True)
class TextSuggestion:
    """What a model says of one text: its surest choices, and whether it may decide by itself."""

    choices: tuple[tuple[str, float], ...]
    is_decided: bool


@dataclass(frozen=True, slots=True)
class TextModel:
    """Categories learned from texts; it decides where it is sure enough, else names choices."""

    labels: tuple[str, ...]
    learned: Learned
    temperature: float
    abstention: Abstention

    def chances(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the chance of each label for each text."""
        return chances(self.learned.margins(text_parts(texts)), self.temperature)

    def suggestions(self, texts: Sequence[str]) -> list[TextSuggestion]:
        """Return for each text what the model would say."""
        return [self._suggestion(row) for row in self.chances(texts)]

    def _suggestion(self, chance: NDArray[np.float64]) -> TextSuggestion:
        best = np.argsort(-chance, kind="stable")[:CHOICES]
        choices = tuple((self.labels[k], float(chance[k])) for k in best)
        return TextSuggestion(choices, bool(chance[best[0]] >= self.abstention.least))


def text_parts(texts: Sequence[str]) -> list[FeaturePart]:
    """Return the features of texts: of the whole, of how each begins, and of its words."""
    plain_texts = [plain(text) for text in texts]
    beginnings = [text[:_HEAD_LENGTH] for text in plain_texts]
    return [
        FeaturePart(_BODY.counted(plain_texts)),
        FeaturePart(_HEAD.counted(beginnings), _HEAD_WEIGHT),
        FeaturePart(_WORD.counted_words([text.split() for text in plain_texts]), _WORD_WEIGHT),
    ]


def text_model(texts: Sequence[str], labels: Sequence[str], *, wanted: float = WANTED) -> TextModel:
    """Return a model of the categories; its sureness comes from texts that were held out.

    Raises TooFewTexts when there are not two categories, or one has a single text.
    """
    names = _names(labels)
    label = np.array([names.index(one) for one in labels])
    parts = text_parts(texts)
    margins = held_out(parts, label, folds(texts, FOLDS), len(names), cost=COST, is_emphasised=True)
    heat = temperature(margins, label)
    chance = chances(margins, heat)
    guess = chance.argmax(axis=1)
    return TextModel(
        labels=names,
        learned=learned(parts, label, len(names), cost=COST, is_emphasised=True),
        temperature=heat,
        abstention=abstention(chance.max(axis=1), guess == label, wanted),
    )


def _names(labels: Sequence[str]) -> tuple[str, ...]:
    count = Counter(labels)
    rare = sorted(name for name, times in count.items() if times < FEWEST)
    if rare:
        raise TooFewTexts(f"only one text of {', '.join(rare)}")
    if len(count) < FEWEST:
        raise TooFewTexts("fewer than two categories")
    return tuple(sorted(count))
