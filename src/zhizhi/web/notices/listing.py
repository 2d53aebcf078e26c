"""The notices of a case, and who may issue one."""

from __future__ import annotations

from typing import Any

from zhizhi.directory.models import Agency
from zhizhi.engine import noticing
from zhizhi.engine.models import Case, Notice
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role
from zhizhi.web.notices.writing import number_text
from zhizhi.web.words import actor_names


def agency_of(scope: Scope, case: Case) -> Agency | None:
    """Return the agency for which the viewer may issue notices in ``case``; the lead first."""
    own = {grant.agency for grant in scope.of(Role.AGENCY_OFFICER)}
    parts = case.agencies.filter(agency__in=[pk for pk in own if pk is not None])
    part = parts.select_related("agency").order_by("-part", "pk").first()
    return part.agency if part else None


def may_issue(scope: Scope, case: Case) -> bool:
    """Say whether the viewer may issue a notice in ``case`` now."""
    if not scope.has(Role.AGENCY_OFFICER) or case.state in Case.RESTING:
        return False
    return bool(noticing.declared(case)) and agency_of(scope, case) is not None


def notices_of(scope: Scope, case: Case) -> list[dict[str, Any]]:
    """Return the notices of ``case``, oldest first, and whether the viewer may fill in who."""
    rows = list(Notice.objects.visible_to(scope).filter(case=case).select_related("evidence"))
    names = actor_names(row.by for row in rows)
    kinds = noticing.declared(case) if rows else {}
    is_officer = scope.has(Role.AGENCY_OFFICER)
    return [
        {
            "row": row,
            "name": kinds[row.kind].name if row.kind in kinds else row.kind,
            "number": number_text(row.text["mark"], row.year, row.number),
            "who": names.get(row.by, ""),
            "may_fill": is_officer and row.person_id is not None and case.state not in Case.FINAL,
        }
        for row in rows
    ]
