"""The numbers of dissuasion and circles: minutes by tier, who can be called, and what is sent.

Minutes by tier follow research on Golden Bell, section 4; no national limits were found.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting

_MINUTES, _DAYS = _("minutes"), _("days")


def _number(
    key: str, value: int, unit: Any, limits: tuple[int, int], words: tuple[Any, Any]
) -> DeclaredSetting:
    low, high = limits
    return DeclaredSetting(f"antifraud.{key}", value, words[1], unit, low, high, name=words[0])


DISSUASION = (
    _number("high_call_minutes", 5, _MINUTES, (1, 1440), (
        _("First call, high"), _("Whoever is at high risk is called within"))),
    _number("medium_call_minutes", 30, _MINUTES, (1, 1440), (
        _("First call, medium"), _("Whoever is at medium risk is called within"))),
    _number("low_call_minutes", 240, _MINUTES, (1, 10_080), (
        _("First call, low"), _("Whoever is at low risk is called within"))),
    _number("relatives_minutes", 8, _MINUTES, (1, 1440), (
        _("Call to relatives"),
        _("Relatives are called within, when somebody at risk cannot be reached"))),
    _number("high_visit_minutes", 30, _MINUTES, (1, 1440), (
        _("Visit, high"), _("Somebody at high risk who cannot be reached is visited within"))),
    _number("medium_visit_minutes", 480, _MINUTES, (1, 10_080), (
        _("Visit, medium"), _("Somebody at medium risk who cannot be reached is visited within"))),
    _number("calls_before_next", 1, "", (1, 10), (
        _("Calls before the next step"),
        _("After so many calls that were busy or not answered comes the next step"))),
    _number("high_percent", 50, "%", (1, 100), (
        _("Chance of a scam, high"), _("Warnings of the high tier that are expected to be right"))),
    _number("medium_percent", 20, "%", (1, 100), (
        _("Chance of a scam, medium"),
        _("Warnings of the medium tier that are expected to be right"))),
    _number("low_percent", 5, "%", (1, 100), (
        _("Chance of a scam, low"), _("Warnings of the low tier that are expected to be right"))),
    _number("usual_loss", 20_000, _("yuan"), (1, 100_000_000), (
        _("Usual loss"), _("What counts as at risk where nobody knows the amount"))),
    _number("officers", 4, "", (1, 1000), (
        _("Officers who call"), _("So many officers call people at risk at the same time"))),
    _number("call_minutes", 10, _MINUTES, (1, 240), (
        _("Length of a call"), _("One officer needs for one call with what belongs to it"))),
    _number("again_hours", 24, _("hours"), (1, 72), (
        _("First question again"), _("Whoever was at risk of a scam is asked again after"))),
    _number("again_days", 7, _DAYS, (4, 60), (
        _("Second question again"),
        _("Whoever was at risk of a scam is asked a second time after"))),
    _number("phrase_minutes", 10, _MINUTES, (1, 60), (
        _("Life of a caller's phrase"),
        _("The phrase by which residents check a caller holds for this long, and once"))),
    _number("risk_days", 90, _DAYS, (61, 1095), (
        _("Keeping of people at risk"),
        _("Name and number of whoever was at risk are destroyed this long after the end"))),
)  # fmt: skip
CIRCLE = (
    _number("circle_most", 8, "", (1, 20), (
        _("Relatives in a circle"), _("A resident may have so many relatives in the own circle"))),
    _number("circle_days", 365, _DAYS, (1, 1095), (
        _("Agreement to a circle"),
        _("An agreement to be in a protected circle holds for, unless it is given anew"))),
    _number("circle_kept_days", 30, _DAYS, (1, 365), (
        _("Keeping of circles"),
        _("That somebody was in a circle, without name or number, is deleted after"))),
    _number("invite_days", 7, _DAYS, (1, 60), (
        _("Life of an invitation"), _("An invitation into a circle can be confirmed for"))),
    _number("code_minutes", 10, _MINUTES, (1, 60), (
        _("Life of a code"), _("The code that shows that a number is the own one holds for"))),
    _number("codes_per_number", 5, "", (1, 100), (
        _("Codes per number"), _("So many codes are sent to one number in an hour"))),
    _number("codes_per_address", 30, "", (1, 10_000), (
        _("Codes per address"),
        _("So many codes may one internet address ask for in an hour; many people may share one"))),
)  # fmt: skip
