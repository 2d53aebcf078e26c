"""Area codes: county 6, town 3, community 3, grid 3 digits, zeros below the level.

Buildings, road sections and exclusive areas carry the code of the smallest area around them and
up to nine digits of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEVELS = {"district": 6, "town": 9, "community": 12, "grid_cell": 15}
_LENGTH, _LONGEST = 15, 24
_DIGITS = re.compile(r"^[0-9]+$")


class CodeInvalid(ValueError):
    """The text is not the code of an area of that kind; the message says why."""


@dataclass(frozen=True, slots=True)
class AreaCode:
    """A checked code, with the administrative level it names and the level above."""

    kind: str
    code: str

    @property
    def parent(self) -> str:
        """The code one level up; empty for a district."""
        own = LEVELS.get(self.kind)
        if own is None:
            return self.code[:_LENGTH]
        return "" if own == LEVELS["district"] else self.code[: own - 3].ljust(_LENGTH, "0")


def read_code(text: str, kind: str) -> AreaCode:
    """Return the code of an area of ``kind``; raises CodeInvalid with the remedy."""
    code = text.strip()
    if not (code.isascii() and _DIGITS.match(code)):
        raise _invalid(text, "has other characters than digits")
    level = LEVELS.get(kind)
    if level is None:
        return _own_code(code, kind)
    if len(code) != _LENGTH:
        raise _invalid(text, f"has {len(code)} digits, not {_LENGTH}")
    if code[level:].strip("0"):
        raise _invalid(text, f"names something smaller than a {kind.replace('_', ' ')}")
    if level > LEVELS["district"] and not code[level - 3 : level].strip("0"):
        raise _invalid(text, f"names something larger than a {kind.replace('_', ' ')}")
    if not code[:2].strip("0"):
        raise _invalid(text, "begins with 00, which is no region")
    return AreaCode(kind, code)


def _own_code(code: str, kind: str) -> AreaCode:
    if not _LENGTH <= len(code) <= _LONGEST:
        raise _invalid(code, f"has {len(code)} digits, not {_LENGTH} to {_LONGEST}")
    return AreaCode(kind, code)


def _invalid(text: str, reason: str) -> CodeInvalid:
    return CodeInvalid(f"The area code {text!r} {reason}.")
