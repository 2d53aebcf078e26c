"""Area codes: county 6, town 3, community 3, grid 3 digits, zeros below the level.

Buildings, road sections and exclusive areas carry the code of the smallest area around them and
up to nine digits of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from zhizhi.directory.models import Area

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
    facts = {"code": code, "digits": len(code), "kind": Area.Kind(kind).label}
    if not (code.isascii() and _DIGITS.match(code)):
        raise CodeInvalid(_("The area code “%(code)s” has other characters than digits.") % facts)
    level = LEVELS.get(kind)
    if level is None:
        if not _LENGTH <= len(code) <= _LONGEST:
            raise CodeInvalid(
                _("The area code “%(code)s” has %(digits)s digits, not 15 to 24.") % facts
            )
        return AreaCode(kind, code)
    if len(code) != _LENGTH:
        raise CodeInvalid(_("The area code “%(code)s” has %(digits)s digits, not 15.") % facts)
    if code[level:].strip("0"):
        raise CodeInvalid(
            _("The area code “%(code)s” names less than a unit of kind %(kind)s.") % facts
        )
    if level > LEVELS["district"] and not code[level - 3 : level].strip("0"):
        raise CodeInvalid(
            _("The area code “%(code)s” names more than a unit of kind %(kind)s.") % facts
        )
    if not code[:2].strip("0"):
        raise CodeInvalid(_("The area code “%(code)s” begins with 00, which is no region.") % facts)
    return AreaCode(kind, code)
