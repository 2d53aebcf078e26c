"""A case as a file on paper: what its page shows, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from zhizhi.engine.models import Case, Feedback, TimelineEntry
from zhizhi.trust import audit, evidence
from zhizhi.trust.models import Evidence
from zhizhi.trust.scoping import Scope
from zhizhi.web.exporting.drawing import case_map
from zhizhi.web.exporting.files import demo_note
from zhizhi.web.exporting.printing import NUMBERS, Manuscript
from zhizhi.web.facts import case_facts
from zhizhi.web.icons import SHAPES
from zhizhi.web.words import actor_names

MOST_PHOTOS = 40
COLOURS = {"urgent": "#a30a23", "important": "#945900", "normal": "#0a6a8a"}  # light, as paper is


def case_file(scope: Scope, case: Case, *, user: str, actor: str, now: datetime) -> Manuscript:
    """Return the file of ``case`` as a page, sealed with the newest entry of the audit chain.

    Write the export down before: that entry is then the seal.
    """
    facts = case_facts(scope, case, actor=actor, now=now)
    photos, pictures = _prints(facts["photos"][:MOST_PHOTOS])
    context = {
        **facts,
        "tasks": facts["tasks"][::-1],  # a page shows the newest first, a file is read forward
        "timeline": facts["timeline"][::-1],
        "reports": _reports(case),
        "prints": photos,
        "left_out": facts["sealed"] - len(photos),
        "seal": audit.head(),
        "newest": TimelineEntry.objects.filter(case=case).order_by("-seq").first(),
        "shape": (SHAPES.get(case.severity, ""), COLOURS.get(case.severity, "#15202b")),
        "demo": demo_note(),
        "has_map": True,
        "user": user,
        **NUMBERS,
    }
    pictures["map"] = case_map(case, now=now).encode()
    return Manuscript(render_to_string("web/paper/case.html", context), pictures)


def _reports(case: Case) -> list[dict[str, Any]]:
    """Return what was found on the spot; who may see the case may see it."""
    rows = list(Feedback.objects.filter(case=case).order_by("at", "pk"))
    names = actor_names(row.by for row in rows)
    return [
        {"at": row.at, "who": names.get(row.by, ""), "outcome": row.outcome, "note": row.note}
        for row in rows
    ]


def _prints(rows: Sequence[Evidence]) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Return the photos with the names under which the page asks for their working copies.

    The sealed original is never opened here.
    """
    prints, pictures = [], {}
    for row in rows:
        name = f"photo-{row.pk}"
        try:
            pictures[name] = evidence.working_copy(row)
        except evidence.EvidenceDamaged:
            name = ""
        prints.append({"row": row, "name": name})
    return prints, pictures
