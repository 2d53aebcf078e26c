"""Asking for leave to look at somebody in a case, using it, and telling those who must know.

Grants themselves belong to the directory; here they meet cases, settings and the outbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhizhi.directory import granting, people
from zhizhi.directory.granting import Kind, Wanted
from zhizhi.directory.models import AccessGrant, Account, Person, RoleAssignment
from zhizhi.directory.posts import own_post, post_for
from zhizhi.engine import delivering, merging, settings_in_force, timeline
from zhizhi.engine.models import Case, Notice, Report
from zhizhi.trust import consenting
from zhizhi.trust.access import UNTOLD
from zhizhi.trust.grounds import CONTACT
from zhizhi.trust.scoping import Scope

Role = RoleAssignment.Role
REPORTER, NOTICE = "reporter", "notice-"
FIELDS: Mapping[str, tuple[str, ...]] = {REPORTER: ("name", "phone"), NOTICE: people.FIELDS}
SAVE_LIFE = "save-life"  # the one purpose of an emergency


class NotNeeded(ValueError):
    """The look needs no second person: it may be taken on the page of the case."""


class CannotHide(ValueError):
    """A look in an ended case, or in one out of sight, is never hidden from the person."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of a case whose data may be asked for: "reporter" or "notice-3"."""

    code: str
    person: Person
    number: int = 0  # of the notice

    @property
    def fields(self) -> tuple[str, ...]:
        return FIELDS[REPORTER if self.code == REPORTER else NOTICE]


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """What somebody asks for: whose data, why in a code and in words, hidden for how long."""

    someone: Someone
    purpose: str
    reason: str
    hidden_for: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class CaseInHand:
    """A case as a look at a person has to know it: whether it is open, and seen by who looks."""

    id: int
    is_open: bool
    is_visible: bool = True

    @classmethod
    def of(cls, case: Case, *, is_visible: bool = True) -> CaseInHand:
        """Return ``case``; it is visible where the viewer was given it through the own scope."""
        is_open = merging.root_of(case).state not in Case.FINAL
        return cls(case.pk, is_open, is_visible)


def people_of(case: Case, scope: Scope) -> list[Someone]:
    """Return whose data ``scope`` may ask for in ``case``: reporter, or parties of own notices."""
    return [*_reporter(case, scope), *_parties(case, scope)]


def find_case(pk: int) -> Case | None:
    """Return a case whoever may see it: somebody in danger may be in one that is out of sight."""
    return Case.everything.select_related("area").filter(pk=pk).first()


def ask(case: Case, order: Order, *, by: Account, now: datetime) -> AccessGrant:
    """Ask for a second person, and tell those who may be it.

    Raises NotNeeded, CannotHide, ReasonMissing, StateConflict when the same waits already.
    """
    wanted = _wanted(case, order, by.scope(), now)
    with timeline.writing():
        grant = granting.ask(
            wanted, by=by, within=_minutes("access.ask_minutes"),
            span=_minutes("access.grant_minutes"), now=now, leave=timeline.leave,
        )  # fmt: skip
        _tell(grant, case, AccessGrant.APPROVERS, "engine.access_asked", now, is_urgent=False)
    return grant


def break_glass(case: Case, order: Order, *, by: Account, now: datetime) -> AccessGrant:
    """Take leave at once because a life is in danger, and tell leaders and auditors of the area.

    Raises NotNeeded, CannotHide, ReasonMissing.
    """
    wanted = _wanted(case, order, by.scope(), now)
    with timeline.writing():
        grant = granting.break_glass(
            wanted, by=by, span=_minutes("access.breakglass_minutes"),
            review_within=timedelta(days=settings_in_force.value("access.review_days")),
            now=now, leave=timeline.leave,
        )  # fmt: skip
        told = (Role.LEADER, Role.AUDITOR)
        _tell(grant, case, told, "engine.access_emergency", now, is_urgent=True)
    return grant


def look(grant: AccessGrant, *, by: Account, now: datetime) -> dict[str, str]:
    """Take the one look that ``grant`` allows, as any look on record for the person.

    Raises AccessRefused when it allows it no more, vault.Erased.
    """
    scope, case = by.scope(), find_case(grant.case or 0)
    person = Person.objects.get(pk=int(grant.subject.partition(":")[2]))
    post = post_for(scope, grant.area_path)
    return people.open_person(
        person, grant.fields, actor=f"account:{by.pk}", purpose=grant.purpose,
        case=_in_hand(case, scope) if case else None, now=now,
        post=own_post(scope) if post == UNTOLD else post, hidden_for=grant.hidden_for,
        grant=grant.pk,
    )  # fmt: skip


def _in_hand(case: Case, scope: Scope) -> CaseInHand:
    is_visible = Case.objects.visible_to(scope).filter(pk=case.pk).exists()
    return CaseInHand.of(case, is_visible=is_visible)


def _wanted(case: Case, order: Order, scope: Scope, now: datetime) -> Wanted:
    asked = _in_hand(case, scope)
    is_plain = asked.is_open and asked.is_visible
    if is_plain and not order.hidden_for and _is_at_hand(order, now):
        raise NotNeeded
    if order.hidden_for and not is_plain:
        raise CannotHide
    return Wanted(
        kind=Kind.COVERT if order.hidden_for else Kind.LOOK,
        subject=people.subject(order.someone.person), purpose=order.purpose, reason=order.reason,
        fields=order.someone.fields, case=case.pk, area_path=case.area_path,
        hidden_for=order.hidden_for,
    )  # fmt: skip


def _is_at_hand(order: Order, now: datetime) -> bool:
    """Say whether a look in an open case may be taken on its page.

    Not where a life is in danger and the reporter does not agree to be called (any more).
    """
    if order.purpose != SAVE_LIFE or order.someone.code != REPORTER:
        return True
    subject = people.subject(order.someone.person)
    return consenting.agreed(subject, CONTACT, order.someone.fields, now=now) is not None


def _tell(
    grant: AccessGrant, case: Case, roles: Iterable[str], template: str, now: datetime, *,
    is_urgent: bool,
) -> None:  # fmt: skip
    """Put a message into the inbox of each of ``roles`` in the area of the case."""
    delivering.tell(
        [f"role:{role}" for role in roles], template, case=case, key_parts=("grant", grant.pk),
        now=now, facts={"grant": str(grant)}, is_urgent=is_urgent,
    )  # fmt: skip


def _reporter(case: Case, scope: Scope) -> Iterable[Someone]:
    if not scope.has(Role.OPERATOR, Role.INSPECTOR):
        return
    kept = Report.everything.filter(case=case, person__key__destroyed_at=None)
    report = kept.exclude(person=None).select_related("person__key").first()
    if report is not None and report.person is not None:
        yield Someone(REPORTER, report.person)


def _parties(case: Case, scope: Scope) -> Iterable[Someone]:
    own = [grant.agency for grant in scope.of(Role.AGENCY_OFFICER) if grant.agency]
    kept = Notice.everything.filter(
        case=case, agency__in=own, state=Notice.State.ISSUED, person__key__destroyed_at=None
    )
    for notice in kept.exclude(person=None).select_related("person__key").order_by("pk"):
        if notice.person is not None:
            yield Someone(f"{NOTICE}{notice.pk}", notice.person, notice.pk)


def _minutes(key: str) -> timedelta:
    return timedelta(minutes=settings_in_force.value(key))
