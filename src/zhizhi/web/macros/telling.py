"""Macros in words: what a step does, why it cannot be done, and what a run has done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from zhizhi.directory.models import Agency, RoleAssignment, Unit
from zhizhi.engine.macros import ACKNOWLEDGE, NOTE, SEND, Step, steps_of
from zhizhi.engine.models import MacroRun
from zhizhi.web.digits import whole_number
from zhizhi.web.words import capability_name, kind_of_unit, unit_task_name

WHY: Mapping[str, str | Promise] = {
    "already-acknowledged": gettext_lazy("seen already"),
    "already-dispatched": gettext_lazy("a unit is on it already"),
    "no-unit": gettext_lazy("no fit unit is free"),
    "no-addressee": gettext_lazy("nobody to tell: the agency is gone"),
    "case-ended": gettext_lazy("the case has ended"),
    "unit-taken": gettext_lazy("somebody else has the unit"),
}
REFUSED: Mapping[str, str | Promise] = {  # why a macro cannot be kept so
    "name": gettext_lazy("Give it a name of at most 40 characters."),
    "empty": gettext_lazy("Add at least one step."),
    "too-many": gettext_lazy("At most 8 steps: one key should not do more."),
    "twice": gettext_lazy("A case is acknowledged once: remove this step."),
    "text": gettext_lazy("Write 1 to 200 characters."),
    "addressee": gettext_lazy("Choose who is told."),
    "unknown": gettext_lazy("This step is not known here."),
    "word": gettext_lazy("Choose one of the list."),
}


def step_words(step: Step) -> str:
    """Say what a step does."""
    if step.act == ACKNOWLEDGE:
        return _("Acknowledge")
    if step.act == NOTE:
        return _("Note: {text}").format(text=step.text)
    if step.act == SEND:
        return _send_words(step)
    return _("Message to {who}: {text}").format(who=addressee(step.to), text=step.text)


def _send_words(step: Step) -> str:
    told = [
        kind_of_unit(step.unit_kind) if step.unit_kind else "",
        _("can: {capability}").format(capability=capability_name(step.capability))
        if step.capability
        else "",
        _("task: {task}").format(task=unit_task_name(step.task_kind)) if step.task_kind else "",
        _("also beside others") if step.is_beside else "",
    ]
    said = [one for one in told if one]
    return _("Nearest unit") + (_(" ({facts})").format(facts=_(", ").join(said)) if said else "")


def addressee(to: str) -> str:
    """Name an agency or a post."""
    kind, _colon, key = to.partition(":")
    if kind == "role" and key in RoleAssignment.Role.values:
        return str(RoleAssignment.Role(key).label)
    pk = whole_number(key)
    found = Agency.objects.filter(pk=pk).first() if pk is not None else None
    return str(found) if found else _("an agency that is gone")


def why_words(code: str) -> str:
    """Say why a step was not, or would not be done."""
    return str(WHY.get(code, code))


def refusal_words(code: str) -> str:
    """Say why a macro cannot be kept so."""
    return str(REFUSED.get(code, code))


def run_words(run: MacroRun) -> str:
    """Say what a run has done, and what it had to leave."""
    sent = Unit.objects.in_bulk([one["unit"] for one in run.results if "unit" in one])
    said = [_("Macro “{name}” is done.").format(name=run.macro.name)]
    said += [_("{unit} has the task.").format(unit=unit) for unit in sent.values()]
    return " ".join([*said, *left_words(run.macro.steps, run.results)])


def left_words(
    stored: Iterable[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Say for each step that was not done which it is and why; what was done before counts not."""
    said = _("Left: step {number}, {step}: {why}.")
    return [
        said.format(number=number, step=step_words(step), why=why_words(result["why"]))
        for number, (step, result) in enumerate(zip(steps_of(stored), results, strict=False), 1)
        if result.get("why") and result["why"] != "already-acknowledged"
    ]


def count_words(steps: int) -> str:
    """Say how many steps there are."""
    return ngettext("{n} step", "{n} steps", steps).format(n=steps)
