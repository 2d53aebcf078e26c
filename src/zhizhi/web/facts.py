"""What the pages show of one case: why, history, tasks, clocks, evidence, and what one may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from zhizhi.directory.models import RoleAssignment, Unit
from zhizhi.engine import closing, merging, noticing, reporting
from zhizhi.engine.attending import others
from zhizhi.engine.declining import Declined
from zhizhi.engine.models import (
    Alert,
    Case,
    CaseLink,
    Clock,
    MacroVersion,
    Report,
    Task,
    TimelineEntry,
    Zone,
)
from zhizhi.trust.evidence import DOCUMENT, VOICE
from zhizhi.trust.models import Evidence
from zhizhi.trust.recordings import seconds_of
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import DESK_READERS, Role
from zhizhi.web.course import course_of
from zhizhi.web.macros.telling import left_words
from zhizhi.web.notices.listing import may_issue, notices_of
from zhizhi.web.routing_words import decision_words
from zhizhi.web.undoing import undo_of
from zhizhi.web.words import RATINGS, actor_names, clock_name, outcome_name, told_by, verb_name

MOST_ALERTS = 20
WIDE = (Role.OPERATOR, Role.INSPECTOR, Role.LEADER, Role.ADMINISTRATOR)
Versions = Mapping[tuple[int, int], MacroVersion]
UNMET = (Clock.State.RUNNING, Clock.State.OVERDUE)


def case_facts(scope: Scope, case: Case, *, actor: str, now: datetime) -> dict[str, Any]:
    """Return the context of a case's detail."""
    alerts = list(
        Alert.objects.visible_to(scope).filter(case=case).order_by("-raised_at")[:MOST_ALERTS]
    )
    tasks = _tasks(scope, case)
    entries = list(
        TimelineEntry.objects.filter(case=case)
        .select_related("task__unit", "task__agency")
        .order_by("-seq")
    )
    names = actor_names(
        [
            *(entry.actor for entry in entries),
            *(task.offered_by for task in tasks),
            case.acknowledged_by,
        ]
    )
    report = _report(scope, case)
    agencies = list(case.agencies.select_related("agency"))
    return {
        "case": case,
        "now": now,
        "zone_name": _zone_name(case),
        "alerts": alerts,
        "explanation": alerts[0].explanation if alerts else None,
        "certainty": alerts[0].get_certainty_display() if alerts else "",
        "tasks": [{"task": task, "by": names[task.offered_by]} for task in tasks],
        "clocks": _clocks(case, now),
        "agencies": agencies,
        "attends": scope.has(Role.OPERATOR),
        "present": others(case, scope.account, now=now) if scope.has(*DESK_READERS) else [],
        "timeline": written(entries, names),
        "report": report,
        "panel": _panel(scope, case),
        "course": course_of(scope, case, tasks, actor=actor, told=report),
        "photos": list(Evidence.objects.filter(case=case.pk).exclude(working_copy="")),
        "sealed": _sealed_photos(case),
        "voices": _voices(case),
        "notices": notices_of(scope, case),
        "acknowledged_by": names.get(case.acknowledged_by, ""),
        **_links(scope, case),
        "who_sees": [*_wide_roles(case), *(str(row.agency) for row in agencies), *_units(case)],
        "may": _may(scope, case, tasks, actor),
        "may_replay": scope.has(*WIDE),
        "undo": undo_of(scope, case, actor=actor, now=now, tasks=tasks),
    }


def _tasks(scope: Scope, case: Case) -> list[Task]:
    tasks = Task.objects.visible_to(scope).filter(case=case).select_related("unit", "agency")
    return list(tasks.order_by("-offered_at", "-pk"))


def _links(scope: Scope, case: Case) -> dict[str, Any]:
    """Return the case that stands for this one, and those for which this one stands."""
    live = CaseLink.objects.visible_to(scope).filter(ended_at=None)
    if case.state == Case.State.MERGED:
        return {"link": live.filter(case=case).select_related("root").first(), "joined": []}
    return {"link": None, "joined": list(live.filter(root=case).select_related("case"))}


def _sealed_photos(case: Case) -> int:
    rows = Evidence.objects.filter(case=case.pk)
    return rows.exclude(media_type=DOCUMENT).exclude(kind=VOICE).count()


def _voices(case: Case) -> list[dict[str, Any]]:
    """Return the voice notes of a case; they are played one by one, and each look is on record."""
    rows = list(Evidence.objects.filter(case=case.pk, kind=VOICE).order_by("pk"))
    names = actor_names(row.uploaded_by for row in rows)
    return [
        {"row": row, "seconds": seconds_of(row.size_bytes), "who": names[row.uploaded_by]}
        for row in rows
    ]


def _report(scope: Scope, case: Case) -> dict[str, Any] | None:
    """Return what a resident told of the case: why there is one, and in which words."""
    report = (
        Report.objects.visible_to(scope)
        .filter(case=case)
        .select_related("key", "person__key")
        .first()
    )
    if report is None:
        return None
    told = {**reporting.explanation(report), **reporting.words(report)}
    rated = RATINGS.get(str(report.rating)) if report.rating else ""
    is_there = report.forgotten_at is None
    is_asker = scope.has(Role.OPERATOR, Role.INSPECTOR)
    may_ask = is_asker and is_there and _can_be_called(report)
    return {
        "row": report,
        **told,
        "rated": rated,
        "may_ask": may_ask,
        "may_call": may_ask and merging.root_of(case).state not in Case.FINAL,
        "may_forget": scope.has(Role.OPERATOR) and is_there,
        "declined": Declined.choices,
    }


def _panel(scope: Scope, case: Case) -> dict[str, Any] | None:
    """Return what the system of a case adds to its detail, and the template that shows it."""
    system = noticing.system_of(case)
    facts = system.beside(case, scope) if system else None
    return {"template": system.panel, **facts} if system and facts else None


def _can_be_called(report: Report) -> bool:
    return report.person is not None and report.person.key.destroyed_at is None


def _zone_name(case: Case) -> str:
    zone = Zone.objects.filter(key=case.zone).order_by("-version").first()
    return zone.name if zone else case.zone or told_by(case)


def _clocks(case: Case, now: datetime) -> list[dict[str, Any]]:
    """Return the time limits that nobody has met yet, the most pressing first."""
    unmet = case.clocks.filter(state__in=UNMET, ended_at=None)
    unmet = unmet.select_related("task__unit", "task__agency")
    return [
        {
            "name": clock_name(clock.kind),
            "due_at": clock.due_at,
            "is_overdue": clock.due_at < now and clock.paused_at is None,
            "is_paused": clock.paused_at is not None,
            "who": (clock.task.unit or clock.task.agency) if clock.task else None,
        }
        for clock in unmet.order_by("due_at")
    ]


def _macros(entries: Sequence[TimelineEntry]) -> Versions:
    """Return the macros of a history as they were when used, by number and version."""
    used = {entry.data["macro"] for entry in entries if "macro" in entry.data}
    kept = MacroVersion.objects.filter(macro__in=used) if used else ()
    return {(version.macro_id, version.version): version for version in kept}


def written(entries: Sequence[TimelineEntry], names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the lines of a history in words."""
    macros = _macros(entries)
    return [_line(entry, names, macros) for entry in entries]


def _line(entry: TimelineEntry, names: dict[str, str], macros: Versions) -> dict[str, Any]:
    """Return one line of the history in words."""
    target = entry.task and (entry.task.unit or entry.task.agency)
    macro = macros.get((entry.data.get("macro", 0), entry.data.get("macro_version", 0)))
    return {
        "at": entry.at,
        "who": names[entry.actor],
        "is_person": entry.actor.startswith(("account:", "unit:", "resident")),
        "what": _what(entry),
        "target": str(target) if target else "",
        "note": entry.note or _left(entry, macro),
        "decision": decision_words(entry.data) if entry.verb == "case.route" else [],
        "outcome": outcome_name(str(entry.data.get("outcome", ""))),
        "limit": clock_name(entry.data["kind"]) if entry.verb.startswith("clock.") else "",
        "percent": entry.data.get("percent", 0),
        "photos": _photos(entry),
        "voices": len(entry.data.get("voices", ())),
        "told_at": parse_datetime(str(entry.data.get("told_at", ""))),
        "macro": macro.name if macro else "",
        "macro_version": macro.version if macro else 0,
    }


def _left(entry: TimelineEntry, macro: MacroVersion | None) -> str:
    """Return which steps of a macro were not done, in the line that says that it was given."""
    if macro is None or entry.verb != "case.macro":
        return ""
    results = [{"why": why} for why in entry.data.get("left", ())]
    return " ".join(left_words(macro.steps, results))


def _what(entry: TimelineEntry) -> str:
    """Return what was done, by its right name.

    An agency's officer does not report from the spot, and what is not taken up is no false alarm.
    """
    if entry.verb == "case.dismiss" and "outcome" in entry.data:
        return _("Not taken up")
    if entry.verb == "task.finish" and entry.task and entry.task.agency_id:
        return _("Agency's task done")
    return verb_name(entry.verb)


def _photos(entry: TimelineEntry) -> int:
    """Return how many sealed photos came with a line; some lines name a single one."""
    came = entry.data.get("evidence", ())
    return len(came) if isinstance(came, list) else 0


def _wide_roles(case: Case) -> list[str]:
    """Return the roles whose area covers the case: shown to whoever wonders."""
    rows = RoleAssignment.objects.filter(account__is_active=True, role__in=WIDE)
    covering = {
        role
        for role, path in rows.values_list("role", "area__path").distinct()
        if case.area_path.startswith(path or "")
    }
    return [str(Role(role).label) for role in WIDE if role in covering]


def _units(case: Case) -> list[str]:
    return [str(unit) for unit in Unit.objects.filter(tasks__case=case).distinct()]


def _may(scope: Scope, case: Case, tasks: Sequence[Task], actor: str) -> dict[str, bool]:
    """Return what the viewer may do now; the verbs check again."""
    is_operator, is_inspector = scope.has(Role.OPERATOR), scope.has(Role.INSPECTOR)
    rests = case.state in Case.RESTING
    is_handled = case.state == Case.State.HANDLED
    has_live = any(task.state in Task.LIVE and task.unit_id for task in tasks)
    took_part = is_inspector and is_handled and closing.took_part(case, actor)
    return {
        "acknowledge": is_operator and not case.acknowledged_at and not rests,
        "dispatch": is_operator and not rests and not is_handled and not has_live,
        "macro": is_operator and not rests,
        "withdraw": is_operator and not rests,
        "dismiss": is_operator and not rests and not is_handled,
        "reopen": is_inspector and case.state in Case.FINAL,
        "inspect": is_inspector and is_handled and not took_part,
        "inspect_own": took_part,
        "notice": may_issue(scope, case),
        "appeal": scope.has(Role.OPERATOR, Role.INSPECTOR),
        "duplicates": is_operator and (not rests or case.state == Case.State.MERGED),
    }
