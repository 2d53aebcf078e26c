"""The history of the settings: each change sealed into the audit chain, and checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zhizhi.engine.models import SettingChange
from zhizhi.trust import audit, canonical, ciphers, walking

TABLE = "engine_settingchange"
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
    known: dict[tuple[str, int], str] = {}
    for leaf in audit.leaves(VERB, subjects=SUBJECT):
        detail = leaf["detail"]
        if "digest" in detail and "version" in detail:  # older leaves carry the values alone
            known[leaf["subject"].removeprefix(SUBJECT), detail["version"]] = detail["digest"]
    rows = SettingChange.objects.order_by("key", "version")
    for (_pk, key, version), row in walking.each(rows, "key", "version"):
        reason = walking.doubt(row, known.pop((key, version), None), columns_of)
        if reason:
            yield audit.Break(TABLE, f"{key} version {version}", reason)
    for key, version in sorted(known):
        yield audit.Break(TABLE, f"{key} version {version}", "missing")
