"""The versions of macros: each sealed into the audit chain, and checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhizhi.engine.models import MacroVersion
from zhizhi.trust import audit, canonical, ciphers, versions

SUBJECT = "macro:"
MAKE, EDIT = "macro.make", "macro.edit"


def seal(version: MacroVersion) -> str:
    """Return the digest of ``version`` that its leaf in the audit chain carries."""
    return ciphers.suite().digest(canonical.encode(columns_of(version)))


def columns_of(version: MacroVersion) -> dict[str, Any]:
    """Return what the digest of ``version`` covers."""
    names = ("macro_id", "version", "name", "kinds", "is_whole", "steps", "at", "by")
    return {name: getattr(version, name) for name in names}


def verify() -> Iterator[audit.Break]:
    """Yield each version that was altered, removed or added; verify the audit chain first."""
    return versions.verify(
        MacroVersion.objects.all(), "macro_id", (MAKE, EDIT), subjects=SUBJECT, named="macro ",
        columns_of=columns_of,
    )  # fmt: skip
