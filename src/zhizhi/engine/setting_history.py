"""The history of the settings: each change sealed into the audit chain, and checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhizhi.engine.models import SettingChange
from zhizhi.trust import audit, canonical, ciphers, versions

SUBJECT = "setting:"
VERB = "setting.change"


def seal(told: SettingChange) -> str:
    """Return the digest of ``told`` that its leaf in the audit chain carries."""
    return ciphers.suite().digest(canonical.encode(columns_of(told)))


def columns_of(told: SettingChange) -> dict[str, Any]:
    """Return what the digest of ``told`` covers."""
    names = ("key", "version", "old", "new", "is_reset", "reason", "at", "by")
    return {name: getattr(told, name) for name in names}


def verify() -> Iterator[audit.Break]:
    """Yield each change that was altered, removed or added; verify the audit chain first."""
    return versions.verify(
        SettingChange.objects.all(), "key", (VERB,), subjects=SUBJECT, named="",
        columns_of=columns_of,
    )  # fmt: skip
