"""Writing a pack: new categories, changed ones as their next version, missing ones switched off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from zhizhi.directory.models import Agency
from zhizhi.engine import timeline
from zhizhi.engine.states import StateConflict
from zhizhi.systems.grid.drafting import (
    CategoryDraft,
    HandedPack,
    RowProblem,
    depths,
    tree_problems,
)
from zhizhi.systems.grid.keeping import keep_versions, said_of, stamp
from zhizhi.systems.grid.models import Category, CategoryPack
from zhizhi.systems.grid.proving import IMPORT


class PackRefused(ValueError):
    """Some rows have errors, so nothing was written."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems[:5]))


@dataclass(frozen=True, slots=True)
class PackPreview:
    """What an import would do: nothing has been written yet."""

    new: tuple[CategoryDraft, ...]
    changed: tuple[CategoryDraft, ...]
    gone: tuple[str, ...]
    unchanged: int
    problems: tuple[RowProblem, ...]
    warnings: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.problems

    @property
    def is_news(self) -> bool:
        return bool(self.new or self.changed or self.gone)


def preview(handed: HandedPack) -> PackPreview:
    """Compare ``handed`` with what is known."""
    known = _known(handed)
    problems = [*handed.problems, *tree_problems(handed), *_foreign(handed)]
    new, changed, unchanged = [], [], 0
    for position, draft in enumerate(handed.drafts):
        category = known.get(draft.code)
        if category is None:
            new.append(draft)
        elif _differs(category, draft, position):
            changed.append(draft)
        else:
            unchanged += 1
    named = {draft.code for draft in handed.drafts}
    gone = [code for code, one in known.items() if one.is_listed and code not in named]
    return PackPreview(
        tuple(new), tuple(changed), tuple(sorted(gone)), unchanged,
        tuple(sorted(problems, key=lambda one: one.row)), tuple(_warnings(handed)),
    )  # fmt: skip


def import_pack(handed: HandedPack, *, by: str, now: datetime) -> PackPreview:
    """Write everything in ``handed`` and return what that was; the same again writes nothing.

    Raises PackRefused, and then nothing is written. What a category says anew has to be checked
    anew. A category that an administrator has switched off stays so.
    """
    with timeline.writing():
        started = {"changed_at": now, "changed_by": by}
        packs = CategoryPack.objects.select_for_update()
        pack, _is_new = packs.get_or_create(code=handed.code, defaults=started)
        seen = preview(handed)
        if not seen.is_clean:
            raise PackRefused(seen.problems)
        if seen.is_news:
            stamp(pack, by=by, now=now)
            _write(pack, handed, seen, {"changed_at": now, "changed_by": by})
    return seen


def _write(
    pack: CategoryPack, handed: HandedPack, seen: PackPreview, who: Mapping[str, Any]
) -> None:
    known, moved = _known(handed), []
    places = {draft.code: place for place, draft in enumerate(handed.drafts)}
    depth = depths(handed.drafts)
    for draft in sorted((*seen.new, *seen.changed), key=lambda one: depth[one.code]):
        category = known.get(draft.code) or Category(pack=pack, code=draft.code, version=0)
        _set(category, draft, places[draft.code])
        category.parent = known[draft.parent] if draft.parent else None
        _store(category, who)
        known[draft.code] = category
        moved.append(category)
    for code in seen.gone:
        known[code].is_listed = False
        _store(known[code], who)
        moved.append(known[code])
    keep_versions(moved, IMPORT, by=who["changed_by"], now=who["changed_at"])


def _set(category: Category, draft: CategoryDraft, position: int) -> None:
    if category.version and said_of(category) != draft.said:
        category.is_official = False
    for name, value in draft.columns.items():
        setattr(category, name, value)
    category.position, category.is_listed = position, True


def _store(category: Category, who: Mapping[str, Any]) -> None:
    """Write one category as its next version, unless somebody has changed it meanwhile."""
    base, category.version = category.version, category.version + 1
    category.changed_at, category.changed_by = who["changed_at"], who["changed_by"]
    if not base:
        category.save(force_insert=True)
        return
    own = [one for one in category._meta.concrete_fields if one.name not in {"id", "code", "pack"}]  # noqa: SLF001 - Django's documented model API
    columns = {one.attname: getattr(category, one.attname) for one in own}
    if not Category.objects.filter(pk=category.pk, version=base).update(**columns):
        message = f"category {category.code} was changed meanwhile"
        raise StateConflict(message, code="category-changed", record=category)


def _known(handed: HandedPack) -> dict[str, Category]:
    found = Category.objects.filter(pack__code=handed.code).select_related("parent")
    return {category.code: category for category in found}


def _foreign(handed: HandedPack) -> Iterator[RowProblem]:
    """Name rows whose code another pack has taken."""
    others = Category.objects.exclude(pack__code=handed.code)
    taken = dict(others.values_list("code", "pack__code"))
    for draft in handed.drafts:
        if draft.code in taken:
            told = _("The pack %(pack)s has this code: choose another, or give --pack %(pack)s.")
            yield RowProblem(draft.row, "code", told % {"pack": taken[draft.code]})


def _differs(category: Category, draft: CategoryDraft, position: int) -> bool:
    if not category.is_listed or category.position != position:
        return True
    return said_of(category) != draft.said


def _warnings(handed: HandedPack) -> Iterator[str]:
    wanted = {draft.columns["lead_agency"] for draft in handed.drafts} - {""}
    known = Agency.objects.filter(code__in=wanted).values_list("code", flat=True)
    for code in sorted(wanted - set(known)):
        yield _("There is no agency %(code)s here: its cases get no lead agency.") % {"code": code}
