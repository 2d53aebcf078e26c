"""Reading windows from the text of a file: a document of its own that starts with ``windows:``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from zhizhi.kernel.rules.checking import Checker
from zhizhi.kernel.rules.documents import Entry, RuleWrong
from zhizhi.kernel.rules.parsing import WORDS, parsed
from zhizhi.kernel.rules.schema import Schema
from zhizhi.kernel.rules.single_values import among, span_of, text_of
from zhizhi.kernel.rules.syntax import ConditionWrong, Node
from zhizhi.kernel.rules.windows import (
    AGGREGATES,
    COUNT,
    DISTINCT,
    ENTITY,
    SINCE,
    WindowedFeature,
)

WINDOWS: Final = "windows"
NEEDED: Final = ("of", "take", "over")
OPTIONAL: Final = ("by", "value", "where", "earlier", "meaning")
LONGEST: Final = timedelta(days=400)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def is_windows(entry: Entry) -> bool:
    """Return whether a document declares windows."""
    return isinstance(entry.content, dict) and WINDOWS in entry.content


def read_windows(
    entries: Iterable[Entry], schema: Schema
) -> tuple[tuple[WindowedFeature, ...], list[RuleWrong]]:
    """Return the windows that documents declare, and what is wrong with others."""
    found: dict[str, tuple[WindowedFeature, Entry]] = {}
    errors: list[RuleWrong] = []
    for entry in entries:
        try:
            declared = _declared(entry)
        except RuleWrong as error:
            errors.append(error)
            continue
        for name, one in declared.items():
            try:
                if name in found:
                    raise (one.key or one).wrong(
                        f"{name} stands in {found[name][1].place} already.", "Keep one of them."
                    )
                found[name] = _Window(name, one, schema).feature(), one
            except RuleWrong as error:
                errors.append(error)
    for name, (feature, one) in list(found.items()):
        if chained := sorted(feature.columns & set(found)):
            errors.append(
                one.wrong(f"{name} looks at {chained[0]}, which is a window.", "Look at an event.")
            )
            del found[name]
    return tuple(feature for feature, _one in found.values()), errors


def _declared(entry: Entry) -> dict[str, Entry]:
    given = entry.content
    declared = given[WINDOWS] if isinstance(given, dict) else entry
    if not isinstance(declared.content, dict) or not isinstance(given, dict):
        raise declared.wrong("windows is a mapping.", "Write windows: {name: {of: ...}}.")
    for name, one in given.items():
        if name != WINDOWS:
            raise (one.key or one).wrong(
                f"{name} does not belong beside windows.", "Put --- between them and the rule."
            )
    return declared.content


class _Window:
    """One window on its way to a feature."""

    def __init__(self, name: str, entry: Entry, schema: Schema) -> None:
        key = entry.key or entry
        if not isinstance(entry.content, dict):
            raise key.wrong("A window is a mapping.", "Write {of: ..., take: count, over: 24h}.")
        if not _NAME.fullmatch(name) or name.upper() in WORDS or name in schema.keys:
            raise key.wrong(f"{name!r} cannot be a name.", "Use a-z, 0-9 and _.")
        column = schema.columns.get(name)
        if column is not None and not column.is_numeric:
            raise key.wrong(f"{name} is a column that is no number.", "Take another name.")
        self.name, self.entry, self.given, self.schema = name, entry, entry.content, schema
        for part, one in self.given.items():
            if part not in {*NEEDED, *OPTIONAL}:
                raise (one.key or one).wrong(
                    f"{part} is no part of a window.", f"Use {', '.join((*NEEDED, *OPTIONAL))}."
                )
        if missing := [part for part in NEEDED if part not in self.given]:
            raise key.wrong(f"{missing[0]} is missing.", f"Add {missing[0]}: ...")

    def feature(self) -> WindowedFeature:
        take = among(self.given["take"], AGGREGATES, "a way to take values together")
        meaning = self.given.get("meaning")
        known = self.schema.columns.get(self.name)
        return WindowedFeature(
            name=self.name,
            by=self.by(),
            on=self.kinds(),
            aggregate=take,
            span=self.span(),
            value=self.value(take),
            where=self.where(),
            is_earlier="earlier" in self.given
            and among(self.given["earlier"], ("true", "false"), "true or false") == "true",
            meaning=text_of(meaning) if meaning else known.meaning if known else "",
        )

    def by(self) -> str:
        entry = self.given.get("by")
        return ENTITY if entry is None else among(entry, (ENTITY, *self.schema.keys), "a key")

    def kinds(self) -> frozenset[str]:
        entry = self.given["of"]
        listed = entry.content if isinstance(entry.content, list) else [entry]
        if not listed:
            raise entry.wrong("of is empty.", "Name a kind of event.")
        return frozenset(among(one, self.schema.kinds, "a kind of event") for one in listed)

    def span(self) -> timedelta:
        entry = self.given["over"]
        span = span_of(entry, "over")
        if not timedelta() < span <= LONGEST:
            raise entry.wrong(f"over cannot be {text_of(entry)!r}.", "Write 1s to 400d.")
        return span

    def value(self, take: str) -> str | None:
        entry = self.given.get("value")
        if take in {COUNT, SINCE}:
            if entry is not None:
                raise entry.wrong(f"{take} takes no value.", "Leave it out, or use where.")
            return None
        if entry is None:
            raise self.entry.wrong("value is missing.", f"Say of which column the {take} is.")
        if take == DISTINCT:
            return among(entry, (ENTITY, *self.schema.keys), "a key")
        column = self.schema.columns.get(text_of(entry))
        if column is None or not column.is_numeric:
            name = text_of(entry)
            raise entry.wrong(
                f"{name} is no column of numbers of {self.schema.name}"
                f"{self.schema.hint(name) or '.'}", "Use a number.",
            )  # fmt: skip
        return column.name

    def where(self) -> Node | None:
        entry = self.given.get("where")
        if entry is None:
            return None
        try:
            return Checker(self.schema, {}).condition(parsed(text_of(entry))).node
        except ConditionWrong as error:
            raise RuleWrong(entry.place_of(error.at), error.message, error.remedy) from error
