"""What the routing rules say once the time of a task is over: another agency joins the case."""

from __future__ import annotations

from datetime import datetime

from zhizhi.directory.models import Agency
from zhizhi.engine import timeline
from zhizhi.engine.models import Case, CaseAgency
from zhizhi.engine.routing_rules import versions


def call_in(case: Case, steps: int, *, by: str, now: datetime) -> Agency | None:
    """Let the agency of the rule join that is ``steps`` further than the one that decided.

    The version that decided counts, not a later one. Returns nobody where the chain ends before,
    or where the agency takes part already.
    """
    decided = case.timeline.filter(verb="case.route").order_by("-seq").first()
    version = decided.data.get("version") if decided else None
    rules = versions.of_version(version) if version else None
    rule = rules.after(decided.data["rule"], steps) if rules and decided else None
    agency = Agency.objects.filter(code=rule.agency).first() if rule else None
    if rule is None or agency is None:
        return None
    part = {"part": CaseAgency.Part.CO_HANDLER}
    _row, is_new = CaseAgency.objects.get_or_create(case=case, agency=agency, defaults=part)
    if not is_new:
        return None
    told = {"agency": agency.code, "rule": rule.code, "version": version}
    timeline.record(case, verb="case.call_in", actor=by, at=now, data=told)
    return agency
