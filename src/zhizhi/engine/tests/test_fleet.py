"""Units are kept by administrators: one change at a time, and never a unit at work."""

from __future__ import annotations

from typing import Any

import pytest

from zhizhi.directory.models import Unit
from zhizhi.engine import dispatching, fleet
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, area, case, later, unit
from zhizhi.trust.models import AuditEntry

BY: dict[str, Any] = {"by": "account:1", "now": NOON}


def facts(of: Unit | None = None, **other: Any) -> dict[str, Any]:
    told = {
        "code": "boat-9", "name": "Ninth boat", "kind": "river_patrol", "agency": None,
        "area": other.get("area") or (of.area if of else area()), "capabilities": ["water"],
        "speed_kmh": 30.0,
    }  # fmt: skip
    if of is not None:
        told |= {name: getattr(of, name) for name in fleet.FIELDS}
    return {**told, **other}


@pytest.mark.django_db
def test_a_new_unit_stands_in_its_area_is_available_and_leaves_a_trace() -> None:
    made = fleet.enlist(facts(), **BY)

    assert (made.status, made.is_in_service) == (Unit.Status.AVAILABLE, True)
    assert (made.lon, made.lat) == (made.area.lon, made.area.lat)
    [entry] = AuditEntry.objects.filter(verb="unit.enlist")
    assert entry.subject == f"unit:{made.pk}"
    assert "Ninth" not in str(entry.detail)


@pytest.mark.django_db
def test_no_two_units_share_a_call_sign() -> None:
    first = unit("boat-1")
    other = unit("boat-2")

    with pytest.raises(fleet.CallSignTaken):
        fleet.enlist(facts(code="boat-1", area=first.area), **BY)
    with pytest.raises(fleet.CallSignTaken):
        fleet.amend(other, facts(other, code="boat-1"), seen=0, **BY)

    assert Unit.objects.count() == 2
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_a_change_names_its_fields_and_is_refused_after_another_one() -> None:
    boat = unit()

    fleet.amend(boat, facts(boat, name="Heron", speed_kmh=40.0), seen=0, **BY)

    [entry] = AuditEntry.objects.filter(verb="unit.amend")
    assert entry.detail == {"fields": ["name", "speed_kmh"], "version": 1}
    with pytest.raises(StateConflict) as lost:
        fleet.amend(boat, facts(boat, name="Stork"), seen=0, **BY)
    assert lost.value.record.changed_by == "account:1"
    assert Unit.objects.get().name == "Heron"


@pytest.mark.django_db
def test_a_unit_out_of_service_is_never_chosen_until_it_is_back() -> None:
    boat, of = unit(), case()

    fleet.take_out(boat, reason="engine", seen=0, **BY)

    assert dispatching.nearest_fit(of, now=NOON) == []
    with pytest.raises(dispatching.NoUnitFits):
        dispatching.dispatch_nearest(of, by="account:1", now=NOON)
    with pytest.raises(StateConflict):
        dispatching.dispatch(of, boat, by="account:1", now=NOON)
    fleet.bring_back(boat, reason="repaired", seen=1, **BY)
    assert [one.unit for one in dispatching.nearest_fit(of, now=NOON)] == [boat]
    verbs = AuditEntry.objects.order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["unit.take_out", "unit.bring_back"]


@pytest.mark.django_db
@pytest.mark.parametrize("verb", [fleet.take_out, fleet.bring_back, fleet.retire])
def test_a_unit_at_work_stays_until_its_task_has_ended(verb: Any) -> None:
    boat, of = unit(), case()
    task = dispatching.dispatch(of, boat, by="account:1", now=NOON)

    with pytest.raises(fleet.UnitAtWork) as busy:
        verb(boat, reason="n", seen=0, **BY)

    assert busy.value.task == task
    assert Unit.objects.get().is_in_service
    dispatching.cancel_task(task, reason="n", by="account:1", now=NOON)
    verb(boat, reason="n", seen=0, **BY)


@pytest.mark.django_db
def test_a_retired_unit_is_changed_no_more() -> None:
    boat = unit()
    fleet.retire(boat, reason="sold", seen=0, by="account:1", now=later(minutes=1))

    assert Unit.objects.get().retired_at == later(minutes=1)
    for verb in (fleet.bring_back, fleet.retire):
        with pytest.raises(StateConflict):
            verb(boat, reason="n", seen=1, **BY)
