"""What the viewer may still take back of a case: a dispatch of their own, or a whole macro."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from zhizhi.engine import dispatching, macros
from zhizhi.engine.models import Case, MacroRun, Message, Task
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role


@dataclass(frozen=True, slots=True)
class Undo:
    """Something of the viewer's that is held until a moment: a task, or a macro's run."""

    case: Case
    until: datetime
    left: int  # whole seconds, at least one
    task: Task | None = None
    run: MacroRun | None = None

    @property
    def url(self) -> str:
        if self.run is not None:
            return reverse("web:macro-undo", args=[self.case.pk, self.run.pk])
        return reverse("web:undo", args=[self.case.pk, self.task.pk if self.task else 0])

    @property
    def label(self) -> str:
        if self.run is not None:
            return _("Undo “{name}”").format(name=self.run.macro.name)
        return _("Undo dispatch")

    @property
    def about(self) -> str:
        """What is taken back, in a word or two."""
        if self.run is not None:
            return self.run.macro.name
        return str(self.task.unit) if self.task else ""

    def carry_out(self, *, by: str, now: datetime) -> None:
        """Take it back; raises StateConflict once it is no longer held."""
        if self.run is not None:
            macros.undo(self.run, by=by, now=now)
        elif self.task is not None:
            dispatching.undo_dispatch(self.task, by=by, now=now)

    @property
    def said(self) -> str:
        if self.run is not None:
            return _("Macro undone: units, messages and acknowledgement are taken back.")
        return _("Dispatch undone; nothing was sent.")


def undo_of(
    scope: Scope, case: Case, *, actor: str, now: datetime, tasks: Iterable[Task] | None = None
) -> Undo | None:
    """Return what ``actor`` may take back of ``case`` at this moment, the newest first."""
    if not scope.has(Role.OPERATOR):
        return None
    runs = MacroRun.objects.visible_to(scope).filter(case=case, by=actor, undone_at=None)
    run = runs.filter(until__gt=now).select_related("macro").order_by("-pk").first()
    if tasks is None:
        tasks = Task.objects.visible_to(scope).filter(case=case).order_by("-pk")
    for task in tasks:
        # A run offers its own tasks at its own moment: with them goes the whole of it.
        if run is not None and task.offered_at <= run.at:
            continue
        if task.state == Task.State.OFFERED and task.offered_by == actor:
            held = task.messages.filter(state=Message.State.HELD, not_before__gt=now).first()
            if held:
                return Undo(case, held.not_before, _left(held.not_before, now), task=task)
    return None if run is None else Undo(case, run.until, _left(run.until, now), run=run)


def _left(until: datetime, now: datetime) -> int:
    return max(1, round((until - now).total_seconds()))
