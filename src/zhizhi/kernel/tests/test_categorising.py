"""A text model decides where it may, names three choices elsewhere, and refuses to guess."""

from __future__ import annotations

import numpy as np
import pytest

from zhizhi.kernel.calibrating import NEVER
from zhizhi.kernel.categorising import TextModel, TooFewTexts, text_model
from zhizhi.kernel.learning import FeaturePart, folds, held_out
from zhizhi.kernel.ngrams import Grams

KINDS = {"lamp": "路灯不亮", "water": "水管漏水", "noise": "夜间施工噪音", "waste": "垃圾无人清运"}


@pytest.fixture(scope="module")
def model() -> TextModel:
    texts = [f"{words} 第{n}号楼 请处理" for n in range(40) for words in KINDS.values()]
    return text_model(texts, [*KINDS] * 40, wanted=0.95)


@pytest.mark.parametrize(("kind", "words"), KINDS.items())
def test_what_was_learned_is_decided(model: TextModel, kind: str, words: str) -> None:
    [told] = model.suggestions([f"你好，{words}，三天了"])

    assert told.choices[0][0] == kind
    assert told.is_decided


def test_what_was_never_seen_is_left_open_with_three_choices(model: TextModel) -> None:
    [told] = model.suggestions(["zzz"])

    assert not told.is_decided
    assert len(told.choices) == 3
    assert [chance for _name, chance in told.choices] == sorted(
        (chance for _name, chance in told.choices), reverse=True
    )


def test_a_text_is_told_the_same_alone_and_among_others(model: TextModel) -> None:
    texts = ["路灯坏了", "", "漏水", "路灯坏了"]

    assert model.suggestions(texts) == [model.suggestions([text])[0] for text in texts]


def test_labels_that_the_texts_do_not_tell_are_never_decided() -> None:
    texts = [f"{n} 请处理" for n in range(200)]
    labels = [("a", "b")[(n * 2654435761).bit_count() % 2] for n in range(200)]

    assert text_model(texts, labels).abstention == NEVER


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["a", "a", "b"], "only one text of b"), (["a", "a"], "fewer than two"), ([], "fewer than")],
)
def test_too_little_to_learn_from_is_refused(labels: list[str], message: str) -> None:
    with pytest.raises(TooFewTexts, match=message):
        text_model(["x"] * len(labels), labels)


def test_equal_texts_are_held_out_together() -> None:
    found = folds(["a", "b", "a", "c", "b"], 5)

    assert found[0] == found[2]
    assert found[1] == found[4]
    assert len(set(folds([str(n) for n in range(100)], 5))) == 5


def test_no_row_is_its_own_teacher() -> None:
    parts = [FeaturePart(Grams(1, 1, 12).counted(["a", "a", "b", "b", "b", "b"]))]
    alone = held_out(parts, [0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2], 2)

    # Whoever learned from the rows with "a" would know that they are of class 0.
    assert np.argmax(alone, axis=1).tolist() == [1, 1, 1, 1, 1, 1]
