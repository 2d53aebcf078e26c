"""How long somebody stays signed in, and how many people somebody may look up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting


def _idle(key: str, value: int, least: int, most: int, name: object) -> DeclaredSetting:
    meaning = _("A session ends when nothing was done for")
    key = f"sessions.{key}_idle_minutes"
    return DeclaredSetting(key, value, meaning, _("minutes"), least, most, name=name)


def _whole(key: str, value: int, most: int, name: object) -> DeclaredSetting:
    meaning = _("A session ends this long after signing in, whatever is done")
    return DeclaredSetting(f"sessions.{key}_hours", value, meaning, _("hours"), 1, most, name=name)


SESSIONS = (
    _idle("desk", 120, 15, 720, _("Desk, agencies, reviewers: idle")),
    _whole("desk", 13, 24, _("Desk, agencies, reviewers: at most")),
    _idle("unit", 720, 30, 1440, _("Units on the telephone: idle")),
    _whole("unit", 24, 168, _("Units on the telephone: at most")),
    _idle("administrator", 30, 5, 240, _("Administrators: idle")),
    _whole("administrator", 10, 24, _("Administrators: at most")),
    DeclaredSetting(
        "people.looks_per_hour",
        30,
        _("People whom one account may look up for one purpose in an hour"),
        "",
        1,
        1000,
        name=_("Look-ups of people"),
    ),
)
