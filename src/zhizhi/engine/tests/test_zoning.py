from dataclasses import replace
from datetime import UTC, datetime

import pytest
import shapely

from zhizhi.engine import zoning
from zhizhi.engine.models import Zone
from zhizhi.engine.states import StateConflict
from zhizhi.trust.models import AuditEntry

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SQUARE = shapely.to_wkb(shapely.box(107.0, 29.7, 107.01, 29.71))
DRAFT = zoning.ZoneDraft("reach-1", "no_fishing", "Upper reach", SQUARE, [["03-01", "06-30"]])


@pytest.mark.django_db
def test_a_saved_zone_is_in_force_and_leaves_a_trace() -> None:
    [zone] = zoning.save([DRAFT], by="account:1", now=NOW)

    assert list(zoning.current()) == [zone]
    assert zone.version == 1
    assert AuditEntry.objects.filter(verb="zone.save", subject="zone:reach-1").count() == 1


@pytest.mark.django_db
def test_an_edit_is_a_new_version_and_keeps_the_old_one() -> None:
    zoning.save([DRAFT], by="account:1", now=NOW)

    zoning.save([replace(DRAFT, name="Lower reach", based_on=1)], by="account:1", now=NOW)

    assert [(z.version, z.is_current) for z in Zone.objects.order_by("version")] == [
        (1, False),
        (2, True),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("based_on", [0, 2])
def test_an_edit_of_a_version_that_is_not_in_force_is_refused(based_on: int) -> None:
    zoning.save([DRAFT], by="account:1", now=NOW)

    with pytest.raises(StateConflict):
        zoning.save([replace(DRAFT, based_on=based_on)], by="account:2", now=NOW)

    assert Zone.objects.get().is_current


@pytest.mark.django_db
def test_one_refused_draft_keeps_the_others_out_as_well() -> None:
    with pytest.raises(StateConflict):
        zoning.save([DRAFT, replace(DRAFT, key="reach-2", based_on=7)], by="account:1", now=NOW)

    assert not Zone.objects.exists()


@pytest.mark.django_db
def test_a_dry_run_sees_the_draft_in_place_of_the_version_in_force() -> None:
    zoning.save([DRAFT, replace(DRAFT, key="reach-2")], by="account:1", now=NOW)
    wider = shapely.to_wkb(shapely.box(107.0, 29.7, 107.02, 29.71))

    table = zoning.with_drafts([replace(DRAFT, boundary=wider, based_on=1)])

    assert table.column("key").to_pylist() == ["reach-1", "reach-2"]
    assert table.column("boundary").to_pylist() == [wider, SQUARE]


@pytest.mark.django_db
def test_a_retired_zone_is_not_in_force_and_cannot_be_retired_again() -> None:
    [zone] = zoning.save([DRAFT], by="account:1", now=NOW)

    zoning.retire(zone, by="account:1", now=NOW)

    assert not zoning.current().exists()
    with pytest.raises(StateConflict):
        zoning.retire(zone, by="account:1", now=NOW)
