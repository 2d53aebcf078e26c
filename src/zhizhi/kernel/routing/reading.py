"""Reading routing rules from YAML: every mistake with the number of its rule, field and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from zhizhi.kernel.routing.problems import RoutingProblem, RoutingWrong
from zhizhi.kernel.routing.rule import (
    DECLARED,
    FIELDS,
    NO,
    SMALLEST,
    YES,
    RoutingRule,
    RoutingRules,
    Values,
)
from zhizhi.kernel.rules.documents import Entry, RuleText, RuleWrong

MOST_RULES = 100
MOST_ORDER = 9999
LONGEST_NAME = 80
PARTS = ("code", "name", "order", "when", "to", "then")
OUTCOMES = ("agency", "team", "level")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_CODE = 48
ANSWERS: Mapping[str, str] = {"yes": YES, "true": YES, "no": NO, "false": NO}


def read(text: str) -> RoutingRules:
    """Return the rules in ``text`` in their order; raises RoutingWrong with every mistake.

    Whether the names exist and the rules fit together is for ``checking.problems`` to say.
    """
    try:
        documents = list(RuleText("rules", text).documents())
    except RuleWrong as wrong:
        place = wrong.place
        told = RoutingProblem("unreadable", line=place.line, value=str(place.column))
        raise RoutingWrong([told]) from wrong
    listed = _listed(documents)
    reading = _Reading()
    rules = [reading.rule(number, entry) for number, entry in enumerate(listed, 1)]
    found = [rule for rule in rules if rule is not None]
    reading.refuse_same_codes(found)
    if reading.problems:
        raise RoutingWrong(reading.problems)
    return RoutingRules.ordered(found)


def _listed(documents: list[Entry]) -> list[Entry]:
    """Return the entries of the one list; raises RoutingWrong where there is none."""
    top = documents[0].content if len(documents) == 1 else None
    listed = top.get("rules") if isinstance(top, dict) and set(top) == {"rules"} else None
    if listed is None or not isinstance(listed.content, list) or not listed.content:
        raise RoutingWrong([RoutingProblem("no-rules")])
    if len(listed.content) > MOST_RULES:
        raise RoutingWrong([RoutingProblem("too-many", value=str(MOST_RULES))])
    return listed.content


@dataclass(slots=True)
class _Reading:
    """The rules one by one; a mistake leaves a problem and something harmless."""

    problems: list[RoutingProblem] = field(default_factory=list)
    number: int = 0

    def rule(self, number: int, entry: Entry) -> RoutingRule | None:
        self.number = number
        given = self.mapping(entry, "", PARTS)
        if given is None:
            return None
        for name in ("code", "name", "order"):
            if name not in given:
                self.wrong("missing", name, entry)
        to = self.mapping(given["to"], "to", OUTCOMES) or {} if "to" in given else {}
        return RoutingRule(
            number=number,
            code=self.code(given, "code"),
            name=self.name(given),
            order=self.order(given),
            when=self.conditions(given.get("when")),
            agency=self.word(to, "agency", DECLARED),
            team=self.word(to, "team", ""),
            level=self.word(to, "level", SMALLEST),
            then=self.code(given, "then"),
            line=entry.place.line,
        )

    def wrong(self, kind: str, name: str, entry: Entry, *known: str) -> None:
        value = entry.content if isinstance(entry.content, str) else ""
        told = RoutingProblem(kind, self.number, name, entry.place.line, value[:80], known)
        self.problems.append(told)

    def mapping(
        self, entry: Entry, name: str, known: tuple[str, ...]
    ) -> Mapping[str, Entry] | None:
        """Return what stands under names that are known; nothing written is no mistake."""
        if entry.content == "":
            return {}
        if not isinstance(entry.content, dict):
            self.wrong("no-mapping", name, entry, *known)
            return None
        for key, one in entry.content.items():
            if key not in known:
                self.wrong("unknown-field", key[:40], one, *known)
        return entry.content

    def word(self, given: Mapping[str, Entry], name: str, otherwise: str) -> str:
        entry = given.get(name)
        if entry is None:
            return otherwise
        if not isinstance(entry.content, str) or not entry.content:
            self.wrong("no-single-value", name, entry)
            return otherwise
        return entry.content

    def code(self, given: Mapping[str, Entry], name: str) -> str:
        text = self.word(given, name, "")
        if text and not (len(text) <= LONGEST_CODE and CODE.fullmatch(text)):
            self.wrong("no-code", name, given[name])
        return text

    def name(self, given: Mapping[str, Entry]) -> str:
        text = self.word(given, "name", "").strip()
        if len(text) > LONGEST_NAME:
            self.wrong("too-long", "name", given["name"], str(LONGEST_NAME))
        return text

    def order(self, given: Mapping[str, Entry]) -> int:
        text = self.word(given, "order", "0")
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ORDER))):
            self.wrong("no-number", "order", given["order"], str(MOST_ORDER))
            return 0
        return int(text)

    def conditions(self, entry: Entry | None) -> Values:
        given = self.mapping(entry, "when", FIELDS) if entry else None
        return {name: self.values(name, one) for name, one in (given or {}).items()}

    def values(self, name: str, entry: Entry) -> frozenset[str]:
        """Return what one field may be: one value, or a list of them."""
        entries = entry.content if isinstance(entry.content, list) else [entry]
        texts = [one.content for one in entries if isinstance(one.content, str) and one.content]
        if not texts or len(texts) != len(entries):
            self.wrong("no-values", name, entry)
        if name != "working_time":
            return frozenset(texts)
        if any(text.lower() not in ANSWERS for text in texts):
            self.wrong("no-answer", name, entry, YES, NO)
        return frozenset(ANSWERS.get(text.lower(), NO) for text in texts)

    def refuse_same_codes(self, rules: list[RoutingRule]) -> None:
        first: dict[str, RoutingRule] = {}
        for rule in rules:
            other = first.setdefault(rule.code, rule)
            if other is not rule and rule.code:
                told = RoutingProblem(
                    "code-twice", rule.number, "code", rule.line, str(other.number)
                )
                self.problems.append(told)
