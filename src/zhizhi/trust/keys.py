"""The installation's key ring: files below DATA/keys that only the service's user may read.

One file a key, ``<purpose>-<id>.key``: 32 random bytes in base64. The highest id of a purpose is
the current one; older ones stay for reading until they are retired. Demo and test installations
make their keys by themselves; a production installation makes them once, on purpose, by
``zhizhi doctor --make-keys``, because new keys on an old database would make it unreadable.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from zhizhi.trust import ciphers

# vault: wraps people's data keys · index: blind indexes · token: tokens of observed entities ·
# signing: evidence and chain heads
PURPOSES = ("vault", "index", "token", "signing")
BACKUP = "backup"  # seals backups; an installation works without it
_FILE = re.compile(r"^(vault|index|token|signing|backup)-(\d{4}-[0-9a-f]{8})\.key$")


class KeysMissing(RuntimeError):
    """The key ring lacks a key that this installation needs; the message says how to get it."""


class KeyInUse(RuntimeError):
    """A key cannot be retired yet."""


@dataclass(frozen=True)
class Key:
    """One key of the ring; its secret is never part of a message or a log."""

    purpose: str
    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"<Key {self.purpose}-{self.id}>"

    @cached_property
    def private(self) -> Ed25519PrivateKey:
        """The signing key made from the secret."""
        return Ed25519PrivateKey.from_private_bytes(self.secret)


class KeyRing:
    """The keys of one folder as they were when it was read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen = _changed(folder)
        self._keys = {(key.purpose, key.id): key for key in _read(folder)}

    def is_outdated(self) -> bool:
        """Say whether another process has added or retired a key since."""
        return _changed(self.folder) != self._seen

    def current(self, purpose: str) -> Key:
        """Return the newest key of ``purpose``; raises KeysMissing."""
        known = self.of(purpose)
        if not known:
            raise _missing(self.folder, purpose)
        return known[-1]

    def of(self, purpose: str) -> tuple[Key, ...]:
        """Return every key of ``purpose``, oldest first."""
        return tuple(key for (name, _), key in sorted(self._keys.items()) if name == purpose)

    def find(self, purpose: str, key_id: str) -> Key:
        """Return one key; raises KeysMissing."""
        if (purpose, key_id) not in self._keys:
            # Two changes of a folder within one tick of its clock look like one.
            self._keys = {(key.purpose, key.id): key for key in _read(self.folder)}
        try:
            return self._keys[purpose, key_id]
        except KeyError:
            raise _missing(self.folder, f"{purpose}-{key_id}") from None

    def lacking(self) -> tuple[str, ...]:
        """Return the purposes without a key."""
        return tuple(purpose for purpose in PURPOSES if not self.of(purpose))

    def sign(self, content: bytes) -> tuple[str, str]:
        """Return the id of the signing key and its Ed25519 signature as 128 hex digits."""
        key = self.current("signing")
        return key.id, key.private.sign(content).hex()

    def is_signed(self, content: bytes, *, key_id: str, signature: str) -> bool:
        """Say whether ``signature`` is ours; a lost signing key counts as no."""
        try:
            public = self.find("signing", key_id).private.public_key()
            public.verify(bytes.fromhex(signature), content)
        except (InvalidSignature, KeysMissing, ValueError):
            return False
        return True

    def public_key(self) -> str:
        """Return the current signing key's public half (PEM), for verifiers elsewhere."""
        public = self.current("signing").private.public_key()
        pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem.decode()


_rings: dict[Path, KeyRing] = {}
_lock = threading.Lock()


def folder() -> Path:
    return Path(settings.DATA) / "keys"


def ring() -> KeyRing:
    """Return this installation's keys, made on first use in demo and test mode.

    Raises KeysMissing in production when they were not made.
    """
    place = folder()
    with _lock:
        known = _rings.get(place)
        if known is None or known.is_outdated():
            if settings.MODE != "production":
                make()
            known = KeyRing(place)
            if known.lacking():
                raise _missing(place, ", ".join(known.lacking()))
            _rings[place] = known
        return known


def make() -> list[Path]:
    """Make the keys that are missing and return their files; existing keys are never touched."""
    place = folder()
    with alone(place):
        known = KeyRing(place)
        wanted = [purpose for purpose in (*PURPOSES, BACKUP) if not known.of(purpose)]
        return [_write(place, purpose).path for purpose in wanted]


def add(purpose: str) -> Key:
    """Make the next key of ``purpose``; from now on it is the current one."""
    place = folder()
    with alone(place):
        made = _write(place, purpose)
    with _lock:
        _rings.pop(place, None)
    return made.key


def retire(key: Key) -> None:
    """Destroy an old key for ever; the current one is refused with KeyInUse.

    The caller has made sure that nothing needs it (``zhizhi.trust.rotating.retire_unused`` does).
    """
    if ring().current(key.purpose).id == key.id:
        message = f"{key.purpose}-{key.id} is the current key"
        raise KeyInUse(message)
    path = folder() / f"{key.purpose}-{key.id}.key"
    with path.open("r+b") as file:  # overwrite first: unlinking alone leaves the bytes on the disk
        file.write(secrets.token_bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync(path.parent)
    with _lock:
        _rings.pop(folder(), None)


def made_at(key: Key) -> datetime:
    """Return when ``key`` was made, by its file."""
    path = folder() / f"{key.purpose}-{key.id}.key"
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)


def open_to_others() -> list[Path]:
    """Return the key files that somebody besides their owner may read or write."""
    return [path for path in sorted(folder().glob("*.key")) if path.stat().st_mode & 0o077]


@dataclass(frozen=True)
class _Made:
    key: Key
    path: Path


def _changed(place: Path) -> int:
    return place.stat().st_mtime_ns if place.is_dir() else 0


def _read(place: Path) -> Iterator[Key]:
    for path in sorted(place.glob("*.key")):
        named = _FILE.match(path.name)
        if named:
            secret = base64.b64decode(path.read_text(encoding="ascii"))
            yield Key(named.group(1), named.group(2), secret)


def _write(place: Path, purpose: str) -> _Made:
    numbers = [int(key.id[:4]) for key in _read(place) if key.purpose == purpose]
    key_id = f"{max(numbers, default=0) + 1:04d}-{secrets.token_hex(4)}"
    path = place / f"{purpose}-{key_id}.key"
    draft = place / f".{path.name}.part"
    secret = ciphers.fresh_key()
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(secret))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync(place)
    return _Made(Key(purpose, key_id, secret), path)


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Keep other processes from making keys at the same moment."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sync(place: Path) -> None:
    """Make the content of a file, or the names in a folder, durable."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _missing(place: Path, what: str) -> KeysMissing:
    return KeysMissing(
        f"The key ring {place} has no key for: {what}. On a new installation type "
        "`zhizhi doctor --make-keys`; on an old one put the key files back from their backup."
    )
