"""Reading YAML so that every value keeps the line and the column of each of its letters.

Only mappings, lists and plain values: no tags, no anchors, nothing that makes objects or grows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

MOST_BYTES = 1_000_000
MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class TextPlace:
    """Where something stands: a file, and line and column from 1 on."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class RuleWrong(ValueError):
    """A rule file is wrong at one place; says what and what to do."""

    def __init__(self, place: TextPlace, message: str, remedy: str) -> None:
        super().__init__(f"{place}: {message} {remedy}")
        self.place = place
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a document: text, a list of entries, or entries by name."""

    content: str | list[Entry] | dict[str, Entry]
    source: RuleText
    start: int
    end: int
    tag: str = ""
    key: Entry | None = None

    @property
    def place(self) -> TextPlace:
        return self.source.place(self.start)

    def place_of(self, at: int) -> TextPlace:
        """Return where the letter ``at`` of a text stands, however YAML broke or quoted it."""
        assert isinstance(self.content, str)  # noqa: S101 - for the type checker
        raw, here, found = self.source.text, self.start, self.start
        for letter in self.content[: at + 1]:
            while here < self.end and not _same(raw[here], letter):
                here += 1
            found, here = min(here, self.end), min(here, self.end) + 1
        return self.source.place(found if at < len(self.content) else here)

    def wrong(self, message: str, remedy: str) -> RuleWrong:
        return RuleWrong(self.place, message, remedy)


@dataclass(frozen=True, slots=True)
class RuleText:
    """The text of one file."""

    name: str
    text: str

    def place(self, index: int) -> TextPlace:
        before = self.text[:index]
        return TextPlace(self.name, before.count("\n") + 1, index - before.rfind("\n"))

    def documents(self) -> Iterator[Entry]:
        """Yield the documents of the file. Raises RuleWrong."""
        if len(self.text) > MOST_BYTES:
            raise RuleWrong(
                self.place(0), f"The file is larger than {MOST_BYTES:,} letters.", "Split it."
            )
        try:
            self._refuse_depth_and_anchors()
            for node in yaml.compose_all(self.text, yaml.SafeLoader):
                yield self._entry(node)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise RuleWrong(
                self.place(getattr(mark, "index", 0)), f"This is not YAML: {error.problem}.",
                "Mind the indentation, the space after a colon, and quote texts with : or #.",
            ) from error  # fmt: skip
        except yaml.reader.ReaderError as error:
            raise RuleWrong(
                self.place(error.position), "This character cannot stand in a text file.",
                "Take it out.",
            ) from error  # fmt: skip

    def _refuse_depth_and_anchors(self) -> None:
        """Look at the stream before trees are built of it: building them would go too deep."""
        levels = 0
        for event in yaml.parse(self.text, yaml.SafeLoader):
            start = getattr(event.start_mark, "index", 0)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise RuleWrong(
                    self.place(start), "Anchors and references cannot be used here.", "Repeat it."
                )
            if isinstance(event, yaml.CollectionStartEvent):
                levels += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                levels -= 1
            if levels > MOST_LEVELS:
                raise RuleWrong(
                    self.place(start), f"Nested more than {MOST_LEVELS} levels deep.",
                    "A rule has at most a mapping in a list in a mapping.",
                )  # fmt: skip

    def _entry(self, node: yaml.Node, key: Entry | None = None) -> Entry:
        start, end = node.start_mark.index, node.end_mark.index
        if isinstance(node, yaml.MappingNode):
            return Entry(self._mapping(node), self, start, end, node.tag, key)
        if isinstance(node, yaml.SequenceNode):
            return Entry([self._entry(one) for one in node.value], self, start, end, node.tag, key)
        return Entry(str(node.value), self, start, end, node.tag, key)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for key, value in node.value:
            name = self._entry(key)
            if not isinstance(name.content, str):
                raise name.wrong("A name is missing.", "Write name: value.")
            if name.content in found:
                raise name.wrong(f"{name.content} is given twice.", "Keep one of them.")
            found[name.content] = self._entry(value, name)
        return found


def _same(raw: str, letter: str) -> bool:
    return raw == letter or (letter.isspace() and raw.isspace())
