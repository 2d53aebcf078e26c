"""Receipts of erasure: signed, chained, provable, and whole."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from zhizhi.trust import append_only, audit, canonical, erasing, tree
from zhizhi.trust.erasing import Hold
from zhizhi.trust.models import AuditEntry, Erasure
from zhizhi.trust.tests.damage import damage

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)


def receipt(subject: str = "report:12") -> Erasure:
    with transaction.atomic():
        return erasing.receipt(
            subject, ["report:12", "person:7"], [Hold("evidence:9", "offence")], by="resident",
            now=AT,
        )  # fmt: skip


def hashed(told: dict[str, Any]) -> str:
    """Return the hash of canonical JSON, made here without the product."""
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_receipt_says_what_went_what_stayed_and_why() -> None:
    row = receipt()

    leaf = AuditEntry.objects.get()
    assert row.destroyed == ["person:7", "report:12"]
    assert row.held == [["evidence:9", "offence"]]
    assert (leaf.verb, leaf.actor, leaf.subject) == ("data.erase", "resident", "report:12")
    assert leaf.detail == {
        "erasure": row.pk, "receipt": row.digest, "destroyed": ["person:7", "report:12"],
    }  # fmt: skip
    assert list(erasing.verify()) == list(audit.verify()) == []


def test_whoever_holds_a_receipt_can_prove_it_from_a_published_root() -> None:
    """Each step is a hash that anybody can make: content, entry, tree, root."""
    receipt("report:11")
    row = receipt()
    tree.catch_up(AT)

    told = erasing.told(row)

    assert told["digest"] == hashed(told["receipt"])
    entry = dict(told["entry"])
    digest = entry.pop("digest")
    assert digest == hashed(entry)
    assert entry["detail"]["receipt"] == told["digest"]
    assert told["proof"]["digest"] == digest
    assert told["proof"]["seq"] == entry["seq"] == 2
    root = tree.newest()
    assert root is not None
    assert told["proof"]["root"]["root"] == root.root
    assert "PUBLIC KEY" in told["public_key"]


def test_until_the_tree_has_grown_there_is_no_proof_yet() -> None:
    row = receipt()
    assert erasing.told(row)["proof"] is None
    tree.catch_up(AT)
    assert erasing.told(row)["proof"] is not None
    later = receipt()
    assert erasing.told(later)["proof"] is None


def test_receipts_belong_to_their_subject() -> None:
    first, other, second = receipt(), receipt("report:13"), receipt()

    assert erasing.receipts_of("report:12") == [first, second]
    assert erasing.receipts_of("report:13") == [other]


@pytest.mark.parametrize(
    ("statement", "reported"),
    [
        ("UPDATE trust_erasure SET subject = 'report:13' WHERE id = {}", "changed"),
        ("UPDATE trust_erasure SET destroyed = '[]' WHERE id = {}", "changed"),
        ("UPDATE trust_erasure SET held = '[]' WHERE id = {}", "changed"),
        ("UPDATE trust_erasure SET digest = 'aa' WHERE id = {}", "changed"),
        (
            "UPDATE trust_erasure SET signature = 'aa' WHERE id = {}",
            "the signature is not this installation's",
        ),
        ("DELETE FROM trust_erasure WHERE id = {}", "missing"),
    ],
)
def test_a_receipt_that_was_changed_or_removed_is_named(statement: str, reported: str) -> None:
    receipt()
    row = receipt()

    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement.format(row.pk))

    assert [str(found) for found in erasing.verify()] == [f"trust_erasure {row.pk}: {reported}"]


def test_a_receipt_that_nobody_chained_or_that_cannot_be_read_is_named() -> None:
    first = receipt()
    false = Erasure.objects.create(subject="report:1", at=AT, by="x", destroyed=[], held=[])

    assert [str(found) for found in erasing.verify()] == [
        f"trust_erasure {false.pk}: is not in the audit chain"
    ]
    damage("trust_erasure", "at", f"id = {first.pk}")
    assert len(list(erasing.verify())) == 2


@pytest.mark.parametrize(
    "change", ["UPDATE trust_erasure SET by = 'x'", "DELETE FROM trust_erasure"]
)
def test_the_database_refuses_to_change_a_receipt(change: str) -> None:
    receipt()

    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_moments_in_a_receipt_are_spelled_as_the_chain_spells_them() -> None:
    assert erasing.told(receipt())["receipt"]["at"] == canonical.moment(AT)
