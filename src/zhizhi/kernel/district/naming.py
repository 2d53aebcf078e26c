"""Invented names: pairs of uncommon characters that no gazetteer known to us puts together."""

from __future__ import annotations

import numpy as np

DISTRICT_NAME = "临砚区"
COUNTY = "990001"  # no province has the number 99
_FIRST = "砚霁枞漪珩蕖岫湄翎檀樨笙萤鹭岚槿沅芷澹渌筠琬璞蓼荻菱棠栖砺皋"
_SECOND = "渚坞汀陂磴塬埠墅屿濑畈垭坡溆皋岬埂塘坳坪"
_STREET = "砚霁枞漪珩檀笙鹭岚槿沅芷筠璞棠栖"
_STREET_KIND = ("路", "街", "巷", "大道")


def place_names(random: np.random.Generator, count: int) -> list[str]:
    """Return ``count`` different two-character names."""
    pairs = [a + b for a in _FIRST for b in _SECOND if a != b]
    return [pairs[i] for i in random.permutation(len(pairs))[:count]]


def street_names(random: np.random.Generator, count: int) -> list[str]:
    """Return ``count`` different street names of two characters and a kind."""
    pairs = [a + b + kind for a in _STREET for b in "云水山林月星" for kind in _STREET_KIND]
    return [pairs[i] for i in random.permutation(len(pairs))[:count]]


def number_word(number: int) -> str:
    """Return 1..99 in Chinese figures, as grids are counted."""
    figures = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    if not tens:
        return figures[ones]
    return (figures[tens] if tens > 1 else "") + "十" + (figures[ones] if ones else "")
