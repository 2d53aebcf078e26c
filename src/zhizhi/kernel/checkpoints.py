"""The bytes of a checkpoint: magic, a JSON header and a body whose checksum is in the header."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import asdict, dataclass

from zhizhi.kernel.detection import StateCorrupt, StateMismatch

MAGIC = b"ZZ1\n"

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Header:
    """Who wrote the body, and how many records it holds."""

    detector: str
    version: int
    params: str  # ``detection.params_hash``
    ref_version: str
    rows: int


def pack(header: Header, body: bytes) -> bytes:
    """Return header and body as one string of bytes."""
    fields = asdict(header) | {"crc32": zlib.crc32(body)}
    text = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    return b"".join((MAGIC, _LENGTH.pack(len(text)), text, body))


def unpack(raw: bytes) -> tuple[Header, bytes]:
    """Return what ``pack`` was given; raises StateCorrupt when that is not certain."""
    start = len(MAGIC) + _LENGTH.size
    if raw[: len(MAGIC)] != MAGIC or len(raw) < start:
        raise StateCorrupt("These bytes are not a checkpoint of a detector.")
    end = start + _LENGTH.unpack_from(raw, len(MAGIC))[0]
    try:
        fields = json.loads(raw[start:end])
        checksum = fields.pop("crc32")
        header = Header(**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateCorrupt("The header of a detector's checkpoint is damaged.") from error
    body = raw[end:]
    if zlib.crc32(body) != checksum:
        raise StateCorrupt(f"The checkpoint of {header.detector} is damaged or cut short.")
    return header, body


def demand(found: Header, wanted: Header, from_version: int) -> None:
    """Raise StateMismatch unless ``found`` was written by the same detector and parameters."""
    pairs = (
        ("detector", found.detector, wanted.detector),
        ("version", found.version, wanted.version),
        ("recorded version", from_version, wanted.version),
        ("parameters", found.params, wanted.params),
    )
    different = [f"{name} {was!r}, now {now!r}" for name, was, now in pairs if was != now]
    if different:
        raise StateMismatch(
            f"The checkpoint does not belong to this detector ({'; '.join(different)}). "
            "Start again from the journal, or migrate it."
        )
