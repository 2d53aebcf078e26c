"""The smallest district, and browsers in which somebody of it is signed in, reading English."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from tests.district_world import World

Browse = Callable[..., "Client"]


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget answers of other tests: the time for which desk and wall keep one is not over yet."""
    from zhizhi.web.snapshot import Snapshots  # noqa: PLC0415 - models load after Django
    from zhizhi.web.views import desk, wall  # noqa: PLC0415

    for view in (desk, wall):
        monkeypatch.setattr(view, "_snapshots", Snapshots())


@pytest.fixture(autouse=True)
def streams_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test a reader of its own, whose thread leaves no connection open behind it."""
    from zhizhi.web import live  # noqa: PLC0415 - models load after Django

    broadcast = live.Broadcast()
    monkeypatch.setattr(live, "_broadcast", broadcast)
    yield
    broadcast.close()
    broadcast._thread.shutdown()


@pytest.fixture
def world(db: None) -> World:
    from tests.district_world import build  # noqa: PLC0415 - models load after Django

    return build()


@pytest.fixture
def browse(world: World) -> Browse:
    """Give a browser: ``browse("operator")``, of another town with ``elsewhere=True``."""
    from django.test import Client  # noqa: PLC0415 - as above

    def opened(role: str, *, elsewhere: bool = False) -> Client:
        browser = Client(headers={"accept-language": "en"})
        account = (world.elsewhere if elsewhere else world.here)[role]
        browser.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return opened
