"""The versions of categories: each sealed into the audit chain, and checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhizhi.systems.grid.models import CategoryVersion
from zhizhi.trust import audit, canonical, ciphers, walking

TABLE = "grid_categoryversion"
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
    known: dict[tuple[str, int], str] = {}
    for leaf in audit.leaves(IMPORT, SWITCH, CHECK, subjects=SUBJECT):
        detail = leaf["detail"]
        if "digest" in detail and "version" in detail:
            known[leaf["subject"].removeprefix(SUBJECT), detail["version"]] = detail["digest"]
    rows = CategoryVersion.objects.order_by("category_id", "version")
    for (_pk, category, version), row in walking.each(rows, "category_id", "version"):
        reason = walking.doubt(row, known.pop((str(category), version), None), columns_of)
        if reason:
            yield audit.Break(TABLE, f"category {category} version {version}", reason)
    for key, version in sorted(known):
        yield audit.Break(TABLE, f"category {key} version {version}", "missing")
