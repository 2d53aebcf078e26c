"""Compile every message catalogue below a folder: ``compile_messages.py src/zhizhi``.

Done by polib so that no machine needs GNU gettext.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polib


def main(folder: str) -> int:
    """Write one .mo beside each .po; return 0."""
    for catalogue in sorted(Path(folder).rglob("*.po")):
        polib.pofile(str(catalogue)).save_as_mofile(str(catalogue.with_suffix(".mo")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
