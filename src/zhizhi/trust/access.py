"""Looking at a person's data: the purpose and case it needs, and the record it leaves.

Every record reaches the page of the person it is about: at once, or, where the law lets the house
keep a look to itself for a while (PIPL art. 18 and 35), from ``shown_at`` on. That moment is fixed
when the look is recorded and cannot be moved; no record is ever left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import models

from zhizhi.trust import audit, canonical, walking
from zhizhi.trust.audit import Break, Leaf
from zhizhi.trust.grounds import Ground
from zhizhi.trust.models import AccessRecord

TABLE = "trust_accessrecord"
READ, REFUSED = "person.read", "person.refused"
LONGEST_HIDDEN = timedelta(days=180)
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
class Post:
    """In which role and for which office somebody acts; what the person is told instead of a name.

    ``office`` is "unit:4", "agency:3" or "area:/990101.../"; empty for the whole district.
    """

    role: str = ""
    office: str = ""


UNTOLD = Post()  # an older record, or a part of the house that acts by itself


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one person: who wants which fields, for which purpose and case.

    ``hidden_for`` delays when the person sees it, by at most ``LONGEST_HIDDEN``. ``grant`` is the
    number of the access grant that the look rests on, if it rests on one.
    """

    actor: str
    person: str  # "person:7", or "report:12" for what somebody wrote there
    fields: tuple[str, ...]
    purpose: str
    case: OpenCase | None
    post: Post = UNTOLD
    hidden_for: timedelta = timedelta(0)
    grant: int | None = None

    def refusal(self) -> str:
        """Return why the look is refused, or nothing when it is allowed."""
        if not _PURPOSE.match(self.purpose):
            return "no-purpose"
        if not timedelta(0) <= self.hidden_for <= LONGEST_HIDDEN:
            return "hidden-too-long"
        if self.case is None:
            return "no-case"
        if not self.case.is_visible:
            return "case-not-visible"
        return "" if self.case.is_open else "case-closed"


def record(
    look: Look, *, refusal: str, now: datetime, ground: Ground | None = None
) -> AccessRecord:
    """Write the access record of ``look`` and chain its content to the audit log.

    ``ground`` is what an allowed look rests on: a consent, or what the law allows without one.

    A look that was refused, or that asks to be hidden for too long or for less than no time, is
    shown at once.
    """
    is_hidden = not refusal and timedelta(0) < look.hidden_for <= LONGEST_HIDDEN
    row = AccessRecord.objects.create(
        at=now,
        actor=look.actor,
        person=look.person,
        fields=list(look.fields),
        purpose=look.purpose[:48],
        case=look.case.id if look.case else None,
        is_allowed=not refusal,
        post=asdict(look.post) if look.post != UNTOLD else None,
        shown_at=now + look.hidden_for if is_hidden else None,
        grant=look.grant,
        ground=str(ground) if ground and not refusal else None,
    )
    detail: dict[str, Any] = {"record": row.pk, **_content(row)}
    if refusal:
        detail["refusal"] = refusal
    verb = REFUSED if refusal else READ
    audit.append([Leaf(look.actor, verb, look.person, now, detail=detail)])
    return row


def looks_at(*persons: str) -> models.QuerySet[AccessRecord]:
    """Return who looked at any of ``persons`` ("person:7", "report:12"), newest first."""
    return AccessRecord.objects.filter(person__in=persons).order_by("-at", "-id")


def shown(*persons: str, now: datetime) -> models.QuerySet[AccessRecord]:
    """Return those of ``looks_at`` that the person sees at ``now``, refused ones as well."""
    is_shown = models.Q(shown_at=None) | models.Q(shown_at__lte=now)
    return looks_at(*persons).filter(is_shown)


def delayed(*persons: str, now: datetime) -> models.QuerySet[AccessRecord]:
    """Return those of ``looks_at`` that the person will see later; never told to the person."""
    return looks_at(*persons).filter(shown_at__gt=now)


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
    told = {**_LATER, **detail}
    try:
        is_same = all(told.get(name) == value for name, value in _content(row).items())
    except walking.DAMAGE:
        is_same = False
    if not is_same:
        yield Break(TABLE, str(pk), "changed")


# Columns that older records lack, with what they hold there.
_LATER: Mapping[str, Any] = {"post": None, "shown_at": None, "grant": None, "ground": None}


def _content(row: AccessRecord) -> dict[str, Any]:
    return {
        "at": canonical.moment(row.at),
        "actor": row.actor,
        "person": row.person,
        "fields": row.fields,
        "purpose": row.purpose,
        "case": row.case,
        "is_allowed": row.is_allowed,
        "post": row.post,
        "shown_at": canonical.moment(row.shown_at) if row.shown_at else None,
        "grant": row.grant,
        "ground": row.ground,
    }
