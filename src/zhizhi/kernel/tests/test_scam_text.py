"""Scam, not sure or normal: in one pass as in many, at thresholds that hold, and with reasons."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.kernel.learning import learned
from zhizhi.kernel.scam_phrases import ENOUGH, TYPOLOGIES, phrase_scores
from zhizhi.kernel.scam_text import (
    COST,
    NORMAL,
    SCAM,
    UNSURE,
    ScamModel,
    ScamThresholds,
    scam_model,
    scam_parts,
    scam_thresholds,
    states,
)
from zhizhi.kernel.unmasking import unmasked

KINDS = {
    "bank": "尊敬的用户您的账户积分可兑换现金请登录网址 http://a{n}.example.com 领取",
    "shop": "亲爱的会员周年庆全场{n}折起满减优惠欢迎光临退订回复",
    "home": "妈妈我晚上{n}点到家一起吃饭吧",
}
EVEN = ScamThresholds(0.9, 0.1)


def rows(count: int = 60) -> tuple[list[str], list[str]]:
    told = [(text.format(n=n), kind) for n in range(count) for kind, text in KINDS.items()]
    return [text for text, _kind in told], [kind for _text, kind in told]


@cache
def model() -> ScamModel:
    texts, kinds = rows()
    return scam_model(texts, kinds, {"bank"}, texts)


def test_one_pass_gives_the_margins_of_the_model_it_was_made_of() -> None:
    texts, kinds = rows()
    names = sorted(KINDS)
    parts = scam_parts(unmasked(texts))
    taught = learned(parts, [names.index(kind) for kind in kinds], len(names), cost=COST)
    strange = ["积分 换 现金 zzz 鑫", "", "x", *texts[:3]]

    expected = taught.margins(scam_parts(unmasked(strange)))
    assert model().scores(strange).margins == pytest.approx(expected, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("尊敬的用户积分现金妈妈吃饭abc 1*", max_size=30), max_size=4))
def test_one_pass_gives_to_the_bit_what_adding_run_by_run_gives(texts: list[str]) -> None:
    table = np.random.default_rng(5).random(model().table.shape, np.float32)
    told, read = replace(model(), table=table), unmasked(texts)
    count = len(told.kinds)
    views = [part.counted for part in scam_parts(read)]

    found = told.scores_of(read)
    for n in range(len(texts)):
        margins, runs, known = told.bias.copy(), 0, 0.0
        for view, rows in enumerate(views):
            columns = rows.column[rows.begin[n] : rows.begin[n + 1]]
            sums = np.zeros(told.table.shape[1], np.float32)
            for column in columns:
                sums += told.table[told.place[column + view * rows.width]]
            if len(columns):
                margins += sums[:count] / np.sqrt(sums[count])
            runs, known = runs + len(columns), known + float(sums[count + 1])
        assert found.margins[n].tobytes() == margins.tobytes()
        assert found.known[n] == (known / runs if runs else 0.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("建行积分现金兑换妈妈吃饭abc 1*", max_size=20), max_size=6))
def test_a_text_is_judged_alike_alone_and_among_others(texts: list[str]) -> None:
    together = model().scores(texts)

    for n, text in enumerate(texts):
        alone = model().scores([text])
        assert alone.margins[0].tobytes() == together.margins[n].tobytes()
        assert alone.known[0] == together.known[n]
    assert model().states(texts) == [model().states([text])[0] for text in texts]


def test_scams_are_found_in_disguise_and_normal_texts_are_left_alone() -> None:
    told = model()

    assert told.thresholds.scam > told.thresholds.normal
    assert told.scores([KINDS["bank"].format(n=3)]).chance[0] > 0.9
    assert told.scores(["尊敬 的 用*户 您 的 賬戶 积·分 可 兌换 现-金 请 登 录"]).chance[0] > 0.8
    assert told.scores(["尊敬的用户您的帐护鸡芬可对换线斤请灯鹿网只"]).chance[0] > 0.5
    assert replace(told, thresholds=EVEN).states([KINDS["home"].format(n=7)]) == [NORMAL]


@pytest.mark.parametrize(
    ("chance", "state"),
    [(0.1, NORMAL), (0.1001, UNSURE), (0.8999, UNSURE), (0.9, SCAM)],
)
def test_the_thresholds_part_three_states(chance: float, state: str) -> None:
    assert states(np.array([chance]), np.array([1.0]), np.array([False]), EVEN) == [state]


@pytest.mark.parametrize(("known", "state"), [(0.49, UNSURE), (0.5, NORMAL), (0.51, NORMAL)])
def test_a_text_of_words_never_learned_is_not_called_normal(known: float, state: str) -> None:
    assert states(np.array([0.0]), np.array([known]), np.array([False]), EVEN) == [state]


def test_a_text_with_the_phrases_of_a_trick_is_not_called_normal() -> None:
    has = np.array([False, True])

    assert states(np.zeros(2), np.ones(2), has, EVEN) == [NORMAL, UNSURE]


@pytest.mark.parametrize(("others", "alarms"), [(999, 0), (1000, 0), (2000, 1), (3000, 2)])
def test_so_many_others_allow_so_many_false_alarms(others: int, alarms: int) -> None:
    chance = np.concatenate([np.linspace(0.0, 0.5, others), np.full(50, 0.99)])
    found = scam_thresholds(chance, np.arange(len(chance)) >= others)

    assert np.sum(chance[:others] >= found.scam) == alarms
    assert np.all(chance[others:] >= found.scam) == (others >= 1000)


@pytest.mark.parametrize(("scams", "missed"), [(99, 0), (100, 0), (200, 1), (300, 2)])
def test_so_many_scams_allow_so_many_misses(scams: int, missed: int) -> None:
    chance = np.concatenate([np.linspace(0.6, 0.9, scams), np.full(2000, 0.95)])
    found = scam_thresholds(chance, np.arange(len(chance)) < scams)

    assert np.sum(chance[:scams] <= found.normal) == missed


def test_equal_chances_are_never_parted_by_a_threshold() -> None:
    found = scam_thresholds([0.5] * 3000 + [0.5] * 300, [False] * 3000 + [True] * 300)

    assert found.scam > 0.5 > found.normal


def test_reasons_add_up_to_what_they_explain() -> None:
    text = "【建行】尊敬的用户积♥分可兌换现金，请登录 www.a-b.com/x 领取"
    told = model()
    read, margins = unmasked([text]), told.scores([text]).margins[0]
    scam, other = told.rivals(margins)

    total = told.pulls(read, margins).sum() + told.bias[scam] - told.bias[other]
    assert total == pytest.approx(margins[scam] - margins[other], abs=1e-4)


def test_an_explanation_points_at_the_words_that_speak_for_it() -> None:
    text = "妈妈说：积♥分可兌换现金"
    said = model().explained(text)

    assert said.kinds[0][0] in KINDS
    assert "积♥分" in text[said.spans[0].start : said.spans[0].stop]
    assert [span.weight for span in said.spans] == sorted(
        (span.weight for span in said.spans), reverse=True
    )
    assert model().explained("").spans == ()


@pytest.mark.parametrize(
    ("text", "typology"),
    [
        ("诚招刷单员", "brushing"), ("诚招兼职，佣金高", "brushing"), ("诚招兼职", ""),
        ("兼职兼职兼职", ""), ("请转入安荃帐户", "police"), ("跑分高手", "mule"), ("泡芬高手", ""),
        ("出售实·名号", "account_resale"), ("", ""),
    ],
)  # fmt: skip
def test_a_trick_is_known_by_one_clear_phrase_or_by_two(text: str, typology: str) -> None:
    [score] = phrase_scores(unmasked([text]))

    found = [name for name, s in zip(TYPOLOGIES, score, strict=True) if s >= ENOUGH]
    assert found == ([typology] if typology else [])


def test_a_phrase_never_reaches_into_the_next_text() -> None:
    assert not phrase_scores(unmasked(["刷", "单"])).any()
