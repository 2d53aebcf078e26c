"""Choosing what to report among many kinds: groups in order, and a search that forgives."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from zhizhi.engine.reporting import CATCH_ALL
from zhizhi.engine.system import ReportKind
from zhizhi.web.residents import kinds


def kind(code: str, name: str, *groups: str, **more: Any) -> ReportKind:
    above = tuple((f"g.{group}", group) for group in groups)
    return ReportKind(f"g.{code}", name, f"g.{code}", groups=above, **more)


LAMP = kind("lamp", "路灯不亮", "公共设施", "照明", hint="Number on the pole")
DAY = kind("day", "路灯白天亮着", "公共设施", "照明")
DRAIN = kind("drain", "下水道堵塞", "公共设施", "给排水")
NOISE = kind("noise", "Building noise", "Noise")
ALONE = kind("rod", "Somebody is fishing")
ALL = [ALONE, LAMP, DAY, NOISE, DRAIN, CATCH_ALL]


def codes(found: list[ReportKind]) -> list[str]:
    return [one.code for one in found]


def test_kinds_stand_under_the_top_of_their_branch_and_something_else_comes_last() -> None:
    found = kinds.arranged(ALL)

    assert codes(found.alone) == ["g.rod"]
    assert [group.name for group in found.groups] == ["公共设施", "Noise"]
    facility, noise = found.groups
    assert [(name, codes(listed)) for name, listed in facility.parts] == [
        ("照明", ["g.lamp", "g.day"]),
        ("给排水", ["g.drain"]),
    ]
    assert [(name, codes(listed)) for name, listed in noise.parts] == [("", ["g.noise"])]
    assert facility.codes() == {"g.lamp", "g.day", "g.drain"}
    assert found.rest == [CATCH_ALL]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("路灯不亮", ["g.lamp", "g.day"]),
        ("路灯坏了", ["g.lamp", "g.day"]),
        ("灯", ["g.lamp", "g.day"]),
        ("白天", ["g.day"]),
        ("BUILDING", ["g.noise"]),
        ("building fishing", ["g.rod", "g.noise"]),
        ("pole", ["g.lamp"]),
        ("照明白天", ["g.day", "g.lamp"]),  # the name before what stands around it
        ("照明", ["g.lamp", "g.day"]),
        ("飞碟", []),
        ("", []),
        ("   ", []),
        ("else", []),
    ],
)
def test_words_find_what_shares_most_with_them(words: str, found: list[str]) -> None:
    assert codes(kinds.matching(words, ALL)) == found


def test_the_other_language_of_the_interface_finds_as_well() -> None:
    both = ReportKind("g.x", translation.gettext_lazy("Settings"), "g.x")

    with translation.override("zh-hans"):
        assert kinds.matching("settings", [both]) == [both]
    with translation.override("en"):
        assert kinds.matching("设置", [both]) == [both]


@pytest.mark.parametrize(("many", "found"), [(11, 11), (12, 12), (13, 12)])
def test_a_phone_shows_a_dozen_results_at_most(many: int, found: int) -> None:
    listed = [kind(str(number), "lamp") for number in range(many)]

    assert len(kinds.matching("lamp", listed)) == found
