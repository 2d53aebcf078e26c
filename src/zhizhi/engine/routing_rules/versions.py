"""Versions of the routing rules that are or were in force, read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from zhizhi.engine.models import RoutingVersion
from zhizhi.kernel.routing import reading
from zhizhi.kernel.routing.rule import RoutingRules
from zhizhi.trust import audit, canonical, ciphers, versions

PACKAGED = 1
PACKAGED_NAME = "Smallest responsible unit"
PACKAGED_TEXT = f"""\
rules:
  - code: smallest-responsible-unit
    name: {PACKAGED_NAME}
    order: 9000
    to: {{agency: declared, level: smallest}}
"""
SUBJECT, PUBLISH = "routing:", "routing.publish"


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """The rules of one version, read."""

    version: int
    rules: RoutingRules


def in_force() -> RulesInForce:
    """Return the rules in force, by one small query while they stay the same."""
    rows = published().order_by("-version").values_list("version", "digest")
    version, digest = rows.first() or (PACKAGED, "")
    return RulesInForce(version or PACKAGED, _read(version or PACKAGED, digest))


def of_version(version: int) -> RoutingRules | None:
    """Return the rules of a version that is or was in force."""
    if version == PACKAGED:
        return _read(PACKAGED, "")
    digest = published().filter(version=version).values_list("digest", flat=True).first()
    return None if digest is None else _read(version, digest)


def text_of(version: int) -> str:
    """Return a version that is or was in force as it was written."""
    return PACKAGED_TEXT if version == PACKAGED else published().get(version=version).text


def published() -> QuerySet[RoutingVersion]:
    """Return every version that was ever put in force by two people."""
    return RoutingVersion.objects.filter(state=RoutingVersion.State.PUBLISHED)


@lru_cache(maxsize=16)
def _read(version: int, digest: str) -> RoutingRules:
    """Read a version once; its text never changes, and the digest names exactly this text."""
    return reading.read(text_of(version))


def seal(row: RoutingVersion) -> str:
    """Return the digest of a published version that its leaf in the audit chain carries."""
    return ciphers.suite().digest(canonical.encode(columns_of(row)))


def columns_of(row: RoutingVersion) -> dict[str, Any]:
    """Return what the digest of ``row`` covers."""
    columns = ("version", "text", "digest", "reason", "based_on", "drafted_by_id", "drafted_at")
    return {name: getattr(row, name) for name in (*columns, "decided_by_id", "decided_at")}


def verify() -> Iterator[audit.Break]:
    """Yield each published version that was altered, removed or added; verify the chain first."""
    return versions.verify(
        published(), "version", (PUBLISH,), subjects=SUBJECT, named="routing ",
        columns_of=columns_of,
    )  # fmt: skip
