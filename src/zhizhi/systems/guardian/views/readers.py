"""Where tags are read: the list of readers, placing one, taking one down."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from zhizhi.systems.guardian import placing
from zhizhi.systems.guardian.forms import ReaderForm
from zhizhi.systems.guardian.models import ENROLLERS, READERS, TagReader
from zhizhi.systems.guardian.placing import ReaderInvalid, Spot
from zhizhi.systems.guardian.views.enrolments import UNPROCESSABLE
from zhizhi.trust.scoping import Scope, any_of, inside
from zhizhi.web.access import actor_of, for_roles, scope_for


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(*READERS)
def list_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show where tags are read; place a reader or move a known one."""
    if request.method != "POST":
        return _page(request, scope, ReaderForm())
    within = [grant.area_path for grant in scope_for(request, *ENROLLERS).grants]
    form = ReaderForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        spot = Spot(told["name"], told["lon"], told["lat"], told["is_dangerous"])
        try:
            placing.place(
                told["code"], spot, by=actor_of(request), now=timezone.now(), within=within
            )
        except ReaderInvalid as invalid:
            form.add_error(None, str(invalid))
        else:
            messages.success(request, _("{code} reads from now on.").format(code=told["code"]))
            return redirect("guardian:readers")
    return _page(request, scope, form, status=UNPROCESSABLE)


@require_POST
@never_cache
@for_roles(*ENROLLERS)
def take_down(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take nothing more from a reader."""
    row = get_object_or_404(_seen(scope), pk=pk)
    placing.take_down(row, by=actor_of(request), now=timezone.now())
    messages.success(request, _("Nothing is taken from {code} any more.").format(code=row.code))
    return redirect("guardian:readers")


def _seen(scope: Scope) -> QuerySet[TagReader]:
    """Return the readers in what the viewer answers for."""
    return TagReader.objects.filter(
        any_of(inside("area_path", grant.area_path) for grant in scope.grants)
    )


def _page(
    request: HttpRequest, scope: Scope, form: ReaderForm, *, status: int = 200
) -> HttpResponse:
    context: dict[str, Any] = {
        "rows": _seen(scope).order_by("-is_active", "code"),
        "form": form,
        "may_place": scope.has(*ENROLLERS),
    }
    return render(request, "guardian/readers.html", context, status=status)
