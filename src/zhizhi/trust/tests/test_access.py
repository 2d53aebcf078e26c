"""The purpose a look needs and the record it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from zhizhi.trust import access, append_only, audit, grounds
from zhizhi.trust.access import LONGEST_HIDDEN, Look, Post
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
    assert (row.at, row.actor, row.person) == (AT, "account:12", "person:7")
    assert (row.fields, row.purpose, row.case) == (["phone"], "dissuasion", 41)
    assert (row.post, row.shown_at, row.grant, row.ground) == (None, None, None, None)
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
        ("UPDATE trust_accessrecord SET purpose = 'search' WHERE id = {}", "changed"),
        ("UPDATE trust_accessrecord SET fields = '[]' WHERE id = {}", "changed"),
        ('UPDATE trust_accessrecord SET "case" = 42 WHERE id = {}', "changed"),
        ('UPDATE trust_accessrecord SET "grant" = 5 WHERE id = {}', "changed"),
        ("UPDATE trust_accessrecord SET at = '2023-02-24 08:00:01+00:00' WHERE id = {}", "changed"),
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


A_TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("hidden_for", "refusal"),
    [
        (-A_TICK, "hidden-too-long"),
        (timedelta(0), ""),
        (timedelta(days=180) - A_TICK, ""),
        (timedelta(days=180), ""),
        (timedelta(days=180) + A_TICK, "hidden-too-long"),
    ],
)
def test_a_look_stays_hidden_for_a_limited_time(hidden_for: timedelta, refusal: str) -> None:
    wanted = Look("account:12", "person:7", ("phone",), "search", ACase(), hidden_for=hidden_for)

    assert wanted.refusal() == refusal


def hidden(hidden_for: timedelta, *, refusal: str = "") -> AccessRecord:
    wanted = Look("account:12", "person:7", ("phone",), "search", ACase(), hidden_for=hidden_for)
    with transaction.atomic():
        return access.record(wanted, refusal=refusal, now=AT)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("later", "is_shown"), [(-A_TICK, False), (A_TICK * 0, True), (A_TICK, True)]
)
def test_a_hidden_look_is_shown_from_its_moment_on(later: timedelta, *, is_shown: bool) -> None:
    row, now = hidden(timedelta(days=3)), AT + timedelta(days=3) + later

    assert access.shown("person:7", now=now).filter(pk=row.pk).exists() is is_shown
    assert access.delayed("person:7", now=now).filter(pk=row.pk).exists() is not is_shown
    assert list(access.looks_at("person:7")) == [row]


@pytest.mark.django_db
@pytest.mark.parametrize("hidden_for", [LONGEST_HIDDEN + A_TICK, -A_TICK])
def test_a_look_that_was_refused_for_its_delay_is_shown_at_once(hidden_for: timedelta) -> None:
    row = hidden(hidden_for, refusal="hidden-too-long")
    allowed = hidden(hidden_for)  # whoever forgot to ask whether it is refused

    assert list(access.shown("person:7", now=AT)) == [allowed, row]


@pytest.mark.django_db
def test_a_refused_look_rests_on_nothing_and_tells_its_grant() -> None:
    wanted = Look("account:12", "person:7", ("phone",), "x" * 60, None, grant=5)
    with transaction.atomic():
        row = access.record(wanted, refusal="no-case", now=AT, ground=grounds.by_law("handle-case"))

    assert (row.ground, row.case, row.grant, row.purpose) == (None, None, 5, "x" * 48)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trust_accessrecord SET shown_at = NULL",
        "UPDATE trust_accessrecord SET post = NULL",
        "UPDATE trust_accessrecord SET ground = 'consent:5'",
    ],
)
def test_the_delay_the_post_and_the_ground_cannot_be_changed_unseen(statement: str) -> None:
    wanted = Look("account:12", "person:7", ("phone",), "search", ACase(),
                  Post("operator", "area:/1/"), timedelta(days=3))  # fmt: skip
    with transaction.atomic():
        row = access.record(wanted, refusal="", now=AT, ground=grounds.by_law("handle-case"))
    assert row.ground == "duty"
    assert row.post == {"role": "operator", "office": "area:/1/"}
    assert list(access.verify()) == []

    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert [str(found) for found in access.verify()] == [f"trust_accessrecord {row.pk}: changed"]


@pytest.mark.django_db
def test_a_record_of_before_there_were_posts_is_whole() -> None:
    """Its leaf says nothing of post and delay, as those of older versions do."""
    row = AccessRecord.objects.create(
        at=AT, actor="account:1", person="person:7", fields=["name"], purpose="search", case=4,
        is_allowed=True,
    )  # fmt: skip
    detail = {"record": row.pk, "at": "2023-02-24T08:00:00.000000Z", "actor": "account:1",
              "person": "person:7", "fields": ["name"], "purpose": "search", "case": 4,
              "is_allowed": True}  # fmt: skip
    with transaction.atomic():
        audit.append([audit.Leaf("account:1", access.READ, "person:7", AT, detail=detail)])

    assert list(access.verify()) == []
