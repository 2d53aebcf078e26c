"""Templates of faces where none should be: found in any bytes by what they look like as numbers.

A template is a row of small numbers of both signs, no two alike, whose length is about one. It is
found as float32 or float64 at any byte, as numbers in a text, and as either in base64. What is
encrypted looks like nothing, which is how templates have to be kept. Tables of numbers of that very
length are taken for templates as well: better a question too many than a face too many.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NUMBERS: Final = 128  # of the packaged encoder; of longer templates the first 128 are a part
SMALLEST, LARGEST = 1e-9, 1.0
# A part of a longer template of length one is shorter: 128 of 512 numbers have a length of about a
# half. dlib's templates have 1.2 to 1.5.
SHORTEST, LONGEST = 0.4, 1.6
LEAST_OF_A_SIGN: Final = NUMBERS // 8
LEAST_DIFFERENT: Final = NUMBERS * 15 // 16
OVERLAP: Final = 1 << 16  # bytes that parts of a file have to share

_TEXT = re.compile(rb"(?:[-+]?\d*\.\d+(?:[eE][-+]?\d+)?[\s,;]+){%d}" % (NUMBERS - 1))
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{%d,}={0,2}" % (NUMBERS * 4 * 4 // 3 - 2))
_SPLIT = re.compile(rb"[\s,;]+")


def template_places(raw: bytes) -> list[int]:
    """Return the offsets at which a template begins, each row of them told once."""
    found = {*_plain(raw), *_written(raw), *_in_base64(raw)}
    return sorted(found)


def _plain(raw: bytes) -> Iterator[int]:
    for kind in ("<f4", "<f8"):
        size = np.dtype(kind).itemsize
        for shift in range(min(size, len(raw))):
            count = (len(raw) - shift) // size
            if count >= NUMBERS:
                for row in _rows(np.frombuffer(raw, kind, count, shift)):
                    yield shift + size * row


def _rows(values: NDArray[Any]) -> Iterator[int]:
    """Yield where rows begin that look like a template: the first of each run of such numbers."""
    with np.errstate(invalid="ignore", over="ignore"):
        is_small = (np.abs(values) > SMALLEST) & (np.abs(values) < LARGEST)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_small.view(np.int8), [0]])))
    for start, end in edges.reshape(-1, 2).tolist():
        if end - start >= NUMBERS:
            place = _first(values[start:end].astype(np.float64))
            if place is not None:
                yield start + place


def _first(run: NDArray[np.float64]) -> int | None:
    """Return the first place in a run of small numbers from which on they look like a template."""
    length = np.sqrt(_sums(np.square(run)))
    negative = _sums((run < 0).astype(np.float64))
    is_so = (length > SHORTEST) & (length < LONGEST)
    is_so &= (negative >= LEAST_OF_A_SIGN) & (negative <= NUMBERS - LEAST_OF_A_SIGN)
    for place in np.flatnonzero(is_so)[:NUMBERS].tolist():
        if len(np.unique(run[place : place + NUMBERS])) >= LEAST_DIFFERENT:
            return int(place)
    return None


def _sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of each ``NUMBERS`` values in a row."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[NUMBERS:] - total[:-NUMBERS])


def _written(raw: bytes) -> Iterator[int]:
    for found in _TEXT.finditer(raw):
        values = np.array([float(one) for one in _SPLIT.split(found.group()) if one])
        if len(values) == NUMBERS - 1 and np.abs(values).max() < LARGEST:
            length = float(np.linalg.norm(values))
            if SHORTEST < length < LONGEST and (values < 0).any() and (values > 0).any():
                yield found.start()


def _in_base64(raw: bytes) -> Iterator[int]:
    for found in _BASE64.finditer(raw):
        text = found.group().rstrip(b"=")
        for shift in range(4):  # what stands before it may be letters as well
            part = text[shift : -1 if (len(text) - shift) % 4 == 1 else None]
            if any(True for _row in _plain(binascii.a2b_base64(part + b"=" * (-len(part) % 4)))):
                yield found.start()
                break
