"""Is this a scam? One answer in three, with reasons; nothing of what was asked is kept.

The lists decide, and the phrases of known tricks. One sure phrase makes a text suspicious; it takes
more than one trick's worth of them to call it a scam, for honest warnings use the same words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class _Text:
    """What stands in a text: things with their places, and phrases."""

    things: list[tuple[Identifier, int, int]] = field(default_factory=list)
    phrases: list[PhraseSpan] = field(default_factory=list)


def check(written: str, *, kind: str = "", now: datetime) -> Checked:
    """Return what is said of ``written``; ``kind`` is what the asker says that it is, if anything.

    Raises NotReadable when it cannot be of that kind.
    """
    thing = READERS[kind](written) if kind else identifiers.identified(written)
    if kind and thing is None:
        raise NotReadable
    if thing is not None:
        standing = listing.standings([thing], now)[thing]
        return Checked(_of_thing(standing), ((thing, standing),), is_text=False)
    text = _Text(identifiers.contained(written), phrase_spans(unmasked([written])))
    things = [one for one, _start, _stop in text.things]
    standings = listing.standings(things, now) if things else {}
    strength = Counter[str]()
    for span in text.phrases:
        strength[span.typology] += span.strength
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
    return standing.entry is not None or standing.reporters > 0 or standing.imitates is not None


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
