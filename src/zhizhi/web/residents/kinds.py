"""What residents can report, arranged for a small screen: groups to open, and a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils import translation

from zhizhi.engine import reporting
from zhizhi.engine.reporting import CATCH_ALL
from zhizhi.engine.system import ReportKind
from zhizhi.kernel.plain_text import plain

MOST_FOUND = 12
LONGEST_WORDS = 40


@dataclass(slots=True)
class KindGroup:
    """Kinds of one branch: ``parts`` are the names right above them, and the kinds themselves."""

    name: Any
    parts: list[tuple[Any, list[ReportKind]]] = field(default_factory=list)

    def add(self, kind: ReportKind) -> None:
        name = kind.groups[-1][1] if len(kind.groups) > 1 else ""
        if not self.parts or str(self.parts[-1][0]) != str(name):
            self.parts.append((name, []))
        self.parts[-1][1].append(kind)

    def codes(self) -> set[str]:
        return {kind.code for _name, kinds in self.parts for kind in kinds}


@dataclass(frozen=True, slots=True)
class KindList:
    """What the page shows: kinds that stand alone, groups to open, and something else."""

    alone: list[ReportKind]
    groups: list[KindGroup]
    rest: list[ReportKind]


def offered() -> list[ReportKind]:
    """Return what residents may choose."""
    return [kind for kind in reporting.kinds().values() if kind.is_for_residents]


def arranged(kinds: Iterable[ReportKind]) -> KindList:
    """Return ``kinds`` in the order of the systems, each under the top of its branch."""
    alone, rest, groups = [], [], dict[str, KindGroup]()
    for kind in kinds:
        if kind.groups:
            code, name = kind.groups[0]
            groups.setdefault(code, KindGroup(name)).add(kind)
        elif kind.code == CATCH_ALL.code:
            rest.append(kind)
        else:
            alone.append(kind)
    return KindList(alone, list(groups.values()), rest)


def matching(words: str, kinds: Iterable[ReportKind]) -> list[ReportKind]:
    """Return the kinds whose texts share most with ``words``, in any language of the interface.

    A word of letters is looked for as it is; of Chinese, where no blanks part words, any two
    characters that follow each other. What is in a name counts twice.
    """
    wanted = set(_pieces(plain(words[:LONGEST_WORDS])))
    told = [(kind, *_texts_of(kind)) for kind in kinds if kind.code != CATCH_ALL.code]
    found = [
        (sum((piece in name) + (piece in text) for piece in wanted), kind)
        for kind, name, text in told
    ]
    best = sorted((one for one in found if one[0]), key=lambda one: -one[0])
    return [kind for _shared, kind in best[:MOST_FOUND]]


def _pieces(text: str) -> Iterator[str]:
    for word in text.split():
        if word.isascii() or len(word) < 3:
            yield word
        else:
            yield from (word[at : at + 2] for at in range(len(word) - 1))


def _texts_of(kind: ReportKind) -> tuple[str, str]:
    """Return the names of a kind in every language, and all its texts, as they are compared."""
    names, others = [], []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names.append(str(kind.name))
            others += [str(kind.hint), *(str(name) for _code, name in kind.groups)]
    return plain(" ".join(names)), plain(" ".join([*names, *others]))
