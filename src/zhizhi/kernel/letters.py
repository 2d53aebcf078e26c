"""Tables of what letters mean and how they sound, whatever they are dressed up as.

Built once in a process from Unicode's own tables, from OpenCC (traditional to simplified) and from
AnyAscii (readings); what those do not know, look-alikes and split signs, stands here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray
from opencc import OpenCC

SIZE = 0x32400  # code points from here on are dropped: private planes, tags, variation selectors
FIRST_SOUND = 0x200000  # sounds are numbered above all code points
LINKING = ".:/-_?=&%#@~+"  # may stand inside an address

_STOPS = dict.fromkeys("。\uff0e\uff61\ufe52\u30fb", ".")
# Cyrillic and Greek letters that look like Latin ones, which stand below them.
_TWINS = dict(zip(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0432\u043a\u043c\u043d\u0442\u0456\u0458\u0455"
    "\u0501\u0261\u03b1\u03bf\u03c1\u03c4\u03c5\u03bd\u03ba\u03b9",
    "aeopcyxbkmhtijs" "dgaoptuvki", strict=True,
))  # fmt: skip
_SHAPES = dict(zip(
    "徽溦薇壹贰叁肆伍陆柒捌玖拾佰仟曰巳己末囗夲巿勺",
    "微微微一二三四五六七八九十百千日已已未口本市的", strict=True,
))  # fmt: skip
_SPLIT = (
    "亻尔你 亻言信 亻介价 亻弋代 亻呆保 亻昔借 亻故做 亻也他 亻建健 亻专传 亻直值 亻木休 "
    "亻主住 氵去法 氵主注 氵舌活 氵每海 氵肖消 氵包泡 氵先洗 氵工江 氵可河 氵州洲 氵夬决 "
    "氵兑况 讠正证 讠果课 讠人认 讠只识 讠平评 讠司词 讠兑说 讠舌话 讠十计 讠殳设 讠午许 "
    "讠寸讨 讠方访 讠青请 讠炎谈 钅艮银 钅戋钱 钅失铁 钅岗钢 钅令铃 钅肖销 扌非排 扌丁打 "
    "扌召招 扌是提 扌奂换 扌寺持 扌殳投 扌旨指 扌妾接 扌广扩 扌安按 扌户护 扌立拉 忄青情 "
    "忄夬快 忄亥该 忄生性 纟吉结 纟合给 纟田细 纟且组 纟及级 纟充统 纟内纳 纟工红 纟冬终 "
    "饣反饭 饣官馆 犭虫独 礻畐福 礻申神 礻土社 礻兄祝 辶力边 辶文这 辶井进 辶元远 辶斤近 "
    "辶寸过 辶关送 辶反返 辶不还 辶云运 辶周週 阝付附 阝可阿 阝完院 宀子字 宀豕家 艹化花 "
    "疒丙病 彳寺待 彳旦得 衤皮被 衤卜补 刂害割 灬列热 攵孝教"
)


@dataclass(frozen=True, slots=True)
class LetterTables:
    """Tables by code point; ``joined`` holds pairs that are one sign, sorted for bisection."""

    meaning: NDArray[np.uint32]  # the code points that one stands for, one list after another
    begin: NDArray[np.int32]
    sound: NDArray[np.uint32]
    pair: NDArray[np.uint64]
    joined: NDArray[np.uint32]


@cache
def letters() -> LetterTables:
    """Return the tables."""
    meant = _settled(_simplified([_spelled(chr(point)) for point in range(SIZE)]))
    begin = np.zeros(SIZE + 1, np.int32)
    np.cumsum([len(text) for text in meant], out=begin[1:])
    split = sorted((ord(one[0]) << 32 | ord(one[1]), ord(one[2])) for one in _SPLIT.split())
    return LetterTables(
        meaning=_points("".join(meant)),
        begin=begin,
        sound=_sounds(),
        pair=np.array([pair for pair, _whole in split], np.uint64),
        joined=np.array([whole for _pair, whole in split], np.uint32),
    )


def _points(text: str) -> Any:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _spelled(letter: str) -> str:
    """Return the letters and digits that one code point stands for, without accents."""
    if letter in LINKING:
        return letter
    if letter in _STOPS:
        return "."
    if "\U0001f150" <= letter <= "\U0001f189" or "\U0001f1e6" <= letter <= "\U0001f1ff":
        return _boxed(ord(letter))
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
    kept = "".join(_numeral(one) for one in apart if unicodedata.category(one)[0] in "LN")
    return "".join(_TWINS.get(one, one) for one in unicodedata.normalize("NFC", kept))


def _boxed(point: int) -> str:
    """Return the Latin letter in a filled circle or square, or of a flag."""
    first = next(start for start in (0x1F1E6, 0x1F170, 0x1F150) if point >= start)
    return chr(ord("a") + point - first) if point - first < 26 else ""


def _numeral(letter: str) -> str:
    value = unicodedata.digit(letter, None)
    return letter if value is None else str(value)


def _simplified(meant: list[str]) -> list[str]:
    lines = OpenCC("t2s").convert("\n".join(meant)).split("\n")
    return ["".join(_SHAPES.get(one, one) for one in line) for line in lines]


def _settled(meant: list[str]) -> list[str]:
    """Return the meanings of the meanings until nothing changes, so that twice is as once."""
    for _round in range(8):
        further = ["".join(meant[ord(one)] if ord(one) < SIZE else "" for one in t) for t in meant]
        if further == meant:
            return meant
        meant = further
    raise AssertionError("letters stand for each other in a ring")


def _sounds() -> NDArray[np.uint32]:
    """Return for each code point its sound: signs read alike have one, others are themselves."""
    sound = np.arange(SIZE, dtype=np.uint32)
    reading = {point: syllable(chr(point)) for point in _signs()}
    numbers = {heard: n for n, heard in enumerate(sorted(set(reading.values())))}
    for point, heard in reading.items():
        if heard:
            sound[point] = FIRST_SOUND + numbers[heard]
    return sound


def _signs() -> list[int]:
    return [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0x20000, 0x2A6E0)]


def syllable(sign: str) -> str:
    """Return how ``sign`` is read, without tone, as the south-west hears it (n is l, hu is f)."""
    read = anyascii(sign).lower()
    if read == "hu":
        return "fu"
    for heard, alike in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"), ("hu", "f")):
        read = read.replace(heard, alike)
    return "l" + read[1:] if read.startswith("n") and len(read) > 1 else read
