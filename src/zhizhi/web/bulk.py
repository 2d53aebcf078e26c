"""One act on many cases: one transaction, in which each case is done or refused by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from zhizhi.engine import closing, dispatching, macros, timeline
from zhizhi.engine.dispatching import NoUnitFits
from zhizhi.engine.macros import MacroImpossible
from zhizhi.engine.models import Case
from zhizhi.engine.states import StateConflict
from zhizhi.trust.scoping import Scope
from zhizhi.web.failures import reason_of
from zhizhi.web.macros.telling import run_words
from zhizhi.web.places import units_in
from zhizhi.web.undoing import undo_of

MOST_CASES = 200  # of one act: the others wait for their rows meanwhile


@dataclass(frozen=True, slots=True)
class Acting:
    """Who does something to many cases, when and why."""

    scope: Scope
    by: str
    now: datetime
    reason: str = ""
    macro: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of the cases; ``case`` is None when the viewer cannot see it."""

    case: Case | None
    is_done: bool
    said: str


def carry_out(verb: str, cases: Sequence[int], acting: Acting) -> list[Outcome]:
    """Do ``verb`` (a key of ``VERBS``) to each case; one that refuses does not hold up the others.

    All that succeed are committed together. Cases are taken in the order of their numbers, so that
    two operators who act on the same ones wait for each other instead of blocking each other.
    """
    visible = Case.objects.visible_to(acting.scope).filter(pk__in=cases)
    found = {case.pk: case for case in visible.select_related("area")}
    with timeline.writing():
        return [_one(VERBS[verb], found.get(pk), acting) for pk in sorted(set(cases))]


def _one(verb: Callable[[Case, Acting], str], case: Case | None, acting: Acting) -> Outcome:
    if case is None:
        return Outcome(None, False, _("Not found: it does not exist, or it is not yours."))
    try:
        with timeline.writing():
            return Outcome(case, True, verb(case, acting))
    except (StateConflict, NoUnitFits, MacroImpossible) as refused:
        return Outcome(case, False, reason_of(refused))


def _acknowledge(case: Case, acting: Acting) -> str:
    dispatching.acknowledge(case, by=acting.by, now=acting.now)
    return _("Acknowledged.")


def _dispatch(case: Case, acting: Acting) -> str:
    among = units_in(acting.scope)
    [task] = dispatching.dispatch_nearest(case, by=acting.by, now=acting.now, among=among)
    return _("{unit} has the task.").format(unit=task.unit)


def _undo(case: Case, acting: Acting) -> str:
    held = undo_of(acting.scope, case, actor=acting.by, now=acting.now)
    if held is None:
        message = f"nothing of {acting.by} is held for case {case.pk}"
        raise StateConflict(message, code="nothing-held", record=case)
    held.carry_out(by=acting.by, now=acting.now)
    return held.said


def _macro(case: Case, acting: Acting) -> str:
    """Run the chosen macro with the units that are nearest to each case at its turn."""
    mine = (one for one in macros.usable(acting.scope, case) if one.pk == acting.macro)
    macro = next(mine, None)
    if macro is None:
        message = f"macro {acting.macro} is not for case {case.pk}"
        raise StateConflict(message, code="macro-unfit", record=case)
    order = macros.Order(acting.by, acting.now, units_in(acting.scope))
    return run_words(macros.run(macro, case, order))


def _dismiss(case: Case, acting: Acting) -> str:
    closing.dismiss(case, reason=acting.reason, by=acting.by, now=acting.now)
    return _("Dismissed as a false alarm.")


VERBS: Mapping[str, Callable[[Case, Acting], str]] = {
    "acknowledge": _acknowledge,
    "dispatch": _dispatch,
    "undo": _undo,
    "dismiss": _dismiss,
    "macro": _macro,
}
NEEDS_REASON = frozenset({"dismiss"})
