"""Reading rules from the text of a file: each error with its line, its column and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson

from zhizhi.kernel.rules.checking import Checker, Understood
from zhizhi.kernel.rules.documents import Entry, RuleText, RuleWrong
from zhizhi.kernel.rules.parsing import WORDS, parsed
from zhizhi.kernel.rules.rule import FIRE, MODES, SILENT, TIERS, Fixture, WarningRule
from zhizhi.kernel.rules.schema import EventUnusable, Schema
from zhizhi.kernel.rules.sentences import holes
from zhizhi.kernel.rules.single_values import among, span_of, text_of
from zhizhi.kernel.rules.syntax import ConditionWrong
from zhizhi.kernel.rules.window_reading import is_windows, read_windows
from zhizhi.kernel.rules.windows import WindowedFeature

Beside = Callable[[str], bytes]  # what a file beside the rule holds; raises OSError
NEEDED = ("id", "version", "typology", "mode", "on", "level", "score", "when", "because", "owner")
OPTIONAL = ("cooldown", "expires", "let", "unless", "basis", "advise", "tests")
MOST_SCORE = 100
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of some files, by reference, and what is wrong in these files.

    ``schema`` has the columns of ``features`` as well, which the files declare as windows.
    """

    rules: tuple[WarningRule, ...]
    errors: tuple[RuleWrong, ...]
    features: tuple[WindowedFeature, ...]
    schema: Schema


def nothing_beside(name: str) -> bytes:
    """There are no files beside rules that do not come from a file."""
    raise FileNotFoundError(name)


def read_rules(sources: Iterable[tuple[str, str, Beside]], schema: Schema) -> RuleSet:
    """Return the rules in the texts of files, given as name, text and what lies beside them."""
    rules: dict[str, WarningRule] = {}
    errors: list[RuleWrong] = []
    entries = [
        (entry, beside)
        for name, text, beside in sources
        for entry in _documents(RuleText(name, text), errors)
    ]
    features, wrong = read_windows([one for one, _beside in entries if is_windows(one)], schema)
    errors += wrong
    schema = schema.with_columns(feature.column for feature in features)
    for entry, beside in entries:
        if is_windows(entry):
            continue
        try:
            rule = _Reading(entry, schema, beside).rule()
            _refuse_ties(rule, rules)
        except RuleWrong as error:
            errors.append(error)
        else:
            rules[rule.reference] = rule
    found = tuple(rules[reference] for reference in sorted(rules))
    return RuleSet(found, tuple(errors), features, schema)


def _documents(source: RuleText, errors: list[RuleWrong]) -> list[Entry]:
    try:
        found = list(source.documents())
    except RuleWrong as error:
        errors.append(error)
        return []
    if not found:
        errors.append(RuleWrong(source.place(0), "There is no rule in the file.", "Write one."))
    return found


def _refuse_ties(rule: WarningRule, rules: Mapping[str, WarningRule]) -> None:
    if (other := rules.get(rule.reference)) is not None:
        raise RuleWrong(
            rule.place, f"{rule.reference} stands in {other.place} already.",
            "Give the newer one the next version.",
        )  # fmt: skip
    for other in rules.values():
        if other.id == rule.id and other.mode == rule.mode == "live":
            raise RuleWrong(
                rule.place, f"{other.reference} in {other.place} is live as well.",
                "Retire the older version.",
            )  # fmt: skip


class _Reading:
    """One document on its way to a rule."""

    def __init__(self, entry: Entry, schema: Schema, beside: Beside) -> None:
        if not isinstance(entry.content, dict):
            raise entry.wrong("A rule is a mapping.", "Write id: name.of.rule and so on.")
        self.entry, self.given = entry, entry.content
        self.schema, self.beside = schema, beside
        for name, one in self.given.items():
            if name not in {*NEEDED, *OPTIONAL}:
                raise (one.key or one).wrong(
                    f"{name} is no part of a rule.", f"Use {', '.join((*NEEDED, *OPTIONAL))}."
                )
        if missing := [name for name in NEEDED if name not in self.given]:
            raise entry.wrong(f"{missing[0]} is missing.", f"Add the line {missing[0]}: ...")

    def rule(self) -> WarningRule:
        defined = self.let()
        when = self.checked(self.given["when"], defined, is_condition=True)
        unless = (
            self.checked(self.given["unless"], defined, is_condition=True).node
            if "unless" in self.given
            else None
        )
        kinds = frozenset(
            among(one, self.schema.kinds, "a kind of event") for one in self.many("on")
        )
        rule = WarningRule(
            id=self.matching("id", _NAME, "words of a-z, 0-9 and _ joined by full stops"),
            version=self.whole("version", 1, 1_000_000),
            typology=self.matching("typology", _NAME, "a word of a-z, 0-9 and _"),
            mode=among(self.given["mode"], MODES, "a mode"),
            on=kinds,
            level=among(self.given["level"], TIERS, "a level"),
            score=self.whole("score", 1, MOST_SCORE),
            cooldown=self.span(),
            expires=self.day(),
            when=when.node,
            unless=unless,
            because=self.because(defined),
            basis=tuple(text_of(one) for one in self.many("basis")),
            owner=text_of(self.given["owner"]),
            advise=tuple(text_of(one) for one in self.many("advise")),
            defined={name: checked.node for name, checked in defined.items()},
            fixtures=tuple(self.fixture(one) for one in self.many("tests")),
            place=self.given["id"].place,
        )
        _try_fixtures(rule)
        return rule

    def many(self, name: str) -> list[Entry]:
        entry = self.given.get(name)
        if entry is None:
            return []
        found = entry.content if isinstance(entry.content, list) else [entry]
        if not found:
            raise entry.wrong(f"{name} is empty.", "Name one, or leave the line out.")
        return found

    def matching(self, name: str, form: re.Pattern[str], words: str) -> str:
        entry = self.given[name]
        if not form.fullmatch(text_of(entry)):
            raise entry.wrong(f"{name} cannot be {text_of(entry)!r}.", f"It is {words}.")
        return text_of(entry)

    def whole(self, name: str, least: int, most: int) -> int:
        entry = self.given[name]
        text = text_of(entry)
        if not (
            text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most
        ):
            raise entry.wrong(f"{name} cannot be {text!r}.", f"Give a whole number {least}–{most}.")
        return int(text)

    def span(self) -> timedelta:
        entry = self.given.get("cooldown")
        return timedelta() if entry is None else span_of(entry, "cooldown")

    def day(self) -> date | None:
        entry = self.given.get("expires")
        if entry is None:
            return None
        try:
            return date.fromisoformat(text_of(entry))
        except ValueError as error:
            raise entry.wrong(
                f"expires cannot be {text_of(entry)!r}.", "Write a day: 2027-01-31."
            ) from error

    def let(self) -> dict[str, Understood]:
        entry = self.given.get("let")
        if entry is None:
            return {}
        if not isinstance(entry.content, dict):
            raise entry.wrong("let is a mapping.", "Write let: {name: condition}.")
        defined: dict[str, Understood] = {}
        for name, one in entry.content.items():
            key = one.key or one
            if not _NAME.fullmatch(name) or "." in name or name.upper() in WORDS:
                raise key.wrong(f"{name!r} cannot be a name.", "Use a-z, 0-9 and _.")
            if name in self.schema.columns:
                raise key.wrong(f"{name} is a column already.", "Take another name.")
            defined[name] = self.checked(one, defined)
        return defined

    def checked(
        self, entry: Entry, defined: Mapping[str, Understood], *, is_condition: bool = False
    ) -> Understood:
        checker, text = Checker(self.schema, defined), text_of(entry)
        try:
            return (checker.condition if is_condition else checker.check)(parsed(text))
        except ConditionWrong as error:
            raise RuleWrong(entry.place_of(error.at), error.message, error.remedy) from error

    def because(self, defined: Mapping[str, Understood]) -> str:
        entry = self.given["because"]
        try:
            for at, name, how in holes(text_of(entry)):
                column = self.schema.columns.get(name)
                if name not in defined and column is None:
                    raise ConditionWrong(
                        at, f"{name} is no column of {self.schema.name}"
                        f"{self.schema.hint(name) or '.'}", "Use a column or a name from let.",
                    )  # fmt: skip
                is_number = column.is_numeric if column else defined[name].kind == "number"
                if how and not is_number:
                    raise ConditionWrong(
                        at, f"{name} is no number, so it has no format.", "Leave : and format out."
                    )
        except ConditionWrong as error:
            raise RuleWrong(entry.place_of(error.at), error.message, error.remedy) from error
        return text_of(entry)

    def fixture(self, entry: Entry) -> Fixture:
        content = entry.content
        if not (isinstance(content, dict) and set(content) == {"event", "expect"}):
            raise entry.wrong(
                "A test has an event and what to expect.", "{event: ..., expect: fire}"
            )
        given = content["event"]
        if isinstance(given.content, dict):
            raw: object = {name: _plain(one) for name, one in given.content.items()}
        else:
            raw = self.from_beside(given)
        try:
            if not isinstance(raw, dict):
                raise EventUnusable("An event is an object of columns and values")
            event = self.schema.read(raw)
        except EventUnusable as error:
            raise given.wrong(f"{error}.", "Mend the event of this test.") from error
        expect = among(content["expect"], (FIRE, SILENT), "an expectation")
        return Fixture(event, expect, entry.place)

    def from_beside(self, entry: Entry) -> Any:
        name = text_of(entry)
        try:
            if "/" in name or "\\" in name or not name.endswith(".json"):
                raise FileNotFoundError(name)
            return orjson.loads(self.beside(name))
        except OSError as error:
            raise entry.wrong(
                f"There is no readable file {name!r} beside the rule.",
                "Name a .json file in the same folder, or write the event here.",
            ) from error
        except orjson.JSONDecodeError as error:
            raise entry.wrong(f"{name} is not JSON: {error}.", "Mend the file.") from error


def _try_fixtures(rule: WarningRule) -> None:
    for fixture in rule.fixtures:
        found = FIRE if rule.holds(fixture.event) else SILENT
        if found != fixture.expect:
            raise RuleWrong(
                fixture.place, f"The rule should {_does(fixture.expect)} here and does not.",
                "Mend the condition, or what the test expects.",
            )  # fmt: skip


def _does(expect: str) -> str:
    return "fire" if expect == FIRE else "stay silent"


def _plain(entry: Entry) -> object:
    """Return a value of an inline event as JSON would have it."""
    text = text_of(entry)
    if entry.tag.endswith((":int", ":float")):
        try:
            return int(text) if entry.tag.endswith(":int") else float(text)
        except ValueError as error:
            raise entry.wrong(f"{text} is no plain number.", "Write digits, as in 1.5.") from error
    if entry.tag.endswith(":bool"):
        return text.lower() in {"true", "yes", "on"}
    return None if entry.tag.endswith(":null") else text
