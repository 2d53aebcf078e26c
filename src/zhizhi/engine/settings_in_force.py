"""The value of every declared setting: its default from the manifest, or what was changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.access_settings import ACCESS
from zhizhi.engine.clock_settings import CLOCKS
from zhizhi.engine.course_settings import COURSE
from zhizhi.engine.duplicate_settings import DUPLICATES
from zhizhi.engine.keeping_settings import KEEPING
from zhizhi.engine.lookup_settings import LOOKUPS
from zhizhi.engine.models import Setting, SettingChange
from zhizhi.engine.resident_settings import RESIDENTS
from zhizhi.engine.session_settings import SESSIONS
from zhizhi.engine.setting_history import SUBJECT, VERB, seal
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import DeclaredSetting, systems
from zhizhi.engine.timeline import leave, writing
from zhizhi.trust.audit import Leaf

ENGINE = (
    DeclaredSetting(
        "engine.accept_minutes",
        5,
        _("A unit must accept a task within"),
        _("minutes"),
        1,
        120,
        name=_("Time to accept"),
    ),
    DeclaredSetting(
        "engine.arrive_minutes",
        30,
        _("A unit must arrive within"),
        _("minutes"),
        1,
        1440,
        name=_("Time to arrive"),
    ),
    DeclaredSetting(
        "engine.handle_minutes",
        240,
        _("A task must be finished within"),
        _("minutes"),
        1,
        44640,
        name=_("Time to finish"),
    ),
    DeclaredSetting(
        "engine.inspect_minutes",
        1440,
        _("A handled case must be inspected within"),
        _("minutes"),
        1,
        44640,
        name=_("Time to inspect"),
    ),
    DeclaredSetting(
        "engine.hold_seconds",
        8,
        _("A dispatch can be undone for (urgent cases: never held)"),
        _("seconds"),
        0,
        60,
        name=_("Time to undo"),
    ),
    DeclaredSetting(
        "engine.offers_before_alarm",
        3,
        _("Units tried before the operators are called"),
        "",
        1,
        20,
        name=_("Offers before the alarm"),
    ),
    DeclaredSetting(
        "engine.road_factor",
        1.4,
        _("Road distance per straight distance"),
        "",
        1,
        5,
        name=_("Road factor"),
    ),
    DeclaredSetting(
        "engine.river_factor",
        1.3,
        _("River distance per straight distance"),
        "",
        1,
        5,
        name=_("River factor"),
    ),
    DeclaredSetting(
        "engine.position_minutes",
        30,
        _("A unit's position older than this counts as uncertain"),
        _("minutes"),
        1,
        1440,
        name=_("Age of a position"),
    ),
    DeclaredSetting(
        "engine.unit_track_days",
        30,
        _("Where units were, and their check-ins, are kept for this long, then deleted"),
        _("days"),
        1,
        365,
        name=_("Tracks of units"),
    ),
    DeclaredSetting(
        "engine.party_days",
        365,
        _("Whom a notice is addressed to is destroyed this long after its case has ended"),
        _("days"),
        180,  # a lawsuit may be filed for six months (Administrative Litigation Law, art. 46)
        3650,
        name=_("Keeping of parties"),
    ),
)


class SettingUnknown(KeyError):
    """No system declares this setting."""


class SettingRefused(ValueError):
    """The new value has the wrong type or lies outside the declared range."""


def declared() -> dict[str, DeclaredSetting]:
    """Return every declared setting of the engine and of the installed systems by its key."""
    found = [
        *ENGINE, *CLOCKS, *COURSE, *DUPLICATES, *KEEPING, *ACCESS, *LOOKUPS, *RESIDENTS, *SESSIONS,
    ]  # fmt: skip
    for system in systems():
        found.extend(system.settings)
    return {setting.key: setting for setting in found}


def value(key: str) -> Any:
    """Return the value of ``key`` now in force; raises SettingUnknown."""
    default = declaration(key).value
    changed = Setting.objects.filter(key=key).values_list("value", flat=True).first()
    return default if changed is None else changed


def days_ago(key: str, now: datetime) -> datetime:
    """Return the moment as many days before ``now`` as the setting says."""
    return now - timedelta(days=value(key))


def in_force(setting: Setting) -> Any:
    """Return the value that a row stands for: its own, or the default where that was put back."""
    return declaration(setting.key).value if setting.value is None else setting.value


def snapshot() -> dict[str, Any]:
    """Return all values in force, by one query."""
    found = {key: setting.value for key, setting in declared().items()}
    changed = Setting.objects.filter(key__in=found).values_list("key", "value")
    return {**found, **{key: value for key, value in changed if value is not None}}


def change(
    key: str, value: Any, *, by: str, now: datetime, reason: str = "", seen: int | None = None
) -> Setting:
    """Put ``value`` in force for ``key``; raises SettingUnknown or SettingRefused.

    ``seen`` is the version that whoever decides was shown, 0 where nothing was ever changed; raises
    StateConflict when there is a later one.
    """
    wanted = check(declaration(key), value)
    return _replace(key, wanted, is_reset=False, by=by, now=now, reason=reason, seen=seen)


def reset(
    key: str, *, by: str, now: datetime, reason: str = "", seen: int | None = None
) -> Setting:
    """Put the default of ``key`` back in force, as ``change`` does."""
    default = declaration(key).value
    return _replace(key, default, is_reset=True, by=by, now=now, reason=reason, seen=seen)


def _replace(  # noqa: PLR0913 - all named at the call
    key: str, new: Any, *, is_reset: bool, by: str, now: datetime, reason: str, seen: int | None
) -> Setting:
    started = {"value": None, "version": 0, "changed_at": now, "changed_by": by}
    with writing():
        setting, _made = Setting.objects.get_or_create(key=key, defaults=started)
        base = setting.version if seen is None else seen
        moved = Setting.objects.filter(key=key, version=base).update(
            value=None if is_reset else new, version=base + 1, changed_at=now, changed_by=by
        )
        if not moved:
            setting.refresh_from_db()
            message = f"{key} was changed by somebody else; load it again"
            raise StateConflict(message, record=setting)
        old = in_force(setting)
        told = SettingChange.objects.create(
            key=key, version=base + 1, old=old, new=new, is_reset=is_reset, reason=reason,
            at=now, by=by,
        )  # fmt: skip
        detail = {"from": old, "to": new, "version": told.version, "digest": seal(told)}
        leave(Leaf(by, VERB, f"{SUBJECT}{key}", now, detail=detail))
    setting.refresh_from_db()
    return setting


def check(setting: DeclaredSetting, value: Any) -> Any:
    """Return ``value`` in the declared type and range; raises SettingRefused with the reason."""
    wanted = type(setting.value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted:
        message = f"{setting.key} wants {wanted.__name__}, not {value!r}"
        raise SettingRefused(message)
    if setting.choices and value not in dict(setting.choices):
        message = f"{setting.key} is one of {', '.join(dict(setting.choices))}, not {value}"
        raise SettingRefused(message)
    if isinstance(value, str) and setting.maximum is not None and len(value) > setting.maximum:
        message = f"{setting.key} has at most {setting.maximum} characters"
        raise SettingRefused(message)
    if setting.wrong is not None and (said := setting.wrong(value)):
        raise SettingRefused(str(said))
    if isinstance(value, int | float):
        low, high = setting.minimum, setting.maximum
        is_high_enough = low is None or value >= low  # asked this way round, NaN is refused
        if not is_high_enough or not (high is None or value <= high):
            message = f"{setting.key} must lie between {low} and {high}, not {value}"
            raise SettingRefused(message)
    return value


def declaration(key: str) -> DeclaredSetting:
    """Return what is declared of ``key``; raises SettingUnknown."""
    try:
        return declared()[key]
    except KeyError:
        message = f"no setting is called {key}"
        raise SettingUnknown(message) from None
