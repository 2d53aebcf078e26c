"""What the pages of the rules show: words, numbers in force, zones, figures, last changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.engine import settings_in_force, zoning
from zhizhi.engine.models import Checkpoint, Setting, SettingChange
from zhizhi.engine.rule_figures import RuleFigures, figures
from zhizhi.engine.system import RuleWords, SystemConfig, systems
from zhizhi.kernel.detection import Detector, params_hash
from zhizhi.trust.scoping import Scope
from zhizhi.web import setting_facts
from zhizhi.web.trial import is_tried
from zhizhi.web.words import actor_names
from zhizhi.web.zone_facts import facts as zone_facts

SHOWN = 12  # changes and zones a page


@dataclass(frozen=True, slots=True)
class Rule:
    """One detector, the system it belongs to, and what it does in words."""

    detector: Detector
    system: SystemConfig
    words: RuleWords

    @property
    def code(self) -> str:
        return self.detector.code

    @property
    def hash(self) -> str:
        """What alerts carry as the parameters they were found with."""
        return params_hash(self.detector)


def rules() -> list[Rule]:
    """Return every detector of the installed systems, with the numbers now in force."""
    return [
        Rule(detector, system, system.rules.get(detector.code) or _unnamed(detector))
        for system in systems()
        for detector in system.detectors()
    ]


def words_of(code: str) -> RuleWords | None:
    """Return what the rule ``code`` does in words, for those it is about; None when unknown."""
    return next((system.rules[code] for system in systems() if code in system.rules), None)


def _unnamed(detector: Detector) -> RuleWords:
    return RuleWords(name=detector.code, does=(), uses=detector.reads)


def figures_of(rule: Rule, scope: Scope, *, now: datetime) -> RuleFigures:
    """Return the counts of the areas that the reader answers for."""
    paths = {grant.area_path for grant in scope.grants}
    return figures(rule.code, paths=paths, confirmed_by=rule.words.confirmed_by, now=now)


def page_facts(rule: Rule, scope: Scope, *, now: datetime) -> dict[str, Any]:
    """Return everything that the page of one rule shows."""
    told = figures_of(rule, scope, now=now)
    zones = zoning.current().filter(kind__in=list(rule.system.zone_kinds))
    numbers = _numbers(rule)
    return {
        "rule": rule,
        "figures": told,
        "most": max((count for _day, count in told.days), default=0),
        "precision": _precision(told),
        "numbers": numbers,
        "zones": [zone_facts(zone) for zone in zones.order_by("name")[:SHOWN]],
        "zone_count": zones.count(),
        "changes": _changes([row["declared"].key for row in numbers]),
        "checkpoint": Checkpoint.objects.filter(detector=rule.code).first(),
        "now": now,
    }


def _precision(told: RuleFigures) -> str:
    """Say how often the rule was right; never a share of a few without saying so."""
    if not told.judged:
        return _("Nobody has judged one of them yet.")
    counted = _("{right} of {all} judged").format(right=told.confirmed, all=told.judged)
    if not told.is_enough:
        return _("{counted}: too few for a percentage.").format(counted=counted)
    low, high = told.interval
    said = _("{share:.0f} % ({counted}; with 95 % certainty between {low:.0f} % and {high:.0f} %)")
    share = 100 * told.confirmed / told.judged
    return said.format(share=share, counted=counted, low=100 * low, high=100 * high)


def _numbers(rule: Rule) -> list[dict[str, Any]]:
    """Return the settings that the detectors of the rule's system depend on."""
    changed = Setting.objects.in_bulk([one.key for one in rule.system.settings])
    names = actor_names(row.changed_by for row in changed.values())
    rows = [setting_facts.facts(one, changed.get(one.key), names) for one in rule.system.settings]
    return [row for row in rows if is_tried(row["declared"], row["value"])]


def _changes(keys: list[str]) -> list[dict[str, Any]]:
    """Return the last changes of the rule's numbers, the newest first."""
    declared = settings_in_force.declared()
    rows = list(SettingChange.objects.filter(key__in=keys).order_by("-at", "-pk")[:SHOWN])
    names = actor_names(row.by for row in rows)
    return [
        {
            "row": row,
            "who": names[row.by],
            "name": declared[row.key].name,
            "old": setting_facts.written(declared[row.key], row.old),
            "new": setting_facts.written(declared[row.key], row.new),
        }
        for row in rows
    ]
