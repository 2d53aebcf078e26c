"""The two cipher suites: international (AES-256-GCM, SHA-256) and national (SM4-GCM, SM3).

``settings.CIPHER_SUITE`` says which one writes; whatever either one wrote stays readable. Software
alone makes no installation compliant with the cryptography rules: a certified module would be a
third suite here.
"""

from __future__ import annotations

import hashlib
import secrets
from abc import abstractmethod
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBroken(ValueError):
    """The ciphertext was changed, moved to another row or column, or sealed with another key."""


class Suite(Protocol):
    """What a cipher suite can do; keys are 32 random bytes for every suite."""

    @property
    def number(self) -> int:
        """The byte that says in each sealed value which suite wrote it."""

    @abstractmethod
    def encrypt(self, key: bytes, nonce: bytes, content: bytes, context: bytes) -> bytes:
        """Return ciphertext and tag, bound to ``context``."""

    @abstractmethod
    def decrypt(self, key: bytes, nonce: bytes, content: bytes, context: bytes) -> bytes:
        """Return the plaintext; raises SealBroken."""

    @abstractmethod
    def digest(self, content: bytes) -> str:
        """Return 64 hex digits."""


class International(Suite):
    """AES-256-GCM and SHA-256."""

    number = 1

    def encrypt(self, key: bytes, nonce: bytes, content: bytes, context: bytes) -> bytes:
        return AESGCM(key).encrypt(nonce, content, context)

    def decrypt(self, key: bytes, nonce: bytes, content: bytes, context: bytes) -> bytes:
        try:
            return AESGCM(key).decrypt(nonce, content, context)
        except InvalidTag as error:
            message = "the sealed value does not belong to this key and place"
            raise SealBroken(message) from error

    def digest(self, content: bytes) -> str:
        return sha256(content)


class National(Suite):
    """SM4-GCM (with the first half of the key) and SM3."""

    number = 2

    def encrypt(self, key: bytes, nonce: bytes, content: bytes, context: bytes) -> bytes:
        work = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(context)
        return work.update(content) + work.finalize() + work.tag

    def decrypt(self, key: bytes, nonce: bytes, content: bytes, context: bytes) -> bytes:
        body, tag = content[:-_TAG_BYTES], content[-_TAG_BYTES:]
        work = Cipher(algorithms.SM4(key[:16]), modes.GCM(nonce, tag)).decryptor()
        work.authenticate_additional_data(context)
        try:
            return work.update(body) + work.finalize()
        except InvalidTag as error:
            message = "the sealed value does not belong to this key and place"
            raise SealBroken(message) from error

    def digest(self, content: bytes) -> str:
        return sm3(content)


INTERNATIONAL, NATIONAL = International(), National()
SUITES: dict[str, Suite] = {"international": INTERNATIONAL, "national": NATIONAL}


def suite() -> Suite:
    """Return the suite that writes in this installation."""
    return SUITES[settings.CIPHER_SUITE]


def suite_numbered(number: int) -> Suite:
    """Return the suite that wrote a sealed value; raises SealBroken for an unknown one."""
    for one in SUITES.values():
        if one.number == number:
            return one
    message = f"sealed by an unknown cipher suite ({number})"
    raise SealBroken(message)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sm3(content: bytes) -> str:
    work = hashes.Hash(hashes.SM3())
    work.update(content)
    return work.finalize().hex()


def raw_digest(number: int, content: bytes) -> bytes:
    """Return the 32 bytes of the digest that the suite with this number makes."""
    return bytes.fromhex(suite_numbered(number).digest(content))


def digest_fits(content: bytes, digest: str) -> bool:
    """Say whether ``digest`` is either suite's digest of ``content``."""
    return any(one.digest(content) == digest for one in (suite(), *SUITES.values()))


def fresh_key() -> bytes:
    """Return 32 random bytes."""
    return secrets.token_bytes(32)


def fresh_nonce() -> bytes:
    return secrets.token_bytes(NONCE_BYTES)


def token_digest(token: str) -> str:
    """Return what the database keeps of a random token: nobody gets back from it."""
    return sha256(token.encode())
