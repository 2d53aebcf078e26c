"""The key ring."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import override_settings

from zhizhi.trust import keys
from zhizhi.trust.keys import KeyInUse, KeysMissing


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path / "keys"


def test_a_test_installation_makes_its_keys_by_itself(folder: Path) -> None:
    ring = keys.ring()

    assert ring.lacking() == ()
    assert len(list(folder.glob("*.key"))) == 5
    assert keys.ring() is ring


def test_key_files_are_readable_by_their_owner_alone(folder: Path) -> None:
    keys.ring()

    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.key")} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert keys.open_to_others() == []


def test_a_key_file_that_others_may_read_is_named(folder: Path) -> None:
    keys.ring()
    path = next(folder.glob("vault-*.key"))

    path.chmod(0o640)

    assert keys.open_to_others() == [path]


@override_settings(MODE="production")
def test_a_production_installation_wants_its_keys_made_on_purpose(folder: Path) -> None:
    with pytest.raises(KeysMissing, match="zhizhi doctor --make-keys"):
        keys.ring()
    assert not list(folder.glob("*.key"))

    keys.make()

    assert keys.ring().lacking() == ()


def test_making_keys_again_touches_nothing(folder: Path) -> None:
    keys.make()
    before = {path: path.read_bytes() for path in folder.glob("*.key")}

    assert keys.make() == []
    assert {path: path.read_bytes() for path in folder.glob("*.key")} == before


@override_settings(MODE="production")
def test_one_lost_key_is_named(folder: Path) -> None:
    keys.make()
    next(folder.glob("index-*.key")).unlink()

    with pytest.raises(KeysMissing, match="no key for: index"):
        keys.ring()


def test_a_new_key_is_the_current_one_and_the_old_one_stays(folder: Path) -> None:
    old = keys.ring().current("vault")

    new = keys.add("vault")

    assert keys.ring().current("vault") == new != old
    assert keys.ring().find("vault", old.id) == old
    assert new.id > old.id


def test_a_key_that_another_process_added_is_seen(folder: Path) -> None:
    ring = keys.ring()
    path = folder / "vault-0009-00000000.key"

    path.write_bytes(base64.b64encode(bytes(32)))

    assert keys.ring() is not ring
    assert keys.ring().current("vault").id == "0009-00000000"


def test_an_unknown_key_is_named_and_not_made(folder: Path) -> None:
    with pytest.raises(KeysMissing, match="vault-0007-12345678"):
        keys.ring().find("vault", "0007-12345678")


def test_a_retired_key_is_gone_and_the_current_one_cannot_be_retired(folder: Path) -> None:
    old = keys.ring().current("vault")
    with pytest.raises(KeyInUse):
        keys.retire(old)
    keys.add("vault")

    keys.retire(old)

    assert not (folder / f"vault-{old.id}.key").exists()
    with pytest.raises(KeysMissing):
        keys.ring().find("vault", old.id)


def test_signatures_are_ours_or_not(folder: Path) -> None:
    key_id, signature = keys.ring().sign(b"header")

    assert len(signature) == 128
    assert keys.ring().is_signed(b"header", key_id=key_id, signature=signature)
    assert not keys.ring().is_signed(b"headed", key_id=key_id, signature=signature)
    assert not keys.ring().is_signed(b"header", key_id="0001-00000000", signature=signature)
    assert not keys.ring().is_signed(b"header", key_id=key_id, signature="not hexadecimal")


def test_an_old_signature_stays_valid_after_the_signing_key_changed(folder: Path) -> None:
    key_id, signature = keys.ring().sign(b"header")

    keys.add("signing")

    assert keys.ring().is_signed(b"header", key_id=key_id, signature=signature)
    assert keys.ring().sign(b"header")[0] != key_id


def test_the_public_key_verifies_elsewhere(folder: Path) -> None:

    _, signature = keys.ring().sign(b"header")
    public = load_pem_public_key(keys.ring().public_key().encode())

    assert isinstance(public, Ed25519PublicKey)
    public.verify(bytes.fromhex(signature), b"header")


def test_a_key_does_not_show_its_secret(folder: Path) -> None:
    key = keys.ring().current("vault")

    assert repr(key) == f"<Key vault-{key.id}>"
