"""A broker that goes away: the same plan sent by MQTT, while broker and listener are struck.

What the broker has acknowledged to a sender must come to be in the journal, once. The broker ends
in good order, so that it keeps what waits: what Mosquitto itself forgets when it is killed is not
the product's to answer for.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.chaos.plan import BROKER_SOURCE, STREAM, Plan
from tests.chaos.playing import Acknowledged, bodies
from tests.chaos.processes import Installation
from zhizhi.sources.mqtt.tests.brokering import Mosquitto, wait_until

LISTENER = "listen"
TOPIC = f"zhizhi/observations/{BROKER_SOURCE}/{STREAM}"
SENDERS = 4
ANSWERS_S = 3.0  # a sender that waits longer for the broker sends again
LONGEST_S = 600.0


@contextlib.contextmanager
def beside(made: Installation) -> Iterator[None]:
    """Give the installation a broker, and a process that listens to it."""
    folder = made.home / "broker"
    folder.mkdir()
    made.broker = Mosquitto(folder).start()
    made.environment["ZHIZHI_MQTT_URL"] = f"mqtt://127.0.0.1:{made.broker.port}"
    made.parts = (*made.parts, LISTENER)
    made.kills[LISTENER] = 0
    try:
        yield
    finally:
        made.broker.kill()


def broker_of(made: Installation) -> Mosquitto:
    """Return the broker of an installation that has one."""
    assert made.broker is not None
    return made.broker


def strike(made: Installation, chance: random.Random) -> str:
    """Take the broker away, let it be silent, or kill the listener; says which."""
    broker = broker_of(made)
    what = chance.choice(("the broker went away", "the broker was silent", "the listener died"))
    if what == "the listener died":
        made.kill(LISTENER)
    elif what == "the broker was silent":
        process = broker.process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(2, 5))
        process.send_signal(signal.SIGCONT)
    else:
        broker.stop()
        time.sleep(chance.uniform(0.5, 5))
        broker.start()
    return what


@dataclass
class BrokerPlayer:
    """Senders that repeat each envelope until the broker has taken it, some of them on purpose."""

    made: Installation
    seed: int
    pace_s: float

    def __post_init__(self) -> None:
        self.acknowledged = Acknowledged()
        self._taken: set[str] = set()

    def play(self, plan: Plan) -> Acknowledged:
        chance, broker = random.Random(self.seed), broker_of(self.made)
        wait_until(lambda: "Sending SUBACK to zhizhi" in broker.log(), "the house listens")
        with ThreadPoolExecutor(SENDERS) as senders:
            for number, wave in enumerate(plan.waves):
                started = time.monotonic()
                sent = bodies(number, wave, datetime.now(UTC))
                repeats = [one for one in sent if chance.random() < 0.2]
                chance.shuffle(sent)
                for job in [senders.submit(self._send, *one) for one in [*sent, *repeats]]:
                    job.result()
                time.sleep(max(0.0, self.pace_s - (time.monotonic() - started)))
        return self._promised()

    def _send(self, key: str, body: bytes) -> None:
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            self.acknowledged.tries += 1
            try:
                is_taken = _published(broker_of(self.made).port, key, body)
            except (OSError, RuntimeError, ValueError) as error:
                self.acknowledged.refusals[type(error).__name__] += 1
                is_taken = False
            if is_taken:
                self._taken.add(key)
                return
            time.sleep(0.1)
        message = f"the broker never took {key}"
        raise RuntimeError(message)

    def _promised(self) -> Acknowledged:
        """Return under which offset the house has stored what the broker promised; -1: nowhere."""
        told = json.loads(self.made.run("arriving", len(self._taken), LONGEST_S))
        self.acknowledged.offsets = {key: told.get(key, -1) for key in self._taken}
        return self.acknowledged


def _published(port: int, key: str, body: bytes) -> bool:
    """Send one message with its key; says whether the broker has taken it over in time."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    made: Any = Properties
    told = made(PacketTypes.PUBLISH)
    told.UserProperty = [("idempotency-key", key)]
    told.ContentType = "application/json"
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        sent = client.publish(TOPIC, body, qos=1, properties=told)
        sent.wait_for_publish(ANSWERS_S)
        return sent.is_published()
    finally:
        client.disconnect()
        client.loop_stop()
