"""What the staff see beside a report of a scam: why, by place and without a word of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Case
from zhizhi.systems.antifraud import gathering
from zhizhi.systems.antifraud.apps import RISK_CASE
from zhizhi.systems.antifraud.checking import SCAM, UNSURE, VERIFIED
from zhizhi.systems.antifraud.lessons import LESSONS
from zhizhi.systems.antifraud.models import Dissuasion

ANSWERS: Mapping[str, Any] = {
    SCAM: _("This is a scam"), UNSURE: _("Not sure"), VERIFIED: _("Verified")
}  # fmt: skip


def panel_of(case: Case) -> Mapping[str, Any] | None:
    """Return what was read in the report of a case, its clues, and who is called because of it.

    None where nothing was read, no joined case brings a clue, and nobody is called.
    """
    found, clues = gathering.findings_of(case), list(gathering.clues_of(case))
    calls = list(Dissuasion.everything.filter(case=case).order_by("pk"))
    if found is None and not clues and not calls and case.kind != RISK_CASE:
        return None
    told = found or {}
    return {
        "dissuasions": calls,
        "may_dissuade": case.state not in Case.RESTING and not any(one.is_live for one in calls),
        "was_read": found is not None or bool(clues),
        "answer": ANSWERS.get(told.get("answer", "")),
        "tricks": [(_name(code), score) for code, score in told.get("tricks", {}).items()],
        "phrases": [
            (start + 1, stop, _name(code)) for start, stop, code in told.get("phrases", ())
        ],
        "clues": [(clue, clue.start + 1) for clue in clues],
        "may_confirm": gathering.may_confirm(case),
        "is_taken_back": case.state == Case.State.DISMISSED,
        "waits": any(clue.confirmed_at is None for clue in clues),
    }


def _name(code: str) -> Any:
    return LESSONS[code].name if code in LESSONS else code
