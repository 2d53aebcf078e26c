"""Making, editing, ordering and retiring macros; every version is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, QuerySet

from zhizhi.directory.models import Area
from zhizhi.engine import timeline
from zhizhi.engine.macros.proving import EDIT, MAKE, seal
from zhizhi.engine.macros.steps import MacroRefused, Step, check
from zhizhi.engine.models import Case, Macro, MacroVersion
from zhizhi.engine.models.macro import LONGEST_NAME
from zhizhi.engine.states import StateConflict
from zhizhi.trust.audit import Leaf
from zhizhi.trust.scoping import Scope


@dataclass(frozen=True, slots=True)
class MacroDraft:
    """A macro as it shall be."""

    name: str
    area: Area
    steps: Sequence[Step]
    kinds: Sequence[str] = ()
    is_whole: bool = True

    def check(self) -> None:
        """Raise MacroRefused when it cannot be kept so."""
        if not 0 < len(self.name.strip()) <= LONGEST_NAME:
            raise MacroRefused("name")
        check(self.steps)

    def columns(self) -> dict[str, Any]:
        return {
            "name": self.name.strip(),
            "kinds": sorted(self.kinds),
            "is_whole": self.is_whole,
            "steps": [step.columns() for step in self.steps],
        }


def make(draft: MacroDraft, *, by: str, now: datetime) -> Macro:
    """Keep a new macro as the last of all; raises MacroRefused."""
    draft.check()
    with timeline.writing():
        last = Macro.everything.aggregate(last=Max("position"))["last"] or 0
        macro = Macro.everything.create(
            **draft.columns(), area=draft.area, position=last + 1, changed_at=now, changed_by=by
        )
        _keep_version(macro, MAKE, by=by, now=now)
    return macro


def edit(macro: Macro, draft: MacroDraft, *, seen: int, by: str, now: datetime) -> Macro:
    """Put the next version of ``macro`` in force; raises MacroRefused.

    ``seen`` is the version that whoever edits was shown; raises StateConflict when there is a later
    one.
    """
    draft.check()
    with timeline.writing():
        columns = {**draft.columns(), "area": draft.area, "changed_at": now, "changed_by": by}
        same = Macro.everything.filter(pk=macro.pk, version=seen, retired_at=None)
        is_done = bool(same.update(version=seen + 1, **columns))
        macro.refresh_from_db(from_queryset=Macro.everything.select_related("area"))
        if not is_done:
            message = f"macro {macro.pk} was changed by {macro.changed_by}"
            raise StateConflict(message, code="macro-changed", record=macro)
        _keep_version(macro, EDIT, by=by, now=now)
    return macro


def retire(macro: Macro, *, by: str, now: datetime) -> bool:
    """Offer ``macro`` to nobody any more; says whether it still was."""
    with timeline.writing():
        used = Macro.everything.filter(pk=macro.pk, retired_at=None)
        if not used.update(retired_at=now, changed_at=now, changed_by=by):
            return False
        _leaf(macro, "macro.retire", by=by, now=now, detail={})
    return True


def move(macro: Macro, *, by: str, now: datetime, among: QuerySet[Macro], is_up: bool) -> bool:
    """Exchange ``macro`` with the one before or behind it ``among`` those that are offered."""
    with timeline.writing():
        listed = list(among.filter(retired_at=None).order_by("position", "pk"))
        places = {one.pk: place for place, one in enumerate(listed)}
        at = places.get(macro.pk, -1)
        to = at - 1 if is_up else at + 1
        if at < 0 or not 0 <= to < len(listed):
            return False
        first, second = listed[at], listed[to]
        for one, position in ((first, second.position), (second, first.position)):
            Macro.everything.filter(pk=one.pk).update(position=position)
        _leaf(macro, "macro.move", by=by, now=now, detail={"with": second.pk})
    return True


def usable(scope: Scope, case: Case) -> list[Macro]:
    """Return the macros that whoever has ``scope`` may give to ``case``, in their order."""
    offered = Macro.objects.visible_to(scope).filter(retired_at=None).select_related("area")
    return [macro for macro in offered.order_by("position", "pk") if macro.fits(case)]


def _keep_version(macro: Macro, verb: str, *, by: str, now: datetime) -> None:
    kept = MacroVersion.objects.create(
        macro=macro, version=macro.version, name=macro.name, kinds=macro.kinds,
        is_whole=macro.is_whole, steps=macro.steps, at=now, by=by,
    )  # fmt: skip
    _leaf(macro, verb, by=by, now=now, detail={"version": kept.version, "digest": seal(kept)})


def _leaf(macro: Macro, verb: str, *, by: str, now: datetime, detail: dict[str, Any]) -> None:
    timeline.leave(Leaf(by, verb, f"macro:{macro.pk}", now, macro.area.path, detail))
