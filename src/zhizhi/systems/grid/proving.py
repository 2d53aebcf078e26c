"""The versions of categories: each sealed into the audit chain, and checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhizhi.systems.grid.models import CategoryVersion
from zhizhi.trust import audit, canonical, ciphers, versions

SUBJECT = "category:"
IMPORT, SWITCH, CHECK = "category.import", "category.switch", "category.check"


def seal(version: CategoryVersion) -> str:
    """Return the digest of ``version`` that its leaf in the audit chain carries."""
    return ciphers.suite().digest(canonical.encode(columns_of(version)))


def columns_of(version: CategoryVersion) -> dict[str, Any]:
    """Return what the digest of ``version`` covers."""
    names = ("category_id", "version", "content", "at", "by")
    return {name: getattr(version, name) for name in names}


def verify() -> Iterator[audit.Break]:
    """Yield each version that was altered, removed or added; verify the audit chain first."""
    return versions.verify(
        CategoryVersion.objects.all(), "category_id", (IMPORT, SWITCH, CHECK),
        subjects=SUBJECT, named="category ", columns_of=columns_of,
    )  # fmt: skip
