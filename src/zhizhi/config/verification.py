"""Everything that is chained, hashed or signed, walked from end to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from zhizhi.engine import publishing, setting_history, timeline
from zhizhi.engine.macros import proving
from zhizhi.engine.models import (
    FigureRelease,
    MacroVersion,
    RoutingVersion,
    SettingChange,
    TimelineEntry,
)
from zhizhi.engine.routing_rules import versions as routing_versions
from zhizhi.systems.grid import proving as category_proving
from zhizhi.systems.grid.models import CategoryVersion
from zhizhi.trust import access, audit, consenting, erasing, evidence, tree
from zhizhi.trust.audit import Break, Published
from zhizhi.trust.models import AccessRecord, AuditEntry, Consent, Erasure, Evidence, TreeRoot

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Log:
    """One log: what it is called, how many rows it has and how it is walked."""

    name: str
    model: Any
    walk: Callable[[Told], Iterator[Break]]

    def rows(self) -> int:
        count: int = self.model.objects.count()
        return count


def logs(published: Published | None = None) -> tuple[Log, ...]:
    """Return the logs of this installation; ``published`` anchors the audit chain."""
    return (
        Log("audit", AuditEntry, lambda told: audit.verify(published=published, progress=told)),
        Log("tree", TreeRoot, lambda told: tree.verify()),
        Log("access", AccessRecord, lambda told: access.verify(progress=told)),
        Log("timeline", TimelineEntry, lambda told: timeline.verify()),
        Log("consents", Consent, lambda told: consenting.verify()),
        Log("settings", SettingChange, lambda told: setting_history.verify()),
        Log("macros", MacroVersion, lambda told: proving.verify()),
        Log("categories", CategoryVersion, lambda told: category_proving.verify()),
        Log("routing", RoutingVersion, lambda told: routing_versions.verify()),
        Log("figures", FigureRelease, lambda told: publishing.verify()),
        Log("erasures", Erasure, lambda told: erasing.verify()),
        Log("evidence", Evidence, lambda told: evidence.verify_evidence(progress=told)),
    )
