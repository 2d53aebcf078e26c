"""One case, three agencies: handing a reviewed record over, and each agency's own task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Agency
from zhizhi.engine import dispatching, settings_in_force, timeline
from zhizhi.engine.models import Case, CaseAgency, Task
from zhizhi.engine.states import move
from zhizhi.systems.fishery.models import Violation

LEAD = "fishery"


class Kind(models.TextChoices):
    """What an agency has to do about an offence."""

    PENALISE = "penalise", _("Administrative penalty")
    INVESTIGATE = "investigate", _("Decide on a criminal case")
    SUPERVISE = "supervise", _("Legal supervision")


# agency code -> its task; the first leads
TASKS: Mapping[str, Kind] = {
    LEAD: Kind.PENALISE,
    "police": Kind.INVESTIGATE,
    "procuratorate": Kind.SUPERVISE,
}
REVIEW = "review"  # keeps the case from being inspected while its record is under review


def hold(violation: Violation, *, now: datetime) -> Task | None:
    """Keep the case open until the record is transferred or rejected."""
    agency = Agency.objects.filter(code=LEAD).first()
    if agency is None:
        return None
    return dispatching.assign(
        violation.case, agency, kind=REVIEW, by="worker", now=now, within=_span()
    )


def let_go(violation: Violation, *, outcome: str, by: str, now: datetime) -> None:
    """End the hold: the record has been transferred or rejected."""
    others = violation.case.violations.exclude(pk=violation.pk)
    if others.filter(state__in=Violation.UNDER_REVIEW).exists():
        return
    for task in violation.case.tasks.filter(kind=REVIEW, state__in=Task.LIVE):
        if task.state == Task.State.OFFERED:
            dispatching.accept(task, by=by, now=now)
        dispatching.finish(task, outcome=outcome, by=by, now=now)


def transfer(violation: Violation, *, by: str, now: datetime) -> list[Task]:
    """Share the case with fishery, police and procuratorate and give each its own task.

    Raises StateConflict when the record has not passed both reviews, or was transferred already.
    An agency that this installation does not know is left out; the timeline says so.
    """
    known = {agency.code: agency for agency in Agency.objects.filter(code__in=TASKS)}
    with timeline.writing():
        case = Case.everything.select_for_update().get(pk=violation.case_id)
        move(violation, Violation.State.TRANSFERRED, allowed=Violation.MOVES, changed_at=now)
        tasks = []
        for code, kind in TASKS.items():
            if code in known:
                _join(case, known[code])
                tasks.append(
                    dispatching.assign(case, known[code], kind=kind, by=by, now=now, within=_span())
                )
        timeline.record(
            case,
            verb="violation.transferred",
            actor=by,
            at=now,
            data={
                "violation": violation.pk,
                "agencies": sorted(known),
                "agencies_missing": sorted(set(TASKS) - set(known)),
            },
        )
        let_go(violation, outcome="transferred", by=by, now=now)
    return tasks


def _join(case: Case, agency: Agency) -> None:
    """Let the agency see the case; the lead stays who it was."""
    part = CaseAgency.Part.LEAD if agency.code == LEAD else CaseAgency.Part.CO_HANDLER
    CaseAgency.objects.get_or_create(case=case, agency=agency, defaults={"part": part})


def _span() -> timedelta:
    return timedelta(hours=settings_in_force.value("fishery.agency_hours"))


def label(task: Task) -> str:
    """Return what kind of work ``task`` is, in the viewer's language."""
    kinds = {str(kind.value): str(kind.label) for kind in Kind}
    return kinds.get(task.kind, task.kind)
