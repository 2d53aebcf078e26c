"""What a sound document of the outside becomes on its way, or in the hands of somebody hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

DEEP = 5_000
ODD = (
    None, True, 0, -1, 1.5, 1e308, 2**31, 2**63, 2**64, 10**400, -(2**63) - 1, "", " ", "x", "½",
    "1e309", "NaN", "\x00", "a\x00b", "\ud800", "\u202e", "河" * 300, "9" * 5000, "=1+1", "Point",
    "2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", [], {}, [[]], [None],
    {"": None}, {"type": 1},
)  # fmt: skip
LETTERS = b"\x00\t\n\r \"',:;{}[]()<>\\!*-+0129eNx\x7f\x80\xc3\xed\xef\xff"

scalars: st.SearchStrategy[Any] = (
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=12) | st.booleans()
)
values = st.recursive(
    scalars,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4), one, max_size=3),
    max_leaves=6,
)


# what is small and grows, or goes deep
BOMBS = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"[" * DEEP, b'{"a":' * DEEP, b"{" * DEEP,
    b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900, b"(" * DEEP, b"- " * DEEP,
    b'"' + b"\\" * DEEP, b"9" * DEEP, b"," * DEEP, b"\n" * DEEP, b"&a [*a, *a]\n",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, sound: Sequence[bytes]) -> bytes:
    """Return one of ``sound`` with some bytes changed, left out, repeated or cut off."""
    content = bytearray(draw(st.sampled_from(sound)))
    for _time in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        end = min(len(content), at + draw(st.integers(0, 9)))
        way = draw(st.integers(0, 4))
        if way == 0:
            content[at:end] = draw(st.binary(max_size=6))
        elif way == 1:
            content[at:end] = bytes(draw(st.lists(st.sampled_from(LETTERS), max_size=4)))
        elif way == 2:
            content[at:at] = content[at:end]
        elif way == 3:
            del content[at:end]
        else:
            del content[at:]
    return bytes(content)


@st.composite
def retold(draw: st.DrawFn, sound: Any) -> Any:
    """Return the JSON value ``sound`` with some of its parts replaced, left out or added."""
    told = _copied(sound)
    for _time in range(draw(st.integers(1, 3))):
        ways = list(_ways(told))
        if not ways or draw(st.integers(0, 30)) == 0:
            return _copied(draw(values))
        holder, key = draw(st.sampled_from(ways))
        choice = draw(st.integers(0, 5))
        if choice == 0:
            del holder[key]
        elif choice == 1 and isinstance(holder, dict):
            holder[draw(st.text(max_size=5))] = _copied(draw(values))
        elif choice == 1:
            holder.append(holder[key])
        else:
            holder[key] = _copied(draw(values))
    return told


def _ways(told: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place in a document: what holds it, and under which key."""
    parts: list[tuple[Any, Any]] = []
    if isinstance(told, dict):
        parts = list(told.items())
    elif isinstance(told, list):
        parts = list(enumerate(told))
    for key, part in parts:
        yield told, key
        yield from _ways(part)


def _copied(told: Any) -> Any:
    """Return a JSON value that may be changed."""
    return json.loads(json.dumps(told))


def as_json(told: Any) -> bytes:
    return json.dumps(told).encode()


def about(sound: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return bytes of any kind, most of them near one of ``sound``."""
    near = damaged(sound)
    documents = [told for told in map(_read, sound) if told is not None]
    for told in documents:
        near |= retold(told).map(as_json)
    return st.sampled_from(BOMBS) | st.binary(max_size=200) | near | near | near


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
