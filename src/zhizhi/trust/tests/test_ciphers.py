"""The two cipher suites."""

from __future__ import annotations

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.trust import ciphers
from zhizhi.trust.ciphers import INTERNATIONAL, NATIONAL, SealBroken, Suite

KEY, NONCE = bytes(range(32)), bytes(12)
BOTH = pytest.mark.parametrize("suite", [INTERNATIONAL, NATIONAL])


@BOTH
@given(content=st.binary(max_size=80), context=st.binary(max_size=40))
def test_what_was_encrypted_opens_in_its_context_alone(
    suite: Suite, content: bytes, context: bytes
) -> None:
    sealed = suite.encrypt(KEY, NONCE, content, context)

    assert suite.decrypt(KEY, NONCE, sealed, context) == content
    with pytest.raises(SealBroken):
        suite.decrypt(KEY, NONCE, sealed, context + b"x")


@BOTH
@pytest.mark.parametrize("place", [0, -1])
def test_one_flipped_bit_is_found(suite: Suite, place: int) -> None:
    sealed = bytearray(suite.encrypt(KEY, NONCE, b"12012345678", b""))

    sealed[place] ^= 1

    with pytest.raises(SealBroken):
        suite.decrypt(KEY, NONCE, bytes(sealed), b"")


@BOTH
def test_another_key_opens_nothing(suite: Suite) -> None:
    sealed = suite.encrypt(KEY, NONCE, b"12012345678", b"")

    with pytest.raises(SealBroken):
        suite.decrypt(bytes(32), NONCE, sealed, b"")


def test_the_digests_are_the_published_ones() -> None:
    sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905, A.1
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1

    assert NATIONAL.digest(b"abc") == sm3
    assert INTERNATIONAL.digest(b"abc") == sha256


def test_the_setting_says_which_suite_writes() -> None:
    assert ciphers.suite() is INTERNATIONAL
    with override_settings(CIPHER_SUITE="national"):
        assert ciphers.suite() is NATIONAL


def test_either_digest_of_a_content_fits_and_no_other() -> None:
    assert ciphers.digest_fits(b"abc", NATIONAL.digest(b"abc"))
    assert ciphers.digest_fits(b"abc", INTERNATIONAL.digest(b"abc"))
    assert not ciphers.digest_fits(b"abd", INTERNATIONAL.digest(b"abc"))


def test_an_unknown_suite_is_refused() -> None:
    with pytest.raises(SealBroken, match="unknown cipher suite"):
        ciphers.suite_numbered(7)
