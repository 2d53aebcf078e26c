from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhizhi.sources.mqtt.tests.brokering import Mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A real broker of this test alone."""
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.kill()


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Each test reads its own token key and district."""
    from zhizhi.engine import reading  # noqa: PLC0415 - Django is set up after this file is read

    reading.forget()
    yield
    reading.forget()
