"""Who is enrolled: the list, enrolling at the desk, one ward's page, pausing and ending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory import people
from zhizhi.directory.models import Area, Guardianship
from zhizhi.directory.posts import post_for
from zhizhi.engine.states import StateConflict
from zhizhi.systems.guardian import enrolling, standing
from zhizhi.systems.guardian.enrolling import Habit
from zhizhi.systems.guardian.forms import CompanionForm, EnrolForm, HabitForm, TagForm
from zhizhi.systems.guardian.forms import companion_names as names_of
from zhizhi.systems.guardian.models import ENROLLERS, READERS, Companion, Enrolment, Tag
from zhizhi.trust import vault
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.consenting import ConsentMissing
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import actor_of, for_roles

AT_ONCE, LAST_ENDED = 50, 20
UNPROCESSABLE = 422
State = Enrolment.State


@dataclass(frozen=True, slots=True)
class EnrolmentChange:
    """What may become of an enrolment, why, and what is said when it is done."""

    label: Promise
    verb: Callable[..., None]
    whys: tuple[tuple[str, Promise], ...]
    done: Promise


FAMILY = ("family", gettext_lazy("The family asks for it"))
ASKED = ("ward", gettext_lazy("The ward asks for it"))
CHANGES = {
    "pause": EnrolmentChange(
        gettext_lazy("Pause"), enrolling.pause,
        (FAMILY, ASKED, ("away", gettext_lazy("In hospital, at a home, or travelling"))),
        gettext_lazy("Paused: no reading is matched from now on."),
    ),
    "resume": EnrolmentChange(
        gettext_lazy("Resume"), enrolling.resume,
        (FAMILY, ASKED, ("back", gettext_lazy("Back again"))),
        gettext_lazy("Resumed: readings are matched again."),
    ),
    "end": EnrolmentChange(
        gettext_lazy("End"), enrolling.end,
        (FAMILY, ASKED, ("moved", gettext_lazy("Moved away or died"))),
        gettext_lazy("Ended: the tags are nobody's any more."),
    ),
    "delete": EnrolmentChange(
        gettext_lazy("Delete at once"), enrolling.delete,
        (FAMILY, ASKED, ("mistake", gettext_lazy("Enrolled by mistake"))),
        gettext_lazy("Deleted, with its tags and companions."),
    ),
}  # fmt: skip
OBJECT = "object"
MAY: dict[str, tuple[str, ...]] = {
    State.ACTIVE: ("pause", "end", "delete"),
    State.PAUSED: ("resume", "end", "delete"),
    State.ENDED: ("delete",),
}


@require_GET
@never_cache
@for_roles(*READERS)
def list_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show who is enrolled, open alarms first, whom one may enrol, and who was lately."""
    now, rows = timezone.now(), Enrolment.objects.visible_to(scope)
    live = rows.exclude(state=State.ENDED).order_by(F("case").desc(nulls_last=True), "-pk")
    page = Paginator(live, AT_ONCE).get_page(request.GET.get("page"))
    over = list(rows.filter(state=State.ENDED).order_by("-ended_at", "-pk")[:LAST_ENDED])
    may_enrol = scope.has(*ENROLLERS)
    context = {
        "page": page,
        "lines": standing.lines(list(page.object_list), scope, now=now),
        "over": standing.lines(over, scope, now=now),
        "bonds": standing.to_enrol(scope, now=now) if may_enrol else [],
        "may_enrol": may_enrol,
    }
    return render(request, "guardian/enrolments.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(*ENROLLERS)
def enrol(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Enrol the ward of a guardianship in force, with the ward and the guardian at the desk."""
    now = timezone.now()
    bond = get_object_or_404(Guardianship.objects.visible_to(scope), pk=pk)
    if not bond.is_in_force(now):
        raise Http404
    form = EnrolForm(request.POST or None, scope=scope)
    if request.method == "POST" and form.is_valid():
        try:
            row = enrolling.enrol_ward(
                bond, by=actor_of(request), now=now, habit=form.habit(),
                assent=form.cleaned_data["assent"], is_beside=form.cleaned_data["is_companion"],
            )  # fmt: skip
        except ConsentMissing:
            form.add_error(None, _("The guardian has not agreed to the use of tags."))
        except StateConflict:
            form.add_error(None, _("This ward is enrolled already."))
        else:
            messages.success(request, _("Enrolled. Now give the ward a tag."))
            return redirect("guardian:enrolment", row.pk)
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "guardian/enrol.html", {"form": form, "bond": bond}, status=status)


@require_GET
@never_cache
@for_roles(*READERS)
def enrolment_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one enrolment, and what the viewer may do about it."""
    return page_of(request, scope, one(scope, pk))


@require_POST
@never_cache
@for_roles(*READERS)
def look(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show the names of ward and companions; each of them sees that somebody looked."""
    row, now, by = one(scope, pk), timezone.now(), actor_of(request)
    post = post_for(scope, row.area_path)
    found = [row.ward, *(mate.person for mate in companions_of(row))]
    try:
        told = [people.open_to_check(who, actor=by, post=post, now=now) for who in found]
    except AccessRefused:
        said = _("You have looked too often within an hour.")
        return page_of(request, scope, row, said=said, status=403)
    except vault.Erased:
        return page_of(request, scope, row, said=_("This person's data was erased."), status=403)
    return page_of(request, scope, row, ward=told[0], mates=told[1:])


@require_POST
@never_cache
@for_roles(*ENROLLERS)
def allow(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Change when and where the ward may be alone."""
    row, form = one(scope, pk), HabitForm(request.POST, scope=scope)
    if not form.is_valid():
        return page_of(request, scope, row, habit_form=form, status=UNPROCESSABLE)
    habit = _with_others(row, form)
    enrolling.allow(row, habit, by=actor_of(request), now=timezone.now())
    messages.success(request, _("Changed. It counts from the next reading on."))
    return redirect("guardian:enrolment", pk)


@require_POST
@never_cache
@for_roles(*ENROLLERS)
def change(request: HttpRequest, scope: Scope, pk: int, what: str) -> HttpResponse:
    """Pause, resume, end or delete it for a reason, or let the ward's objection end everything."""
    row, why, now = one(scope, pk), request.POST.get("why", ""), timezone.now()
    if what == OBJECT:
        enrolling.object_for(row, by=actor_of(request), now=now)
        messages.success(request, _("The ward's word counts: everything has ended."))
        return redirect("guardian:enrolment", pk)
    if what not in CHANGES:
        raise Http404
    wanted = CHANGES[what]
    if why not in dict(wanted.whys):
        said = _("Say why. Nothing was done.")
        return page_of(request, scope, row, said=said, status=UNPROCESSABLE)
    try:
        wanted.verb(row, by=actor_of(request), now=now, why=why)
    except ConsentMissing:
        said = _("Nobody agrees for this ward any more: it cannot be resumed.")
        return page_of(request, scope, row, said=said, status=409)
    messages.success(request, str(wanted.done))
    return (
        redirect("guardian:enrolments") if what == "delete" else redirect("guardian:enrolment", pk)
    )


def one(scope: Scope, pk: int) -> Enrolment:
    """Return an enrolment that the viewer may see, or answer 404."""
    rows = Enrolment.objects.visible_to(scope).select_related("ward__key")
    return get_object_or_404(rows, pk=pk)


def companions_of(row: Enrolment) -> list[Companion]:
    """Return who walks with a ward, in the order in which they are numbered."""
    return list(row.companions.select_related("person__key").order_by("pk"))


def bonds_of(scope: Scope, row: Enrolment) -> list[Guardianship]:
    """Return the ward's guardianships in force."""
    bonds = Guardianship.objects.visible_to(scope).filter(
        Guardianship.in_force_at(timezone.now()), ward=row.ward
    )
    return list(bonds.select_related("guardian").order_by("pk"))


def page_of(
    request: HttpRequest, scope: Scope, row: Enrolment, *, status: int = 200, **told: Any
) -> HttpResponse:
    """Show one enrolment, with whatever an act has to say."""
    companions, bonds = companions_of(row), bonds_of(scope, row)
    mates = told.pop("mates", [])
    holders = {row.ward_id: _("The ward")}
    holders |= {
        mate.person_id: label
        for mate, (_pk, label) in zip(companions, names_of(companions), strict=True)
    }
    tags = Tag.objects.filter(holder__in=holders, unbound_at=None).order_by("pk")
    areas = [allowed.area for allowed in row.areas.select_related("area").order_by("area__path")]
    may_act = scope.has(*ENROLLERS)
    context: dict[str, Any] = {
        "line": standing.lines([row], scope, now=timezone.now())[0],
        "row": row,
        "bonds": bonds,
        "areas": areas,
        "companions": [
            (mate, holders[mate.person_id], mates[number] if mates else None)
            for number, mate in enumerate(companions)
        ],
        "tags": [(tag, holders[tag.holder_id]) for tag in tags],
        "may_act": may_act,
        "is_live": row.state != State.ENDED,
        "changes": [(what, CHANGES[what]) for what in MAY[row.state]] if may_act else [],
    }
    if may_act and row.state != State.ENDED:
        context |= _forms(scope, row, areas, companions, bonds)
    return render(request, "guardian/enrolment.html", {**context, **told}, status=status)


def _forms(
    scope: Scope, row: Enrolment, areas: Sequence[Area], companions: Sequence[Companion],
    bonds: Sequence[Guardianship],
) -> dict[str, Any]:  # fmt: skip
    """Return the forms of the page, empty or as it stands."""
    codes = [area.code for area in areas]
    now_allowed = {"hours_from": row.hours_from, "hours_to": row.hours_to, "areas": codes}
    beside = {mate.person_id for mate in companions}
    free = [bond for bond in bonds if bond.guardian_id not in beside]
    return {
        "habit_form": HabitForm(initial=now_allowed, scope=scope),
        "companion_form": CompanionForm(bonds=free),
        "tag_form": TagForm(row=row, companions=companions),
    }


def _with_others(row: Enrolment, form: HabitForm) -> Habit:
    """Keep the areas that the viewer's list does not offer: they are somebody else's to change."""
    told = form.habit()
    kept = [one.area for one in row.areas.select_related("area") if one.area.code not in form.known]
    return Habit(told.hours, [*told.areas, *kept])
