"""What an Arrow stream says of its size, read before anything is unpacked.

A compressed batch of a few kilobytes may claim to hold gigabytes; the claims stand in front of each
buffer. Layout: Arrow format 1.5, ``Message.fbs`` (flatbuffers).
"""

from __future__ import annotations

import struct
from typing import Any

import pyarrow as pa

END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
_DICTIONARY, _BATCH = 2, 3  # MessageHeader union
_HEADER_TYPE, _HEADER = 1, 2  # fields of Message
_DATA = 1  # field of DictionaryBatch
_LENGTH, _BUFFERS, _COMPRESSION = 0, 2, 3  # fields of RecordBatch


def claims(body: bytes) -> tuple[int, int]:
    """Return the rows and the unpacked bytes that all batches of the stream claim.

    Raises ArrowInvalid or ValueError for something that is no Arrow stream.
    """
    rows = size = 0
    messages: Any = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return rows, size
        batch = _batch(bytes(message.metadata))
        if batch is not None:
            rows += batch.number(_LENGTH)
            size += _unpacked(batch, message.body)


class _Table:
    """A flatbuffers table: fields are found through its vtable; absent ones are zero."""

    def __init__(self, raw: bytes, at: int) -> None:
        self.raw = raw
        self.at = at
        self.vtable = at - _read("<i", raw, at)

    def place(self, field: int) -> int:
        """Return where ``field`` stands, 0 when it is absent."""
        entry = 4 + 2 * field
        if entry >= _read("<H", self.raw, self.vtable):
            return 0
        offset = _read("<H", self.raw, self.vtable + entry)
        return self.at + offset if offset else 0

    def number(self, field: int) -> int:
        place = self.place(field)
        return _read("<q", self.raw, place) if place else 0

    def table(self, field: int) -> _Table | None:
        place = self.place(field)
        return _Table(self.raw, place + _read("<I", self.raw, place)) if place else None

    def pairs(self, field: int) -> list[tuple[int, int]]:
        """Return a vector of structs of two 64-bit numbers."""
        place = self.place(field)
        if not place:
            return []
        start = place + _read("<I", self.raw, place)
        count = _read("<I", self.raw, start)
        spread = struct.unpack_from(f"<{2 * count}q", self.raw, start + 4)
        return list(zip(spread[::2], spread[1::2], strict=True))


def _batch(metadata: bytes) -> _Table | None:
    """Return the record batch that a message carries, directly or as a dictionary's data."""
    try:
        message = _Table(metadata, _read("<I", metadata, 0))
        place = message.place(_HEADER_TYPE)
        kind = metadata[place] if place else 0
        header = message.table(_HEADER)
        if header is None or kind not in {_DICTIONARY, _BATCH}:
            return None
        return header.table(_DATA) if kind == _DICTIONARY else header
    except (struct.error, IndexError) as error:
        message_text = "The metadata of an Arrow message is damaged."
        raise ValueError(message_text) from error


def _unpacked(batch: _Table, body: Any) -> int:
    if body is None:
        return 0
    size, content = 0, memoryview(body)
    if batch.table(_COMPRESSION) is None:
        return content.nbytes
    for offset, length in batch.pairs(_BUFFERS):
        if length >= 8:
            claimed = struct.unpack_from("<q", content, offset)[0]
            size += length if claimed < 0 else claimed
    return size


def _read(form: str, raw: bytes, at: int) -> int:
    value: int = struct.unpack_from(form, raw, at)[0]
    return value
