"""How long things are kept that nobody asks to erase: the numbers of the retention classes.

PIPL art. 19 wants the shortest time that the purpose needs, the Cybersecurity Law (art. 21) six
months for what tells who did what on the network, PIPL art. 56 three years for impact records.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting

HALF_A_YEAR, THREE_YEARS, TEN_YEARS = 180, 1095, 3650  # days

KEEPING = (
    DeclaredSetting(
        "engine.journal_days",
        HALF_A_YEAR,  # so that whoever appeals late still sees the alert replayed
        _("Raw records and refused rows are kept for this long, then deleted"),
        _("days"),
        8,  # a rule is tried on up to seven days
        TEN_YEARS,
        name=_("Keeping of raw records"),
    ),
    DeclaredSetting(
        "engine.case_days",
        THREE_YEARS,
        _("What a case says about people is taken out of it this long after its end"),
        _("days"),
        365,
        TEN_YEARS,
        name=_("Keeping of cases"),
    ),
    DeclaredSetting(
        "engine.account_days",
        THREE_YEARS,
        _("A closed account keeps its name for this long, so that its acts can be answered for"),
        _("days"),
        HALF_A_YEAR,
        TEN_YEARS,
        name=_("Keeping of closed accounts"),
    ),
    DeclaredSetting(
        "engine.review_days",
        THREE_YEARS,
        _("What was said in reviews of looks, and why leave to look was asked for, is kept for"),
        _("days"),
        HALF_A_YEAR,
        TEN_YEARS,
        name=_("Keeping of reviews"),
    ),
)
