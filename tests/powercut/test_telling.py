"""Who was told is compared with what the house knows after a cut."""

from pathlib import Path

import pytest

from tests.powercut import telling
from zhizhi.channels.carrier_sms.ledger import Ledger
from zhizhi.engine import delivering
from zhizhi.engine.models import Message


@pytest.fixture
def key(db: None) -> str:
    return telling._ask(7)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "gateway.sqlite3"


def taken(ledger: Path, *keys: str) -> list[tuple[str, str]]:
    kept = Ledger(ledger)
    for key in keys:
        kept.accept(key=key, token="7", text="x", at=0.0)
    kept.close()
    return telling.accepted(ledger)


def test_a_message_that_is_known_and_told_once_is_well(key: str, ledger: Path) -> None:
    assert telling.compare([key], taken(ledger, key)) == []
    assert telling.offered(ledger) == 1


def test_a_lost_message_is_found(key: str) -> None:
    assert telling.compare([key, "gone"], []) == ["message lost: gone"]


def test_who_was_told_twice_and_without_our_knowing_is_found(key: str, ledger: Path) -> None:
    assert telling.compare([], taken(ledger, key, "other")) == [
        "told, and the house does not know: other",
        "token 7 was told 2 times",
    ]


def test_an_asking_at_the_moment_of_the_cut_is_no_promise(tmp_path: Path) -> None:
    outside = tmp_path / "asked"
    outside.write_text("99 a\n100 b\n")

    assert telling.asked(outside, before=100) == ["a"]


@pytest.mark.parametrize(("state", "is_taken", "faults"), [
    (Message.State.SENT, True, 0),
    (Message.State.SENT, False, 1),
    (Message.State.FAILED, False, 0),
    (Message.State.FAILED, True, 1),
])  # fmt: skip
def test_in_the_end_house_and_gateway_say_the_same(
    key: str, ledger: Path, state: str, is_taken: bool, faults: int
) -> None:
    Message.everything.update(state=state)
    taken(ledger, *[key] * is_taken)

    assert len(telling.finish(ledger)) == faults


def test_a_message_that_never_goes_out_is_found(
    key: str, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "REST_S", 0.0)
    monkeypatch.setattr(delivering.Relay, "send_due", lambda *_given: 0)
    taken(ledger)

    assert telling.finish(ledger) == [f"message {key} is queued and the gateway lacks it"]
