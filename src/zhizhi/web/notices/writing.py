"""What a notice says: the facts of the case, the law, the demand, and places to fill in by hand.

A notice is a Chinese document in every language of the interface.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from zhizhi.directory.models import Agency
from zhizhi.engine.models import Case, Notice
from zhizhi.engine.system import DeclaredNotice, SystemConfig
from zhizhi.web.exporting.files import demo_note
from zhizhi.web.exporting.printing import NUMBERS, Manuscript

LANGUAGE = "zh-hans"
DIGITS = "〇一二三四五六七八九"


def in_chinese(day: date) -> str:
    """Write a date in Chinese figures, as documents carry it: 二〇二六年十一月二十六日."""
    year = "".join(DIGITS[int(digit)] for digit in f"{day.year:04}")
    return f"{year}年{_below_hundred(day.month)}月{_below_hundred(day.day)}日"


def _below_hundred(number: int) -> str:
    tens, ones = divmod(number, 10)
    return {0: "", 1: "十"}.get(tens, f"{DIGITS[tens]}十") + (DIGITS[ones] if ones else "")


def proposed(system: SystemConfig, declared: DeclaredNotice, case: Case) -> str:
    """Return what was found, as the facts of the case tell it; the author may mend it."""
    with translation.override(LANGUAGE):
        return str(declared.found).format(**system.notice_facts(case))


def text(
    declared: DeclaredNotice, agency: Agency, *, found: str, due_on: date | None
) -> dict[str, Any]:
    """Return everything that the notice says, but for its number and date."""
    with translation.override(LANGUAGE):
        due = in_chinese(due_on) if due_on else _("at once")
        return {
            "title": str(declared.name),
            "mark": str(declared.mark),
            "agency": agency.name,
            "found": found,
            "articles": [[str(law), str(said)] for law, said in declared.articles],
            "demand": str(declared.demand).format(due=due),
        }


def number_text(mark: str, year: int, number: int) -> str:
    """Write the number of a notice."""
    return f"{mark}〔{year}〕{number}号"


def manuscript(
    notice: Notice, *, now: datetime, party: Mapping[str, str] | None = None
) -> Manuscript:
    """Return ``notice`` as a page; without ``party`` the places for the person are blank."""
    with translation.override(LANGUAGE):
        context = {
            "notice": notice,
            "text": notice.text,
            "number": number_text(notice.text["mark"], notice.year, notice.number),
            "party": party,
            "date": in_chinese(timezone.localtime(notice.at).date()),
            "now": now,
            "demo": demo_note(),
            **NUMBERS,
        }
        return Manuscript(render_to_string("web/paper/notice.html", context))
