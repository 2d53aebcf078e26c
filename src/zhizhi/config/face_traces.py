"""What ``zhizhi vision scan-for-traces`` does: faces and templates that lie open in files.

Every regular file is read to its end, whatever its name: databases with their logs, queues, logs,
core dumps, backups. A template is found by its numbers (``kernel/traces.py``), a picture by how it
begins (JPEG, PNG, WebP) wherever in a file it stands; a face in it is a trace. Pictures without a
face are counted alone. What is encrypted cannot be read, and is no trace.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageFile

from zhizhi.kernel.traces import OVERLAP, template_places

if TYPE_CHECKING:
    from zhizhi.sources.vision.finding import Finder

PART: Final = 1 << 25  # bytes read at once
LARGEST_PICTURE: Final = 1 << 25
MOST_PX: Final = 4000
BEGINNINGS: Final = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP", re.DOTALL)
TEMPLATE, FACE = "template", "face"


class Unreadable(Exception):
    """A path cannot be searched; says why."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Something of a face that lies open: what it is, in which file, at which byte."""

    what: str
    file: str
    offset: int


@dataclass
class Searched:
    """What was searched, and what was found."""

    files: int = 0
    bytes: int = 0
    pictures: int = 0
    traces: list[Trace] = field(default_factory=list)


def search(paths: Sequence[Path], finder: Finder) -> Searched:
    """Search files and folders; raises Unreadable before anything is told as clean."""
    searched = Searched()
    for path in _files(paths):
        try:
            size = path.stat().st_size
            if size:
                with (
                    path.open("rb") as file,
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw,
                ):
                    searched.traces += _in_file(path, raw, finder, searched)
        except (OSError, ValueError, Unreadable) as error:
            raise Unreadable(f"{path}: {error}") from error
        searched.files += 1
        searched.bytes += size
    return searched


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise Unreadable(f"{path}: there is nothing of this name")
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (one for one in found if one.is_file() and not one.is_symlink())


def _in_file(path: Path, raw: mmap.mmap, finder: Finder, searched: Searched) -> Iterator[Trace]:
    told: set[int] = set()
    for start in range(0, len(raw), PART):
        part = raw[start : start + PART + OVERLAP]
        told |= {start + place for place in template_places(part)}
    yield from (Trace(TEMPLATE, str(path), place) for place in sorted(told))
    for found in BEGINNINGS.finditer(raw):
        picture = _picture(raw[found.start() : found.start() + LARGEST_PICTURE])
        if picture is not None:
            searched.pictures += 1
            if finder.find(picture):
                yield Trace(FACE, str(path), found.start())


def _picture(raw: bytes) -> Any:
    """Return the picture that begins here, as far as it is there; nothing where none begins.

    Raises Unreadable for one too large to be looked at.
    """
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        with Image.open(BytesIO(raw)) as opened:
            opened.draft("RGB", (MOST_PX, MOST_PX))
            opened.thumbnail((MOST_PX, MOST_PX))
            return np.asarray(opened.convert("RGB"))
    except Image.DecompressionBombError as error:
        raise Unreadable(str(error)) from error
    except (OSError, ValueError, SyntaxError):
        return None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
