"""The purpose a look needs and the record it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from zhizhi.trust import access, append_only, audit
from zhizhi.trust.access import Look
from zhizhi.trust.models import AccessRecord, AuditEntry
from zhizhi.trust.tests.damage import damage

AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


@dataclass(frozen=True)
class ACase:
    id: int = 41
    is_open: bool = True
    is_visible: bool = True


def look(*, purpose: str = "dissuasion", case: ACase | None = ACase()) -> Look:
    return Look("account:12", "person:7", ("phone",), purpose, case)


def record(**options: str) -> AccessRecord:
    with transaction.atomic():
        return access.record(look(), refusal=options.get("refusal", ""), now=AT)


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (look(), ""),
        (look(purpose=""), "no-purpose"),
        (look(purpose="ab"), "no-purpose"),
        (look(purpose="abc"), ""),
        (look(purpose="x" * 48), ""),
        (look(purpose="x" * 49), "no-purpose"),
        (look(purpose="just curious"), "no-purpose"),
        (look(case=None), "no-case"),
        (look(case=ACase(is_open=False)), "case-closed"),
        (look(case=ACase(is_visible=False)), "case-not-visible"),
    ],
)
def test_a_look_needs_a_purpose_and_an_open_visible_case(wanted: Look, refusal: str) -> None:
    assert wanted.refusal() == refusal


@pytest.mark.django_db
def test_a_look_is_recorded_and_its_content_chained() -> None:
    row = record()

    leaf = AuditEntry.objects.get()
    assert (row.person, row.fields, row.purpose, row.case) == (
        "person:7", ["phone"], "dissuasion", 41,
    )  # fmt: skip
    assert row.is_allowed is True
    assert (leaf.verb, leaf.actor, leaf.subject) == ("person.read", "account:12", "person:7")
    assert leaf.detail["record"] == row.pk
    assert list(access.verify()) == []


@pytest.mark.django_db
def test_a_refused_look_is_recorded_with_its_reason() -> None:
    row = record(refusal="case-closed")

    leaf = AuditEntry.objects.get()
    assert row.is_allowed is False
    assert (leaf.verb, leaf.detail["refusal"]) == ("person.refused", "case-closed")
    assert list(access.verify()) == []


@pytest.mark.django_db
def test_a_person_sees_who_looked_newest_first() -> None:
    first, second = record(), record(refusal="no-case")

    assert list(access.looks_at("person:7")) == [second, first]
    assert not access.looks_at("person:8").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "reported"),
    [
        ("UPDATE trust_accessrecord SET actor = 'account:13' WHERE id = {}", "changed"),
        ("UPDATE trust_accessrecord SET is_allowed = NOT is_allowed WHERE id = {}", "changed"),
        ("UPDATE trust_accessrecord SET person = 'person:8' WHERE id = {}", "changed"),
        ("DELETE FROM trust_accessrecord WHERE id = {}", "missing"),
    ],
)
def test_a_changed_or_removed_record_is_named(statement: str, reported: str) -> None:
    record()
    row = record()

    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement.format(row.pk))

    assert [str(found) for found in access.verify()] == [f"trust_accessrecord {row.pk}: {reported}"]
    assert list(audit.verify()) == []


@pytest.mark.django_db
def test_a_record_that_cannot_be_read_is_named() -> None:
    first = record().pk
    record()

    damage("trust_accessrecord", "at", f"id = {first}")

    assert [str(found) for found in access.verify()] == [f"trust_accessrecord {first}: changed"]


@pytest.mark.django_db
def test_a_record_that_nobody_chained_is_named() -> None:
    record()
    row = AccessRecord.objects.create(
        at=AT, actor="account:1", person="person:7", purpose="none", is_allowed=True
    )

    assert [str(found) for found in access.verify()] == [
        f"trust_accessrecord {row.pk}: is not in the audit chain"
    ]


@pytest.mark.django_db
def test_verification_goes_on_over_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_CHUNK", 2)
    for _ in range(5):
        record()
    told: list[int] = []

    assert list(access.verify(progress=told.append)) == []
    assert told == [2, 2]
