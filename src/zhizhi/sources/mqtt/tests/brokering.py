"""A real Mosquitto on a free port of this machine, and a sender that waits to be heard."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tests.ports import free_port

WITHIN_S = 60.0


class MosquittoMissing(RuntimeError):
    """No MQTT broker on this machine."""


def program() -> str:
    """Return the path of Mosquitto; raises MosquittoMissing with the command to type."""
    found = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        message = "Mosquitto is missing. Type: sudo apt-get install -y mosquitto"
        raise MosquittoMissing(message)
    return found


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


@dataclass
class Mosquitto:
    """One broker with its files in ``folder``; ``lines`` join its configuration."""

    folder: Path
    lines: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Mosquitto:
        settings = self.folder / "mosquitto.conf"
        user = ["user root"] if os.geteuid() == 0 else []
        settings.write_text(
            "\n".join(
                [
                    f"listener {self.port} 127.0.0.1",
                    *(self.lines or ("allow_anonymous true",)),
                    *user,
                    "persistence true",
                    f"persistence_location {self.folder}/",
                    f"log_dest file {self.folder}/log",
                    "log_type all",
                    "max_queued_messages 0",
                ]
            )
            + "\n"
        )
        self.process = subprocess.Popen([program(), "-c", str(settings)])
        wait_until(self._answers, "the broker answers")
        return self

    def stop(self) -> None:
        """End it in good order: it writes down what waits."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(WITHIN_S)
            self.process = None


def publish(
    port: int,
    messages: list[tuple[str, bytes]],
    *,
    properties: Mapping[str, Any] | None = None,
    sign_in: tuple[str, str] | None = None,
    authority: str = "",
) -> None:
    """Send each (topic, payload) and wait until the broker has taken it over."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    if sign_in:
        client.username_pw_set(*sign_in)
    if authority:
        client.tls_set(authority)
    client.connect("127.0.0.1", port)
    client.loop_start()
    made: Any = Properties
    told = made(PacketTypes.PUBLISH)
    for name, value in (properties or {}).items():
        setattr(told, name, value)
    try:
        for topic, payload in messages:
            sent = client.publish(topic, payload, qos=1, properties=told)
            sent.wait_for_publish(WITHIN_S)
            assert sent.is_published()
    finally:
        client.disconnect()
        client.loop_stop()
