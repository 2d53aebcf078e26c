"""Rules from files: the text of each and what lies beside it. The kernel reads no files itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from zhizhi.kernel.rules.documents import MOST_BYTES
from zhizhi.kernel.rules.loading import RuleSet, read_rules
from zhizhi.kernel.rules.schema import Schema

SHIPPED = (Path(__file__).parent / "fraud_rules" / "typologies.yaml",)
WINDOWS = Path(__file__).parent / "fraud_rules" / "windows.yaml"


class FileUnreadable(Exception):
    """A file cannot be read; the message names it and says why."""


def read_files(paths: Sequence[Path], schema: Schema) -> RuleSet:
    """Return the rules of these files, and the windows that come along. Raises FileUnreadable."""
    named = [WINDOWS, *(path for path in paths if path != WINDOWS)]
    return read_rules([(str(path), _text(path), _beside(path)) for path in named], schema)


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnreadable(f"{path} cannot be read as UTF-8 text: {error}") from error


def _beside(path: Path) -> Callable[[str], bytes]:
    def beside(name: str) -> bytes:
        return (path.parent / name).read_bytes()

    return beside
