"""Folders of files as one stream, and back: originals, working copies, maps, published roots."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol

from zhizhi.config.backing_up.manifest import BackupRefused


class Sink(Protocol):
    """What takes bytes."""

    def write(self, content: bytes, /) -> int: ...


class Spring(Protocol):
    """What gives bytes."""

    def read(self, size: int = -1, /) -> bytes: ...


def pack(data: Path, names: Sequence[str], sink: Sink) -> int:
    """Write the files below these folders of ``data``; returns how many.

    Drafts that are still being written (a leading dot) are left out.
    """
    count = 0
    with tarfile.open(mode="w|", fileobj=_file(sink), format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(path for name in names for path in (data / name).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.name[0] != ".":
                archive.add(path, arcname=path.relative_to(data).as_posix(), recursive=False)
                count += 1
    return count


def unpack(spring: Spring, names: Sequence[str], into: Path | None) -> int:
    """Read what ``pack`` wrote, into the folder ``into`` when given; returns how many files.

    Raises BackupRefused for a path that leads elsewhere.
    """
    count = 0
    with tarfile.open(mode="r|", fileobj=_file(spring)) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if not member.isfile() or not parts or parts[0] not in names or ".." in parts:
                message = f"the backup holds {member.name!r}, which does not belong there"
                raise BackupRefused(message)
            if into is not None:
                archive.extract(member, into, filter="data")
                (into / member.name).chmod(member.mode & 0o755)
            count += 1
        while spring.read(1 << 20):  # up to the end, which is checked as well
            pass
    return count


def _file(stream: Sink | Spring) -> IO[bytes]:
    """Name what tarfile calls a file: of a stream it uses only read or write."""
    return stream  # type: ignore[return-value]
