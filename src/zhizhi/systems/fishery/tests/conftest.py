"""The river that most tests of the fishery start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zhizhi.systems.fishery.tests.river import Desk, River


@pytest.fixture
def river(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> River:
    from zhizhi.systems.fishery.tests.river import build, gateway  # noqa: PLC0415 - read before Django

    return build(gateway(tmp_path, monkeypatch))


@pytest.fixture
def desk(river: River) -> Desk:
    from zhizhi.systems.fishery.tests.river import Desk  # noqa: PLC0415 - read before Django

    return Desk(river)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Start the system's Chromium without any request of its own."""
    return {
        "executable_path": "/usr/bin/chromium",
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
