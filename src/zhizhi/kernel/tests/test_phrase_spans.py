"""Where phrases stand agrees with how strongly they were found."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.phrase_spans import phrase_spans
from zhizhi.kernel.scam_phrases import TYPOLOGIES, phrase_scores
from zhizhi.kernel.unmasking import unmasked

WORDS = sorted({word for parts in TYPOLOGIES.values() for part in parts for word in part.split()})
PIECES = st.sampled_from([*WORDS, "你好", "，", " ", "安全", "账户", "1 3 8 0013 8000", "t.cn/x"])


@settings(max_examples=40, deadline=None)
@given(st.lists(PIECES, max_size=12))
def test_the_phrases_that_stand_somewhere_are_those_that_count(pieces: list[str]) -> None:
    read = unmasked(["".join(pieces)])

    counted = Counter[str]()
    for span in phrase_spans(read):
        counted[span.typology] += span.strength

    scores = dict(zip(TYPOLOGIES, phrase_scores(read)[0].tolist(), strict=True))
    assert counted == Counter({name: score for name, score in scores.items() if score})


@pytest.mark.parametrize("shown", ["安全账户", "安 全*账户", "安铨账户"])
def test_a_phrase_is_found_where_it_stands_whatever_hides_it(shown: str) -> None:
    text = f"请转到{shown}，勿告诉他人"

    spans = [text[s.start : s.stop] for s in phrase_spans(unmasked([text])) if s.strength == 2]

    assert spans == [shown]
