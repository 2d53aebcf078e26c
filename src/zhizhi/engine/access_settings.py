"""The times of access grants: how long one waits, is in force, and may stay unreviewed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting

ACCESS = (
    DeclaredSetting(
        "access.ask_minutes",
        480,
        _("Somebody who asks to look at personal data waits for a second person at most"),
        _("minutes"),
        5,
        2880,
        name=_("Wait for a second person"),
    ),
    DeclaredSetting(
        "access.grant_minutes",
        60,
        _("Once a second person has agreed, the one look must be taken within"),
        _("minutes"),
        5,
        480,
        name=_("Time to use an approval"),
    ),
    DeclaredSetting(
        "access.breakglass_minutes",
        15,
        _("In an emergency without a second person, the one look must be taken within"),
        _("minutes"),
        1,
        60,
        name=_("Time to use an emergency"),
    ),
    DeclaredSetting(
        "access.review_days",
        3,
        _("An auditor reviews an emergency within"),
        _("days"),
        1,
        30,
        name=_("Time to review an emergency"),
    ),
)
