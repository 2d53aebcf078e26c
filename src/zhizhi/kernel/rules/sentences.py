"""The sentence that tells a person why a rule fired: text with the values of the event in it.

``{name}`` or ``{name:.1f}``, with formats for numbers alone: digits behind the point, thousands,
percent. Nothing else can be reached through a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from zhizhi.kernel.rules.schema import Scalar
from zhizhi.kernel.rules.syntax import ConditionWrong

UNKNOWN = "未知"
YES, NO = "是", "否"
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_HOLE = re.compile(r"([A-Za-z_]\w*)(?::(,?(?:\.[0-9])?[f%]?))?", re.ASCII)


def holes(sentence: str) -> Iterator[tuple[int, str, str]]:
    """Yield place, name and format of each value in ``sentence``. Raises ConditionWrong."""
    for part in _PART.finditer(sentence):
        if part.group() in {"{{", "}}"}:
            continue
        hole = _HOLE.fullmatch(part[1]) if part[1] is not None else None
        if hole is None:
            raise ConditionWrong(
                part.start(), f"{part.group()} is no place for a value.",
                "Write {name}, {name:.1f} or {name:.0%}; {{ and }} for the brackets themselves.",
            )  # fmt: skip
        yield part.start(), hole[1], hole[2] or ""


def filled(sentence: str, value: Callable[[str], Scalar]) -> str:
    """Return ``sentence`` with the values in it."""

    def one(part: re.Match[str]) -> str:
        if part.group() in {"{{", "}}"}:
            return part.group()[0]
        name, _, how = part[1].partition(":")
        return shown(value(name), how)

    return _PART.sub(one, sentence)


def shown(value: Scalar, how: str = "") -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, str):
        return value
    return format(value, how or (".0f" if value == int(value) else "g"))
