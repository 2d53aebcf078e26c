"""Disguises that senders put words in, drawn from a seed: to measure what they cost a reader."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache

from opencc import OpenCC

from zhizhi.kernel.letters import syllable

SEED = 20261127
# What a publisher put in place of something stands for a thing, and is disguised no further.
_UNIT = re.compile(r"CELLPHONE|HOTLINE|WECHAT|PHONE|DIGIT|PLACE|NAME|URL|QQ|.", re.DOTALL)
_COMMON_SIGNS = range(0xB0, 0xD8)  # first bytes of the 3,755 signs of GB 2312, level 1
_STROKES = "*·、-_.~|^★❤ \u200b"

Disguise = Callable[[list[str], float, random.Random], list[str]]


def evaded(texts: Sequence[str], disguises: Sequence[tuple[str, float]]) -> list[str]:
    """Return the texts in the disguises, one after another, the same ones each time."""
    found = []
    for text in texts:
        draw = random.Random(f"{SEED}|{text}")  # noqa: S311 - a trial, not a secret
        units = _UNIT.findall(text)
        for name, rate in disguises:
            units = DISGUISES[name][0](units, rate, draw)
        found.append("".join(units))
    return found


def _homophones(units: list[str], rate: float, draw: random.Random) -> list[str]:
    """Put other signs that sound alike, to ears that tell fewer sounds apart than the reader."""
    alike = _alike()
    return [
        draw.choice(alike[_heard(one)]) if _is_sign(one) and _drawn(draw, rate) else one
        for one in units
    ]


def _inserted(units: list[str], rate: float, draw: random.Random) -> list[str]:
    return [one + draw.choice(_STROKES) if _drawn(draw, rate) else one for one in units]


def _deleted(units: list[str], rate: float, draw: random.Random) -> list[str]:
    return [one for one in units if len(one) > 1 or not _drawn(draw, rate)]


def _traditional(units: list[str], rate: float, draw: random.Random) -> list[str]:
    convert = OpenCC("s2t").convert
    return [convert(one) if _is_sign(one) and _drawn(draw, rate) else one for one in units]


def _full_width(units: list[str], rate: float, draw: random.Random) -> list[str]:
    return [
        chr(ord(one) + 0xFEE0)
        if len(one) == 1 and "!" <= one <= "~" and _drawn(draw, rate)
        else one
        for one in units
    ]


DISGUISES: dict[str, tuple[Disguise, float]] = {
    "homophone": (_homophones, 0.6),
    "insertion": (_inserted, 0.3),
    "deletion": (_deleted, 0.1),
    "traditional": (_traditional, 0.5),
    "full-width": (_full_width, 0.5),
}


def _drawn(draw: random.Random, rate: float) -> bool:
    return draw.random() < rate


def _is_sign(unit: str) -> bool:
    return "\u4e00" <= unit <= "\u9fff" and _heard(unit) in _alike()


@cache
def _heard(sign: str) -> str:
    """Return the sound of a sign to ears that hear r as l as well."""
    read = syllable(sign)
    return "l" + read[1:] if read.startswith("r") else read


@cache
def _alike() -> dict[str, str]:
    """Return the common signs by their sounds."""
    found: dict[str, str] = defaultdict(str)
    for high in _COMMON_SIGNS:
        for low in range(0xA1, 0xFF):
            sign = bytes((high, low)).decode("gb2312", "ignore")
            if sign:
                found[_heard(sign)] += sign
    return dict(found)
