"""The river that most tests of the fishery start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zhizhi.systems.fishery.tests.river import River


@pytest.fixture
def river(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> River:
    from zhizhi.systems.fishery.tests.river import build, gateway  # noqa: PLC0415 - read before Django

    return build(gateway(tmp_path, monkeypatch))
