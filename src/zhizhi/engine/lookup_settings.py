"""How the staff's looks at people are watched."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting
from zhizhi.kernel.lookups import THRESHOLD

LOOKUPS = (
    DeclaredSetting(
        "lookups.threshold",
        THRESHOLD,
        _("So much evidence makes an account's looks a matter for review; more finds less"),
        "",
        4,
        40,
        name=_("Evidence for a review of looks"),
    ),
    DeclaredSetting(
        "lookups.random_weekly",
        5,
        _("Looks of the past week that are chosen at random for review"),
        "",
        0,
        100,
        name=_("Looks reviewed at random"),
    ),
    DeclaredSetting(
        "lookups.review_days",
        7,
        _("Looks that were found or chosen are reviewed within"),
        _("days"),
        1,
        60,
        name=_("Time to review looks"),
    ),
)
