"""The audit log as a tree: it grows, publishes its roots, proves, and finds what was changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

from zhizhi.kernel import merkle
from zhizhi.trust import append_only, audit, keys, tree
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import AuditEntry, TreeNode, TreeRoot

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
Captured = Any


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def chain(count: int) -> None:
    with transaction.atomic():
        audit.append([Leaf("worker", "case.open", f"case:{n}", AT) for n in range(count)])


def grown(count: int, minute: int = 0) -> TreeRoot:
    """Append entries and take them in; returns the root."""
    chain(count)
    tree.grow(AT + minute * A_MINUTE)
    root = tree.newest()
    assert root is not None
    return root


def tamper(statement: str) -> None:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


def breaks() -> list[str]:
    return [str(found) for found in tree.verify()]


def sha256(content: bytes) -> bytes:
    from zhizhi.trust import ciphers  # noqa: PLC0415 - beside the one line that needs it

    return bytes.fromhex(ciphers.sha256(content))


def expected_root() -> str:
    digests = AuditEntry.objects.order_by("seq").values_list("digest", flat=True)
    leaves = [merkle.leaf_hash(sha256, bytes.fromhex(digest)) for digest in digests]
    return merkle.root(sha256, len(leaves), merkle.grown(sha256, 0, leaves, {})).hex()


@pytest.mark.parametrize("steps", [[1], [8], [3, 4, 1, 9], [1, 1, 1], [7, 250, 5]])
def test_it_grows_by_what_was_appended(steps: list[int]) -> None:
    for minute, count in enumerate(steps):
        root = grown(count, minute)
        assert root.size == sum(steps[: minute + 1])
        assert root.root == expected_root()

    assert TreeRoot.objects.count() == len(steps)
    assert breaks() == []


def test_without_anything_new_no_root_is_made() -> None:
    assert tree.grow(AT) == 0
    grown(2)
    assert tree.grow(AT + A_MINUTE) == 0

    assert TreeRoot.objects.count() == 1


@pytest.mark.parametrize(("count", "rounds"), [(4, [4]), (5, [5]), (6, [5, 1])])
def test_a_long_log_is_taken_in_part_by_part(
    count: int, rounds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MOST", 5)
    chain(count)

    assert tree.catch_up(AT) == count

    sizes = [0, *TreeRoot.objects.values_list("size", flat=True)]
    assert [after - before for before, after in pairwise(sizes)] == rounds
    assert breaks() == []


def test_it_stops_before_an_entry_that_is_missing() -> None:
    chain(5)
    tamper("DELETE FROM trust_auditentry WHERE seq = 3")

    assert tree.grow(AT) == 2
    assert tree.grow(AT) == 0


def test_only_nodes_that_never_change_are_kept() -> None:
    grown(6)

    kept = {
        divmod(key, 2**TreeNode.PLACES) for key in TreeNode.objects.values_list("key", flat=True)
    }
    assert kept == {(1, 0), (1, 1), (1, 2), (2, 0)}


def test_a_root_is_published_with_the_key_that_signed_it(
    data: Path, django_capture_on_commit_callbacks: Captured
) -> None:
    for minute in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            grown(3, minute)

    lines = [
        json.loads(line) for line in (data / "published/roots.ndjson").read_text().splitlines()
    ]
    assert [(line["size"], line["hash"], line["at"]) for line in lines] == [
        (3, "sha256", "2023-02-24T08:00:00.000000Z"), (6, "sha256", "2023-02-24T08:01:00.000000Z"),
    ]  # fmt: skip
    assert [line["root"] for line in lines] == list(TreeRoot.objects.values_list("root", flat=True))
    pem = data / f"published/signing-{lines[0]['key']}.pem"
    assert pem.read_text() == keys.ring().public_key()


def test_a_line_that_a_power_cut_left_half_spoils_no_other(
    data: Path, django_capture_on_commit_callbacks: Captured
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        grown(3)
    with (data / "published/roots.ndjson").open("ab") as file:
        file.write(b'{"size": 5, "ro')
    with django_capture_on_commit_callbacks(execute=True):
        grown(3, 1)

    assert [line["size"] for line in tree.published()] == [3, 6]
    assert breaks() == []


def test_a_root_that_was_never_committed_is_not_published(
    data: Path, django_capture_on_commit_callbacks: Captured
) -> None:
    with django_capture_on_commit_callbacks(execute=False):
        grown(3)

    assert not (data / "published").exists()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE trust_auditentry SET digest = '{other}' WHERE seq = 2",
         ["trust_treeroot 3: its entries are not those that were published",
          "trust_treeroot 7: its entries are not those that were published"]),
        ("UPDATE trust_auditentry SET digest = '{other}' WHERE seq = 6",
         ["trust_treeroot 7: its entries are not those that were published"]),
        ("UPDATE trust_auditentry SET digest = 'no digest' WHERE seq = 6",
         ["trust_treeroot 7: its entries cannot be read"]),
        ("DELETE FROM trust_auditentry WHERE seq = 1",
         ["trust_treeroot 3: its entries are not all there"]),
        ("DELETE FROM trust_auditentry WHERE seq > 5",
         ["trust_treeroot 7: its entries are not all there"]),
        ("UPDATE trust_treeroot SET root = '{other}' WHERE size = 3",
         ["trust_treeroot 3: was published and is not there",
          "trust_treeroot 3: the signature is not this installation's",
          "trust_treeroot 3: its entries are not those that were published"]),
        ("DELETE FROM trust_treeroot WHERE size = 7",
         ["trust_treeroot 7: was published and is not there"]),
    ],
)  # fmt: skip
def test_what_somebody_changed_in_the_database_is_found(
    statement: str, told: list[str], django_capture_on_commit_callbacks: Captured
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        grown(3)
        grown(4, 1)

    tamper(statement.format(other="ab" * 32))

    assert breaks() == told


@pytest.mark.parametrize("table", ["trust_treenode", "trust_treeroot"])
def test_nothing_of_the_tree_can_be_changed_by_mistake(table: str) -> None:
    grown(3)

    assert append_only.unguarded([table]) == []


@pytest.mark.parametrize("size", [1, 2, 5, 8, 13])
def test_every_entry_can_be_proved(size: int) -> None:
    root = grown(size)

    for seq in range(1, size + 1):
        told = tree.inclusion(seq, root)
        leaf = merkle.leaf_hash(sha256, bytes.fromhex(told["digest"]))
        hashes = [bytes.fromhex(one) for one in told["hashes"]]
        end = bytes.fromhex(root.root)
        assert merkle.is_included(sha256, leaf, seq - 1, size, hashes, end)


def test_growth_can_be_proved_between_any_two_roots() -> None:
    roots = [grown(count, minute) for minute, count in enumerate((1, 2, 5, 8, 1))]

    for old in roots:
        for new in roots[roots.index(old) :]:
            hashes = [bytes.fromhex(one) for one in tree.consistency(old, new)["hashes"]]
            ends = (bytes.fromhex(old.root), bytes.fromhex(new.root))
            assert merkle.is_consistent(sha256, old.size, new.size, *ends, hashes)


@pytest.mark.parametrize("seq", [0, 4])
def test_what_is_not_in_the_tree_is_not_proved(seq: int) -> None:
    root = grown(3)

    with pytest.raises(merkle.NotInTree):
        tree.inclusion(seq, root)


def test_a_tree_keeps_the_hash_that_it_began_with() -> None:
    with override_settings(CIPHER_SUITE="national"):
        first = grown(3)
    second = grown(3, 1)

    assert [first.suite, second.suite] == [2, 2]
    assert tree.told(second)["hash"] == "sm3"
    assert breaks() == []
