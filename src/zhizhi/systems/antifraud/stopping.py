"""The request to a bank or payment company to stop a payment 紧急止付, as a sheet to be signed.

What the house knows is printed, everything else has a blank: accounts are kept nowhere, and nobody
at risk is asked for an identity number. It is in Chinese whoever prints it: banks read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation

from zhizhi.systems.antifraud.lessons import LESSONS
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.web.exporting import files
from zhizhi.web.exporting.printing import NUMBERS, Manuscript

LANGUAGE = "zh-hans"
PLACES = (1, 2)  # accounts that one request has room for


def sheet(row: Dissuasion, person: Mapping[str, str], *, now: datetime) -> Manuscript:
    """Return the request for one dissuasion; ``person`` is who may lose the money."""
    lesson = LESSONS.get(row.typology)
    with translation.override(LANGUAGE):
        context = {
            "row": row,
            "person": person,
            "trick": str(lesson.name) if lesson else "",
            "places": PLACES,
            "now": now,
            "demo": files.demo_note(),
            **NUMBERS,
        }
        return Manuscript(render_to_string("antifraud/paper/stop_payment.html", context))
