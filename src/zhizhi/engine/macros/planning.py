"""What a macro would do for a case at this moment: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from zhizhi.directory.models import Unit
from zhizhi.engine.dispatching import Suggestion, nearest_fit
from zhizhi.engine.macros.steps import ACKNOWLEDGE, SEND, TELL, Step, is_addressee, steps_of
from zhizhi.engine.models import Case, Macro, Task


@dataclass(frozen=True, slots=True)
class Planned:
    """One step and what would become of it; ``why`` is a stable word when nothing would.

    A step that is ``needless`` has been done already: it stands in nobody's way.
    """

    step: Step
    sent: Suggestion | None = None
    why: str = ""

    @property
    def is_needless(self) -> bool:
        return self.why == "already-acknowledged"

    @property
    def is_possible(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class MacroPlan:
    """All steps of a macro for one case, in their order."""

    macro: Macro
    steps: tuple[Planned, ...]

    @property
    def is_possible(self) -> bool:
        """Say whether running it would do anything."""
        does = [one for one in self.steps if one.is_possible]
        left = [one for one in self.steps if not one.is_possible and not one.is_needless]
        return bool(does) and not (left and self.macro.is_whole)


def plan(macro: Macro, case: Case, *, among: QuerySet[Unit], now: datetime) -> MacroPlan:
    """Return what running ``macro`` would do for ``case`` with the units ``among``."""
    return MacroPlan(macro, tuple(_planned(macro, case, among, now)))


def _planned(macro: Macro, case: Case, among: QuerySet[Unit], now: datetime) -> Iterator[Planned]:
    has_unit = case.tasks.filter(state__in=Task.LIVE, unit__isnull=False).exists()
    is_ended = case.state in Case.RESTING
    taken: list[int] = []
    for step in steps_of(macro.steps):
        if is_ended:
            yield Planned(step, why="case-ended")
        elif step.act == SEND:
            found = _sent(step, case, among, now, taken)
            blocked = has_unit and not taken and not step.is_beside
            why = "already-dispatched" if blocked else "" if found else "no-unit"
            if not why and found:
                taken.append(found.unit.pk)
            yield Planned(step, None if why else found, why)
        else:
            yield Planned(step, why=_hindrance(step, case))


def _sent(
    step: Step, case: Case, among: QuerySet[Unit], now: datetime, taken: list[int]
) -> Suggestion | None:
    need = step.need(case)
    found = nearest_fit(
        case, capabilities=need.capabilities, limit=1, now=now, exclude=taken,
        among=need.among(among),
    )  # fmt: skip
    return found[0] if found else None


def _hindrance(step: Step, case: Case) -> str:
    """Return why a step that sends nobody would do nothing."""
    if step.act == ACKNOWLEDGE and case.acknowledged_at is not None:
        return "already-acknowledged"
    return "no-addressee" if step.act == TELL and not is_addressee(step.to) else ""
