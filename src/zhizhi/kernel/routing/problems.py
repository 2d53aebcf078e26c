"""What is wrong with routing rules: a stable word for each, with the rule and the field."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoutingProblem:
    """One thing that is wrong; ``kind`` is a stable word, for which interfaces have sentences."""

    kind: str
    rule: int = 0  # its number, 0 = the text as a whole
    field: str = ""
    line: int = 0
    value: str = ""  # what was written, or the numbers of the other rules
    known: tuple[str, ...] = ()  # what may be written instead


class RoutingWrong(ValueError):
    """Rules cannot be used as they are; ``problems`` are all that was found."""

    def __init__(self, problems: list[RoutingProblem]) -> None:
        super().__init__(", ".join(f"rule {one.rule}: {one.kind}" for one in problems))
        self.problems = problems
