"""What a backup says about itself: signed, so that nobody can change or mix backups unseen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from zhizhi.trust import canonical, keys

NAME = "manifest.json"
FORMAT = 1
PUBLISHED, DATABASE, MEDIA = "published.sealed", "database.sealed", "media.sealed"
FILES = (PUBLISHED, DATABASE, MEDIA)
_CHUNK = 1 << 20


class BackupRefused(RuntimeError):
    """A backup cannot be made, read or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One file of a backup: how long it is and the SHA-256 of its sealed bytes."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup. ``migrations`` names the newest of each app, ``head`` the newest audit entry."""

    made_at: datetime
    database: str  # "sqlite" or "postgresql"
    migrations: dict[str, str]
    people: int  # data keys that existed; none of them is in the backup
    head: str
    files: dict[str, Sealed]

    def save(self, folder: Path) -> None:
        """Sign and write it."""
        told = json.loads(self._content())
        key_id, signature = keys.ring().sign(self._content())
        told |= {"signed_by": key_id, "signature": signature}
        (folder / NAME).write_text(json.dumps(told, indent=1), encoding="utf-8")

    @classmethod
    def of(cls, folder: Path) -> Manifest:
        """Read and check the manifest; raises BackupRefused."""
        path = folder / NAME
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except OSError:
            message = f"{folder} holds no whole backup: it has no {NAME}."
            raise BackupRefused(message) from None
        except (ValueError, RecursionError):
            message = f"{path} was changed or cut off."
            raise BackupRefused(message) from None
        return cls._checked(path, told)

    @classmethod
    def _checked(cls, path: Path, told: dict[str, object]) -> Manifest:
        try:
            key_id, signature = str(told.pop("signed_by")), str(told.pop("signature"))
            is_known = told.pop("format") == FORMAT
            files: dict[str, dict[str, object]] = told.pop("files")  # type: ignore[assignment]
            found = cls(
                datetime.fromisoformat(str(told["made_at"])),
                str(told["database"]),
                dict(told["migrations"]),  # type: ignore[call-overload]
                int(str(told["people"])),
                str(told["head"]),
                {
                    name: Sealed(int(str(one["bytes"])), str(one["sha256"]))
                    for name, one in files.items()
                },
            )
            content = found._content()
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
            message = f"{path} was changed or cut off."
            raise BackupRefused(message) from None
        if not is_known:
            message = f"{path} is of a later version of Zhizhi: restore with that version."
            raise BackupRefused(message)
        ring = keys.ring()
        if key_id not in {key.id for key in ring.of("signing")}:
            message = (
                f"The keys folder {ring.folder} does not belong to this backup: it has no "
                f"signing-{key_id}. Put the keys folder of that installation there."
            )
            raise BackupRefused(message)
        if not ring.is_signed(content, key_id=key_id, signature=signature):
            message = f"{path} was changed: its signature does not fit."
            raise BackupRefused(message)
        return found

    def check_files(self, folder: Path) -> None:
        """Compare every file with what was written; raises BackupRefused naming the first."""
        if set(self.files) != set(FILES):
            message = f"{folder / NAME} does not name the files of a backup."
            raise BackupRefused(message)
        for name, wanted in self.files.items():
            path = folder / name
            size = path.stat().st_size if path.is_file() else -1
            if size != wanted.bytes:
                state = "is missing" if size < 0 else f"was cut off: {size} of {wanted.bytes} bytes"
                message = f"{path} {state}. Nothing was restored."
                raise BackupRefused(message)
            if _digest(path) != wanted.sha256:
                message = f"{path} was changed. Nothing was restored."
                raise BackupRefused(message)

    def _content(self) -> bytes:
        told = asdict(self) | {"format": FORMAT, "made_at": canonical.moment(self.made_at)}
        return canonical.encode(told)


def _digest(path: Path) -> str:
    work = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            work.update(part)
    return work.hexdigest()
