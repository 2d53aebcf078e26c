from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from django.db import transaction

from zhizhi.engine import intake, journal, reading
from zhizhi.engine.intake import KeyReused, Receipt
from zhizhi.engine.models import InboxKey, JournalHead, JournalSegment, QuarantinedRow
from zhizhi.engine.tests.building import NOON, later
from zhizhi.engine.tests.feeding import VESSELS, envelope, fix, send, source, tick
from zhizhi.engine.tests.racing import race

pytestmark = pytest.mark.django_db


def receipts(outcomes: list[Receipt | KeyReused]) -> list[int | None]:
    return [one.offset for one in outcomes if isinstance(one, Receipt)]


def test_offsets_count_up_and_segments_of_a_stream_are_linked() -> None:
    sent = [send([fix(at=later(seconds=n))], at=later(seconds=n)).offset for n in range(3)]

    links = JournalSegment.objects.order_by("offset").values_list("offset", "previous")
    assert sent == [1, 2, 3]
    assert list(links) == [(1, 0), (2, 1), (3, 2)]
    assert JournalHead.objects.get().tails == {VESSELS: 3}


def test_what_is_read_back_is_what_was_sent() -> None:
    sent = envelope([fix(7), fix(8, east=0.01)], at=NOON)

    intake.append([sent], now=NOON)

    segment = journal.read([VESSELS], 1)[0]
    assert segment.arrival_us == journal.to_us(NOON)
    assert segment.table is not None
    assert str(segment.table.to_pylist()) == str(sent.reading.table.to_pylist())
    assert segment.table.schema == sent.reading.table.schema


@pytest.mark.parametrize("rows", [1, journal.COMPRESS_FROM_ROWS - 1, journal.COMPRESS_FROM_ROWS])
def test_a_table_survives_the_journal_with_and_without_compression(rows: int) -> None:
    table = pa.table({"n": pa.array(range(rows), pa.int64())})

    assert journal.decode(journal.encode(table)).equals(table)


def test_an_envelope_without_a_good_row_takes_no_offset() -> None:
    receipt = send([fix(lon=999.0)], at=NOON)

    assert (receipt.offset, receipt.accepted, receipt.quarantined) == (None, 0, 1)
    assert send([fix()], at=NOON).offset == 1


def test_one_reused_key_in_a_group_leaves_the_others_alone() -> None:
    send([fix(7)], at=NOON, key="k")
    group = [
        envelope([fix(8)], at=NOON, key="new"),
        envelope([fix(9)], at=NOON, key="k"),
        envelope([fix(10)], at=NOON, key="other"),
    ]

    outcomes = intake.settle(group, now=NOON)

    assert isinstance(outcomes[1], KeyReused)
    assert receipts(outcomes) == [2, 3]


def test_append_takes_all_or_refuses_all() -> None:
    send([fix(7)], at=NOON, key="k")
    group = [envelope([fix(8)], at=NOON, key="new"), envelope([fix(9)], at=NOON, key="k")]

    with pytest.raises(KeyReused, match="'k'"), transaction.atomic():
        intake.append(group, now=NOON)

    assert JournalSegment.objects.count() == InboxKey.objects.count() == 1


def test_the_same_envelope_twice_in_one_group_is_stored_once() -> None:
    sent = envelope([fix(7)], at=NOON, key="k")

    first, second = intake.append([sent, sent], now=NOON)

    assert (first.is_repeat, second.is_repeat) == (False, True)
    assert first.as_response() == second.as_response()
    assert JournalSegment.objects.count() == 1


def test_the_same_key_with_another_body_in_one_group_is_refused() -> None:
    group = [envelope([fix(n)], at=NOON, key="k") for n in (7, 8)]

    outcomes = intake.settle(group, now=NOON)

    assert isinstance(outcomes[0], Receipt)
    assert isinstance(outcomes[1], KeyReused)


@pytest.mark.parametrize(
    ("second", "recorded"), [(-1, later(seconds=0)), (0, later(seconds=0)), (1, later(seconds=1))]
)
def test_the_arrival_clock_never_runs_backwards(second: int, recorded: Any) -> None:
    send([fix(7)], at=NOON)

    send([fix(8)], at=later(seconds=second))

    assert JournalSegment.objects.get(offset=2).arrival_at == recorded


def test_a_heartbeat_never_turns_the_clock_back_either() -> None:
    send([fix()], at=later(minutes=1))

    tick(NOON)

    assert JournalSegment.objects.get(offset=2).arrival_at == later(minutes=1)


def test_heartbeats_do_not_break_the_links_of_a_stream() -> None:
    send([fix(7)], at=NOON)
    tick(later(seconds=1))
    send([fix(8)], at=later(seconds=2))

    found = journal.read([VESSELS], 1)

    journal.check_links(found, start=1)
    assert [one.previous for one in found if one.table is not None] == [0, 1]


@pytest.mark.parametrize(("passed", "left"), [(1, 2), (2, 1), (3, 1)])
def test_a_heartbeat_drops_those_before_the_offset_that_all_have_passed(
    passed: int, left: int
) -> None:
    tick(NOON)

    intake.heartbeat(now=later(seconds=1), passed=passed)

    assert JournalSegment.objects.count() == left


def test_keys_are_forgotten_when_they_are_old() -> None:
    send([fix(7)], at=NOON, key="old")
    send([fix(8)], at=later(days=1), key="new")

    forgotten = intake.forget_keys(before=later(days=1), most=2)

    assert forgotten == 1
    assert InboxKey.objects.get().key == "new"


def test_of_very_many_bad_rows_the_first_are_kept_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "ROWS_QUARANTINED", 3)

    receipt = send([fix(n, lon=999.0) for n in range(5)], at=NOON)

    assert receipt.quarantined == 5
    assert list(QuarantinedRow.objects.order_by("row").values_list("row", flat=True)) == [0, 1, 2]


def test_a_journal_whose_head_was_lost_goes_on_behind_its_last_segment() -> None:
    send([fix(7)], at=NOON)
    JournalHead.objects.all().delete()

    assert send([fix(8)], at=later(seconds=1)).offset == 2


def test_reading_stops_at_a_number_of_rows_but_takes_at_least_one_segment() -> None:
    for n in range(4):
        send([fix(entity, at=later(seconds=n)) for entity in range(3)], at=later(seconds=n))

    sizes = [len(journal.read([VESSELS], 1, most_rows=most)) for most in (1, 5, 6, 9, 100)]

    assert sizes == [1, 1, 2, 3, 4]


def test_reading_until_a_moment_includes_that_moment() -> None:
    for n in range(3):
        send([fix(at=later(seconds=n))], at=later(seconds=n))

    found = [one for part in journal.walk([VESSELS], 1, until=later(seconds=1)) for one in part]

    assert [one.offset for one in found] == [1, 2]


@pytest.mark.parametrize(("second", "offset"), [(0, 1), (1, 2), (2, 2), (3, 3)])
def test_the_first_segment_since_a_moment(second: int, offset: int) -> None:
    for at in (later(seconds=0), later(seconds=2)):
        send([fix(at=at)], at=at)

    assert journal.first_since(later(seconds=second)) == offset


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_get_offsets_without_holes_or_doubles() -> None:
    source()
    sent = [envelope([fix(n)], at=NOON, key=f"k{n}") for n in range(8)]

    results = race(*[lambda one=one: intake.append([one], now=NOON) for one in sent])

    assert sorted(one[0].offset for one in results) == list(range(1, 9))
    journal.check_links(journal.read([VESSELS], 1), start=1)


@pytest.mark.django_db(transaction=True)
def test_the_same_envelope_from_many_at_once_is_stored_once() -> None:
    sent = envelope([fix(7)], at=NOON, key="k")

    results = race(*[lambda: intake.append([sent], now=NOON)] * 6)

    assert sorted(one[0].is_repeat for one in results) == [False] + [True] * 5
    assert JournalSegment.objects.count() == 1
    assert threading.active_count() < 50


@pytest.mark.parametrize("behind", [timedelta(seconds=5), timedelta(seconds=5, microseconds=1)])
def test_a_clock_far_behind_the_journal_is_reported(
    caplog: pytest.LogCaptureFixture, behind: timedelta
) -> None:
    send([fix(7)], at=NOON)

    send([fix(8)], at=NOON - behind)

    assert ("behind the journal" in caplog.text) == (behind > timedelta(seconds=5))
