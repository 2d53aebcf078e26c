"""The list that the key M opens: each macro of a case with what it would do right now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.engine import macros
from zhizhi.engine.macros import SEND, MacroPlan, Planned
from zhizhi.engine.models import Case, Macro
from zhizhi.trust.scoping import Scope
from zhizhi.web.macros.telling import step_words, why_words
from zhizhi.web.places import units_in
from zhizhi.web.templatetags.zhizhi import km, minutes

KEYS = 9  # number keys


def previews(scope: Scope, case: Case, *, now: datetime) -> list[dict[str, Any]]:
    """Return the macros that the viewer may give to ``case``, by their number keys."""
    return [
        preview(scope, macro, case, number=number, now=now)
        for number, macro in enumerate(macros.usable(scope, case)[:KEYS], 1)
    ]


def preview(
    scope: Scope, macro: Macro, case: Case, *, number: int = 0, now: datetime
) -> dict[str, Any]:
    """Return what ``macro`` would do for ``case`` with the units of the viewer."""
    plan = macros.plan(macro, case, among=units_in(scope), now=now)
    return {
        "number": number,
        "macro": macro,
        "is_possible": plan.is_possible,
        "lines": [_line(place, one) for place, one in enumerate(plan.steps, 1)],
        "chosen": list(chosen(plan)),
        "is_partial": plan.is_possible and any(_is_left(one) for one in plan.steps),
    }


def chosen(plan: MacroPlan) -> Iterator[tuple[str, int]]:
    """Yield the units that are shown, as the fields of a form that asks for them and no others."""
    for place, one in enumerate(plan.steps):
        if one.sent is not None:
            yield f"unit-{place}", one.sent.unit.pk


def hint(plan: MacroPlan) -> str:
    """Say in one line which units would go."""
    sent = [str(one.sent.unit) for one in plan.steps if one.sent is not None]
    left = [why_words(one.why) for one in plan.steps if _is_left(one)]
    parts = [_(", ").join(sent), _("not possible: {why}").format(why=left[0]) if left else ""]
    return " · ".join(part for part in parts if part)


def _is_left(one: Planned) -> bool:
    return not one.is_possible and not one.is_needless


def _line(place: int, one: Planned) -> dict[str, Any]:
    far = ""
    if one.sent is not None:
        far = _("{km} km · {minutes} min").format(
            km=km(one.sent.distance_m), minutes=minutes(one.sent.travel)
        )
    return {
        "place": place,
        "said": step_words(one.step),
        "unit": one.sent.unit if one.sent else None,
        "far": far,
        "is_certain": one.sent is None or one.sent.is_certain,
        "why": why_words(one.why) if one.why else "",
        "is_needless": one.is_needless,
        "sends": one.step.act == SEND,
    }
