"""The steps of a macro: what they may say, and reading and writing them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from zhizhi.directory.models import Agency, RoleAssignment
from zhizhi.engine.dispatching import Need
from zhizhi.engine.models import Case

ACKNOWLEDGE, SEND, TELL, NOTE = "acknowledge", "send", "tell", "note"
ACTS = (ACKNOWLEDGE, SEND, TELL, NOTE)
MOST_STEPS = 8
LONGEST_TEXT = 200
WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")
TOLD_ROLES = (
    RoleAssignment.Role.OPERATOR,
    RoleAssignment.Role.INSPECTOR,
    RoleAssignment.Role.LEADER,
)


class MacroRefused(ValueError):
    """A macro cannot be kept so; ``step`` is the place of the wrong step, from 0, or None."""

    def __init__(self, code: str, step: int | None = None) -> None:
        super().__init__(f"step {step}: {code}" if step is not None else code)
        self.code = code
        self.step = step


@dataclass(frozen=True, slots=True)
class Step:
    """One step; which of the fields count depends on what it does (``act``)."""

    act: str
    capability: str = ""  # send: what the unit must be able to do; empty = what the case needs
    unit_kind: str = ""  # send: empty = any kind
    task_kind: str = ""  # send: empty = the case's first task
    is_beside: bool = False  # send: also where a unit is on it already
    to: str = ""  # tell: "agency:3" or "role:inspector"
    text: str = ""  # tell, note

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Step:
        """Read a step as it was stored; what a later version may add is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    def columns(self) -> dict[str, Any]:
        """Return what is stored: only what the step says."""
        return {name: value for name, value in asdict(self).items() if value}

    def need(self, case: Case) -> Need:
        """Return what a unit must be for this step of ``case``."""
        capabilities = (self.capability,) if self.capability else tuple(case.capabilities)
        return Need(capabilities, self.unit_kind)


def steps_of(stored: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Return the steps of a macro or of one of its versions."""
    return [Step.of(one) for one in stored]


def check(steps: Sequence[Step]) -> None:
    """Raise MacroRefused when the steps cannot be a macro."""
    if not steps:
        raise MacroRefused("empty")
    if len(steps) > MOST_STEPS:
        raise MacroRefused("too-many")
    for place, step in enumerate(steps):
        code = _wrong(step)
        if code:
            raise MacroRefused(code, place)
        if step.act == ACKNOWLEDGE and any(one.act == ACKNOWLEDGE for one in steps[:place]):
            raise MacroRefused("twice", place)


def _wrong(step: Step) -> str:
    """Return what is wrong with one step, or nothing."""
    if step.act not in ACTS:
        return "unknown"
    if step.act in {TELL, NOTE} and not 0 < len(step.text.strip()) <= LONGEST_TEXT:
        return "text"
    if step.act == TELL and not is_addressee(step.to):
        return "addressee"
    words = (step.capability, step.unit_kind, step.task_kind)
    return "" if all(WORD.fullmatch(word) for word in words if word) else "word"


def is_addressee(to: str) -> bool:
    """Say whether ``to`` names an agency that exists, or a post that may be told."""
    kind, _colon, key = to.partition(":")
    if kind == "role":
        return key in TOLD_ROLES
    is_number = key.isascii() and key.isdecimal() and len(key) < 18
    return kind == "agency" and is_number and Agency.objects.filter(pk=int(key)).exists()
