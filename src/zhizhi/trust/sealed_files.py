"""Sealing a file of any size piece by piece, with the memory of one piece.

A sealed file is ``magic | suite | length of key id | key id | salt`` and then pieces of
``length | ciphertext and tag``. Its key comes from a key of the ring, the salt and the file's name
(HKDF-SHA-256), so no two files share one; the nonce is the number of the piece and whether it is
the last. A piece that was changed, moved, left out or cut off, and a file under another name, do
not open.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import IO

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from zhizhi.trust import ciphers, keys
from zhizhi.trust.ciphers import SealBroken

MAGIC = b"zhizhi-file-1\n"
PIECE = 1 << 20
_SALT = 16
_TAG = 16


class SealingFile:
    """Takes content in any portions; without ``finish`` what it wrote does not open."""

    def __init__(self, file: IO[bytes], *, key: keys.Key, name: str) -> None:
        self.size = 0  # bytes written, sealed
        self._file, self._hash, self._suite = file, hashlib.sha256(), ciphers.suite()
        salt, key_id = secrets.token_bytes(_SALT), key.id.encode()
        self._header = MAGIC + bytes([self._suite.number, len(key_id)]) + key_id + salt
        self._key = _derived(key, salt, name)
        self._number, self._rest = 0, bytearray()
        self._put(self._header)

    def write(self, content: bytes) -> int:
        """Seal what fills pieces and keep the rest; returns how much it took."""
        self._rest += content
        while len(self._rest) > PIECE:
            self._seal(bytes(self._rest[:PIECE]), is_last=False)
            del self._rest[:PIECE]
        return len(content)

    def finish(self) -> str:
        """Seal the last piece; returns the SHA-256 of all that was written."""
        self._seal(bytes(self._rest), is_last=True)
        return self._hash.hexdigest()

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        sealed = self._suite.encrypt(self._key, nonce, piece, self._header)
        self._put(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)
        self.size += len(content)


class OpeningFile:
    """Reads what a SealingFile wrote; nothing is handed out that has not been checked."""

    def __init__(self, file: IO[bytes], *, name: str) -> None:
        """Read the header; raises SealBroken, and KeysMissing when the ring lacks the key."""
        self._file, self._number, self._rest = file, 0, bytearray()
        head = self._exactly(len(MAGIC) + 2)
        if not head.startswith(MAGIC):
            message = f"{name} is not a sealed file"
            raise SealBroken(message)
        key_id, salt = self._exactly(head[-1]), self._exactly(_SALT)
        self._suite, self._header = ciphers.suite_numbered(head[-2]), head + key_id + salt
        ring_key = keys.ring().find(keys.BACKUP, key_id.decode("ascii", "replace"))
        self._key = _derived(ring_key, salt, name)
        self._length = self._exactly(4)  # of the next piece; nothing after the last

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, all without it; nothing at the end. Raises SealBroken."""
        while self._length and (size < 0 or len(self._rest) < size):
            self._rest += self._next()
        end = len(self._rest) if size < 0 else size
        found = bytes(self._rest[:end])
        del self._rest[:end]
        return found

    def _next(self) -> bytes:
        length = int.from_bytes(self._length, "big")
        if len(self._length) != 4 or not _TAG <= length <= PIECE + _TAG:
            message = "the file was cut off or changed: a piece has an impossible length"
            raise SealBroken(message)
        sealed = self._exactly(length)
        self._length = self._file.read(4)
        nonce = _nonce(self._number, is_last=not self._length)
        self._number += 1
        return self._suite.decrypt(self._key, nonce, sealed, self._header)

    def _exactly(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) != size:
            message = "the file was cut off"
            raise SealBroken(message)
        return found


def _derived(key: keys.Key, salt: bytes, name: str) -> bytes:
    work = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=f"file|{name}".encode())
    return work.derive(key.secret)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(ciphers.NONCE_BYTES - 1, "big") + bytes([is_last])
