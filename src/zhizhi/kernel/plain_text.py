"""Text in one form, so that the same words written in two ways are the same features."""

from __future__ import annotations

import re
import unicodedata

# Characters that are not seen: controls, soft hyphens, joiners, marks of direction, byte orders.
# Tabs and line ends are kept here, for they part words.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_GAP = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return ``text`` with full-width, compatible and capital letters made alike.

    What is not seen is left out, and any white space becomes one blank. Twice is as once.
    """
    folded = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold()
    return _GAP.sub(" ", unicodedata.normalize("NFKC", folded)).strip()
