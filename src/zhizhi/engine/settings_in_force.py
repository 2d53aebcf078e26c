"""The value of every declared setting: its default from the manifest, or what was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Setting
from zhizhi.engine.system import DeclaredSetting, systems
from zhizhi.engine.timeline import leave, writing
from zhizhi.trust.audit import Leaf

ENGINE = (
    DeclaredSetting(
        "engine.accept_minutes", 5, _("A unit must accept a task within"), _("minutes"), 1, 120
    ),
    DeclaredSetting(
        "engine.arrive_minutes", 30, _("A unit must arrive within"), _("minutes"), 1, 1440
    ),
    DeclaredSetting(
        "engine.handle_minutes", 240, _("A task must be finished within"), _("minutes"), 1, 44640
    ),
    DeclaredSetting(
        "engine.inspect_minutes",
        1440,
        _("A handled case must be inspected within"),
        _("minutes"),
        1,
        44640,
    ),
    DeclaredSetting(
        "engine.hold_seconds",
        8,
        _("A dispatch can be undone for (urgent cases: never held)"),
        _("seconds"),
        0,
        60,
    ),
    DeclaredSetting(
        "engine.offers_before_alarm",
        3,
        _("Units tried before the operators are called"),
        "",
        1,
        20,
    ),
    DeclaredSetting("engine.road_factor", 1.4, _("Road distance per straight distance"), "", 1, 5),
    DeclaredSetting(
        "engine.river_factor", 1.3, _("River distance per straight distance"), "", 1, 5
    ),
    DeclaredSetting(
        "engine.position_minutes",
        30,
        _("A unit's position older than this counts as uncertain"),
        _("minutes"),
        1,
        1440,
    ),
)


class SettingUnknown(KeyError):
    """No system declares this setting."""


class SettingRefused(ValueError):
    """The new value has the wrong type or lies outside the declared range."""


def declared() -> dict[str, DeclaredSetting]:
    """Return every declared setting of the engine and of the installed systems by its key."""
    found = list(ENGINE)
    for system in systems():
        found.extend(system.settings)
    return {setting.key: setting for setting in found}


def value(key: str) -> Any:
    """Return the value of ``key`` now in force; raises SettingUnknown."""
    default = _declaration(key).value
    changed = Setting.objects.filter(key=key).values_list("value", flat=True).first()
    return default if changed is None else changed


def snapshot() -> dict[str, Any]:
    """Return all values in force, by one query."""
    found = {key: setting.value for key, setting in declared().items()}
    changed = Setting.objects.filter(key__in=found).values_list("key", "value")
    return {**found, **dict(changed)}


def change(key: str, value: Any, *, by: str, now: datetime) -> Setting:
    """Put ``value`` in force for ``key``; raises SettingUnknown or SettingRefused."""
    checked = check(_declaration(key), value)
    with writing():
        before = Setting.objects.select_for_update().filter(key=key).first()
        setting, _created = Setting.objects.update_or_create(
            key=key, defaults={"value": checked, "changed_at": now, "changed_by": by}
        )
        old = before.value if before else _declaration(key).value
        leave(
            Leaf(
                actor=by,
                verb="setting.change",
                subject=f"setting:{key}",
                at=now,
                detail={"from": old, "to": checked},
            )
        )
    return setting


def check(setting: DeclaredSetting, value: Any) -> Any:
    """Return ``value`` in the declared type and range; raises SettingRefused with the reason."""
    wanted = type(setting.value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted:
        message = f"{setting.key} wants {wanted.__name__}, not {value!r}"
        raise SettingRefused(message)
    if isinstance(value, int | float):
        low, high = setting.minimum, setting.maximum
        is_high_enough = low is None or value >= low  # asked this way round, NaN is refused
        if not is_high_enough or not (high is None or value <= high):
            message = f"{setting.key} must lie between {low} and {high}, not {value}"
            raise SettingRefused(message)
    return value


def _declaration(key: str) -> DeclaredSetting:
    try:
        return declared()[key]
    except KeyError:
        message = f"no setting is called {key}"
        raise SettingUnknown(message) from None
