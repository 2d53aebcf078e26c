"""What belongs to an enrolment: who walks along, and the tags that they and the ward carry."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from zhizhi.engine.states import StateConflict
from zhizhi.systems.guardian import enrolling, tagging
from zhizhi.systems.guardian.forms import CompanionForm, TagForm
from zhizhi.systems.guardian.models import ENROLLERS, Tag
from zhizhi.systems.guardian.views.enrolments import (
    UNPROCESSABLE,
    bonds_of,
    companions_of,
    one,
    page_of,
)
from zhizhi.trust import vault
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import actor_of, for_roles


@sensitive_post_parameters("name", "phone")
@require_POST
@never_cache
@for_roles(*ENROLLERS)
def add_companion(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Add somebody who stands at the desk and agrees to be known beside the ward."""
    row = one(scope, pk)
    form = CompanionForm(request.POST, bonds=bonds_of(scope, row))
    if form.is_valid():
        try:
            enrolling.bring_companion(row, form.who, by=actor_of(request), now=timezone.now())
        except ValueError:
            form.add_error(None, _("Nobody is the own companion."))
        except vault.Erased:
            form.add_error(None, _("This person's data was erased."))
        except StateConflict as conflict:
            if conflict.code != "companion-already":
                raise
            form.add_error(None, _("Walks along already."))
        else:
            messages.success(request, _("Walks along from now on. Give the companion a tag."))
            return redirect("guardian:enrolment", pk)
    return page_of(request, scope, row, companion_form=form, status=UNPROCESSABLE)


@require_POST
@never_cache
@for_roles(*ENROLLERS)
def take_out(request: HttpRequest, scope: Scope, pk: int, companion: int) -> HttpResponse:
    """Let a companion walk along no more; whoever is known for this alone is forgotten."""
    row = one(scope, pk)
    found = get_object_or_404(row.companions, pk=companion)
    enrolling.remove_companion(found, by=actor_of(request), now=timezone.now())
    messages.success(request, _("Taken out: counts no more from the next reading on."))
    return redirect("guardian:enrolment", pk)


@sensitive_post_parameters("code")
@require_POST
@never_cache
@for_roles(*ENROLLERS)
def bind(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Give a tag to the ward or a companion."""
    row = one(scope, pk)
    form = TagForm(request.POST, row=row, companions=companions_of(row))
    if form.is_valid():
        told = form.cleaned_data
        try:
            tagging.bind(
                form.person, told["code"], told["kind"], by=actor_of(request), now=timezone.now()
            )
        except StateConflict:
            form.add_error("code", _("Somebody carries this tag already: take it back first."))
        else:
            messages.success(request, _("The tag counts from now on."))
            return redirect("guardian:enrolment", pk)
    return page_of(request, scope, row, tag_form=form, status=UNPROCESSABLE)


@require_POST
@never_cache
@for_roles(*ENROLLERS)
def take_back(request: HttpRequest, scope: Scope, pk: int, tag: int) -> HttpResponse:
    """Take a tag back: what is read of it from now on is nobody's."""
    row = one(scope, pk)
    holders = [row.ward_id, *(mate.person_id for mate in companions_of(row))]
    found = get_object_or_404(Tag, pk=tag, holder__in=holders)
    tagging.unbind(found, by=actor_of(request), now=timezone.now())
    messages.success(request, _("Taken back: what is read of it is nobody's."))
    return redirect("guardian:enrolment", pk)
