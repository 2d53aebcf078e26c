"""The audit chain."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import override_settings

from zhizhi.trust import append_only, audit, canonical, ciphers, keys
from zhizhi.trust.audit import Leaf, Published
from zhizhi.trust.models import AuditEntry, ChainHead
from zhizhi.trust.tests.damage import damage

AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


def leaf(number: int = 1, **changed: Any) -> Leaf:
    given = {"actor": "account:12", "verb": "case.dispatch", "subject": f"case:{number}", "at": AT}
    return Leaf(**{**given, **changed})


def chain(count: int) -> list[AuditEntry]:
    with transaction.atomic():
        return audit.append([leaf(number) for number in range(1, count + 1)])


def tamper(statement: str, *values: Any) -> None:
    """Do what somebody with the database in his hands could do."""
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def breaks(**options: Any) -> list[str]:
    return [str(found) for found in audit.verify(**options)]


@pytest.mark.django_db
def test_an_untouched_chain_verifies() -> None:
    rows = chain(3)

    assert [row.seq for row in rows] == [1, 2, 3]
    assert rows[0].previous == "0" * 64
    assert [row.previous for row in rows[1:]] == [row.digest for row in rows[:-1]]
    assert breaks() == []


@pytest.mark.django_db
def test_a_second_call_goes_on_where_the_first_ended() -> None:
    first, second = chain(2), chain(2)

    assert [row.seq for row in first + second] == [1, 2, 3, 4]
    assert second[0].previous == first[-1].digest
    assert breaks() == []


@pytest.mark.django_db
def test_nothing_to_append_leaves_the_head_alone() -> None:
    chain(1)

    assert chain(0) == []
    assert audit.head().seq == 1


@pytest.mark.django_db
def test_a_digest_can_be_computed_by_anybody_from_the_documented_spelling() -> None:
    row = chain(1)[0]

    spelled = (
        '{"actor":"account:12","area_path":"","at":"2023-02-24T08:00:00.000000Z","detail":{},'
        '"previous":"' + "0" * 64 + '","seq":1,"subject":"case:1","verb":"case.dispatch"}'
    )
    assert row.digest == hashlib.sha256(spelled.encode()).hexdigest()
    assert row.digest == "4fb60ea360e200cc4ba80e2a945143ae1e8c8be30c0f81e2795e4efaa1cb0f25"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", AT + timedelta(microseconds=1)),
        ("actor", "account:13"),
        ("verb", "case.close"),
        ("subject", "case:9"),
        ("area_path", "/9901/"),
        ("detail", '{"a": 2}'),
        ("previous", "1" * 64),
        ("digest", "1" * 64),
    ],
)
def test_a_changed_column_names_its_row(column: str, value: Any) -> None:
    chain(3)

    tamper(f'UPDATE trust_auditentry SET "{column}" = %s WHERE seq = 2', value)  # noqa: S608 - ours

    assert breaks()[0] == "trust_auditentry 2: changed"


@pytest.mark.django_db
def test_one_flipped_bit_in_the_detail_is_found() -> None:
    with transaction.atomic():
        audit.append([leaf(detail={"note": "unit 3"})])

    tamper("UPDATE trust_auditentry SET detail = %s WHERE seq = 1", '{"note": "unit 2"}')

    assert breaks() == ["trust_auditentry 1: changed"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("removed", "reported"),
    [
        ("seq = 1", "trust_auditentry 1: missing"),
        ("seq IN (2, 3)", "trust_auditentry 2-3: missing"),
        ("seq = 5", "trust_auditentry 5: missing: the chain was cut off"),
        ("seq > 0", "trust_auditentry 1-5: missing: the chain was cut off"),
    ],
)
def test_removed_rows_are_named(removed: str, reported: str) -> None:
    chain(5)

    tamper(f"DELETE FROM trust_auditentry WHERE {removed}")  # noqa: S608 - our own text

    assert breaks() == [reported]


@pytest.mark.django_db
def test_a_row_that_cannot_be_read_is_named_and_the_walk_goes_on() -> None:
    chain(5)

    damage("trust_auditentry", "at", "seq IN (2, 5)")

    assert breaks() == ["trust_auditentry 2: cannot be read", "trust_auditentry 5: cannot be read"]


@pytest.mark.django_db
def test_two_rows_that_changed_places_are_both_named() -> None:
    chain(4)

    for old, new in ((2, 99), (3, 2), (99, 3)):
        tamper("UPDATE trust_auditentry SET seq = %s WHERE seq = %s", new, old)

    assert breaks() == [
        "trust_auditentry 2: changed",
        "trust_auditentry 3: changed",
        "trust_auditentry 4: does not follow the row before it",
    ]


@pytest.mark.django_db
def test_a_row_rewritten_with_a_fitting_digest_breaks_the_link_to_the_next() -> None:
    forged = chain(3)[1]
    record = {name: getattr(forged, name) for name in audit._COLUMNS if name != "digest"}
    digest = ciphers.suite().digest(canonical.encode({**record, "actor": "account:666"}))

    tamper("UPDATE trust_auditentry SET actor = 'account:666', digest = %s WHERE seq = 2", digest)

    assert breaks() == ["trust_auditentry 3: does not follow the row before it"]


@pytest.mark.django_db
def test_a_row_written_behind_the_head_is_found() -> None:
    chain(2)
    row = AuditEntry.objects.get(seq=2)
    row.seq = 3

    row.save(force_insert=True)

    assert "trust_auditentry 3: beyond the chain's head" in breaks()


@pytest.mark.django_db
def test_a_chain_set_back_with_its_head_shows_by_the_signature_of_the_head() -> None:
    second = chain(3)[1]

    tamper("DELETE FROM trust_auditentry WHERE seq = 3")
    ChainHead.objects.update(seq=2, digest=second.digest)

    assert breaks() == ["trust_chainhead audit: the signature is not this installation's"]


@pytest.mark.django_db
def test_a_chain_set_back_with_its_old_signed_head_shows_by_the_published_head() -> None:
    chain(2)
    old = ChainHead.objects.values().get()
    chain(1)
    published = audit.head()

    tamper("DELETE FROM trust_auditentry WHERE seq = 3")
    ChainHead.objects.update(**old)

    assert breaks() == []
    assert breaks(published=published) == ["trust_auditentry 3: missing, though published"]


@pytest.mark.django_db
def test_another_row_at_the_published_place_is_found() -> None:
    chain(2)

    found = breaks(published=Published(2, "f" * 64))

    assert found == ["trust_auditentry 2: is not the row that was published"]


def test_a_published_head_reads_back_as_it_is_written() -> None:
    head = Published(412, "ab" * 32)

    assert Published.parse(str(head)) == head


@pytest.mark.parametrize("text", ["", "412", "412:abc", "x:" + "a" * 64])
def test_a_mistyped_published_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"SEQ:DIGEST|invalid literal"):
        Published.parse(text)


@pytest.mark.django_db(transaction=True)
def test_appending_outside_a_transaction_is_refused() -> None:
    with pytest.raises(audit.OutsideTransaction):
        audit.append([leaf()])

    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_link() -> None:
    chain(1)
    with transaction.atomic():
        audit.append([leaf()])
        transaction.set_rollback(True)

    chain(1)

    assert audit.head().seq == 2
    assert breaks() == []


@pytest.mark.django_db
def test_moments_in_another_zone_are_the_same_moment() -> None:
    shanghai = AT.astimezone(timezone(timedelta(hours=8)))

    with transaction.atomic():
        audit.append([leaf(at=shanghai)])

    assert breaks() == []


@pytest.mark.django_db
def test_every_column_of_a_leaf_is_chained() -> None:
    with transaction.atomic():
        row = audit.append([leaf(area_path="/990101000000000/", detail={"seq": 3})])[0]

    assert (row.area_path, row.detail) == ("/990101000000000/", {"seq": 3})
    assert breaks() == []


@pytest.mark.django_db
def test_a_head_that_moved_while_it_was_held_is_an_error_and_no_fork() -> None:
    chain(1)
    held = audit.hold("audit")
    chain(1)

    with pytest.raises(audit.ChainContended):
        audit.release(held, seq=2, digest="a" * 64)

    assert breaks() == []


@pytest.mark.django_db
def test_a_chain_may_change_its_hash_on_the_way() -> None:
    chain(2)
    with override_settings(CIPHER_SUITE="national"):
        rows = chain(2)
        assert breaks() == []

    assert rows[1].previous == rows[0].digest
    assert breaks() == []


@pytest.mark.django_db
def test_numbers_survive_the_way_through_the_database() -> None:
    detail = {"whole": 100.0, "tiny": 1e-07, "token": 2**63 - 1, "deep": [{"x": 1.5}, None, True]}

    with transaction.atomic():
        audit.append([leaf(detail=detail)])

    assert breaks() == []


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_make_one_unbroken_chain() -> None:
    chain(1)
    keys.ring()

    def write() -> None:
        try:
            for _ in range(5):
                chain(2)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert audit.head().seq == 41
    assert AuditEntry.objects.count() == 41
    assert breaks() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trust_auditentry SET actor = 'nobody'",
        "DELETE FROM trust_auditentry",
        "UPDATE trust_accessrecord SET purpose = 'other'",
        "DELETE FROM trust_accessrecord",
    ],
)
def test_the_database_refuses_to_change_the_logs(statement: str) -> None:
    chain(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trust_accessrecord (at, actor, person, fields, purpose, is_allowed)"
            " VALUES (%s, 'a', 'person:1', '[]', 'p', %s)",
            [AT, True],
        )

    with (
        pytest.raises(DatabaseError, match="is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditEntry.objects.get().actor == "account:12"


@pytest.mark.django_db
def test_the_chained_tables_are_guarded_and_lifting_ends_with_the_block() -> None:
    tables = ["trust_auditentry", "trust_accessrecord", "trust_evidence"]

    with append_only.lifted():
        assert append_only.unguarded(tables) == tables
    assert append_only.unguarded(tables) == []


@pytest.mark.django_db
def test_progress_is_told_the_rows_of_each_whole_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_CHUNK", 2)
    chain(5)
    told: list[int] = []

    assert list(audit.verify(progress=told.append)) == []
    assert told == [2, 2]
