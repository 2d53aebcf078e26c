"""Listening to an MQTT broker: a message is acknowledged when it is durable, not before.

The session outlives the connection: what is not acknowledged comes again. At most ``most`` messages
are on their way unacknowledged, so a database that is slow makes the broker wait, not this process
grow. Acknowledgements belong to one connection: after a reconnect the broker may have given the
number of an old message to a new one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from threading import RLock
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import paho.mqtt.client as paho
from django.db import connection
from django.utils import timezone
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from zhizhi.engine.intake import KeyReused, Receipt
from zhizhi.sources.keeping import Ending, Keeper, Outcome
from zhizhi.sources.mqtt.reading import MOST_BYTES, Delivery, Sorter

NEVER = 0xFFFF_FFFF  # the session does not expire, as clean_session=0 of MQTT 3.1.1
ROOM = 1 << 16  # for topic and properties of the largest message
WAIT_S = 0.5
KEY = "idempotency-key"

log = logging.getLogger(__name__)
_properties: Any = Properties  # its own types are incomplete


class BrokerInvalid(ValueError):
    """The address of the broker cannot be used; says what one looks like."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, who we are to it, and what we listen to.

    ``client`` names the session and must be the same after a restart. ``authority``,
    ``certificate`` and ``key`` are files; without ``authority`` the system's own list counts.
    """

    host: str
    port: int
    is_tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    client: str = "zhizhi"
    prefix: str = "zhizhi/observations"
    most: int = 64  # messages on their way unacknowledged
    authority: str = ""
    certificate: str = ""
    key: str = ""
    pauses_s: tuple[int, int] = (1, 60)  # between attempts to connect, growing

    @classmethod
    def at(cls, url: str, **more: Any) -> Broker:
        """Return the broker at ``mqtt://host:1883`` or ``mqtts://host:8883``."""
        parts = _parts(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.password:
            message = (
                f"{parts.scheme}://{parts.hostname or ''} is no address of a broker: write "
                "mqtt://host:1883 or mqtts://host:8883, and the password apart."
            )
            raise BrokerInvalid(message)
        is_tls = parts.scheme == "mqtts"
        more.setdefault("user", unquote(parts.username or ""))
        return cls(parts.hostname, parts.port or (8883 if is_tls else 1883), is_tls, **more)


def _parts(url: str) -> SplitResult:
    """Return the parts of an address; nothing of one whose host or port cannot be."""
    try:
        parts = urlsplit(url)
        return parts if parts.port is None or parts.port else urlsplit("")
    except ValueError:
        return urlsplit("")


@dataclass(frozen=True, slots=True)
class _Held:
    """A message that waits to be stored, and how to acknowledge it."""

    delivery: Delivery
    mid: int
    qos: int
    connection: int


class Subscription:
    """One persistent session with a broker; ``run`` takes messages in until told to stop."""

    def __init__(self, broker: Broker, keeper: Keeper) -> None:
        self.broker = broker
        self.keeper = keeper
        self.sorter = Sorter(broker.prefix)
        self._held: SimpleQueue[_Held] = SimpleQueue()
        self._lock = RLock()
        self._connection = 0  # counts connections; acknowledgements of an older one are dropped
        self._client = self._made()

    def run(self) -> None:
        """Listen until the keeper is told to stop; the broker keeps what is not stored by then."""
        wanted = _properties(PacketTypes.CONNECT)
        wanted.SessionExpiryInterval = NEVER
        wanted.ReceiveMaximum = self.broker.most
        wanted.MaximumPacketSize = MOST_BYTES + ROOM
        self._client.connect_async(
            self.broker.host, self.broker.port, clean_start=False, properties=wanted
        )
        try:
            while not self.keeper.stopping.is_set():
                self._client.loop_start()  # does nothing while its thread lives
                self._store(self._gathered())
        except Ending:
            log.info("Stopping; the broker keeps what was not stored.")
        finally:
            self._client.disconnect()
            self._client.loop_stop()
            connection.close()

    def _made(self) -> paho.Client:
        broker = self.broker
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client,
            protocol=paho.MQTTv5,
            manual_ack=True,
        )
        if broker.user:
            client.username_pw_set(broker.user, broker.password or None)
        if broker.is_tls:
            client.tls_set(broker.authority or None, broker.certificate or None, broker.key or None)
        client.reconnect_delay_set(*broker.pauses_s)
        client.on_connect = self._connected
        client.on_connect_fail = self._unconnected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        return client

    def _store(self, held: Sequence[_Held]) -> None:
        makers = [partial(self.sorter.envelope, one.delivery) for one in held]
        for one, outcome in zip(held, self.keeper.store(makers), strict=True):
            self._settle(one, outcome)

    def _settle(self, one: _Held, outcome: Outcome) -> None:
        """Acknowledge a message that is stored; one that is refused is first set aside."""
        if not isinstance(outcome, Receipt):
            reason = "key-reused" if isinstance(outcome, KeyReused) else "unstorable"
            self.keeper.insist(partial(self.sorter.aside, one.delivery, reason))
        with self._lock:
            if one.connection == self._connection:
                self._client.ack(one.mid, one.qos)

    def _gathered(self) -> list[_Held]:
        """Return what has come, at most as much as the broker sends unacknowledged."""
        found: list[_Held] = []
        with suppress(Empty):
            found.append(self._held.get(timeout=WAIT_S))
            while len(found) < self.broker.most:
                found.append(self._held.get_nowait())
        return found

    # What follows runs in the thread of the client.

    def _connected(self, client: paho.Client, _data: Any, flags: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            log.error("The broker %s refuses us: %s", self.broker.host, reason)
            return
        kept = "goes on" if flags.session_present else "is new"
        log.info("Connected to the broker %s; the session %s", self.broker.host, kept)
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        client.subscribe(f"{self.broker.prefix}/#", options=options)

    def _unconnected(self, _client: paho.Client, _data: Any) -> None:
        why = "does not answer, or its certificate is not believed" if self.broker.is_tls else ""
        log.warning("The broker %s %s; trying again", self.broker.host, why or "does not answer")

    def _subscribed(
        self, _client: paho.Client, _data: Any, _mid: int, reasons: Any, _p: Any
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                log.error("The broker does not let us read %s/#: %s", self.broker.prefix, reason)

    def _disconnected(
        self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _p: Any
    ) -> None:
        with self._lock:
            self._connection += 1
        if reason.is_failure:
            log.warning("The connection to the broker %s ended: %s", self.broker.host, reason)

    def _received(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        kind, key = _told(message.properties)
        delivery = Delivery(_topic(message), bytes(message.payload), timezone.now(), kind, key)
        self._held.put(_Held(delivery, message.mid, message.qos, self._connection))


def _topic(message: paho.MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return "?"


def _told(properties: Any) -> tuple[str, str]:
    """Return the content type and the key that an MQTT 5 sender may have given."""
    pairs = dict(getattr(properties, "UserProperty", ()))
    return getattr(properties, "ContentType", ""), pairs.get(KEY, "").strip()
