"""Every test of this room writes to a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    from zhizhi.engine import reading  # noqa: PLC0415 - models load after Django

    reading.forget()
    with override_settings(DATA=tmp_path):
        yield tmp_path
    reading.forget()
