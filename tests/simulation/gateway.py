"""The operator's gateway without a socket; some requests and answers are lost on the way."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from zhizhi.channels.carrier_sms.gateway import Gateway, Request
from zhizhi.channels.carrier_sms.ledger import Ledger

if TYPE_CHECKING:
    from tests.simulation.playing import World


class Line:
    """The way to the gateway: a point before it, one behind it, and losses on both ways."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(world.plan.seed + 2)
        self.ledger = Ledger(Path(":memory:"))
        self._gateway = Gateway(self.ledger, "demo", clock=self._moment)
        self.client = httpx.Client(transport=httpx.MockTransport(self._answer))

    def _moment(self) -> float:
        return self.world.clock.at.timestamp()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        world, what = self.world, f"{request.method} to the gateway"
        troubles = world.points.troubles
        world.points.visit(world.acting_process(), f"{what} before", is_vital=True)
        if self._is_lost(troubles.lose_requests):
            raise httpx.ConnectError("the request was lost")
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, request.url.path, headers, request.content)
        status, content = self._gateway.answer(asked)
        world.points.visit(world.acting_process(), f"{what} after", is_vital=True)
        if self._is_lost(troubles.lose_answers):
            raise httpx.ReadTimeout("the answer was lost")
        return httpx.Response(status, json=content)

    def _is_lost(self, share: float) -> bool:
        return not self.world.points.is_calm and self.chance.random() < share

    def accepted(self) -> list[tuple[str, str]]:
        """Return token and text of each message that it took, repeats included."""
        return sorted((one.token, one.text) for one in self.ledger.all())


def client_of(current: Callable[[], World]) -> Callable[[], httpx.Client]:
    """Return what stands in for the channel's way to its client."""
    return lambda: current().gateway.client
