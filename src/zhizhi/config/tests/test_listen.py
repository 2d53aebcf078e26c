"""`zhizhi listen` as the process it is: configured by the environment, killed at any moment."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from tests.installing import VESSELS, House
from tests.ports import free_port

from zhizhi.sources.mqtt.tests.brokering import Mosquitto, publish, wait_until

SENTENCE = b"!AIVDM,1,1,,B,15NG6V0P01G?cFhE`R2IU?wn28R>,0*05"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path).start()
    yield made
    made.kill()


@pytest.fixture
def house(tmp_path: Path, broker: Mosquitto) -> Iterator[House]:
    made = House(tmp_path / "data", ZHIZHI_MQTT_URL=f"mqtt://127.0.0.1:{broker.port}")
    made.make()
    yield made
    made.end()


def message(entity: int) -> tuple[str, bytes]:
    now = datetime.now(UTC).isoformat()
    row = {"entity": entity, "observed_at": now, "lon": 107.4, "lat": 29.7}
    return f"zhizhi/observations/boats/{VESSELS}", json.dumps([row]).encode()


def subscribe_once(house: House, broker: Mosquitto) -> None:
    """Let the broker know the session, so that it keeps what is sent from now on."""
    first = house.listen()
    wait_until(lambda: "Sending SUBACK to zhizhi" in broker.log(), "subscribed")
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0


def test_a_listener_killed_between_receipt_and_commit_loses_nothing_and_stores_nothing_twice(
    house: House, broker: Mosquitto
) -> None:
    subscribe_once(house, broker)
    publish(broker.port, [message(n) for n in range(50)])

    with house.database() as database:
        database.execute("BEGIN IMMEDIATE")  # nobody else can commit
        killed = house.listen()
        wait_until(lambda: "Sending PUBLISH to zhizhi" in broker.log(), "received")
        killed.kill()
        killed.wait()
        database.execute("ROLLBACK")
    before = house.stored()
    house.listen()
    wait_until(lambda: house.stored() == 50, "all stored")
    wait_until(lambda: broker.log().count("Received PUBACK from zhizhi") == 50, "acknowledged")

    assert before == 0
    assert house.stored() == house.stored("engine_inboxkey", "count(*)") == 50


def has_stored(house: House, rows: int) -> bool:
    return house.stored() >= rows


def test_a_listener_killed_at_any_moment_loses_nothing_and_stores_nothing_twice(
    house: House, broker: Mosquitto
) -> None:
    subscribe_once(house, broker)
    count = 300
    publish(broker.port, [message(n) for n in range(count)])

    for least in (30, 100, 200):
        process = house.listen()
        wait_until(partial(has_stored, house, least), "some are stored")
        process.kill()
        process.wait()
    house.listen()
    wait_until(lambda: house.stored() >= count, "all stored")

    assert house.stored() == house.stored("engine_inboxkey", "count(*)") == count


def test_positions_of_an_ais_receiver_reach_the_journal_and_bad_lines_quarantine(
    house: House,
) -> None:
    port = free_port()
    house.environment["ZHIZHI_AIS_UDP"] = f"127.0.0.1:{port}"
    process = house.listen()
    wait_until(lambda: "AIS UDP" in (house.data / "log").read_text(), "listening")

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

        def heard() -> bool:
            sender.sendto(SENTENCE + b"\r\n!AIVDM,broken\r\n", ("127.0.0.1", port))
            return house.stored() > 0

        wait_until(heard, "heard")
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 0
    assert house.stored("engine_source", "sum(code = 'ais')") == 1
    assert house.stored("engine_quarantinedrow", "count(*)") > 0


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ZHIZHI_MQTT_URL", "", "nothing is configured"),
        ("ZHIZHI_MQTT_URL", "broker", "no address of a broker"),
        ("ZHIZHI_AIS_TCP", "10110", "write HOST:PORT"),
        ("ZHIZHI_MQTT_MOST", "0", "from 1 to 1000"),
        ("ZHIZHI_MQTT_CA", "/nowhere.pem", "No such file"),
    ],
)
def test_a_wrong_configuration_is_told_with_the_remedy(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    house = House(tmp_path, ZHIZHI_MQTT_URL="mqtts://127.0.0.1:1")
    house.environment[variable] = value

    done = house.zhizhi("listen")

    assert done.returncode != 0
    assert said in done.stderr
