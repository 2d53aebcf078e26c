"""The numbers of the residents' pages: whom to call, and how much one sender may send."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting

LONGEST_NUMBER = 20  # characters of a telephone number


def _number(key: str, value: str, meaning: object, name: object) -> DeclaredSetting:
    """Return a telephone number that residents are shown; an empty one is left out."""
    return DeclaredSetting(f"residents.{key}", value, meaning, "", None, LONGEST_NUMBER, name=name)


RESIDENTS = (
    _number(
        "district_number",
        "",
        _("The district centre's own number, shown first to residents; empty: not shown"),
        _("Number of the district"),
    ),
    _number(
        "hotline_number",
        "12345",
        _("The hotline for everything that is not an emergency; empty: not shown"),
        _("Number of the hotline"),
    ),
    _number(
        "police_number",
        "110",
        _("The police's emergency number; empty: not shown"),
        _("Number of the police"),
    ),
    _number(
        "fire_number",
        "119",
        _("The fire brigade's number; empty: not shown"),
        _("Number of the fire brigade"),
    ),
    _number(
        "ambulance_number",
        "120",
        _("The ambulance's number; empty: not shown"),
        _("Number of the ambulance"),
    ),
    DeclaredSetting(
        "residents.look_minutes",
        30,
        _("An operator must look at a resident's report within"),
        _("minutes"),
        1,
        1440,
        name=_("Time to look at a report"),
    ),
    DeclaredSetting(
        "residents.reports_per_address",
        60,
        _("Reports that one internet address may send in an hour; many people may share one"),
        "",
        1,
        10_000,
        name=_("Reports from an address"),
    ),
    DeclaredSetting(
        "residents.reports_per_browser",
        10,
        _("Reports that one browser may send in an hour"),
        "",
        1,
        1000,
        name=_("Reports from a browser"),
    ),
    DeclaredSetting(
        "residents.reports_per_pass",
        600,
        _("Reports that one pass for programs may send in an hour"),
        "",
        1,
        100_000,
        name=_("Reports with a pass"),
    ),
    DeclaredSetting(
        "residents.photos_per_address",
        120,
        _("Photos that one internet address may upload in an hour"),
        "",
        1,
        10_000,
        name=_("Photos from an address"),
    ),
    DeclaredSetting(
        "residents.looks_near_per_address",
        30,
        _("Looks of one internet address in an hour at what was reported near by already"),
        "",
        0,
        10_000,
        name=_("Looks at reports near by"),
    ),
    DeclaredSetting(
        "residents.tries_per_hour",
        20,
        _("Wrong secret codes from one internet address, or for one report, in an hour"),
        "",
        1,
        1000,
        name=_("Wrong codes"),
    ),
    DeclaredSetting(
        "residents.draft_minutes",
        60,
        _("An unfinished report is deleted when nothing was answered for"),
        _("minutes"),
        5,
        1440,
        name=_("Life of an unfinished report"),
    ),
    DeclaredSetting(
        "residents.unhappy_rating",
        2,
        _("A rating of this or worse (1 is the worst, 5 the best) opens the case again"),
        "",
        1,
        4,
        name=_("Unhappy rating"),
    ),
    DeclaredSetting(
        "residents.keep_days",
        365,
        _("Words, name and number of a report are destroyed this long after its case has ended"),
        _("days"),
        1,
        3650,
        name=_("Keeping of reports"),
    ),
    DeclaredSetting(
        "residents.consent_days",
        365,
        _("What a resident agrees to with a report counts for this long; then it is asked anew"),
        _("days"),
        1,
        1095,
        name=_("Life of an agreement"),
    ),
    DeclaredSetting(
        "residents.figures_day",
        5,
        _("The public figures of a month are published on this day of the next month"),
        "",
        1,
        28,
        name=_("Day of the public figures"),
    ),
    DeclaredSetting(
        "residents.figures_least",
        10,
        _("Public figures print no number behind which fewer people than this stand"),
        _("people"),
        10,
        1000,
        name=_("People behind a public figure"),
    ),
    DeclaredSetting(
        "residents.answer_days",
        15,
        _("An objection of a resident to a look at the own data is answered within"),
        _("days"),
        1,
        60,
        name=_("Time to answer residents"),
    ),
    DeclaredSetting(
        "residents.requests_listed_for",
        "pass",
        _(
            "Who may list reports on /open311/ without knowing their numbers; listed for "
            "everybody, they can be counted, also where public figures withhold a number"
        ),
        "",
        None,
        16,
        name=_("Lists of reports"),
        choices=(("pass", _("Programs with a pass, and staff")), ("everybody", _("Everybody"))),
    ),
)
