"""Text as it is meant: what hides words from a machine, and not from a reader, is taken away.

Full-width and dressed-up letters, traditional signs, look-alikes, signs split into their parts,
and whatever stands between the letters go; addresses, numbers, telephone numbers and account names
become one token each. Beside every symbol stands its sound, so that signs read alike are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhizhi.kernel.letters import LINKING, SIZE, letters
from zhizhi.kernel.native import lean, native

URL, NUMBER, PHONE, ACCOUNT = 0xE000, 0xE001, 0xE002, 0xE003
_SHOWN = {URL: "URL", NUMBER: "DIGIT", PHONE: "PHONE", ACCOUNT: "WECHAT"}

# Words of collections whose publishers have put them in place of what they hid. Names and places
# are left out: no text that was not treated so has them.
_WORDS = {
    "CELLPHONE": PHONE, "HOTLINE": PHONE, "PHONE": PHONE, "DIGIT": NUMBER, "URL": URL,
    "WECHAT": ACCOUNT, "QQ": ACCOUNT, "PLACE": 0, "NAME": 0,
}  # fmt: skip
_ENDINGS = (
    "com cn net org cc top xyz vip info me tv io co uk club site online shop link icu ltd pw ru "
    "hk tw jp us biz mobi name asia wang ren fun store tech app dev live win bid loan work life"
)
_ROOM = 16


def _padded(word: str) -> list[int]:
    return [*word.encode(), *[0] * (_ROOM - len(word))]


_HOLDERS = np.array([_padded(word) for word in _WORDS], np.uint32)
_TOKENS = np.array(list(_WORDS.values()), np.uint32)
_LINKING = np.array([chr(code) in LINKING for code in range(128)])
_TAILS = np.array([_padded(one) for one in _ENDINGS.split()], np.uint32)


@dataclass(frozen=True, slots=True)
class Unmasked:
    """Texts as symbols: text ``i`` has those from ``begin[i]`` to ``begin[i + 1]``.

    Symbol ``k`` was read from the characters ``start[k]`` to ``stop[k]`` of its text.
    """

    symbol: NDArray[np.uint32]
    sound: NDArray[np.uint32]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    begin: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.begin) - 1


def unmasked(texts: Sequence[str]) -> Unmasked:
    """Return the texts as symbols."""
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    begin = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=begin[1:])
    known = letters()
    code, origin, spelled = _spelled(points, begin, known.meaning, known.begin)
    tables = (known.pair, known.joined, _HOLDERS, _TOKENS, _TAILS)
    symbol, start, stop, ends = _read(code, origin, points, (begin, spelled), tables)
    return Unmasked(symbol, _heard(symbol, known.sound), start, stop, ends)


def unmasked_text(text: str) -> str:
    """Return one text as it is meant; twice is as once."""
    return "".join(_SHOWN.get(code) or chr(code) for code in unmasked([text]).symbol.tolist())


@native
def _spelled(points: Any, begin: Any, meaning: Any, first: Any) -> Any:
    """Return what all points stand for (0: nothing), where each was, and where texts end."""
    room = 0
    for point in points:
        room += max(1, first[point + 1] - first[point]) if point < SIZE else 1
    code, origin = np.zeros(room, np.uint32), np.zeros(room, np.int32)
    ends = np.zeros(len(begin), np.int64)
    filled = 0
    for row in range(len(begin) - 1):
        for at in range(begin[row], begin[row + 1]):
            point = points[at]
            parts = first[point + 1] - first[point] if point < SIZE else 0
            for k in range(max(1, parts)):
                code[filled] = meaning[first[point] + k] if parts else 0
                origin[filled] = at - begin[row]
                filled += 1
        ends[row + 1] = filled
    return code[:filled], origin[:filled], ends


@native
def _heard(symbol: Any, sound: Any) -> Any:
    found = np.empty_like(symbol)
    for k in range(len(symbol)):
        found[k] = sound[symbol[k]]
    return found


@native
def _read(code: Any, origin: Any, points: Any, rows: Any, known: Any) -> Any:
    begin, ends = rows
    symbol = np.empty(len(code), np.uint32)
    start, stop = np.empty(len(code), np.int32), np.empty(len(code), np.int32)
    found = np.zeros(len(ends), np.int64)
    filled = 0
    for row in range(len(ends) - 1):
        raw = points[begin[row] : begin[row + 1]]
        part = slice(ends[row], ends[row + 1])
        text = (code[part], origin[part], raw)
        filled = _read_one(text, known, (symbol, start, stop), found[row], filled)
        found[row + 1] = filled
    return symbol[:filled].copy(), start[:filled].copy(), stop[:filled].copy(), found


@lean
def _read_one(text: Any, known: Any, out: Any, first: int, filled: int) -> int:
    """Write the symbols of one text behind ``filled``, and return where the next one begins."""
    code, origin, _raw = text
    pair, joined = known[0], known[1]
    at, fresh = 0, 0  # up to fresh a placeholder has been read
    while at < len(code):
        upto, token = _token(text, at, fresh, known)
        if upto > at:
            fresh = upto
        elif code[at] == 0 or _is_linking(code[at]):
            at += 1
            continue
        else:
            upto, token = at + 1, code[at]
        if token != 0:
            filled = _put(
                out, first, filled, (token, origin[at], origin[upto - 1] + 1), pair, joined
            )
        at = upto
    return filled


@lean
def _put(out: Any, first: int, filled: int, one: Any, pair: Any, joined: Any) -> int:
    """Write a symbol, unless it is joined to the one before; return where the next is written."""
    symbol, start, stop = out
    token, since, until = one
    if filled > first:
        before = symbol[filled - 1]
        if before == token == NUMBER:
            stop[filled - 1] = until
            return filled
        both = np.uint64(before) << np.uint64(32) | np.uint64(token)
        k = bisected(pair, both)
        if k < len(pair) and pair[k] == both:
            symbol[filled - 1], stop[filled - 1] = joined[k], until
            return filled
    symbol[filled], start[filled], stop[filled] = token, since, until
    return filled + 1


@lean
def bisected(those: Any, wanted: Any) -> int:
    """Return the first place in the sorted ``those`` that is not below ``wanted``."""
    low, high = 0, len(those)
    while low < high:
        middle = (low + high) // 2
        if those[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@lean
def _token(text: Any, at: int, fresh: int, known: Any) -> Any:
    """Return where the token that begins at ``at`` ends, and which it is; ``at`` if none does."""
    code, origin, raw = text
    if not _is_latin(code[at]) and not _is_digit(code[at]):
        return at, 0
    before = code[at - 1] if at > 0 else 0
    if not (_is_latin(before) or _is_digit(before)) or at == fresh:
        upto = _link_end(code, at, known[4])
        if upto > at:
            return upto, URL
        upto = _account_end(code, at)
        if upto > at:
            return upto, ACCOUNT
    if _is_digit(code[at]):
        return _number(code, at)
    point = raw[origin[at] - 1] if origin[at] > 0 else 0
    if at == fresh or not _is_capital(point):
        return _holder(raw, origin[at], at, known[2], known[3])
    return at, 0


@lean
def _is_digit(code: Any) -> Any:
    return 48 <= code <= 57


@lean
def _is_latin(code: Any) -> Any:
    return 97 <= code <= 122


@lean
def _is_capital(code: Any) -> Any:
    return 65 <= code <= 90


@lean
def _is_linking(code: Any) -> Any:
    return 0 < code < 128 and _LINKING[code]


@lean
def _link_end(code: Any, at: int, tails: Any) -> int:
    """Return where the address that begins at ``at`` ends: it has a scheme or a known ending."""
    upto, is_link = at, False
    while upto < len(code) and (
        _is_latin(code[upto]) or _is_digit(code[upto]) or _is_linking(code[upto])
    ):
        if code[upto] == 46 and not is_link:
            is_link = _is_tail(code, upto + 1, tails)
        elif code[upto] == 58 and upto + 2 < len(code):
            is_link = is_link or (code[upto + 1] == 47 and code[upto + 2] == 47)
        upto += 1
    return upto if is_link else at


@lean
def _is_tail(code: Any, at: int, tails: Any) -> bool:
    """Tell whether the letters from ``at`` to the next other sign are the ending of a host."""
    length = 0
    while at + length < len(code) and _is_latin(code[at + length]):
        length += 1
    if length < 2 or length > 8 or (at + length < len(code) and _is_digit(code[at + length])):
        return False
    for n in range(len(tails)):
        k = 0
        while k < length and tails[n, k] == code[at + k]:
            k += 1
        if k == length and tails[n, k] == 0:
            return True
    return False


@lean
def _account_end(code: Any, at: int) -> int:
    """Return where a name of letters and at least two digits ends, six signs or more."""
    upto, digits = at, 0
    while upto < len(code) and (_is_latin(code[upto]) or _is_digit(code[upto]) or code[upto] == 95):
        digits += 1 if _is_digit(code[upto]) else 0
        upto += 1
    is_one = _is_latin(code[at]) and digits >= 2 and upto - at >= 6
    return upto if is_one else at


@lean
def _number(code: Any, at: int) -> Any:
    """Return where the digits from ``at`` end, whatever stands between, and their token."""
    upto, digits, head, gaps, k = at, 0, 0, 0, at
    while k < len(code):
        if _is_digit(code[k]):
            gaps += k - upto
            if digits < 3:
                head = 10 * head + int(code[k]) - 48
            digits, upto = digits + 1, k + 1
        elif code[k] != 0 and not _is_linking(code[k]):
            break
        k += 1
    return upto, PHONE if _is_phone(digits, head, gaps) else NUMBER


@lean
def _is_phone(digits: int, head: int, gaps: int) -> bool:
    if digits == 11 and 130 <= head <= 199:
        return True
    if digits == 10 and head in (400, 800):
        return True
    return (10 <= digits <= 12 and head < 100) or (7 <= digits <= 8 and gaps == 0)


@lean
def _holder(raw: Any, since: int, at: int, words: Any, tokens: Any) -> Any:
    """Return where a word that a publisher put in place of something ends, and its token."""
    for n in range(len(words)):
        k = 0
        while words[n, k] != 0 and since + k < len(raw) and raw[since + k] == words[n, k]:
            k += 1
        if words[n, k] == 0:
            return at + k, tokens[n]
    return at, 0
