"""What residents agree to with a report, and what ends with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.test import override_settings

from zhizhi.directory import people
from zhizhi.directory.people import PersonalData
from zhizhi.engine import agreeing, erasing, rating, reading, reporting, settings_in_force
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.models import Report
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.tests.building import LAT, LON, NOON, later
from zhizhi.engine.tests.racing import race, winners
from zhizhi.trust import append_only, audit, consenting
from zhizhi.trust import erasing as receipts
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.models import AccessRecord, AuditEntry, Consent, Erasure

pytestmark = pytest.mark.django_db(transaction=True)  # a look opens a transaction of its own
A_TICK, YEAR = timedelta(microseconds=1), timedelta(days=365)
CONTACT = PersonalData("Wei Xiaohe", "12012345678")


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield tmp_path
    reading.forget()


def filed(key: str = "a", *, consent: str = "contact@2") -> Report:
    new = NewReport(
        external_id=key * 32, kind="fishery.angling", telling="two men", lon=LON, lat=LAT,
        place_by="map", occurred_at=NOON, contact=CONTACT, consent=consent,
    )  # fmt: skip
    return reporting.file_report(new, now=NOON).report


def fresh(report: Report) -> Report:
    rows = Report.everything.select_related("case", "person__key", "key", "source")
    return rows.get(pk=report.pk)


def look(report: Report, now: datetime = NOON, purpose: str = "ask-reporter") -> dict[str, str]:
    row = fresh(report)
    assert row.person is not None
    return people.open_person(
        row.person, ("name", "phone"), actor="account:1", purpose=purpose,
        case=CaseInHand.of(row.case), now=now,
    )  # fmt: skip


def is_kept(report: Report) -> bool:
    person = fresh(report).person
    return person is not None and person.key.destroyed_at is None


def withdraw(report: Report, *numbers: int, now: datetime = NOON) -> int:
    chosen = list(numbers) or [one.pk for one in agreeing.agreements_of(report)]
    return agreeing.withdraw(report, chosen, by="resident", now=now)


def test_whoever_agrees_on_the_form_has_a_consent_and_may_be_called() -> None:
    report = filed()

    [consent] = agreeing.agreements_of(report)
    assert (consent.subject, consent.purpose) == (f"person:{report.person_id}", "contact")
    assert (consent.data, consent.text) == (["name", "phone"], "contact@2")
    assert (consent.channel, consent.given_by) == ("resident-page", "resident")
    assert (consent.given_at, consent.expires_at) == (NOON, NOON + YEAR)
    assert look(report) == {"name": "Wei Xiaohe", "phone": "12012345678"}
    record = AccessRecord.objects.get()
    assert (record.is_allowed, record.ground) == (True, f"consent:{consent.pk}")
    assert list(audit.verify()) == []


def test_how_long_an_agreement_counts_is_a_setting() -> None:
    settings_in_force.change("residents.consent_days", 30, by="account:1", now=NOON)

    [consent] = agreeing.agreements_of(filed())

    assert consent.expires_at == NOON + timedelta(days=30)


@pytest.mark.parametrize("purpose", ["ask-reporter", "tell-result", "help-reporter"])
def test_without_an_agreement_nothing_is_opened_and_the_attempt_is_on_record(purpose: str) -> None:
    report = filed(consent="")

    with pytest.raises(AccessRefused, match="no-consent"):
        look(report, purpose=purpose)

    record = AccessRecord.objects.get()
    assert (record.is_allowed, record.ground) == (False, None)
    assert agreeing.agreements_of(report) == []


@pytest.mark.parametrize(
    ("after", "may"), [(-A_TICK, True), (timedelta(0), False), (A_TICK, False)]
)
def test_when_the_time_is_over_nothing_is_opened_even_before_the_worker_comes(
    after: timedelta, may: bool
) -> None:
    report = filed()

    if may:
        assert look(report, NOON + YEAR + after)
        return
    with pytest.raises(AccessRefused, match="no-consent"):
        look(report, NOON + YEAR + after)


@pytest.mark.parametrize(
    ("after", "gone"), [(-A_TICK, False), (timedelta(0), True), (A_TICK, True)]
)
def test_when_the_time_is_over_the_worker_destroys_name_and_number_and_no_words(
    after: timedelta, gone: bool
) -> None:
    report = filed()

    assert rating.sweep(NOON + YEAR + after) == int(gone)
    assert rating.sweep(NOON + YEAR + after) == 0

    assert is_kept(report) is not gone
    assert len(receipts.receipts_of(f"report:{report.pk}")) == int(gone)
    assert reporting.words(fresh(report))["telling"] == "two men"
    assert list(receipts.verify()) == list(audit.verify()) == []


def test_a_withdrawal_counts_at_once_and_destroys_what_was_kept_because_of_it() -> None:
    report = filed()

    assert withdraw(report, now=later(hours=1)) == 1

    with pytest.raises(AccessRefused, match="no-consent"):
        look(report, later(hours=1))
    assert not is_kept(report)
    [receipt] = receipts.receipts_of(f"report:{report.pk}")
    assert (receipt.destroyed, receipt.held) == ([f"person:{report.person_id}"], [])
    [consent] = agreeing.agreements_of(report)
    assert (consent.ended_why, consent.ended_by) == ("withdrawn", "resident")
    assert reporting.words(fresh(report))["telling"] == "two men"
    ended = AuditEntry.objects.filter(verb="consent.end")
    assert [leaf.actor for leaf in ended] == ["resident"]
    assert list(receipts.verify()) == list(audit.verify()) == []


def test_withdrawn_twice_is_withdrawn_once() -> None:
    report = filed()
    withdraw(report)

    assert withdraw(report, now=later(hours=1)) == 0
    assert len(receipts.receipts_of(f"report:{report.pk}")) == 1


def test_nobody_withdraws_what_somebody_else_agreed_to() -> None:
    report = filed()
    [consent] = agreeing.agreements_of(report)
    other = filed("b")

    assert withdraw(other, consent.pk) == 0

    assert look(report)
    assert look(other)


def test_of_two_withdrawals_at_the_same_moment_one_ends_it() -> None:
    report = filed()

    results = race(*[lambda: withdraw(report)] * 2)

    assert sorted(winners(results)) == [0, 1]
    assert len(receipts.receipts_of(f"report:{report.pk}")) == 1


def test_erasing_a_resident_ends_what_was_agreed_to() -> None:
    report = filed()

    erasing.erase(report, by="resident", now=later(hours=1))

    [consent] = agreeing.agreements_of(report)
    assert (consent.ended_why, consent.ended_at) == ("erased", later(hours=1))
    assert agreeing.lapse(NOON + YEAR) == 0


def test_where_a_life_is_in_danger_the_purpose_needs_no_agreement_but_leave() -> None:
    report = filed(consent="")

    with pytest.raises(AccessRefused, match="emergency-alone"):
        look(report, purpose="save-life")


def test_the_upgrade_writes_a_consent_for_whoever_had_agreed_and_is_still_kept() -> None:
    agreed, silent, gone = filed(), filed("b", consent=""), filed("c")
    erasing.erase(gone, by="resident", now=NOON)
    with append_only.lifted():
        Consent.objects.all().delete()

    import_module("zhizhi.engine.migrations.0018_consents").agree(apps, None)

    [row] = Consent.objects.all()
    assert (row.subject, row.text) == (f"person:{agreed.person_id}", "contact@2")
    assert (row.given_at, row.given_by, row.channel) == (NOON, "upgrade", "resident-page")
    assert row.expires_at - row.given_at > YEAR
    assert consenting.agreed(row.subject, "contact", ("name", "phone"), now=NOON) == row
    assert agreeing.agreements_of(silent) == agreeing.agreements_of(gone) == []


def test_the_agreement_of_a_person_without_a_report_lapses_as_well() -> None:
    report = filed()
    person = report.person
    assert person is not None
    Report.everything.filter(pk=report.pk).update(person=None)

    assert agreeing.lapse(NOON + YEAR) == 1
    assert agreeing.lapse(NOON + YEAR) == 0

    person.key.refresh_from_db()
    assert person.key.destroyed_at is not None
    assert Erasure.objects.latest("pk").subject == f"person:{person.pk}"
