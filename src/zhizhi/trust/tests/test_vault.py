"""Sealing and erasure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.trust import ciphers, grounds, keys, vault
from zhizhi.trust.ciphers import SealBroken
from zhizhi.trust.vault import Erased, Place

AT = datetime(2023, 2, 24, 8, tzinfo=UTC)
KEY = bytes(range(32))
PLACE = Place("directory_person", "phone", 7)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path / "keys"


def sealed(text: str = "12012345678", *, place: Place = PLACE) -> bytes:
    return vault.seal(text, key=KEY, key_id="7", place=place)


def opened(blob: bytes, *, place: Place = PLACE) -> str:
    with grounds.reading(grounds.by_law("prove-keys")):
        return vault.unseal(blob, key=KEY, place=place)


def test_a_sealed_value_opens_in_its_place_alone() -> None:
    blob = sealed()

    assert opened(blob) == "12012345678"
    assert b"12012345678" not in blob


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("directory_person", "phone", 8),
        Place("directory_person", "name", 7),
        Place("other_table", "phone", 7),
    ],
)
def test_a_value_moved_to_another_row_or_column_does_not_open(elsewhere: Place) -> None:
    with pytest.raises(SealBroken):
        opened(sealed(), place=elsewhere)


@pytest.mark.parametrize("index", range(len(sealed("x"))))
def test_any_flipped_bit_is_found(index: int) -> None:
    blob = bytearray(sealed("x"))

    blob[index] ^= 1

    with pytest.raises(SealBroken):
        opened(bytes(blob))


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x01\x01", b"\x02\x01\x017", b"\x01\x01\x017"])
def test_what_is_no_sealed_value_is_refused(blob: bytes) -> None:
    with pytest.raises(SealBroken):
        opened(blob)


def test_sealing_twice_gives_different_bytes() -> None:
    assert sealed() != sealed()


def test_what_one_suite_sealed_opens_under_the_other() -> None:
    with override_settings(CIPHER_SUITE="national"):
        blob = sealed()
        assert blob[1] == ciphers.NATIONAL.number

    assert opened(blob) == "12012345678"


def test_a_blind_index_depends_on_value_column_and_installation(folder: Path) -> None:
    index = vault.blind_index("12012345678", column="person.phone")

    assert index == vault.blind_index("12012345678", column="person.phone")
    assert index != vault.blind_index("12012345679", column="person.phone")
    assert index != vault.blind_index("12012345678", column="person.other")
    next(folder.glob("index-*.key")).unlink()
    assert index != vault.blind_index("12012345678", column="person.phone")


@pytest.mark.django_db
def test_each_data_key_is_its_own_and_lies_wrapped(folder: Path) -> None:
    (first, one), (second, other) = vault.make_keys(2, now=AT)

    assert vault.unwrap(first) == one != other == vault.unwrap(second)
    assert one not in bytes(first.wrapped or b"")


@pytest.mark.django_db
def test_a_destroyed_key_opens_nothing_any_more(folder: Path) -> None:
    row, _ = vault.make_keys(1, now=AT)[0]

    assert vault.destroy(row, now=AT) is True

    assert (row.wrapped, row.destroyed_at) == (None, AT)
    with pytest.raises(Erased):
        vault.unwrap(row)
    assert vault.destroy(row, now=AT + timedelta(days=1)) is False
    assert row.destroyed_at == AT


@pytest.mark.django_db
def test_keys_that_the_ring_lacks_are_named(folder: Path) -> None:
    vault.make_keys(1, now=AT)
    assert vault.strange_keys() == []
    lost = keys.ring().current("vault").id

    next(folder.glob("vault-*.key")).unlink()

    assert vault.strange_keys() == [lost]
