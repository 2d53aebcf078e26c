"""Only what is of somebody enrolled, with an agreement in force, reaches the journal."""

from __future__ import annotations

import json
from datetime import time, timedelta

import pytest
from django.db import connection

from zhizhi.directory import guarding, people
from zhizhi.engine.models import JournalSegment, QuarantinedRow
from zhizhi.kernel.solitude import Circumstance
from zhizhi.systems.guardian import enrolling, placing, tagging
from zhizhi.systems.guardian.enrolling import Habit
from zhizhi.systems.guardian.models import Enrolment, TagReader
from zhizhi.systems.guardian.naming import STREAM
from zhizhi.systems.guardian.tests.street import (
    CODE,
    NINE,
    OTHER_CODE,
    Street,
    after,
    agree,
    agree_in_person,
    journaled,
    name,
    source,
)
from zhizhi.trust import consenting
from zhizhi.trust.grounds import BRING_HOME
from zhizhi.trust.models import Consent

DANGER, HARSH = Circumstance.DANGER.value, Circumstance.HARSH.value


def told() -> list[str]:
    return [row["zone"] for row in journaled()]


def test_a_ward_is_known_by_a_number_and_the_place_of_the_reader(street: Street) -> None:
    receipt = street.read(0)

    [row] = journaled()
    reader = TagReader.objects.get(code="R-1")
    assert (row["entity"], row["zone"]) == (street.enrolment.token, "ward@R-1")
    assert (row["lon"], row["lat"], row["flags"]) == (reader.lon, reader.lat, 0)
    assert (receipt.accepted, receipt.quarantined, receipt.offset) == (1, 0, None)


def test_a_companion_is_told_to_the_rule_of_the_ward(street: Street) -> None:
    street.read(0, tag=OTHER_CODE)

    assert [(row["entity"], row["zone"]) for row in journaled()] == [
        (street.enrolment.token, "companion@R-1")
    ]


def test_a_stranger_leaves_no_trace_and_gets_the_same_receipt(street: Street) -> None:
    known = street.read(0)
    before = JournalSegment.objects.count()

    stranger = street.read(0, tag="beacon-of-a-stranger")

    assert JournalSegment.objects.count() == before
    assert stranger == known
    assert list(traces(b"beacon-of-a-stranger", tagging.token_of("beacon-of-a-stranger"))) == []


def test_the_scan_would_find_a_trace(street: Street) -> None:
    QuarantinedRow.objects.create(stream=STREAM, row=0, field="tag", reason="x", remedy="y",
                                  raw="beacon-of-a-stranger", arrival_at=NINE)  # fmt: skip

    assert list(traces(b"beacon-of-a-stranger", 1)) == ["engine_quarantinedrow"]


def test_of_many_readings_only_those_of_the_enrolled_are_kept(street: Street) -> None:
    receipt = street.read_all(0, [("x", "R-1"), (CODE, "R-2"), ("y", "R-3"), (CODE, "R-9")])

    assert told() == ["ward@R-2"]
    assert (receipt.accepted, receipt.quarantined) == (3, 1)


def test_a_reading_by_an_unknown_reader_is_refused_by_name_and_without_its_tag(
    street: Street,
) -> None:
    receipt = street.read(0, reader="R-9")

    [defect] = receipt.defects
    row = QuarantinedRow.objects.get()
    assert (defect["field"], defect["reason"]) == ("reader", "unknown-reader")
    assert (row.reason, CODE in row.raw) == ("unknown-reader", False)
    assert told() == []


def test_a_reading_without_a_time_is_quarantined_without_its_tag(street: Street) -> None:
    from zhizhi.engine import intake, reading  # noqa: PLC0415 - the door itself
    from zhizhi.kernel.streams import stream_named  # noqa: PLC0415 - as above

    rows = [{"tag": "beacon-7", "reader": "R-1", "observed_at": "yesterday"}]
    read = reading.reader().read(stream_named(STREAM), rows, arrival_at=NINE)
    intake.append([intake.Envelope(source(), STREAM, read, "k", "k", NINE)], now=NINE)

    assert json.loads(QuarantinedRow.objects.get().raw) == {
        "reader": "R-1", "observed_at": "yesterday",
    }  # fmt: skip


def test_a_reader_that_was_taken_down_reads_nobody(street: Street) -> None:
    reader = TagReader.objects.get(code="R-1")
    placing.take_down(reader, by="account:1", now=NINE)

    assert street.read(1).quarantined == 1
    assert told() == []


def test_who_withdraws_is_matched_no_more_from_the_next_reading_on(street: Street) -> None:
    street.read(0)
    guarding.withdraw(street.bond, Consent.objects.get(guardian__gt="").pk, now=after(0.5))

    street.read(1)

    assert told() == ["ward@R-1"]


def test_when_the_ward_objects_nobody_is_matched(street: Street) -> None:
    guarding.object_for(street.ward, by="account:1", now=after(0))

    street.read_all(1, [(CODE, "R-1"), (OTHER_CODE, "R-1")])

    assert told() == []


@pytest.mark.parametrize(("second", "known"), [(-1, 1), (0, 0), (1, 0)])
def test_an_agreement_counts_until_its_time_is_over(
    street: Street, second: int, known: int
) -> None:
    agree_in_person(street.ward, until=after(10))

    street.read(10 + second / 60)

    assert len(journaled()) == known


def test_an_agreement_to_something_else_matches_nobody(street: Street) -> None:
    agree(street.bond, "name", "phone", now=NINE)

    street.read(1)

    assert told() == []


def test_a_companion_who_withdraws_counts_no_more(street: Street) -> None:
    own = consenting.of(people.subject(street.daughter)).get(purpose=BRING_HOME)
    consenting.withdraw(own, by="resident", now=NINE)

    street.read_all(1, [(CODE, "R-1"), (OTHER_CODE, "R-1")])

    assert told() == ["ward@R-1"]


def test_an_erased_ward_is_not_matched(street: Street) -> None:
    people.erase_person(street.ward, by="account:1", now=NINE)

    street.read_all(1, [(CODE, "R-1"), (OTHER_CODE, "R-1")])

    assert told() == []


def test_pausing_stops_and_resuming_matches_again(street: Street) -> None:
    by = name(street.operator)
    enrolling.pause(street.enrolment, by=by, now=after(1))
    street.read_all(2, [(CODE, "R-1"), (OTHER_CODE, "R-1")])
    paused = told()
    enrolling.resume(street.enrolment, by=by, now=after(3))
    street.read(4)

    assert paused == ["stopped"]
    assert told() == ["stopped", "ward@R-1"]


def test_a_tag_that_was_taken_back_is_nobodys(street: Street) -> None:
    tagging.unbind(street.tags[CODE], by="account:1", now=after(1))

    street.read(2)

    assert told() == []


@pytest.mark.parametrize(("second", "known"), [(-1, 0), (0, 1), (1, 1)])
def test_what_was_read_before_the_tag_was_given_is_of_somebody_else(
    street: Street, second: int, known: int
) -> None:
    tag = street.tags[CODE]
    type(tag).objects.filter(pk=tag.pk).update(bound_at=after(5))

    street.read(5 + second / 60)

    assert len(journaled()) == known


def test_by_the_river_and_at_night_it_is_worse_to_be_alone(street: Street) -> None:
    street.read(0, reader="R-river")
    street.read(12 * 60 - 0.1, reader="R-1")
    street.read(12 * 60, reader="R-1")
    street.read(21 * 60 - 0.1, reader="R-1")
    street.read(21 * 60, reader="R-1")
    street.read(12 * 60, tag=OTHER_CODE)

    assert [row["flags"] for row in journaled()] == [DANGER, 0, HARSH, HARSH, 0, 0]


@pytest.mark.parametrize(
    ("minute", "flags"), [(-0.1, DANGER), (0, 0), (59.9, 0), (60, DANGER), (61, DANGER)]
)
def test_outside_of_the_allowed_hours_it_is_dangerous(
    street: Street, minute: float, flags: int
) -> None:
    hours = (NINE.time(), (NINE + timedelta(hours=1)).time())
    enrolling.allow(street.enrolment, Habit(hours=hours), by="account:1", now=NINE)

    street.read(minute)

    assert [row["flags"] for row in journaled()] == [flags]


@pytest.mark.parametrize(("first", "last"), [(20, 10), (8, 10)])
def test_allowed_hours_may_span_midnight(street: Street, first: int, last: int) -> None:
    row = street.enrolment
    row.hours_from, row.hours_to = (NINE.time().replace(hour=hour) for hour in (first, last))

    assert row.is_hour_allowed(NINE.time())
    assert not row.is_hour_allowed(NINE.time().replace(hour=12))


@pytest.mark.parametrize(
    ("first", "last", "allowed"),
    [(8, 18, "08:00 17:59"), (22, 6, "00:00 05:59 22:00"), (8, 8, "")],
)
def test_the_first_minute_of_the_allowed_hours_belongs_to_them_and_the_last_does_not(
    first: int, last: int, allowed: str
) -> None:
    row = Enrolment(hours_from=time(first), hours_to=time(last))
    moments = ["00:00", "05:59", "06:00", "07:59", "08:00", "17:59", "18:00", "21:59", "22:00"]

    found = [one for one in moments if row.is_hour_allowed(time.fromisoformat(one))]

    assert found == allowed.split()


def test_outside_of_the_allowed_areas_it_is_dangerous(street: Street) -> None:
    inside = street.area
    other = type(inside).objects.create(
        kind="town", code="990199000000000", name="t", path=f"{inside.path}990199000000000/",
        min_lon=inside.min_lon, min_lat=inside.min_lat, max_lon=inside.max_lon,
        max_lat=inside.max_lat, lon=inside.lon, lat=inside.lat, valid_from=NINE,
    )  # fmt: skip
    enrolling.allow(street.enrolment, Habit(areas=[other]), by="account:1", now=NINE)
    street.read(0)
    enrolling.allow(street.enrolment, Habit(areas=[other, inside]), by="account:1", now=NINE)
    street.read(1)

    assert [row["flags"] for row in journaled()] == [DANGER, 0]


def test_the_stream_and_the_tags_hold_no_name_and_no_code(street: Street) -> None:
    street.read_all(0, [(CODE, "R-1"), (OTHER_CODE, "R-1")])

    for text in (CODE, OTHER_CODE, "Shen Yulan", "12912345678"):
        assert list(traces(text.encode(), 1)) == []


def traces(text: bytes, number: int) -> list[str]:
    """Return the tables in any column of which ``text`` or ``number`` stands."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names come from the database
            values = [value for row in cursor.fetchall() for value in row]
            is_there = any(
                text in (bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode())
                or (number != 1 and v == number)
                for v in values
            )
            found += [table] if is_there else []
    return found
