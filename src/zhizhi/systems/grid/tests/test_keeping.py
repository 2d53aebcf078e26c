"""Switching categories and marking them as checked: once, by whom, and found in the log."""

from __future__ import annotations

from typing import Any

import pytest

from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import later
from zhizhi.systems.grid import keeping, proving
from zhizhi.systems.grid.models import CategoryVersion
from zhizhi.systems.grid.tests.packs import NOON, brought, category, row
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"by": "account:1", "now": later(hours=1)}


def test_switching_off_and_marking_as_checked_are_versions_in_the_log() -> None:
    brought(row("lamp"))

    keeping.switch(category("lamp"), on=False, seen=1, **WHO)
    lamp = keeping.mark_checked(category("lamp"), is_official=True, seen=2, **WHO)

    assert (lamp.is_enabled, lamp.is_official, lamp.version) == (False, True, 3)
    assert (lamp.changed_by, lamp.changed_at) == (WHO["by"], WHO["now"])
    told = list(AuditEntry.objects.order_by("seq").values_list("verb", "actor", "subject"))
    own = f"category:{lamp.pk}"
    assert told == [
        ("category.import", "cli", own),
        ("category.switch", "account:1", own),
        ("category.check", "account:1", own),
    ]
    kept = [one.content for one in CategoryVersion.objects.order_by("version")]
    assert [one["is_enabled"] for one in kept] == [True, False, False]
    assert [one["is_official"] for one in kept] == [False, False, True]
    assert list(proving.verify()) == []


def test_back_on_it_is_used_again() -> None:
    brought(row("lamp"))
    keeping.switch(category("lamp"), on=False, seen=1, **WHO)

    assert keeping.switch(category("lamp"), on=True, seen=2, **WHO).is_in_use


def test_whoever_was_overtaken_changes_nothing() -> None:
    brought(row("lamp"), now=NOON)
    keeping.switch(category("lamp"), on=False, seen=1, **WHO)

    with pytest.raises(StateConflict, match="account:1") as lost:
        keeping.mark_checked(category("lamp"), is_official=True, seen=1, by="account:2", now=NOON)

    assert lost.value.code == "category-changed"
    assert not category("lamp").is_official
    assert CategoryVersion.objects.count() == 2
