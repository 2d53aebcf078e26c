"""Disguises are drawn from a seed, and do what their names say."""

from __future__ import annotations

import pytest

from zhizhi.kernel.evading import DISGUISES, evaded
from zhizhi.kernel.unmasking import unmasked, unmasked_text

TEXT = "尊敬的用户您的账户积分可兑换现金请登录URL领取DIGIT元ab"


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguise_is_the_same_each_time_and_none_at_rate_nought(name: str) -> None:
    assert evaded([TEXT], [(name, 1.0)]) == evaded([TEXT], [(name, 1.0)]) != [TEXT]
    assert evaded([TEXT], [(name, 0.0)]) == [TEXT]


def test_what_stands_for_something_is_left_as_it_is() -> None:
    [found] = evaded([TEXT], [("deletion", 1.0)])

    assert found == "URLDIGIT"


@pytest.mark.parametrize("name", ["insertion", "traditional", "full-width"])
def test_some_disguises_hide_nothing(name: str) -> None:
    [found] = evaded([TEXT], [(name, 1.0)])

    assert unmasked_text(found) == unmasked_text(TEXT)


def test_a_rate_is_how_many_letters_are_disguised() -> None:
    [found] = evaded(["中" * 2000], [("insertion", 0.3)])

    assert len(found) - 2000 == pytest.approx(600, abs=70)


def test_homophones_are_other_signs_that_mostly_sound_alike_to_the_reader() -> None:
    [found] = evaded(["积分兑换人金账热" * 40], [("homophone", 1.0)])
    before, after = unmasked(["积分兑换人金账热" * 40]), unmasked([found])

    assert (before.symbol != after.symbol).mean() > 0.9
    assert (before.sound == after.sound).mean() > 0.7
    assert (before.sound != after.sound).any()  # the disguise confuses r with l as well
