"""Looking at a person's data: the purpose and case it needs, and the record it leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import models

from zhizhi.trust import audit, canonical, walking
from zhizhi.trust.audit import Break, Leaf
from zhizhi.trust.models import AccessRecord

TABLE = "trust_accessrecord"
READ, REFUSED = "person.read", "person.refused"
_PURPOSE = re.compile(r"^[a-z][a-z0-9-]{2,47}$")
_CHUNK = 500


class OpenCase(Protocol):
    """What a look at a person has to know of the case it is for; trust knows no engine."""

    @property
    def id(self) -> int: ...
    @property
    def is_open(self) -> bool: ...
    @property
    def is_visible(self) -> bool:
        """Whether the actor may see the case (role, area, agency, assignment)."""


class AccessRefused(PermissionError):
    """The look was refused and recorded; ``code`` is a stable word for interfaces."""

    def __init__(self, code: str) -> None:
        super().__init__(f"access to personal data refused: {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one person: who wants which fields, for which purpose and case."""

    actor: str
    person: str  # "person:7"
    fields: tuple[str, ...]
    purpose: str
    case: OpenCase | None

    def refusal(self) -> str:
        """Return why the look is refused, or nothing when it is allowed."""
        if not _PURPOSE.match(self.purpose):
            return "no-purpose"
        if self.case is None:
            return "no-case"
        if not self.case.is_visible:
            return "case-not-visible"
        return "" if self.case.is_open else "case-closed"


def record(look: Look, *, refusal: str, now: datetime) -> AccessRecord:
    """Write the access record of ``look`` and chain its content to the audit log."""
    row = AccessRecord.objects.create(
        at=now,
        actor=look.actor,
        person=look.person,
        fields=list(look.fields),
        purpose=look.purpose[:48],
        case=look.case.id if look.case else None,
        is_allowed=not refusal,
    )
    detail: dict[str, Any] = {"record": row.pk, **_content(row)}
    if refusal:
        detail["refusal"] = refusal
    verb = REFUSED if refusal else READ
    audit.append([Leaf(look.actor, verb, look.person, now, detail=detail)])
    return row


def looks_at(person: str) -> models.QuerySet[AccessRecord]:
    """Return who looked at ``person`` ("person:7"), newest first: for the person's own page."""
    return AccessRecord.objects.filter(person=person).order_by("-at", "-id")


def verify(*, progress: Callable[[int], None] = lambda rows: None) -> Iterator[Break]:
    """Yield each access record that was changed or removed, and each that nobody chained."""
    rows: dict[int, AccessRecord | None] = {}
    for (pk,), row in walking.each(AccessRecord.objects.order_by("pk")):
        rows[pk] = row
    for count, leaf in enumerate(audit.leaves(READ, REFUSED), 1):
        yield from _compare(leaf["detail"], rows)
        if count % _CHUNK == 0:
            progress(_CHUNK)
    for pk in rows:
        yield Break(TABLE, str(pk), "is not in the audit chain")


def _compare(detail: Mapping[str, Any], rows: dict[int, AccessRecord | None]) -> Iterator[Break]:
    """Compare one leaf with its record, and take the record out of ``rows``."""
    pk: Any = detail.get("record")
    row = rows.pop(pk, None) or AccessRecord.objects.filter(pk=pk).only("pk").first()
    if row is None:
        yield Break(TABLE, str(pk), "missing")
        return
    try:
        is_same = all(detail.get(name) == value for name, value in _content(row).items())
    except walking.DAMAGE:
        is_same = False
    if not is_same:
        yield Break(TABLE, str(pk), "changed")


def _content(row: AccessRecord) -> dict[str, Any]:
    return {
        "at": canonical.moment(row.at),
        "actor": row.actor,
        "person": row.person,
        "fields": row.fields,
        "purpose": row.purpose,
        "case": row.case,
        "is_allowed": row.is_allowed,
    }
