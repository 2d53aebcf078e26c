"""What the settings page shows: each declared setting in words, grouped, searched, with history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.utils.text import format_lazy
from django.utils.translation import gettext as _

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Setting, SettingChange
from zhizhi.engine.system import DeclaredSetting
from zhizhi.web.words import actor_names

LONGEST_SEARCH = 40
SHOWN = 50  # changes a page


def groups(search: str = "") -> list[dict[str, Any]]:
    """Return the settings by system that have ``search`` in name, meaning or key.

    The number of queries does not depend on the number of settings.
    """
    changed = Setting.objects.in_bulk()
    names = actor_names(row.changed_by for row in changed.values())
    found: dict[str, list[dict[str, Any]]] = {}
    for one in settings_in_force.declared().values():
        if _is_found(one, search):
            label = one.key.partition(".")[0]
            found.setdefault(label, []).append(facts(one, changed.get(one.key), names))
    return [
        {"label": label, "name": group_name(label), "rows": rows} for label, rows in found.items()
    ]


def facts(
    one: DeclaredSetting, changed: Setting | None, names: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return one setting in words; ``changed`` is its row, where it was ever changed."""
    value = settings_in_force.in_force(changed) if changed else one.value
    who = (names or actor_names([changed.changed_by]))[changed.changed_by] if changed else ""
    return {
        "declared": one,
        "group": group_name(one.key.partition(".")[0]),
        "value": value,
        "written": written(one, value),
        "default": written(one, one.value),
        "range": range_of(one),
        "is_default": value == one.value,
        "version": changed.version if changed else 0,
        "at": changed.changed_at if changed else None,
        "who": who,
    }


def history(one: DeclaredSetting) -> dict[str, Any]:
    """Return the changes of one setting, the newest first."""
    rows = list(SettingChange.objects.filter(key=one.key).order_by("-version")[: SHOWN + 1])
    names = actor_names(row.by for row in rows)
    lines = [
        {
            "row": row,
            "who": names[row.by],
            "old": written(one, row.old),
            "new": written(one, row.new),
        }
        for row in rows[:SHOWN]
    ]
    return {"changes": lines, "is_cut": len(rows) > SHOWN}


def written(one: DeclaredSetting, value: Any) -> str:
    """Write a value as people say it: "30 minutes", "yes", "Chinese"."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if one.choices:
        return str(dict(one.choices).get(value, value))
    return str(format_lazy("{} {}", plain(value), one.unit)).strip() or _("not set")


def plain(value: Any) -> Any:
    """Write a number without needless decimals."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def range_of(one: DeclaredSetting) -> str:
    """Say what may be chosen."""
    if isinstance(one.value, bool):
        return f"{_('yes')} / {_('no')}"
    if one.choices:
        return " / ".join(str(label) for _value, label in one.choices)
    if isinstance(one.value, str):
        return _("up to {n} characters").format(n=plain(one.maximum))
    return f"{plain(one.minimum)} – {plain(one.maximum)}"


def group_name(label: str) -> str:
    """Return the name of the system, or that of the engine, which all of them use."""
    found: Iterable[Any] = (
        app.verbose_name for app in apps.get_app_configs() if app.label == label
    )
    own = {
        "engine": _("All systems"),
        "residents": _("Residents' pages"),
        "access": _("Access by two people"),
        "sessions": _("How long somebody stays signed in"),
        "people": _("Looking at people's data"),
        "lookups": _("Looks of the staff"),
    }
    return own.get(label) or str(next(iter(found), label))


def _is_found(one: DeclaredSetting, search: str) -> bool:
    text = f"{one.name} {one.meaning} {one.key}".casefold()
    return all(word in text for word in search.casefold().split())
