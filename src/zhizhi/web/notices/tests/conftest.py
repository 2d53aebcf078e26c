"""The small district of the web's tests, and a data folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zhizhi.web.tests.conftest import browse, world

__all__ = ["browse", "data", "world"]


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Any:
    from django.test import override_settings  # noqa: PLC0415 - models load after Django

    with override_settings(DATA=tmp_path):
        yield tmp_path
