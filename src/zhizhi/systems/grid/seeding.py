"""What a new installation of the one net starts with: a pack of everyday matters, unofficial."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from zhizhi.systems.grid import drafting, importing
from zhizhi.systems.grid.models import CategoryPack

STARTER = Path(__file__).parent / "packs" / "starter.csv"


def seed(now: datetime, by: str) -> int:
    """Import the starter pack where there is none; returns how many categories were written."""
    if CategoryPack.objects.exists():
        return 0
    handed = drafting.read(STARTER.read_bytes(), pack=STARTER.stem)
    return len(importing.import_pack(handed, by=by, now=now).new)
