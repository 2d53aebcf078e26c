"""The tree of categories, one of them with its history, and switching and checking it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from zhizhi.directory.models import Agency
from zhizhi.engine.models import Severity
from zhizhi.engine.states import StateConflict
from zhizhi.systems.grid import keeping
from zhizhi.systems.grid.catalogue import name_of
from zhizhi.systems.grid.models import Category, CategoryPack, CategoryVersion
from zhizhi.systems.grid.trees import CategoryRow, branches, way_to
from zhizhi.systems.grid.views.access import KEEPERS, READERS
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import account_of, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.words import actor_names, capability_name

VERSIONS_SHOWN = 50


@require_safe
@for_roles(*READERS)
def category_tree(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the packs and all categories, each below the one that it belongs to."""
    found = branches(Category.objects.all())
    every = [row for branch in found for row in (branch, *branch.below)]
    packs = list(CategoryPack.objects.order_by("code"))
    names = actor_names({pack.changed_by for pack in packs})
    context = {
        "branches": found,
        "packs": [
            {"pack": pack, "who": names[pack.changed_by],
             **_counts([row for row in every if row.category.pack_id == pack.pk])}
            for pack in packs
        ],
        **_counts(every),
    }  # fmt: skip
    return render(request, "grid/categories.html", context)


def _counts(rows: Sequence[CategoryRow]) -> dict[str, int]:
    return {
        "count": len(rows),
        "unofficial": sum(not row.category.is_official for row in rows),
        "off": sum(not row.is_in_use for row in rows),
    }


@require_safe
@for_roles(*READERS)
def category_page(request: HttpRequest, scope: Scope, code: str) -> HttpResponse:
    """Show what one category says, who changed it, and what an administrator may do with it."""
    return _page(request, _found(code))


@require_POST
@for_roles(*KEEPERS)
def switch(request: HttpRequest, scope: Scope, code: str) -> HttpResponse:
    """Let a category be used again, or no more."""
    category, is_on = _found(code), request.POST.get("on") == "1"
    return _do(request, category, lambda **who: keeping.switch(category, on=is_on, **who))


@require_POST
@for_roles(*KEEPERS)
def check(request: HttpRequest, scope: Scope, code: str) -> HttpResponse:
    """Write down that the category was compared with the standard, or take that back."""
    category, is_official = _found(code), request.POST.get("official") == "1"
    return _do(
        request,
        category,
        lambda **who: keeping.mark_checked(category, is_official=is_official, **who),
    )


def _found(code: str) -> Category:
    return get_object_or_404(Category.objects.select_related("parent", "pack"), code=code)


def _do(request: HttpRequest, category: Category, verb: Callable[..., Category]) -> HttpResponse:
    seen = whole_number(request.POST.get("seen", "")) or 0
    try:
        verb(seen=seen, by=actor_of(request), now=timezone.now())
    except StateConflict:
        messages.error(request, _("Somebody was faster: look at what it says now."))
        return _page(request, _found(category.code), status=409)
    messages.success(request, _("{name}: kept.").format(name=name_of(category)))
    return redirect("grid:category", code=category.code)


def _page(request: HttpRequest, category: Category, *, status: int = 200) -> HttpResponse:
    versions = list(category.versions.order_by("-version")[: VERSIONS_SHOWN + 1])
    names = actor_names({one.by for one in versions})
    agency = Agency.objects.filter(code=category.lead_agency).first()
    way = way_to(category)
    context = {
        "category": category,
        "name": name_of(category),
        "way": way,
        "is_held": not all(above.is_in_use for above in way),
        "agency": agency or category.lead_agency,
        "capabilities": [capability_name(word) for word in category.capabilities],
        "versions": [_told(one.content, one, names[one.by]) for one in versions[:VERSIONS_SHOWN]],
        "is_cut": len(versions) > VERSIONS_SHOWN,
        "may_keep": account_of(request).scope().has(*KEEPERS),
    }
    return render(request, "grid/category.html", context, status=status)


def _told(content: dict[str, Any], version: CategoryVersion, who: str) -> dict[str, Any]:
    severity = content["severity"]
    known = severity in Severity.values
    return {**content, "severity": Severity(severity).label if known else severity,
            "version": version.version, "at": version.at, "who": who}  # fmt: skip
