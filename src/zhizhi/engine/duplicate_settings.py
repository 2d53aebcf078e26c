"""How near and how alike two cases are that may be about the same."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting

DUPLICATES = (
    DeclaredSetting(
        "engine.duplicate_radius_m",
        250,
        _("Open cases within this distance may be about the same"),
        _("metres"),
        10,
        5000,
        name=_("Radius for duplicates"),
    ),
    DeclaredSetting(
        "engine.duplicate_days",
        30,
        _("What happened more days apart is not about the same"),
        _("days"),
        1,
        365,
        name=_("Days for duplicates"),
    ),
    DeclaredSetting(
        "engine.duplicate_percent",
        50,
        _("Cases that score at least this are called likely duplicates"),
        "%",
        1,
        100,
        name=_("Likely duplicates"),
    ),
)
