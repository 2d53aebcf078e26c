from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from zhizhi.engine import journal, reading
from zhizhi.engine.committing import GroupCommitter
from zhizhi.engine.models import QuarantinedRow, Source
from zhizhi.engine.tests.breaking import unreachable
from zhizhi.sources.ais import listening, taking
from zhizhi.sources.ais.taking import Heard, Receiver, gathered
from zhizhi.sources.keeping import Keeper
from zhizhi.sources.mqtt.tests.brokering import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
VESSELS = "vessel_positions.v1"
GOOD = b"!AIVDM,1,1,,B,15NG6V0P01G?cFhE`R2IU?wn28R>,0*05"
BAD = b"!AIVDM,1,1,,B,15NG6V0P01G?cFhE`R2IU?wn28R>,0*06"


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.3)
    reading.forget()
    committer, stopping = GroupCommitter(), Event()
    yield Keeper(committer, stopping)
    stopping.set()
    committer.close()
    reading.forget()


def heard(*lines: bytes) -> list[Heard]:
    return [Heard(line, timezone.now()) for line in lines]


def rows() -> int:
    segments = journal.read([VESSELS], 1)
    return sum(one.table.num_rows for one in segments if one.table is not None)


def receiver(keeper: Keeper, lines: Any = iter) -> Receiver:
    return Receiver("test", lines, keeper)


def test_positions_go_to_the_journal_and_bad_lines_to_quarantine_by_number(keeper: Keeper) -> None:
    receiver(keeper).store(heard(b"# comment", GOOD, BAD, b"hello", GOOD))

    assert rows() == 2
    aside = QuarantinedRow.objects.order_by("row").values_list("row", "reason")
    assert list(aside) == [(2, "bad-checksum"), (3, "not-nmea")]
    assert Source.objects.get(code="ais").last_arrival_at is not None


def test_a_position_that_is_refused_is_named_by_its_line(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = b"\\s:1,c:1041168000*1E\\" + GOOD
    made = receiver(keeper)

    made.store(heard(b"# comment", GOOD, old))

    assert rows() == 1
    assert list(QuarantinedRow.objects.values_list("row", "reason")) == [(2, "stale")]


def test_line_numbers_begin_anew_with_each_envelope(keeper: Keeper) -> None:
    made = receiver(keeper)

    for _ in range(3):
        made.store(heard(BAD))

    assert set(QuarantinedRow.objects.values_list("row", flat=True)) == {0}


def test_lines_that_say_nothing_of_a_place_are_no_envelope(keeper: Keeper) -> None:
    receiver(keeper).store(heard(b"# comment", b""))

    assert not Source.objects.exists()


@pytest.mark.parametrize(("lines", "sizes"), [(499, [499]), (500, [500]), (501, [500, 1])])
def test_an_envelope_holds_at_most_five_hundred_lines(
    monkeypatch: pytest.MonkeyPatch, lines: int, sizes: list[int]
) -> None:
    monkeypatch.setattr(taking, "LONGEST_S", 60.0)

    found = gathered([[b"x"]] * lines, is_over=lambda: False)

    assert [len(one) for one in found] == sizes


def test_silence_ends_an_envelope_and_so_does_the_end() -> None:
    groups = [[b"a"], [b"b"], [], [], [b"c"]]

    found = list(gathered(groups, is_over=lambda: False))

    assert [[one.line for one in group] for group in found] == [[b"a", b"b"], [b"c"]]


def test_a_server_waits_while_the_database_is_gone_and_nothing_is_lost(
    keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        lines = partial(listening.from_tcp, "127.0.0.1", server.getsockname()[1], idle_s=0.05)
        thread = Thread(target=receiver(keeper, lines).run, daemon=True)
        thread.start()
        there, _ = server.accept()
        with there:
            with unreachable():
                there.sendall((GOOD + b"\r\n") * 3)
                wait_until(lambda: "trying again" in caplog.text, "refused")
            wait_until(lambda: rows() == 3, "stored")
            keeper.stopping.set()
            thread.join()

    assert rows() == 3


def test_a_connection_that_ends_is_made_again(keeper: Keeper) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        lines = partial(listening.from_tcp, "127.0.0.1", server.getsockname()[1], idle_s=0.05)
        thread = Thread(target=receiver(keeper, lines).run, daemon=True)
        thread.start()
        for count in (1, 2):
            there, _ = server.accept()
            there.sendall(GOOD + b"\r\n")
            there.close()
            wait_until(partial(_has, count), "stored")
        keeper.stopping.set()
        thread.join()

    assert rows() == 2


def _has(count: int) -> bool:
    return rows() == count
