from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection

from zhizhi.engine.committing import EnvelopeUnstorable, GroupCommitter
from zhizhi.engine.intake import Envelope, KeyReused, Receipt
from zhizhi.engine.models import JournalSegment, Source
from zhizhi.engine.tests.breaking import unreachable
from zhizhi.engine.tests.building import NOON
from zhizhi.engine.tests.feeding import envelope, fix, source
from zhizhi.sources.keeping import Ending, Keeper, Outcome
from zhizhi.sources.mqtt.tests.brokering import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.3)
    source()
    committer = GroupCommitter(clock=lambda: NOON)
    yield Keeper(committer, Event())
    committer.close()


def one(entity: int, *, key: str = "", by: Source | None = None) -> Any:
    made = envelope([fix(entity)], at=NOON, key=key or f"k{entity}", by=by)
    return lambda: made


def test_envelopes_are_stored_in_their_order(keeper: Keeper) -> None:
    outcomes = list(keeper.store([one(7), one(8), one(9)]))

    assert [o.offset for o in outcomes if isinstance(o, Receipt)] == [1, 2, 3]


def test_what_is_refused_for_good_is_told_and_the_others_are_stored(keeper: Keeper) -> None:
    gone = source("gone")
    lost = Source(pk=gone.pk, code=gone.code)
    gone.delete()

    outcomes = list(keeper.store([one(7, key="k"), one(8, key="k"), one(9, by=lost), one(10)]))

    kinds = [Receipt, KeyReused, EnvelopeUnstorable, Receipt]
    assert [type(outcome) for outcome in outcomes] == kinds


def test_what_cannot_be_stored_now_is_kept_and_stored_later(
    keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Outcome] = []
    makers = [one(7), one(8)]
    thread = Thread(target=lambda: outcomes.extend(keeper.store(makers)))

    with unreachable():
        thread.start()
        wait_until(lambda: "trying again" in caplog.text, "tried in vain")
    thread.join()

    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt]
    assert JournalSegment.objects.count() == 2


def test_an_envelope_that_cannot_even_be_made_now_is_made_later(keeper: Keeper) -> None:
    tries: list[int] = []

    def make() -> Envelope:
        tries.append(1)
        if len(tries) < 3:
            message = "the server is starting"
            raise OperationalError(message)
        made: Envelope = one(7)()
        return made

    assert isinstance(next(keeper.store([make])), Receipt)
    assert len(tries) == 3


def test_who_is_told_to_stop_lets_go_of_what_is_not_stored(keeper: Keeper) -> None:
    keeper.stopping.set()
    makers = [one(7)]

    with unreachable(), pytest.raises(Ending):
        list(keeper.store(makers))

    assert not JournalSegment.objects.exists()


def test_what_quarantine_refuses_is_insisted_on(keeper: Keeper) -> None:
    gone = source("gone")
    lost = Source(pk=gone.pk, code=gone.code)
    gone.delete()
    made = [one(7, by=lost)(), one(7, by=lost)(), one(8)()]

    receipt = keeper.insist(lambda: made.pop(0))

    assert receipt.accepted == 1
    assert made == []
