"""Writing categories: every change is a version of its own, in the audit chain and in the stamp."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from zhizhi.engine import timeline
from zhizhi.engine.states import StateConflict
from zhizhi.systems.grid import catalogue
from zhizhi.systems.grid.models import Category, CategoryPack, CategoryVersion
from zhizhi.systems.grid.proving import CHECK, SUBJECT, SWITCH, seal
from zhizhi.trust.audit import Leaf

SAID = (
    "name_zh", "name_en", "hint_zh", "hint_en", "kind", "severity", "radius_m",
    "capabilities", "lead_agency", "look_minutes", "is_for_residents",
)  # fmt: skip
STANDING = ("position", "is_listed", "is_enabled", "is_official")


def switch(category: Category, *, on: bool, seen: int, by: str, now: datetime) -> Category:
    """Let ``category`` be used again, or no more; what is below it goes with it.

    ``seen`` is the version that whoever decides was shown; raises StateConflict when there is a
    later one.
    """
    return _change(category, SWITCH, seen=seen, by=by, now=now, is_enabled=on)


def mark_checked(
    category: Category, *, is_official: bool, seen: int, by: str, now: datetime
) -> Category:
    """Write down that a person compared ``category`` with the standard, or take that back."""
    return _change(category, CHECK, seen=seen, by=by, now=now, is_official=is_official)


def stamp(pack: CategoryPack, *, by: str, now: datetime) -> None:
    """Let everybody see that something of ``pack`` is different; its row is held until the end."""
    CategoryPack.objects.filter(pk=pack.pk).update(
        version=F("version") + 1, stamp=secrets.token_hex(16), changed_at=now, changed_by=by
    )
    catalogue.forget()


def keep_versions(categories: Sequence[Category], verb: str, *, by: str, now: datetime) -> None:
    """Append what each of ``categories`` now says, and its digest to the audit chain."""
    kept = [
        CategoryVersion(category=one, version=one.version, content=content_of(one), at=now, by=by)
        for one in categories
    ]
    CategoryVersion.objects.bulk_create(kept, batch_size=500)
    for version in kept:
        detail = {"code": version.category.code, "version": version.version}
        detail["digest"] = seal(version)
        timeline.leave(Leaf(by, verb, f"{SUBJECT}{version.category_id}", now, detail=detail))


def said_of(category: Category) -> dict[str, Any]:
    """Return what a file says of ``category`` under its code, the parent by its code."""
    found = {name: getattr(category, name) for name in SAID}
    return {**found, "parent": category.parent.code if category.parent else ""}


def content_of(category: Category) -> dict[str, Any]:
    """Return what a version of ``category`` keeps."""
    standing = {name: getattr(category, name) for name in ("code", *STANDING)}
    return {**said_of(category), **standing}


def _change(
    category: Category, verb: str, *, seen: int, by: str, now: datetime, **columns: bool
) -> Category:
    with timeline.writing():
        stamp(category.pack, by=by, now=now)
        same = Category.objects.filter(pk=category.pk, version=seen)
        is_done = same.update(version=seen + 1, changed_at=now, changed_by=by, **columns)
        category.refresh_from_db()
        if not is_done:
            message = f"category {category.code} was changed by {category.changed_by}"
            raise StateConflict(message, code="category-changed", record=category)
        keep_versions([category], verb, by=by, now=now)
    return category
