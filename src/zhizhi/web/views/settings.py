"""Settings: every number that an administrator may change, tried on yesterday, with its history."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Setting
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import DeclaredSetting
from zhizhi.trust.scoping import Scope
from zhizhi.web import setting_facts
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.failures import conflict_facts
from zhizhi.web.places import areas_url, bounds_of
from zhizhi.web.setting_form import SettingForm
from zhizhi.web.trial import is_tried, system_of, try_numbers


@require_safe
@for_roles(Role.ADMINISTRATOR)
def setting_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the settings by system; ``?q=`` searches name, meaning and key."""
    search = request.GET.get("q", "").strip()[: setting_facts.LONGEST_SEARCH]
    context = {"groups": setting_facts.groups(search), "search": search}
    return render(request, "web/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.ADMINISTRATOR)
def setting_page(request: HttpRequest, scope: Scope, key: str) -> HttpResponse:
    """Show one setting with its history; try a change on yesterday, or put it in force."""
    one = settings_in_force.declared().get(key)
    if one is None:
        raise Http404
    shown = setting_facts.facts(one, Setting.objects.filter(key=key).first())
    if request.method != "POST":
        begun = request.GET.get("value", "")[:40] or setting_facts.plain(shown["value"])
        start = {"value": begun, "seen": shown["version"]}
        return _page(request, scope, shown, SettingForm(one, shown["value"], initial=start))
    form = SettingForm(one, shown["value"], request.POST)
    if _is_older(form, shown["version"]):
        return _overtaken(request, scope, one)
    if not form.is_valid():
        return _page(request, scope, shown, form, status=400)
    if "save" not in request.POST:
        tried = _tried(one, form)
        if tried is not None:
            return _page(request, scope, shown, form, tried=tried)
    try:
        return _save(request, one, form)
    except StateConflict:
        return _overtaken(request, scope, one)


def _is_older(form: SettingForm, version: int) -> bool:
    """Say whether somebody was faster, before anything else is said of the form."""
    seen = whole_number(form.data.get("seen", ""))
    return seen is not None and seen != version


def _overtaken(request: HttpRequest, scope: Scope, one: DeclaredSetting) -> HttpResponse:
    """Say who was faster and keep what was typed; sent again, it takes the other value's place."""
    changed = Setting.objects.filter(key=one.key).first()
    shown = setting_facts.facts(one, changed)
    typed = {"value": request.POST.get("value", ""), "reason": request.POST.get("reason", "")}
    form = SettingForm(one, shown["value"], initial={**typed, "seen": shown["version"]})
    conflict = conflict_facts(StateConflict("", record=changed))
    return _page(request, scope, shown, form, conflict=conflict, status=409)


def _save(request: HttpRequest, one: DeclaredSetting, form: SettingForm) -> HttpResponse:
    said: dict[str, Any] = {
        "by": actor_of(request),
        "now": timezone.now(),
        "reason": form.cleaned_data["reason"],
        "seen": form.cleaned_data["seen"],
    }
    if form.is_reset:
        settings_in_force.reset(one.key, **said)
    else:
        settings_in_force.change(one.key, form.cleaned_data["value"], **said)
    now = setting_facts.written(one, form.cleaned_data["value"])
    messages.success(request, _("{name}: {value} is in force.").format(name=one.name, value=now))
    return redirect("web:setting", key=one.key)


def _tried(one: DeclaredSetting, form: SettingForm) -> dict[str, Any] | None:
    """Return what the change would have found on yesterday; None where no detector asks for it."""
    system = system_of(one)
    if system is None:
        return None
    before = settings_in_force.snapshot()
    after = {**before, one.key: form.cleaned_data["value"]}
    tried = try_numbers(system, before, after, now=timezone.now())
    return tried and {**tried, "said": _said(one, form, tried["counts"])}


def _said(one: DeclaredSetting, form: SettingForm, counts: dict[str, int]) -> str:
    """Say in one sentence what would be different: "With 20 minutes: 14 more alerts"."""
    value = setting_facts.written(one, form.cleaned_data["value"])
    more, less = counts["new"], counts["gone"]
    told = [
        ngettext("{n} more alert", "{n} more alerts", more).format(n=more) if more else "",
        ngettext("{n} fewer alert", "{n} fewer alerts", less).format(n=less) if less else "",
    ]
    change = _(", ").join(filter(None, told)) or _("the same alerts as now")
    return _("With {value}: {change}.").format(value=value, change=change)


def _page(
    request: HttpRequest,
    scope: Scope,
    shown: dict[str, Any],
    form: SettingForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show one setting; ``more`` is what else there is: tried, conflict."""
    declared, tried = shown["declared"], more.get("tried")
    context = {
        **setting_facts.history(declared),
        "shown": shown,
        "form": form,
        "is_tried": is_tried(declared, shown["value"]),
        "new": tried and setting_facts.written(declared, form.cleaned_data["value"]),
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
        **more,
    }
    return render(request, "web/setting.html", context, status=status)
