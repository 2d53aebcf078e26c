"""Reading a pack of categories that somebody hands in as CSV; nothing is written here.

Each row becomes a draft or gets errors that name the row, the field and the remedy, so that the
whole file can be mended at once.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.engine.models import Severity
from zhizhi.systems.grid.models import LONGEST_CODE, LONGEST_HINT, LONGEST_NAME, Category

COLUMNS = (
    "code", "parent", "name_zh", "name_en", "hint_zh", "hint_en", "kind", "severity", "radius_m",
    "capabilities", "lead_agency", "look_minutes", "residents",
)  # fmt: skip
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DIGITS = re.compile(r"[0-9]{1,9}")
WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")
YES, NO = ("yes", "1", "是"), ("no", "0", "否")
MOST_BYTES, MOST_ROWS = 4 * 1024 * 1024, 5000
RADIUS, LOOK = (5, 5000), (1, 44640)
FIRST_ROW = 2  # of a table whose head is row 1


class PackUnreadable(ValueError):
    """The file as a whole cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class CategoryDraft:
    """One category as it shall be; ``row`` is where it stood, the head being row 1."""

    row: int
    code: str
    parent: str
    columns: Mapping[str, Any]

    @property
    def said(self) -> dict[str, Any]:
        """Everything but the code."""
        return {**self.columns, "parent": self.parent}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row of a pack, and how to mend it."""

    row: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.row}, {self.field}: {self.message}"


@dataclass(slots=True)
class HandedPack:
    """What a file gave: good rows as drafts, and every error."""

    code: str
    drafts: list[CategoryDraft] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def read(content: bytes, *, pack: str) -> HandedPack:
    """Read the CSV of the pack called ``pack``; raises PackUnreadable."""
    if not _is_code(pack):
        text = _("“%(pack)s” cannot be the code of a pack: give one like city-2026 by --pack.")
        raise PackUnreadable(text % {"pack": pack})
    if len(content) > MOST_BYTES:
        raise PackUnreadable(_("The file is too large; a pack has at most 4 MB."))
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        text = _("The file is no UTF-8 text. In a spreadsheet choose “save as CSV UTF-8”.")
        raise PackUnreadable(text) from error
    except csv.Error as error:
        text = _("The file is no CSV: %(why)s.") % {"why": error}
        raise PackUnreadable(text) from error
    _check_head(lines)
    handed = HandedPack(pack)
    for row, cells in enumerate(lines[1:], FIRST_ROW):
        if any(cell.strip() for cell in cells):
            _take(handed, row, cells, lines[0])
    return handed


def _check_head(lines: list[list[str]]) -> None:
    head = [cell.strip() for cell in lines[0]] if lines else []
    missing = [name for name in COLUMNS if name not in head]
    if missing:
        text = _("The first row must name the columns; missing: %(names)s.")
        raise PackUnreadable(text % {"names": ", ".join(missing)})
    unknown = [name for name in head if name not in COLUMNS]
    if unknown or len(set(head)) < len(head):
        text = _("The first row names columns that are unknown or stand there twice: %(names)s.")
        raise PackUnreadable(text % {"names": ", ".join(unknown or head)})
    if not len(lines) - 1 <= MOST_ROWS:
        raise PackUnreadable(_("A pack has at most %(most)d rows.") % {"most": MOST_ROWS})
    if len(lines) == 1:
        raise PackUnreadable(_("There is no category in the file."))


def _take(handed: HandedPack, row: int, cells: list[str], head: list[str]) -> None:
    if len(cells) != len(head):
        text = _("It has %(n)d cells, the first row %(wanted)d: put texts with commas in quotes.")
        told = text % {"n": len(cells), "wanted": len(head)}
        handed.problems.append(RowProblem(row, "row", told))
        return
    given = {name.strip(): cell.strip() for name, cell in zip(head, cells, strict=True)}
    reading = _Reading(row, given)
    columns = {name: read(reading, name) for name, read in _READ.items()}
    columns["is_for_residents"] = columns.pop("residents")
    code, parent = reading.code("code"), reading.code("parent") if given["parent"] else ""
    handed.problems += reading.problems
    handed.drafts.append(CategoryDraft(row, code, parent, columns))


@dataclass(slots=True)
class _Reading:
    """One row, cell by cell; what cannot be read leaves a problem and something harmless."""

    row: int
    given: Mapping[str, str]
    problems: list[RowProblem] = field(default_factory=list)

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(RowProblem(self.row, name, message))

    def code(self, name: str) -> str:
        text = self.given[name]
        if not text:
            self.wrong(name, _("Write the code of the category."))
        elif not _is_code(text):
            self.wrong(name, _("Write it with a to z, 0 to 9 and hyphens, like street-lamp."))
        return text

    def text(self, name: str, most: int) -> str:
        text = self.given[name]
        if len(text) > most:
            told = _("It has %(n)d characters; at most %(most)d fit.")
            self.wrong(name, told % {"n": len(text), "most": most})
        if any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} for letter in text):
            self.wrong(name, _("It holds a character that is not seen: type it again."))
        return text

    def name(self, name: str) -> str:
        text = self.text(name, LONGEST_NAME)
        if not text:
            self.wrong(name, _("Write a name; both languages need one."))
        return text

    def hint(self, name: str) -> str:
        return self.text(name, LONGEST_HINT)

    def one_of(self, name: str, known: list[str]) -> str:
        text = self.given[name]
        if text not in known:
            self.wrong(name, _("Write one of: %(known)s.") % {"known": ", ".join(known)})
        return text

    def number(self, name: str, span: tuple[int, int]) -> int | None:
        text = self.given[name]
        if not text:
            return None
        low, high = span
        if not text.isascii() and unicodedata.normalize("NFKC", text).isascii():
            self.wrong(name, _("Write the digits half-width, as 0 to 9."))
        elif not (DIGITS.fullmatch(text) and low <= int(text) <= high):
            told = _("Write a whole number from %(low)d to %(high)d, or nothing.")
            self.wrong(name, told % {"low": low, "high": high})
        else:
            return int(text)
        return None

    def words(self, name: str) -> list[str]:
        words = self.given[name].split()
        if any(not WORD.fullmatch(word) for word in words):
            self.wrong(name, _("Write words like foot, with a blank between two."))
        return sorted(set(words))

    def agency(self, name: str) -> str:
        text = self.given[name]
        if text and not WORD.fullmatch(text):
            self.wrong(name, _("Write the code of one agency, like police, or nothing."))
        return text

    def yes(self, name: str) -> bool:
        text = self.given[name].lower()
        if text not in (*YES, *NO):
            self.wrong(name, _("Write yes or no."))
        return text in YES


def _is_code(text: str) -> bool:
    return len(text) <= LONGEST_CODE and bool(CODE.fullmatch(text))


_READ: Mapping[str, Callable[[_Reading, str], Any]] = {
    "name_zh": _Reading.name,
    "name_en": _Reading.name,
    "hint_zh": _Reading.hint,
    "hint_en": _Reading.hint,
    "kind": lambda row, name: row.one_of(name, Category.Kind.values),
    "severity": lambda row, name: row.one_of(name, Severity.values),
    "radius_m": lambda row, name: row.number(name, RADIUS),
    "capabilities": _Reading.words,
    "lead_agency": _Reading.agency,
    "look_minutes": lambda row, name: row.number(name, LOOK),
    "residents": _Reading.yes,
}


def tree_problems(handed: HandedPack) -> Iterator[RowProblem]:
    """Yield what is wrong between rows: codes that stand twice, parents missing or in a ring."""
    first: dict[str, CategoryDraft] = {}
    for draft in handed.drafts:
        other = first.setdefault(draft.code, draft)
        if other is not draft:
            told = _("This code stands in row %(row)d already.") % {"row": other.row}
            yield RowProblem(draft.row, "code", told)
    for draft in first.values():
        if draft.parent and draft.parent not in first:
            told = _("No row of the file has the code %(code)s.") % {"code": draft.parent}
            yield RowProblem(draft.row, "parent", told)
        elif draft.parent and _is_in_ring(draft, first):
            told = _("It is below itself: give one category of the ring no parent.")
            yield RowProblem(draft.row, "parent", told)


def _is_in_ring(draft: CategoryDraft, known: Mapping[str, CategoryDraft]) -> bool:
    """Say whether going up from ``draft`` leads back to it."""
    above, seen = draft.parent, set[str]()
    while above in known and above not in seen:
        if above == draft.code:
            return True
        seen.add(above)
        above = known[above].parent
    return False


def depths(drafts: list[CategoryDraft]) -> dict[str, int]:
    """Return how many categories stand above each; the tree must have no rings."""
    parents = {draft.code: draft.parent for draft in drafts}
    found: dict[str, int] = {"": -1}
    for code in parents:
        way = [code]
        while way[-1] not in found:
            way.append(parents[way[-1]])
        below = found[way.pop()]
        for step, one in enumerate(reversed(way), 1):
            found[one] = below + step
    return found
