"""The file of people's data keys, and the ledger of those that were destroyed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.trust import destruction, keys, people_keys, vault
from zhizhi.trust.destruction import DestroyedKeys
from zhizhi.trust.models import SubjectKey
from zhizhi.trust.people_keys import PeopleKeysUnusable

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, 0, 0, 123457, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def made(count: int) -> list[SubjectKey]:
    return [row for row, _key in vault.make_keys(count, now=AT)]


def opens(one: people_keys.Kept) -> bytes:
    row = SubjectKey(wrapped=one.wrapped, key_id=one.key_id)
    return vault.unwrap(row)


def test_every_data_key_is_kept_and_opens_again() -> None:
    pairs = vault.make_keys(3, now=AT)

    assert people_keys.keep(now=AT + timedelta(hours=1)) == 3

    assert [(one.row, opens(one)) for one in people_keys.kept()] == [
        (row.pk, key) for row, key in pairs
    ]
    assert {one.made_us for one in people_keys.kept()} == {1677225600123457}
    assert people_keys.kept_at() == AT + timedelta(hours=1)
    assert people_keys.path().stat().st_mode & 0o777 == 0o600


def test_a_destroyed_key_is_not_kept() -> None:
    first, second = made(2)
    vault.destroy(first, now=AT)

    people_keys.keep(now=AT)

    assert [one.row for one in people_keys.kept()] == [second.pk]


@pytest.mark.parametrize("gone", [0, 1, 2, 3, 4])
def test_a_key_is_wiped_where_it_lies_and_the_others_stay(gone: int) -> None:
    rows = made(5)
    people_keys.keep(now=AT)
    wrapped = bytes(rows[gone].wrapped or b"")
    assert wrapped in people_keys.path().read_bytes()

    assert people_keys.wipe([rows[gone].pk, 10**9]) == 1

    assert wrapped not in people_keys.path().read_bytes()
    left = [one.row for one in people_keys.kept()]
    assert left == [row.pk for row in rows if row is not rows[gone]]


def test_without_a_file_there_is_nothing_to_wipe() -> None:
    keys.ring()

    assert people_keys.wipe([1]) == 0
    with pytest.raises(PeopleKeysUnusable, match="cannot be read"):
        people_keys.kept_at()


@pytest.mark.parametrize("length", [0, 10, 24, 100, -1])
def test_a_file_that_was_cut_off_is_refused(length: int) -> None:
    made(2)
    people_keys.keep(now=AT)
    content = people_keys.path().read_bytes()
    cut = content[:length]
    people_keys.path().write_bytes(cut)
    if length == 24:  # an empty file is whole
        assert list(people_keys.kept()) == []
        return

    with pytest.raises(PeopleKeysUnusable):
        list(people_keys.kept())


def test_the_ledger_names_each_destroyed_key_once_and_wipes_it() -> None:
    first, second, third = made(3)
    people_keys.keep(now=AT)
    book = DestroyedKeys()
    vault.destroy(first, now=AT)

    assert [book.catch_up(AT), book.catch_up(AT)] == [1, 0]
    vault.destroy(third, now=AT - timedelta(minutes=59))  # committed late
    assert [book.catch_up(AT), DestroyedKeys().catch_up(AT)] == [1, 0]

    assert [row for row, _made in destruction.names(destruction.ledger())] == [first.pk, third.pk]
    assert [one.row for one in people_keys.kept()] == [second.pk]


def test_half_a_line_of_a_power_cut_is_passed_over() -> None:
    first, second = made(2)
    book = DestroyedKeys()
    vault.destroy(first, now=AT)
    book.catch_up(AT)
    with destruction.ledger().open("ab") as file:
        file.write(b'{"key": 1, "ma')
    vault.destroy(second, now=AT)

    DestroyedKeys().catch_up(AT)

    assert [row for row, _made in destruction.names(destruction.ledger())] == [first.pk, second.pk]


def test_a_line_that_we_did_not_sign_destroys_nothing() -> None:
    first, second = made(2)
    vault.destroy(first, now=AT)
    DestroyedKeys().catch_up(AT)
    told = json.loads(destruction.ledger().read_bytes())
    forged = json.dumps(told | {"key": second.pk}).encode()

    destruction.ledger().write_bytes(forged + b"\n")

    assert list(destruction.names(destruction.ledger())) == []
