"""Is this a scam? One answer in three, with reasons; nothing of what was asked is kept.

The lists decide, and the phrases of known tricks. One sure phrase makes a text suspicious; it takes
more than one trick's worth of them to call it a scam, for honest warnings use the same words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from zhizhi.kernel import identifiers
from zhizhi.kernel.identifiers import READERS, Identifier
from zhizhi.kernel.phrase_spans import PhraseSpan, phrase_spans
from zhizhi.kernel.scam_phrases import ENOUGH
from zhizhi.kernel.unmasking import unmasked
from zhizhi.systems.antifraud import listing
from zhizhi.systems.antifraud.listing import Standing

SCAM, UNSURE, VERIFIED = "scam", "unsure", "verified"
SURE = 2 * ENOUGH  # strength of one trick's phrases from which on a text is called a scam
MOST_BYTES = 1_000_000
_AROUND, _SHOWN, _MOST_PIECES = 30, 400, 60


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of the text that is shown again; marked if it speaks for a scam."""

    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What is said of what somebody asked about, and why."""

    state: str
    found: tuple[tuple[Identifier, Standing], ...] = ()
    typologies: tuple[str, ...] = ()
    pieces: tuple[TextPiece, ...] = ()
    is_text: bool = True


class NotReadable(ValueError):
    """What was written is not what it is said to be."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in something written: things with their places, and phrases of tricks."""

    things: Sequence[tuple[Identifier, int, int]]
    phrases: Sequence[PhraseSpan] = ()
    is_text: bool = True

    def strength(self) -> Counter[str]:
        """Return how strong the phrases of each trick are together."""
        found = Counter[str]()
        for span in self.phrases:
            found[span.typology] += span.strength
        return found


def read(written: str, kind: str = "") -> Written:
    """Read ``written``; ``kind`` is what it is said to be, if anything.

    Raises NotReadable when it cannot be of that kind.
    """
    thing = READERS[kind](written) if kind else identifiers.identified(written)
    if kind and thing is None:
        raise NotReadable
    if thing is not None:
        return Written([(thing, 0, len(written))], is_text=False)
    return Written(identifiers.contained(written), phrase_spans(unmasked([written])))


def check(written: str, *, kind: str = "", now: datetime) -> Checked:
    """Return what is said of ``written``; raises NotReadable when it cannot be of that kind."""
    return said_of(read(written, kind), written, now)


def said_of(text: Written, written: str, now: datetime) -> Checked:
    """Return what is said of ``written``, which was read as ``text``."""
    things = [one for one, _start, _stop in text.things]
    standings = listing.standings(things, now) if things else {}
    if not text.is_text:
        [(thing, standing)] = standings.items()
        return Checked(_of_thing(standing), ((thing, standing),), is_text=False)
    strength = text.strength()
    told = [name for name, score in strength.most_common() if score >= ENOUGH]
    is_scam = any(_of_thing(one) == SCAM for one in standings.values())
    is_scam = is_scam or any(score >= SURE for score in strength.values())
    marks = [(s.start, s.stop) for s in text.phrases if s.typology in told]
    marks += [(a, b) for one, a, b in text.things if _of_thing(standings[one]) == SCAM]
    known = tuple((one, standings[one]) for one in things if _says_something(standings[one]))
    return Checked(SCAM if is_scam else UNSURE, known, tuple(told), _pieces(written, marks))


def _of_thing(standing: Standing) -> str:
    if standing.is_denied or standing.is_listed or standing.imitates is not None:
        return SCAM
    return VERIFIED if standing.is_allowed else UNSURE


def _says_something(standing: Standing) -> bool:
    is_told = standing.reporters > 0 or standing.is_confirmed
    return is_told or standing.entry is not None or standing.imitates is not None


def _pieces(text: str, marks: Sequence[tuple[int, int]]) -> tuple[TextPiece, ...]:
    """Return the text around its marks, cut short, the marked pieces apart."""
    spans = _joined(marks)
    shown, at = list[TextPiece](), 0
    for start, stop in spans[: _MOST_PIECES // 3]:
        shown += _between(text, at, start, is_first=at == 0)
        shown.append(TextPiece(text[start : min(stop, start + _SHOWN)], is_marked=True))
        at = stop
    if spans:
        shown += _between(text, at, len(text), is_last=True)
    return tuple(piece for piece in shown if piece.text)


def _joined(marks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found = list[tuple[int, int]]()
    for start, stop in sorted(marks):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _between(
    text: str, start: int, stop: int, *, is_first: bool = False, is_last: bool = False
) -> list[TextPiece]:
    """Return what stands between two marks; of much only what is next to them."""
    head = "" if is_first else text[start : start + _AROUND]
    tail = "" if is_last else text[stop - _AROUND : stop]
    if stop - start <= 2 * _AROUND:
        return [TextPiece(text[start:stop])]
    return [TextPiece(f"{head} … {tail}".strip(" "))]
