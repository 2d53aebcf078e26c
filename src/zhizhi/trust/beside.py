"""Small notes in files beside the database: who can write only the database forges none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings


def remember(name: str, told: Mapping[str, Any]) -> None:
    """Put ``told`` in place of the note of that name."""
    draft = _path(name).with_suffix(".new")
    draft.write_text(json.dumps(told), encoding="utf-8")
    draft.replace(_path(name))


def recall(name: str) -> Any:
    """Return the note of that name; raises OSError and ValueError when it cannot be read."""
    return json.loads(_path(name).read_text(encoding="utf-8"))


def _path(name: str) -> Path:
    return Path(settings.DATA) / name
