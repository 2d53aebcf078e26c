"""What other routing rules would have done with cases that came before; nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhizhi.directory.models import Area
from zhizhi.engine.models import Alert, Case, CaseAgency, Report, TimelineEntry
from zhizhi.engine.routing import answers_from, codes_of
from zhizhi.engine.routing_rules.deciding import is_working_time, lead_of
from zhizhi.engine.system import system_named
from zhizhi.kernel.routing.rule import Matter, RoutingRule, RoutingRules

MOST = 1000


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a case goes: codes of the agency that leads and of the area, the kind of team."""

    agency: str
    area: str
    team: str


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A case that would go elsewhere, with the rules that decide."""

    case: Case
    was: Destination
    will: Destination
    old: RoutingRule
    new: RoutingRule


@dataclass(frozen=True, slots=True)
class RoutingTrial:
    """How many cases were asked, which would go elsewhere, and what each rule takes."""

    count: int
    rerouted: tuple[Rerouted, ...]
    before: Mapping[str, int]  # code of a rule -> cases
    after: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """A case as the rules were or would have been asked about it."""

    case: Case
    matter: Matter
    declared: str


def compare(old: RoutingRules, new: RoutingRules, cases: Iterable[Case]) -> RoutingTrial:
    """Return what ``new`` would do otherwise than ``old`` with ``cases``, in their order."""
    known = _known(list(cases)[:MOST])
    kinds = dict(Area.objects.filter(valid_to=None).values_list("code", "kind"))
    before, after = Counter[str](), Counter[str]()
    rerouted = []
    for one in known:
        was, will = (rules.decide(one.matter).rule for rules in (old, new))
        before[was.code] += 1
        after[will.code] += 1
        ends = [_destination(rule, one, kinds) for rule in (was, will)]
        if ends[0] != ends[1]:
            rerouted.append(Rerouted(one.case, ends[0], ends[1], was, will))
    return RoutingTrial(len(known), tuple(rerouted), before, after)


def _destination(rule: RoutingRule, one: _Known, kinds: Mapping[str, str]) -> Destination:
    ways = [code for code in one.matter.area if code in kinds]
    area = ways[answers_from(rule.level, [kinds[code] for code in ways])] if ways else ""
    return Destination(lead_of(rule, one.declared), area, rule.team)


def _known(cases: Sequence[Case]) -> list[_Known]:
    """Return the cases with what was on record when they were routed, else with what still is."""
    recorded = _recorded(cases)
    old = [case for case in cases if case.pk not in recorded]
    sources, leads, kinds = _sources(old), _leads(old), _kinds(old)
    found = []
    for case in cases:
        if case.pk in recorded:
            matter, declared = recorded[case.pk]
        else:
            matter = _matter(case, sources.get(case.pk, ""), kinds)
            declared = leads.get(case.pk, "")
        found.append(_Known(case, matter, declared))
    return found


def _recorded(cases: Sequence[Case]) -> dict[int, tuple[Matter, str]]:
    lines = TimelineEntry.objects.filter(case__in=[case.pk for case in cases], verb="case.route")
    rows = lines.order_by("case", "seq").values_list("case", "data")
    return {pk: (_read(data["inputs"]), data["declared"]) for pk, data in rows if "inputs" in data}


def _read(inputs: Mapping[str, Any]) -> Matter:
    told: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in inputs.items()
    }
    return Matter(**told)


def _matter(case: Case, source: str, kinds: Mapping[int, str]) -> Matter:
    system = system_named(case.system)
    above = system.kinds_above(case.kind) if system else ()
    area_kind = kinds.get(case.area_id, "") if case.area_id else ""
    return Matter(
        case.system, (case.kind, *above), codes_of(case.area_path), area_kind, case.severity,
        source, is_working_time(case.opened_at),
    )  # fmt: skip


def _kinds(cases: Sequence[Case]) -> dict[int, str]:
    areas = Area.objects.filter(pk__in={case.area_id for case in cases if case.area_id})
    return dict(areas.values_list("pk", "kind"))


def _sources(cases: Sequence[Case]) -> dict[int, str]:
    """Return the detector of the first alert, or the door of the report."""
    keys = [case.pk for case in cases]
    alerts = Alert.everything.filter(case__in=keys).order_by("-raised_at", "-pk")
    reports = Report.everything.filter(case__in=keys).order_by("-pk")
    found = dict(alerts.values_list("case", "detector"))
    return {**found, **dict(reports.values_list("case", "source__code"))}


def _leads(cases: Sequence[Case]) -> dict[int, str]:
    rows = CaseAgency.objects.filter(case__in=[case.pk for case in cases], part="lead")
    return dict(rows.values_list("case", "agency__code"))
