"""How the enrolments that somebody may see stand: matched or not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.accounts import person_name
from zhizhi.directory.models import Guardianship
from zhizhi.engine.models import Case
from zhizhi.systems.guardian.models import Enrolment
from zhizhi.trust import consenting
from zhizhi.trust.grounds import BRING_HOME, TAGS
from zhizhi.trust.models import Consent
from zhizhi.trust.scoping import Scope


class Footing(models.TextChoices):
    """What an enrolment comes to; only what is matched is looked for."""

    MATCHED = "matched", _("Enrolled")
    UNAGREED = "unagreed", _("Agreement over: nothing is matched")
    PAUSED = "paused", _("Paused")
    OBJECTED = "objected", _("The ward objected")
    ENDED = "ended", _("Ended")


@dataclass(frozen=True, slots=True)
class EnrolmentLine:
    """One enrolment as the staff is told of it; nothing here tells who it is."""

    row: Enrolment
    footing: Footing
    agreed: Consent | None
    case: Case | None  # that is open, if the viewer may see it


def lines(rows: Sequence[Enrolment], scope: Scope, *, now: datetime) -> list[EnrolmentLine]:
    """Return how ``rows`` stand at ``now``."""
    names = [person_name(row.ward_id) for row in rows]
    given = Consent.objects.filter(subject__in=names, purpose=BRING_HOME, ended_at=None)
    agreed = {one.subject: one for one in given if _covers(one, now)}
    wards = [row.ward_id for row in rows]
    refused = Guardianship.objects.visible_to(scope).filter(ward__in=wards)
    objected = set(
        refused.filter(ended_why=Guardianship.Ended.OBJECTED).values_list("ward", flat=True)
    )
    numbers = [row.case_id for row in rows if row.case_id is not None]
    cases = Case.objects.visible_to(scope).in_bulk(numbers) if numbers else {}
    return [
        EnrolmentLine(
            row, _footing(row, consent, has_objected=row.ward_id in objected), consent,
            cases.get(row.case_id or 0),
        )
        for row in rows
        for consent in (agreed.get(person_name(row.ward_id)),)
    ]  # fmt: skip


def to_enrol(scope: Scope, *, now: datetime) -> list[tuple[Guardianship, bool]]:
    """Return the guardianships in force whose ward is not enrolled, and whether that is agreed."""
    live = Enrolment.objects.visible_to(scope).exclude(state=Enrolment.State.ENDED)
    bonds = Guardianship.objects.visible_to(scope).filter(Guardianship.in_force_at(now))
    rows = list(bonds.exclude(ward__in=live.values("ward")).order_by("-pk"))
    names = [person_name(row.ward_id) for row in rows]
    agreed = consenting.agreed_among(names, BRING_HOME, (TAGS,), now=now)
    return [(row, person_name(row.ward_id) in agreed) for row in rows]


def _covers(consent: Consent, now: datetime) -> bool:
    return consent.is_in_force(now) and TAGS in consent.data


def _footing(row: Enrolment, consent: Consent | None, *, has_objected: bool) -> Footing:
    if consent is None and has_objected:
        return Footing.OBJECTED
    if row.state != Enrolment.State.ACTIVE:
        return Footing(str(row.state))
    return Footing.MATCHED if consent else Footing.UNAGREED
