"""Writing a pack: all of it or nothing, the same again is nothing, and nothing is ever deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from zhizhi.engine.tests.building import agency
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.systems.grid import drafting, importing, keeping, proving, seeding
from zhizhi.systems.grid.importing import PackRefused
from zhizhi.systems.grid.models import Category, CategoryPack, CategoryVersion
from zhizhi.systems.grid.tests.packs import NOON, brought, category, handed, row
from zhizhi.trust import append_only, audit
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_a_pack_is_written_as_a_tree_whatever_the_order_of_its_rows() -> None:
    seen = brought(row("lamp", "light"), row("light", "facility"), row("facility"))

    assert [draft.code for draft in seen.new] == ["lamp", "light", "facility"]
    lamp = category("lamp")
    assert lamp.parent is not None
    assert lamp.parent.code == "light"
    assert category("light").parent == category("facility")
    assert (lamp.version, lamp.is_official, lamp.is_listed, lamp.is_enabled) == (
        1,
        False,
        True,
        True,
    )
    assert lamp.pack.code == "city"


def test_one_bad_row_keeps_the_whole_file_out() -> None:
    with pytest.raises(PackRefused) as refused:
        brought(row("lamp"), row("drain", severity="odd"))

    assert [str(problem)[:2] for problem in refused.value.problems] == ["3,"]
    assert not Category.objects.exists()
    assert not CategoryPack.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_same_file_again_writes_nothing() -> None:
    brought(row("lamp"), row("drain"))
    before = CategoryPack.objects.values().get()

    seen = brought(row("lamp"), row("drain"))

    assert (seen.is_news, seen.unchanged) == (False, 2)
    assert CategoryPack.objects.values().get() == before
    assert CategoryVersion.objects.count() == 2


def test_a_preview_writes_nothing() -> None:
    seen = importing.preview(handed(row("lamp")))

    assert seen.is_clean
    assert not CategoryPack.objects.exists()


def test_what_a_category_says_anew_is_a_version_and_has_to_be_checked_anew() -> None:
    brought(row("lamp"), row("drain"))
    for code in ("lamp", "drain"):
        keeping.mark_checked(category(code), is_official=True, seen=1, by="account:1", now=NOON)

    seen = brought(row("lamp", severity="urgent"), row("drain"))

    assert [draft.code for draft in seen.changed] == ["lamp"]
    assert (category("lamp").severity, category("lamp").version) == ("urgent", 3)
    assert not category("lamp").is_official
    assert category("drain").is_official


def test_another_place_in_the_file_needs_no_new_check() -> None:
    brought(row("lamp"), row("drain"))
    keeping.mark_checked(category("lamp"), is_official=True, seen=1, by="account:1", now=NOON)

    brought(row("drain"), row("lamp"))

    assert category("lamp").position == 1
    assert category("lamp").is_official


def test_another_parent_is_news() -> None:
    brought(row("light"), row("lamp"))

    seen = brought(row("light"), row("lamp", "light"))

    assert [draft.code for draft in seen.changed] == ["lamp"]
    assert category("lamp").parent == category("light")


def test_what_the_new_file_lacks_is_out_of_use_and_comes_back_with_its_key() -> None:
    brought(row("lamp"), row("drain"))
    first = category("drain").pk

    assert brought(row("lamp")).gone == ("drain",)
    assert not category("drain").is_listed
    assert brought(row("lamp")).gone == ()
    brought(row("lamp"), row("drain"))

    assert category("drain").pk == first
    assert category("drain").is_in_use
    assert category("drain").version == 3


def test_what_an_administrator_switched_off_no_file_switches_on() -> None:
    brought(row("lamp"))
    keeping.switch(category("lamp"), on=False, seen=1, by="account:1", now=NOON)

    brought(row("lamp", severity="urgent"))

    assert not category("lamp").is_enabled


def test_a_code_of_another_pack_is_refused_and_other_packs_stay_as_they_are() -> None:
    brought(row("lamp"), pack="city")

    with pytest.raises(PackRefused, match="city"):
        brought(row("lamp"), pack="county")
    brought(row("drain"), pack="county")

    assert category("lamp").is_listed


def test_an_agency_that_is_not_here_is_a_warning() -> None:
    agency("urban")

    seen = importing.preview(
        handed(row("lamp", lead_agency="urban"), row("drain", lead_agency="water"))
    )

    [warning] = seen.warnings
    assert "water" in warning
    assert seen.is_clean


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_write_it_once() -> None:
    def bring() -> None:
        brought(row("lamp"), row("drain"))

    asked = race(bring, bring)

    assert len(winners(asked)) >= 1
    assert all(isinstance(error, DatabaseError) for error in losers(asked))
    assert CategoryVersion.objects.count() == 2


def test_every_version_is_kept_and_any_forgery_of_it_is_found() -> None:
    brought(row("lamp"))
    brought(row("lamp", severity="urgent"))
    with pytest.raises(DatabaseError), transaction.atomic():
        CategoryVersion.objects.update(by="nobody")
    assert list(audit.verify()) == list(proving.verify()) == []

    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE grid_categoryversion SET by = 'nobody' WHERE version = 1")
        cursor.execute("DELETE FROM grid_categoryversion WHERE version = 2")

    assert [(one.table, one.reason) for one in proving.verify()] == [
        ("grid_categoryversion", "changed"),
        ("grid_categoryversion", "missing"),
    ]


def test_the_starter_pack_is_whole_unofficial_and_a_tree_of_three_levels() -> None:
    content = Path(seeding.STARTER).read_bytes()
    seen = importing.preview(drafting.read(content, pack="starter"))

    assert seen.problems == ()
    assert seeding.seed(NOON, "demo") == len(seen.new) >= 60
    assert seeding.seed(NOON, "demo") == 0
    assert set(drafting.depths(list(seen.new)).values()) == {-1, 0, 1, 2}
    assert not Category.objects.filter(is_official=True).exists()
