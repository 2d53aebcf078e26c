"""A resident's report: journaled, sealed, routed, a case, and the same one only once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from PIL import Image

from zhizhi.directory.models import Person
from zhizhi.directory.people import PersonalData
from zhizhi.engine import closing, journal, reading, reporting, timeline
from zhizhi.engine.intake import KeyReused
from zhizhi.engine.models import Case, Clock, JournalSegment, QuarantinedRow, Report
from zhizhi.engine.reporting import NewReport, ReportRefused
from zhizhi.engine.tests.building import LAT, LON, NOON, agency, area, later
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.trust import audit, evidence, vault
from zhizhi.trust.models import AuditEntry, Evidence

pytestmark = pytest.mark.django_db

WORDS = "two men with rods below the bridge"
NEW = NewReport(
    external_id="a" * 32, kind="fishery.angling", telling=WORDS, lon=LON, lat=LAT,
    place_by="map", place="east bank, third lamp", occurred_at=NOON - timedelta(minutes=5),
)  # fmt: skip
CONTACT = PersonalData("Wei Xiaohe", "12012345678")


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield tmp_path
    reading.forget()


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 60)).save(out, "JPEG")
    return out.getvalue()


def filed(**changed: Any) -> Report:
    return reporting.file_report(replace(NEW, **changed), now=NOON).report


def test_a_report_is_an_observation_in_the_journal_before_anybody_is_answered() -> None:
    report = filed()

    segment = JournalSegment.objects.get(offset=report.offset)
    [row] = journal.decode(bytes(segment.payload)).to_pylist()
    assert (segment.stream, segment.rows) == ("reports.v1", 1)
    assert (row["kind"], row["lon"], row["lat"]) == ("fishery.angling", LON, LAT)
    assert row["time_us"] == journal.to_us(NOON - timedelta(minutes=5))
    assert set(row) == {"entity", "time_us", "lon", "lat", "accuracy_m", "kind", "flags"}


def test_a_report_becomes_a_case_that_its_system_handles() -> None:
    lead, home = agency("fishery"), area()

    case = filed().case

    assert (case.kind, case.system, case.state) == ("illegal-fishing", "fishery", "open")
    assert (case.severity, case.task_kind) == ("normal", "dissuade")
    assert (case.capabilities, case.subject, case.zone) == (["water", "dissuasion"], None, "")
    assert (case.area, case.area_path) == (home, home.path)
    assert case.agencies.get().agency == lead
    assert case.alerts.count() == 0, "nobody pretends that a rule found it"
    clock = Clock.objects.get(case=case)
    assert (clock.kind, clock.due_at) == ("acknowledge", later(minutes=30))


def test_something_else_is_a_case_of_the_desk() -> None:
    case = filed(kind="residents.other").case

    assert (case.kind, case.system, case.capabilities) == ("resident-report", "residents", [])
    assert case.code.startswith("RE-")


def test_the_history_says_who_told_it_and_where_it_stands_in_the_journal() -> None:
    report = filed(photo=jpeg())

    lines = [(entry.verb, entry.actor) for entry in timeline.history(report.case)]
    last = report.case.timeline.latest("seq")
    assert lines == [
        ("case.open", "resident"), ("case.route", "worker"), ("report.receive", "resident"),
    ]  # fmt: skip
    told = {name: value for name, value in last.data.items() if name != "stands"}
    assert told == {
        "report": report.pk, "source": "resident-page", "offset": report.offset,
        "evidence": report.evidence,
    }  # fmt: skip
    assert list(timeline.verify()) == []
    assert list(audit.verify()) == []


def test_words_and_place_are_sealed_and_can_be_read_and_destroyed() -> None:
    report = filed()

    assert reporting.words(report) == {
        "telling": WORDS, "place": "east bank, third lamp", "remark": "",
    }  # fmt: skip
    assert WORDS.encode() not in bytes(report.telling or b"")
    vault.destroy(report.key, now=NOON)
    assert set(reporting.words(report).values()) == {""}


def test_no_word_name_or_number_is_in_any_open_column() -> None:
    filed(contact=CONTACT, consent="contact@1", photo=jpeg())

    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if "_" in name]
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own tables
            text = repr(cursor.fetchall())
            for secret in (WORDS, "third lamp", "Xiaohe", "12012345678"):
                assert secret not in text, table


def test_an_anonymous_report_makes_no_person() -> None:
    report = filed()

    assert (report.person, report.consent, Person.objects.count()) == (None, "", 0)


def test_a_contact_is_sealed_with_the_text_that_was_agreed_to() -> None:
    report = filed(contact=CONTACT, consent="contact@1")

    assert report.person == Person.objects.get()
    assert report.consent == "contact@1"


def test_a_photo_is_sealed_evidence_with_a_working_copy() -> None:
    report = filed(photo=jpeg())

    row = Evidence.objects.get()
    assert report.evidence == [row.pk]
    assert (row.case, row.uploaded_by, row.media_type) == (report.case_id, "resident", "image/jpeg")
    assert evidence.working_copy(row)
    assert list(evidence.verify_evidence()) == []


def test_the_same_report_again_gives_the_same_receipt_and_no_second_case() -> None:
    first = reporting.file_report(NEW, now=NOON)
    again = reporting.file_report(replace(NEW, telling="changed since"), now=later(minutes=2))

    assert (again.report, again.secret) == (first.report, first.secret)
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert (Case.everything.count(), JournalSegment.objects.count()) == (1, 1)
    assert reporting.words(again.report)["telling"] == WORDS


def test_the_same_id_from_another_source_is_another_report() -> None:
    filed()
    filed(source="hotline")

    assert Case.everything.count() == 2


def test_a_key_that_the_journal_knows_with_other_content_is_refused_whole() -> None:
    closing.dismiss(filed().case, reason="nothing", by="account:1", now=NOON)
    Report.everything.update(external_id="b" * 32)  # as if the row had been lost

    with pytest.raises(KeyReused):
        filed(telling="other words")
    assert (Case.everything.count(), Report.everything.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_of_one_report_sent_twice_at_once_one_case_comes() -> None:
    area()

    results = race(lambda: filed().pk, lambda: filed().pk)

    assert losers(results) == []
    assert len(set(winners(results))) == 1
    assert Case.everything.count() == 1


@pytest.mark.parametrize(
    ("minutes", "code"), [(0, ""), (1, ""), (1.02, "future"), (60 * 24 * 365, "future")]
)
def test_what_has_not_happened_yet_is_refused(minutes: float, code: str) -> None:
    assert refusal(occurred_at=NOON + timedelta(minutes=minutes)) == code


@pytest.mark.parametrize(("days", "code"), [(29.9, ""), (30, ""), (30.01, "too-old")])
def test_what_is_older_than_thirty_days_is_refused(days: float, code: str) -> None:
    assert refusal(occurred_at=NOON - timedelta(days=days)) == code


@pytest.mark.parametrize(
    ("east", "code"), [(0.999, ""), (1.0, ""), (1.0001, "outside"), (40, "outside")]
)
def test_a_place_outside_the_district_is_refused(east: float, code: str) -> None:
    area()

    assert refusal(lon=LON + east) == code


def test_an_unknown_kind_is_refused() -> None:
    assert refusal(kind="nobody.knows") == "unknown-kind"


def refusal(**changed: Any) -> str:
    """Return why the report is refused, after checking that then nothing is kept."""
    try:
        filed(**changed)
    except ReportRefused as refused:
        assert (Case.everything.count(), JournalSegment.objects.count()) == (0, 0)
        assert (Report.everything.count(), QuarantinedRow.objects.count()) == (0, 0)
        assert AuditEntry.objects.count() == 0
        return refused.code
    return ""


@pytest.mark.parametrize("written", ["{number}", "  {number} ", "{low}", "{bare}", "{spaced}"])
def test_a_report_is_found_by_number_and_secret_however_they_are_typed(written: str) -> None:
    filed_now = reporting.file_report(NEW, now=NOON)
    number, secret = filed_now.report.number, filed_now.secret
    forms = {
        "number": number, "low": number.lower(), "bare": str(filed_now.report.pk),
        "spaced": number.replace("-", " "),
    }  # fmt: skip

    found = reporting.find(written.format(**forms), f"{secret[:4]} - {secret[4:]}")

    assert found == filed_now.report
    assert len(secret) == 8


@pytest.mark.parametrize("number", ["", "x", "R-260301-", "999999", "R-260301-1; DROP", "9" * 30])
def test_a_number_that_nobody_has_finds_nothing(number: str) -> None:
    secret = reporting.file_report(NEW, now=NOON).secret

    assert reporting.find(number, secret) is None


@pytest.mark.parametrize("secret", ["", "00000000", "x", "1" * 80])
def test_a_wrong_secret_finds_nothing(secret: str) -> None:
    number = filed().number

    assert reporting.find(number, secret) is None


def test_two_reports_have_two_secrets() -> None:
    first = reporting.file_report(NEW, now=NOON)
    second = reporting.file_report(replace(NEW, external_id="c" * 32), now=NOON)

    assert first.secret != second.secret


def test_a_report_tells_why_there_is_a_case() -> None:
    told = reporting.explanation(filed(photo=jpeg()))

    assert (told["photos"], told["is_anonymous"]) == (1, True)
    assert told["occurred_at"] == NOON - timedelta(minutes=5)
