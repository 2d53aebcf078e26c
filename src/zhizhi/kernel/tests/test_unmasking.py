"""Texts as they are meant: disguises fall off, and twice is as once."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zhizhi.kernel.letters import letters
from zhizhi.kernel.unmasking import unmasked, unmasked_text

DRESSED = st.text(
    st.sampled_from(list("URLDIGITPHONENAME QQab09.:/-*\u200b亻言氵去讠正银行薇徽貝\uff51①㎏❤аé。"))
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("登錄銀行，兌換積分", "登录银行兑换积分"),
        ("ｗｅ①②　請", "weDIGIT请"),
        ("积*分♥兑\u200b换", "积分兑换"),
        ("亻言用卡 氵去院", "信用卡法院"),
        ("徽信", "微信"),
        ("p\u0430yp\u0430l caf\u00e9", "paypalcafe"),
        ("\U0001f176\U0001f150 \U0001f1e8", "gac"),
        ("尊敬 的 PLACE 用户 NAME 回复 DIGIT", "尊敬的用户回复DIGIT"),
        ("请点 http://ab.example/x?y=1 查看", "请点URL查看"),
        ("请点www。abc。com/查看", "请点URL查看"),
        ("重3.5kg。ok", "重DIGITkgok"),
        ("加微信abc12345吧", "加微信WECHAT吧"),
        ("CURLY URLDIGIT URLab", "curlyURLDIGITURLab"),
        ("", ""),
        ("\ud800\U000e0041", ""),
    ],
)
def test_what_is_meant_alike_is_read_alike(written: str, meant: str) -> None:
    assert unmasked_text(written) == meant


@pytest.mark.parametrize(
    ("digits", "token"),
    [
        ("123456", "DIGIT"), ("1234567", "PHONE"), ("12345678", "PHONE"), ("123456789", "DIGIT"),
        ("1234-567", "DIGIT"), ("13800138000", "PHONE"), ("138-0013*8000", "PHONE"),
        ("12800138000", "DIGIT"), ("400 800 8888", "PHONE"), ("4108008888", "DIGIT"),
        ("0571-88888888", "PHONE"), ("0571-8888", "DIGIT"), ("8:00-12:00", "DIGIT"),
        ("1，2 、3", "DIGIT"),
    ],
)  # fmt: skip
def test_numbers_and_telephone_numbers_are_told_apart(digits: str, token: str) -> None:
    assert unmasked_text(f"拨{digits}吧") == f"拨{token}吧"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("ab123", False), ("abc123", True), ("abcde1", False), ("abcd12", True), ("12abcd", False)],
)
def test_an_account_name_has_six_signs_and_two_digits(name: str, *, is_one: bool) -> None:
    assert (unmasked_text(f"加{name}吧") == "加WECHAT吧") == is_one


@given(DRESSED | st.text())
@example("氵氵去")
@example("a。c。com")
def test_a_text_as_it_is_meant_stays_so(text: str) -> None:
    once = unmasked_text(text)

    assert unmasked_text(once) == once


@given(st.lists(DRESSED, max_size=5))
def test_a_text_is_read_alike_in_any_company(texts: list[str]) -> None:
    together = unmasked(texts)

    for n, text in enumerate(texts):
        alone, part = unmasked([text]), slice(together.begin[n], together.begin[n + 1])
        assert together.symbol[part].tolist() == alone.symbol.tolist()
        assert together.sound[part].tolist() == alone.sound.tolist()
        assert together.start[part].tolist() == alone.start.tolist()


@given(DRESSED)
def test_every_symbol_tells_where_it_was_read(text: str) -> None:
    read = unmasked([text])

    for start, stop in zip(read.start.tolist(), read.stop.tolist(), strict=True):
        assert 0 <= start < stop <= len(text)
    assert read.start.tolist() == sorted(read.start.tolist())


def test_a_symbol_covers_all_it_was_read_from() -> None:
    read = unmasked(["请 氵去 www.a.com/b 院"])

    pieces = ["请 氵去 www.a.com/b 院"[a:b] for a, b in zip(read.start, read.stop, strict=True)]
    assert pieces == ["请", "氵去", "www.a.com/b", "院"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("建行积分", "健形鸡芬", True), ("湖南", "扶兰", True), ("中兴", "宗新", True),
        ("银行", "人行", False), ("热", "乐", False),
        ("信", "芯", True), ("a", "b", False),
    ],
)  # fmt: skip
def test_signs_that_are_read_alike_have_one_sound(one: str, other: str, *, alike: bool) -> None:
    assert (unmasked([one]).sound.tolist() == unmasked([other]).sound.tolist()) == alike


def test_a_joined_sign_is_never_half_of_another() -> None:
    halves = {int(pair) & 0xFFFFFFFF for pair in letters().pair}

    assert not halves & set(letters().joined.tolist())
