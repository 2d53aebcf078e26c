"""Who can be read after a restore: whoever is in the file of people's keys and in no ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.config.backing_up import restoring
from zhizhi.directory import people
from zhizhi.directory.models import Person
from zhizhi.directory.people import PersonalData
from zhizhi.engine import reporting, timeline
from zhizhi.engine.models import CheckIn, Report
from zhizhi.engine.tests.building import NOON, unit
from zhizhi.engine.tests.test_reporting import CONTACT, NEW, jpeg
from zhizhi.trust import destruction, evidence, grounds, people_keys, vault
from zhizhi.trust.models import AuditEntry, Erasure, Evidence, SubjectKey

pytestmark = pytest.mark.django_db
AT = datetime(2026, 2, 24, 8, tzinfo=UTC)
LATER = AT + timedelta(days=1)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def add(*names: str) -> list[Person]:
    rows = [PersonalData(name=name, phone="12012345678") for name in names]
    return people.add_people(rows, by="cli", now=AT)


def as_in_a_backup() -> None:
    """Take the data keys out of the database, as every backup is without them."""
    SubjectKey.objects.filter(wrapped__isnull=False).update(wrapped=None)


def readable() -> dict[int, str]:
    found = {}
    for person in Person.objects.select_related("key"):
        if person.key.wrapped is not None:
            key = vault.unwrap(person.key)
            place = vault.Place(people.TABLE, "name", person.pk)
            with grounds.reading(grounds.by_law("prove-keys")):
                found[person.pk] = vault.unseal(bytes(person.name or b""), key=key, place=place)
    return found


def test_whoever_has_a_key_can_be_read_again() -> None:
    first, second = add("Wagtail", "Heron")
    people_keys.keep(now=AT)
    as_in_a_backup()

    assert restoring._people([], now=LATER) == (2, 0)

    assert readable() == {first.pk: "Wagtail", second.pk: "Heron"}


def test_whoever_was_wiped_since_stays_unreadable_and_cannot_be_found_either() -> None:
    first, second = add("Wagtail", "Heron")
    people_keys.keep(now=AT)
    as_in_a_backup()
    people_keys.wipe([first.pk])

    assert restoring._people([], now=LATER) == (1, 1)

    first.refresh_from_db()
    assert readable() == {second.pk: "Heron"}
    assert (first.name, first.phone, first.phone_index) == (None, None, "")
    assert (first.key.wrapped, first.key.destroyed_at) == (None, LATER)
    found = people.find_by_phone("12012345678")
    assert found is not None
    assert found.pk == second.pk


def test_whom_a_ledger_names_stays_unreadable_though_the_key_is_still_there() -> None:
    first, second = add("Wagtail", "Heron")
    people_keys.keep(now=AT)
    copy = people_keys.path().read_bytes()
    vault.destroy(first.key, now=AT)
    destruction.DestroyedKeys().catch_up(AT)
    people_keys.path().write_bytes(copy)  # a copy of the keys folder from before the erasure
    SubjectKey.objects.update(destroyed_at=None)
    as_in_a_backup()

    assert restoring._people([destruction.ledger()], now=LATER) == (1, 1)

    assert readable() == {second.pk: "Heron"}


def test_a_row_that_was_used_again_is_somebody_else() -> None:
    """After an earlier restore the numbers of lost rows are given to other people."""
    [first] = add("Wagtail")
    people_keys.keep(now=AT)
    SubjectKey.objects.update(created_at=AT + timedelta(microseconds=1))
    as_in_a_backup()

    assert restoring._people([], now=LATER) == (0, 1)

    assert readable() == {}
    assert SubjectKey.objects.get(pk=first.pk).wrapped is None


def test_a_person_who_was_erased_before_the_backup_is_not_counted() -> None:
    [first] = add("Wagtail")
    people.erase_person(first, by="cli", now=AT)
    people_keys.keep(now=AT)

    assert restoring._people([], now=LATER) == (0, 0)

    assert SubjectKey.objects.get(pk=first.pk).destroyed_at == AT


def test_more_people_than_fit_into_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "_CHUNK", 2)
    rows = add(*(f"Wagtail {number}" for number in range(7)))
    people_keys.keep(now=AT)
    as_in_a_backup()
    people_keys.wipe([row.pk for row in rows[:3]])

    assert restoring._people([], now=LATER) == (4, 3)

    assert sorted(readable()) == [row.pk for row in rows[3:]]


def test_the_photo_of_a_check_in_without_its_key_is_cleared() -> None:
    [(key, _opened)] = vault.make_keys(1, now=AT)
    row = CheckIn.everything.create(
        unit=unit(), by="unit:1", key="k", at=AT, received_at=AT, photo_key=key, photo=b"sealed",
        place_by=CheckIn.PlaceBy.DEVICE, area_path="/",
    )  # fmt: skip
    as_in_a_backup()

    restoring._people([], now=LATER)

    assert CheckIn.everything.get(pk=row.pk).photo is None


def test_a_report_whose_words_were_forgotten_since_is_forgotten_again() -> None:
    report = reporting.file_report(replace(NEW, contact=CONTACT), now=NOON).report
    as_in_a_backup()

    assert restoring._people([], now=LATER) == (0, 2)

    again = Report.everything.get(pk=report.pk)
    assert (again.telling, again.place, again.forgotten_at) == (None, None, LATER)
    assert again.person is not None
    assert (again.person.name, again.person.phone_index) == (None, "")
    [receipt] = Erasure.objects.all()
    assert receipt.destroyed == [people.subject(again.person), f"report:{again.pk}"]
    assert AuditEntry.objects.filter(verb="data.erase", actor="cli").count() == 1
    assert list(timeline.verify()) == []


def test_a_photo_that_was_erased_since_is_erased_again_and_nothing_besides() -> None:
    """It was held for longer than the words, or the words are held still."""
    report = reporting.file_report(replace(NEW, contact=CONTACT, photo=jpeg()), now=NOON).report
    [row] = Evidence.objects.all()
    people_keys.keep(now=AT)
    as_in_a_backup()
    people_keys.wipe([row.subject_key_id or 0])

    assert restoring._people([], now=LATER) == (2, 1)

    again = Report.everything.get(pk=report.pk)
    assert reporting.words(again)["telling"] == NEW.telling
    assert [receipt.destroyed for receipt in Erasure.objects.all()] == [[f"evidence:{row.pk}"]]
    with pytest.raises(evidence.EvidenceErased):
        evidence.original(Evidence.objects.get(pk=row.pk))
    assert list(evidence.verify_evidence()) == []
