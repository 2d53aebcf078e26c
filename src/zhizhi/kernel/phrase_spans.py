"""Where in a text the phrases of known tricks stand."""

from __future__ import annotations

from dataclasses import dataclass

from zhizhi.kernel.scam_phrases import TYPOLOGIES, phrases
from zhizhi.kernel.unmasking import Unmasked

_BYTES = 4  # of a symbol
_HEARD_FROM = 3  # as scam_phrases hears them


@dataclass(frozen=True, slots=True)
class PhraseSpan:
    """One phrase of a trick, from character to character, and how much it counts."""

    typology: str
    start: int
    stop: int
    strength: int


def phrase_spans(read: Unmasked) -> list[PhraseSpan]:
    """Return where the phrases stand in the one text ``read``: each where it stands first."""
    known, names = phrases(), list(TYPOLOGIES)
    written, heard = read.symbol.tobytes(), read.sound.tobytes()
    found = []
    for n in range(len(known.first)):
        part = slice(int(known.begin[n]), int(known.begin[n + 1]))
        is_heard = part.stop - part.start >= _HEARD_FROM
        text, phrase = (heard, known.sound) if is_heard else (written, known.symbol)
        at = _place(text, phrase[part].tobytes())
        if at >= 0:
            last = at + part.stop - part.start - 1
            span = (int(read.start[at]), int(read.stop[last]))
            found.append(PhraseSpan(names[known.typology[n]], *span, int(known.strength[n])))
    return sorted(found, key=lambda span: (span.start, -span.stop))


def _place(text: bytes, phrase: bytes) -> int:
    """Return the symbol at which ``phrase`` begins; -1 when it is not there."""
    at = text.find(phrase)
    while at % _BYTES and at >= 0:
        at = text.find(phrase, at + 1)
    return at // _BYTES if at >= 0 else -1
