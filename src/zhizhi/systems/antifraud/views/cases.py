"""What the staff do in a case that a report of a scam has opened."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zhizhi.systems.antifraud import gathering
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.views.cases import done, refused, visible_case


@require_POST
@for_roles(Role.OPERATOR)
def confirm(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Let the chosen clues of a case count as what an officer found."""
    case = visible_case(scope, pk)
    numbers = [whole_number(one) for one in request.POST.getlist("clue")]
    chosen = [one for one in numbers if one is not None]
    if not chosen:
        return refused(request, scope, pk, _("Choose what you confirm. Nothing was done."))
    gathering.confirm(case, chosen, by=actor_of(request), now=timezone.now())
    return done(request, scope, case, _("Confirmed: it counts from now on."))
