from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def own_door() -> Iterator[None]:
    """Each test has a writer of its own and remembers nothing of the test before."""
    from zhizhi.engine import reading  # noqa: PLC0415 - Django is set up after this file is read
    from zhizhi.sources import door  # noqa: PLC0415 - as above
    from zhizhi.sources.http_push import passes  # noqa: PLC0415 - as above

    passes.forget()
    reading.forget()
    yield
    door.close_door()
    passes.forget()
    reading.forget()
