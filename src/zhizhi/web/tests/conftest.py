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
    from zhizhi.web import desk_now  # noqa: PLC0415
    from zhizhi.web.snapshot import Snapshots  # noqa: PLC0415 - models load after Django
    from zhizhi.web.views import wall  # noqa: PLC0415

    for module in (desk_now, wall):
        monkeypatch.setattr(module, "_snapshots", Snapshots())


@pytest.fixture(autouse=True)
def streams_end(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test readers of its own, whose threads leave no connection open behind them."""
    from zhizhi.web import desk_door, live  # noqa: PLC0415 - models load after Django
    from zhizhi.web.query_thread import QueryThread  # noqa: PLC0415

    broadcast, thread = live.Broadcast(), QueryThread("desk")
    monkeypatch.setattr(live, "_broadcast", broadcast)
    monkeypatch.setattr(desk_door, "_thread", thread)
    yield
    broadcast.close()
    broadcast.thread.end()
    thread.end()


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
