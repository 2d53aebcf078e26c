"""Saved views of the desk: kept under a name, shared, and what a role begins with."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zhizhi.directory import viewing
from zhizhi.directory.models import SavedView
from zhizhi.directory.models.view import LONGEST_ADDRESS, LONGEST_NAME
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import DESK_READERS, Role, account_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.queue import QueueFilter


def desk_at(address: str) -> HttpResponseRedirect:
    """Go to the desk with the filter that ``address`` says."""
    return HttpResponseRedirect(reverse("web:desk") + address)


def _address(request: HttpRequest) -> str:
    """Return the filter that the form was sent from, as the desk itself would write it."""
    query = dict(parse_qsl(request.POST.get("address", "").lstrip("?")[: 2 * LONGEST_ADDRESS]))
    return QueueFilter.of(query).address()


@require_POST
@for_roles(*DESK_READERS)
def keep(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Keep the filter that is shown under a name."""
    name, address = request.POST.get("name", "").strip(), _address(request)
    if not name or len(name) > LONGEST_NAME or len(address) > LONGEST_ADDRESS:
        said = _("Give the view a name of at most {most} characters. Nothing was kept.")
        messages.error(request, said.format(most=LONGEST_NAME))
        return desk_at(address)
    is_shared = request.POST.get("shared") == "on"
    account, now = account_of(request), timezone.now()
    try:
        view = viewing.keep(account, name, address, is_shared=is_shared, now=now)
    except viewing.TooManyViews:
        said = _("You keep {most} views already. Drop one first; nothing was kept.")
        messages.error(request, said.format(most=viewing.MOST_VIEWS))
    else:
        messages.success(request, _("Kept as “{name}”.").format(name=view.name))
    return desk_at(address)


@require_POST
@for_roles(*DESK_READERS)
def drop(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Forget a view of one's own; an administrator may drop a shared one."""
    account = account_of(request)
    mine = Q(owner=account)
    if scope.has(Role.ADMINISTRATOR):
        mine |= Q(is_shared=True)
    view = get_object_or_404(SavedView.objects.filter(mine), pk=pk)
    viewing.drop(view, by=account, now=timezone.now())
    messages.success(request, _("“{name}” is dropped.").format(name=view.name))
    return desk_at(_address(request))


@require_POST
@for_roles(Role.ADMINISTRATOR)
def begin(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Choose the view that a role's desk begins with; without a view, the whole queue."""
    role, wanted = request.POST.get("role", ""), request.POST.get("view", "")
    account, address = account_of(request), _address(request)
    chosen = whole_number(wanted)
    if role not in DESK_READERS or (wanted and chosen is None):
        messages.error(request, _("Choose a role and a view. Nothing was changed."))
        return desk_at(address)
    usable = SavedView.objects.usable_by(account)
    view = get_object_or_404(usable, pk=chosen) if wanted else None
    viewing.begin_with(view, role, by=account, now=timezone.now())
    said = _("{role}: the desk begins with “{name}”.")
    name = view.name if view else _("In work")
    messages.success(request, said.format(role=Role(role).label, name=name))
    return desk_at(address)
