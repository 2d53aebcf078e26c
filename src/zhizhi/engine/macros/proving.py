"""The versions of macros: each sealed into the audit chain, and checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhizhi.engine.models import MacroVersion
from zhizhi.trust import audit, canonical, ciphers, walking

TABLE = "engine_macroversion"
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
    known: dict[tuple[str, int], str] = {}
    for leaf in audit.leaves(MAKE, EDIT, subjects=SUBJECT):
        detail = leaf["detail"]
        if "digest" in detail and "version" in detail:
            known[leaf["subject"].removeprefix(SUBJECT), detail["version"]] = detail["digest"]
    rows = MacroVersion.objects.order_by("macro_id", "version")
    for (_pk, macro, version), row in walking.each(rows, "macro_id", "version"):
        reason = walking.doubt(row, known.pop((str(macro), version), None), columns_of)
        if reason:
            yield audit.Break(TABLE, f"macro {macro} version {version}", reason)
    for macro_key, version in sorted(known):
        yield audit.Break(TABLE, f"macro {macro_key} version {version}", "missing")
