"""The listeners' process: everything that is configured, through one door, until told to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread

from django.conf import settings

from zhizhi.engine.committing import GroupCommitter
from zhizhi.sources.ais import listening as ais
from zhizhi.sources.ais.taking import Receiver
from zhizhi.sources.keeping import Keeper
from zhizhi.sources.mqtt.listening import Broker, Subscription

STEP_S = 0.2

log = logging.getLogger(__name__)


class NothingToHear(ValueError):
    """No broker and no receiver is configured."""


class AddressInvalid(ValueError):
    """An address that is not HOST:PORT."""


@dataclass(slots=True)
class _Ear:
    """One listener in a thread of its own."""

    name: str
    run: Callable[[], None]
    failure: BaseException | None = None
    thread: Thread = field(init=False)

    def start(self) -> None:
        self.thread = Thread(target=self._hear, name=self.name, daemon=True)
        self.thread.start()

    def _hear(self) -> None:
        try:
            self.run()
        except BaseException as error:
            log.exception("%s broke", self.name)
            self.failure = error


def listen(*, is_over: Callable[[], bool], ready: Callable[[str], None]) -> None:
    """Run all configured listeners until ``is_over``; ``ready`` is told of each.

    Raises NothingToHear, BrokerInvalid or AddressInvalid at once, and what broke a listener: then
    all end, so that whoever supervises the process starts it anew.
    """
    committer, stopping = GroupCommitter(), Event()
    ears = _configured(Keeper(committer, stopping))
    if not ears:
        message = "Set ZHIZHI_MQTT_URL, ZHIZHI_AIS_UDP or ZHIZHI_AIS_TCP: nothing is configured."
        raise NothingToHear(message)
    for ear in ears:
        ear.start()
        ready(ear.name)
    try:
        while not is_over():
            time.sleep(STEP_S)
            for ear in ears:
                if ear.failure is not None:
                    raise ear.failure
    finally:
        stopping.set()
        for ear in ears:
            ear.thread.join()
        committer.close()


def _configured(keeper: Keeper) -> list[_Ear]:
    found = []
    if settings.MQTT_URL:
        broker = Broker.at(settings.MQTT_URL, **{k: v for k, v in settings.MQTT.items() if v})
        found.append(_Ear(f"MQTT {broker.host}:{broker.port}", Subscription(broker, keeper).run))
    for word, open_, address in (
        ("UDP", ais.from_udp, settings.AIS_UDP),
        ("TCP", ais.from_tcp, settings.AIS_TCP),
    ):
        if address:
            host, port = _address(address)
            name = f"AIS {word} {host}:{port}"
            found.append(_Ear(name, Receiver(name, partial(open_, host, port), keeper).run))
    return found


def _address(text: str) -> tuple[str, int]:
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal():
        message = f"{text!r} is no address: write HOST:PORT, for example 0.0.0.0:10110."
        raise AddressInvalid(message)
    return host.strip("[]"), int(port)
