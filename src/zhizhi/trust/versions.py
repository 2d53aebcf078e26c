"""Tables that keep every version of something: each row against its leaf in the audit chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import models

from zhizhi.trust import audit, walking


def verify(
    rows: models.QuerySet[Any],
    key: str,
    verbs: tuple[str, ...],
    *,
    subjects: str,
    named: str,
    columns_of: Callable[[Any], Mapping[str, Any]],
) -> Iterator[audit.Break]:
    """Yield each version that was altered, removed or added; verify the audit chain first.

    The column ``key`` and ``version`` tell which row it is; ``subjects`` stands before the key in
    the chain, ``named`` before it in what people read.
    """
    table = rows.model._meta.db_table  # noqa: SLF001 - Django's documented name for it
    known: dict[tuple[str, int], str] = {}
    for leaf in audit.leaves(*verbs, subjects=subjects):
        detail = leaf["detail"]
        if "digest" in detail and "version" in detail:  # older leaves carry the values alone
            known[leaf["subject"].removeprefix(subjects), detail["version"]] = detail["digest"]
    for (_pk, which, version), row in walking.each(rows.order_by(key, "version"), key, "version"):
        reason = walking.doubt(row, known.pop((str(which), version), None), columns_of)
        if reason:
            yield audit.Break(table, f"{named}{which} version {version}", reason)
    for name, version in sorted(known):
        yield audit.Break(table, f"{named}{name} version {version}", "missing")
