"""Macros: administrators make, try, edit, order and retire them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.engine import macros
from zhizhi.engine.macros import MacroDraft, steps_of
from zhizhi.engine.models import Case, Macro
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.macros.forms import Editor
from zhizhi.web.macros.previews import preview
from zhizhi.web.macros.telling import count_words, step_words
from zhizhi.web.queue import LIVE
from zhizhi.web.words import actor_names, case_kind_name

OFFERED_CASES = 30
MOST_VERSIONS = 20


def _editable(scope: Scope) -> QuerySet[Macro]:
    found = Macro.objects.visible_to(scope).filter(Macro.editable_by(scope))
    return found.select_related("area").order_by("position", "pk")


@require_GET
@for_roles(Role.ADMINISTRATOR)
def macro_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the macros of the own area in their order."""
    found = _editable(scope)
    context = {
        "offered": [_row(macro) for macro in found if macro.retired_at is None],
        "retired": [_row(macro) for macro in found if macro.retired_at is not None],
    }
    return render(request, "web/macros.html", context)


def _row(macro: Macro) -> dict[str, Any]:
    return {
        "macro": macro,
        "said": [step_words(step) for step in steps_of(macro.steps)],
        "kinds": [case_kind_name(kind) for kind in macro.kinds],
    }


@require_http_methods(["GET", "POST"])
@for_roles(Role.ADMINISTRATOR)
def make(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Make a macro."""
    return _edit(request, scope, None)


@require_http_methods(["GET", "POST"])
@for_roles(Role.ADMINISTRATOR)
def edit(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Edit a macro: saving puts its next version in force."""
    return _edit(request, scope, get_object_or_404(_editable(scope), pk=pk))


def _edit(request: HttpRequest, scope: Scope, macro: Macro | None) -> HttpResponse:
    if request.method == "GET":
        return _page(request, scope, macro, Editor.begin(scope, macro))
    editor, wanted = Editor.sent(scope, request.POST), request.POST.get("do", "")
    if wanted not in {"save", "try"}:
        return _page(request, scope, macro, editor.changed(scope, wanted))
    draft = editor.draft()
    if draft is None:
        return _page(request, scope, macro, editor, status=400)
    if wanted == "try":
        return _page(request, scope, macro, editor, tried=_tried(request, scope, draft))
    return _save(request, macro, draft, seen=editor.head.cleaned_data["seen"])


def _save(
    request: HttpRequest, macro: Macro | None, draft: MacroDraft, *, seen: int | None
) -> HttpResponse:
    by, now = actor_of(request), timezone.now()
    if macro is None:
        macro = macros.make(draft, by=by, now=now)
    else:
        macro = macros.edit(macro, draft, seen=seen or 0, by=by, now=now)
    said = _("“{name}”, version {version}, is in force.")
    messages.success(request, said.format(name=macro.name, version=macro.version))
    return redirect("web:macros")


def _tried(request: HttpRequest, scope: Scope, draft: MacroDraft) -> dict[str, Any]:
    """Return what the edited macro would do for the chosen case; nothing is saved or sent."""
    pk = whole_number(request.POST.get("case", ""))
    case = _cases(scope).filter(pk=pk or 0).first()
    if case is None:
        return {"case": None}
    macro = Macro(area=draft.area, **draft.columns())
    shown = preview(scope, macro, case, now=timezone.now())
    return {"case": case, "one": shown, "fits": macro.fits(case)}


def _cases(scope: Scope) -> QuerySet[Case]:
    found = Case.objects.visible_to(scope).filter(state__in=LIVE)
    return found.select_related("area").order_by("-pk")


def _page(
    request: HttpRequest,
    scope: Scope,
    macro: Macro | None,
    editor: Editor,
    *,
    tried: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    kept = list(macro.versions.all()[:MOST_VERSIONS]) if macro else []
    names = actor_names([version.by for version in kept])
    chosen = whole_number(request.POST.get("case", ""))
    context = {
        "macro": macro,
        "editor": editor,
        "count": count_words(len(editor.steps)),
        "can_add": len(editor.steps) < macros.MOST_STEPS,
        "cases": _cases(scope)[:OFFERED_CASES],
        "chosen": chosen,
        "tried": tried,
        "versions": [
            {
                "row": version,
                "who": names[version.by],
                "said": [step_words(step) for step in steps_of(version.steps)],
            }
            for version in kept
        ],
    }
    return render(request, "web/macro.html", context, status=status)


@require_POST
@for_roles(Role.ADMINISTRATOR)
def move(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Give a macro the number key before or behind its own."""
    macro = get_object_or_404(_editable(scope), pk=pk)
    is_up = request.POST.get("to") == "up"
    macros.move(
        macro, by=actor_of(request), now=timezone.now(), among=_editable(scope), is_up=is_up
    )
    return redirect("web:macros")


@require_POST
@for_roles(Role.ADMINISTRATOR)
def retire(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Offer a macro to nobody any more; what it has done stays on record."""
    macro = get_object_or_404(_editable(scope), pk=pk)
    macros.retire(macro, by=actor_of(request), now=timezone.now())
    messages.success(request, _("“{name}” is retired.").format(name=macro.name))
    return redirect("web:macros")
