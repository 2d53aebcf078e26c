"""Scam, not sure, or verified, with reasons; and nothing is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.engine.tests.building import NOON
from zhizhi.kernel import identifiers
from zhizhi.kernel.scam_phrases import TYPOLOGIES
from zhizhi.systems.antifraud import checking, listing
from zhizhi.systems.antifraud.checking import SCAM, UNSURE, VERIFIED
from zhizhi.systems.antifraud.lessons import LESSONS
from zhizhi.systems.antifraud.listing import Stance

pytestmark = pytest.mark.django_db


def decided(written: str, stance: str, name: str = "") -> None:
    thing = identifiers.identified(written)
    assert thing
    listing.decide(
        thing, stance, reason="looked at", name=name, seen=None, by="account:1", now=NOON,
        expires_at=NOON + timedelta(days=9),
    )  # fmt: skip


def reported(written: str, people: int) -> None:
    thing = identifiers.identified(written)
    assert thing
    for n in range(people):
        listing.note(thing, reporter=str(n), by="resident", now=NOON)


@pytest.mark.parametrize(
    ("text", "state", "typologies"),
    [
        ("明天下午三点在社区开会", UNSURE, ()),
        ("高收益", UNSURE, ()),  # strength 1
        ("我们稳赚不赔", UNSURE, ("investment",)),  # 2
        ("稳赚不赔，高收益", UNSURE, ("investment",)),  # 3
        ("稳赚不赔，高收益，导师带你", SCAM, ("investment",)),  # 4
        ("稳 赚 不 赔，保本高收益，导师带你", SCAM, ("investment",)),
        ("稳赚不赔，刷单", UNSURE, ("investment", "brushing")),  # of two tricks, 2 each
    ],
)
def test_a_text_is_a_scam_by_enough_words_of_one_trick(
    text: str, state: str, typologies: tuple[str, ...]
) -> None:
    found = checking.check(text, now=NOON)

    assert found.state == state
    assert set(found.typologies) == set(typologies)


@pytest.mark.parametrize(("people", "state"), [(0, UNSURE), (1, UNSURE), (2, UNSURE), (3, SCAM)])
def test_a_number_is_a_scam_when_enough_people_reported_it(people: int, state: str) -> None:
    reported("13800138000", people)

    assert checking.check("+86 138-0013-8000", now=NOON).state == state
    assert checking.check("请回电 1 3 8 0013 8000 有事", now=NOON).state == state


def test_a_verified_number_is_said_to_be_so_and_does_not_make_a_text_true() -> None:
    decided("95588", Stance.ALLOW, "A bank")
    decided("a-bank.com", Stance.ALLOW, "A bank")

    assert checking.check("95588", now=NOON).state == VERIFIED
    found = checking.check("请登录 a-bank.com 办理", now=NOON)
    assert found.state == UNSURE
    assert found.found[0][1].is_allowed


def test_an_address_that_imitates_a_verified_one_is_a_scam() -> None:
    decided("a-bank.com", Stance.ALLOW, "A bank")

    assert (
        checking.check("http://a-b\u0430nk.com/x", now=NOON).state == SCAM
    )  # one letter is Cyrillic


def test_what_speaks_for_a_scam_is_marked_and_long_texts_are_cut() -> None:
    text = "甲" * 500 + "稳赚不赔" + "乙" * 500

    pieces = checking.check(text, now=NOON).pieces

    assert [piece.text for piece in pieces if piece.is_marked] == ["稳赚不赔"]
    assert sum(len(piece.text) for piece in pieces) < 100


def test_something_that_is_not_of_its_kind_is_refused() -> None:
    with pytest.raises(checking.NotReadable):
        checking.check("no number", kind="phone", now=NOON)


def test_an_app_is_looked_up_by_its_name() -> None:
    thing = identifiers.app("Easy-Loan")
    assert thing
    listing.decide(
        thing, Stance.DENY, reason="looked at", seen=None, by="account:1", now=NOON,
        expires_at=NOON + timedelta(days=9),
    )  # fmt: skip

    assert checking.check("easy loan", kind="app", now=NOON).state == SCAM


def test_every_trick_has_a_lesson() -> None:
    assert set(LESSONS) == set(TYPOLOGIES)
