"""Macros: planned, given to a case in one transaction, undone whole, edited by versions."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from zhizhi.directory.models import Unit
from zhizhi.engine import dispatching, escalating, macros, settings_in_force, timeline, timing
from zhizhi.engine.macros import MacroDraft, MacroImpossible, MacroRefused, Order, Step, proving
from zhizhi.engine.models import Case, Clock, Macro, MacroRun, MacroVersion, Message, Task, Timer
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, agency, area, case, later, unit
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.trust import audit
from zhizhi.trust.append_only import lifted
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db

DESK = "account:1"
BOAT, WALKER = Step("send"), Step("send", capability="foot", task_kind="watch")
SEEN, NOTED = Step("acknowledge"), Step("note", text="second boat asked for")


def made(*steps: Step, is_whole: bool = True, **also: Any) -> Macro:
    place = also.pop("area", None) or area()
    draft = MacroDraft("Night patrol", place, steps, is_whole=is_whole, **also)
    return macros.make(draft, by="account:9", now=NOON)


def order(**also: Any) -> Order:
    return Order(DESK, also.pop("now", NOON), Unit.objects.all(), **also)


def walker(**also: Any) -> Unit:
    return unit("walker", capabilities=["foot"], kind="grid_worker", **also)


def fresh(record: Any) -> Any:
    return type(record)._base_manager.get(pk=record.pk)


def verbs(of: Case) -> list[str]:
    return [line.verb for line in timeline.history(of)]


def planned(macro: Macro, of: Case) -> list[tuple[str, str]]:
    found = macros.plan(macro, of, among=Unit.objects.all(), now=NOON)
    return [(one.sent.unit.code if one.sent else "", one.why) for one in found.steps]


def test_a_plan_names_the_units_that_would_go_and_writes_nothing() -> None:
    macro = made(SEEN, BOAT, BOAT, WALKER, NOTED)
    unit("far", east=0.2), unit("near", east=0.05), walker()
    one = case()
    lines = AuditEntry.objects.count()

    assert planned(macro, one) == [("", ""), ("near", ""), ("far", ""), ("walker", ""), ("", "")]
    assert (Task.everything.count(), AuditEntry.objects.count()) == (0, lines)


def test_a_plan_says_why_a_step_is_not_possible() -> None:
    macro = made(SEEN, BOAT, WALKER, Step("send", unit_kind="police_patrol"))
    unit()
    taken = case()
    dispatching.acknowledge(taken, by=DESK, now=NOON)
    dispatching.dispatch(taken, Unit.objects.get(), by=DESK, now=NOON)

    seen, boat, foot, police = (why for _unit, why in planned(macro, taken))

    assert (seen, boat) == ("already-acknowledged", "already-dispatched")
    assert (foot, police) == ("already-dispatched", "already-dispatched")
    assert planned(made(BOAT, area=macro.area), case(key="2")) == [("", "no-unit")]
    assert planned(macro, case(key="3", state="closed"))[0] == ("", "case-ended")


def test_the_steps_are_done_in_order_and_every_line_says_by_which_version() -> None:
    macro = made(SEEN, BOAT, WALKER, Step("tell", to=f"agency:{agency().pk}", text="come"), NOTED)
    boat, foot, one = unit(), walker(), case()

    run = macros.run(macro, one, order())

    steps = ["case.acknowledge", "case.dispatch", "case.dispatch", "case.tell", "case.note"]
    assert verbs(one) == [*steps, "case.macro"]
    lines = list(timeline.history(one))
    marks = {"macro": macro.pk, "macro_version": 1}
    assert all(line.data.items() >= {**marks, "macro_run": run.pk}.items() for line in lines)
    entries = AuditEntry.objects.filter(subject=f"case:{one.pk}")
    assert [entry.detail.items() >= marks.items() for entry in entries] == [True] * 6
    assert [task.unit for task in one.tasks.order_by("pk")] == [boat, foot]
    assert [task.kind for task in one.tasks.order_by("pk")] == ["dissuade", "watch"]
    assert Message.everything.get(recipient__startswith="agency").payload["told"] == "come"
    assert list(timeline.verify()) == list(audit.verify()) == []


def test_all_or_nothing_leaves_the_case_as_it_was() -> None:
    macro, one = made(SEEN, BOAT, WALKER), case()
    boat = unit()

    with pytest.raises(MacroImpossible) as refused:
        macros.run(macro, one, order())

    assert [result.get("why", "") for result in refused.value.results] == ["", "", "no-unit"]
    assert fresh(boat).status == "available"
    assert (fresh(one).acknowledged_at, fresh(one).state) == (None, "open")
    assert (verbs(one), MacroRun.everything.count(), Message.everything.count()) == ([], 0, 0)


def test_what_is_possible_is_done_when_the_macro_says_so() -> None:
    macro, one = made(SEEN, BOAT, WALKER, NOTED, is_whole=False), case()
    unit()

    run = macros.run(macro, one, order())

    assert [result.get("why", "") for result in run.results] == ["", "", "no-unit", ""]
    assert verbs(one) == ["case.acknowledge", "case.dispatch", "case.note", "case.macro"]


def test_a_macro_of_which_nothing_is_possible_is_not_run() -> None:
    macro, one = made(BOAT, WALKER, is_whole=False), case()

    with pytest.raises(MacroImpossible):
        macros.run(macro, one, order())


def test_a_case_that_somebody_has_seen_already_is_no_hindrance() -> None:
    macro, one = made(SEEN, NOTED), case()
    dispatching.acknowledge(one, by="account:2", now=NOON)

    macros.run(macro, one, order())

    assert fresh(one).acknowledged_by == "account:2"
    assert verbs(one) == ["case.acknowledge", "case.note", "case.macro"]


def test_the_first_unit_goes_only_where_nobody_is_unless_it_reinforces() -> None:
    alone = made(BOAT, BOAT, is_whole=False)
    beside = made(Step("send", is_beside=True), area=alone.area)
    one = case()
    for code in ("a", "b", "c"):
        unit(code)
    dispatching.dispatch(one, Unit.objects.get(code="a"), by="account:2", now=NOON)

    with pytest.raises(MacroImpossible) as refused:
        macros.run(alone, one, order())
    macros.run(beside, one, order())

    assert {result["why"] for result in refused.value.results} == {"already-dispatched"}
    assert one.tasks.count() == 2


def test_what_was_shown_is_done_or_nothing() -> None:
    macro, one, other = made(SEEN, BOAT, is_whole=False), case(), case(key="2")
    near = unit("near", east=0.001)
    unit("far", east=0.1)
    dispatching.dispatch(other, near, by="account:2", now=NOON)

    with pytest.raises(StateConflict) as lost:
        macros.run(macro, one, order(seen=1, chosen={1: near.pk}))

    assert (lost.value.code, lost.value.record.offered_by) == ("unit-taken", "account:2")
    assert verbs(one) == []


def test_the_unit_that_was_shown_goes_even_where_another_is_nearer_by_now() -> None:
    macro, one = made(BOAT), case()
    shown = unit("shown", east=0.1)
    unit("nearer", east=0.001)

    macros.run(macro, one, order(seen=1, chosen={0: shown.pk}))

    assert one.tasks.get().unit == shown


def test_a_step_for_which_no_unit_was_shown_sends_none() -> None:
    macro, one = made(SEEN, BOAT, is_whole=False), case()
    unit()

    run = macros.run(macro, one, order(seen=1, chosen={}))

    assert run.results[1]["why"] == "no-unit"
    assert one.tasks.count() == 0


def test_a_unit_that_cannot_do_the_step_is_not_sent_because_somebody_names_it() -> None:
    macro, one = made(WALKER), case()
    boat = unit()

    with pytest.raises(MacroImpossible):
        macros.run(macro, one, order(seen=1, chosen={0: boat.pk}))


@pytest.mark.parametrize(("seen", "is_done"), [(0, False), (1, True), (2, False), (None, True)])
def test_the_version_that_was_shown_is_run(seen: int | None, *, is_done: bool) -> None:
    macro, one = made(NOTED), case()

    if is_done:
        macros.run(macro, one, order(seen=seen))
    else:
        with pytest.raises(StateConflict, match="changed by"):
            macros.run(macro, one, order(seen=seen))


def test_a_macro_is_for_its_area_and_its_kinds_of_cases() -> None:
    town = area("town", "990101000000000", parent=area())
    macro = made(NOTED, area=town, kinds=["illegal-fishing"])
    inside = case(area_path=town.path)
    other_kind = case(key="2", area_path=town.path, kind="fire")
    outside = case(key="3")

    assert [macro.fits(one) for one in (inside, other_kind, outside)] == [True, False, False]
    for one in (other_kind, outside):
        with pytest.raises(StateConflict, match="not for such a case"):
            macros.run(macro, one, order())


def test_an_ended_case_and_a_retired_macro_are_refused() -> None:
    macro = made(NOTED)

    with pytest.raises(StateConflict, match="the case is"):
        macros.run(macro, case(state="closed"), order())
    assert macros.retire(macro, by="account:9", now=NOON)
    with pytest.raises(StateConflict, match="changed by"):
        macros.run(macro, case(key="2"), order())
    assert not macros.retire(macro, by="account:9", now=NOON)


def test_undo_takes_back_units_messages_and_the_acknowledgement() -> None:
    macro = made(SEEN, BOAT, WALKER, Step("tell", to="role:inspector", text="look"), NOTED)
    boat, foot, one = unit(), walker(), case()
    clock = timing.start_clock(one, kind="acknowledge", within=later(minutes=5) - NOON, now=NOON)
    run = macros.run(macro, one, order())

    macros.undo(run, by=DESK, now=later(seconds=7.9))

    assert [fresh(one).status for one in (boat, foot)] == ["available", "available"]
    assert set(Message.everything.values_list("state", flat=True)) == {"cancelled"}
    assert (fresh(one).state, fresh(one).acknowledged_at) == ("open", None)
    assert fresh(clock).state == Clock.State.RUNNING
    assert Timer.objects.get(key=f"clock:{clock.pk}").cancelled_at is None
    assert verbs(one)[-3:] == ["case.undo_dispatch", "case.undo_dispatch", "case.undo_macro"]
    assert list(timeline.verify()) == []


@pytest.mark.parametrize(("seconds", "is_held"), [(7.9, True), (8, False), (8.1, False)])
def test_undo_works_while_it_is_held(seconds: float, *, is_held: bool) -> None:
    macro, one = made(SEEN, NOTED), case()
    run = macros.run(macro, one, order())

    if is_held:
        macros.undo(run, by=DESK, now=later(seconds=seconds))
    else:
        with pytest.raises(StateConflict, match="no longer held"):
            macros.undo(run, by=DESK, now=later(seconds=seconds))


def test_an_urgent_case_waits_for_nobody() -> None:
    macro, one = made(BOAT), case(severity="urgent")
    unit()
    run = macros.run(macro, one, order())

    with pytest.raises(StateConflict):
        macros.undo(run, by=DESK, now=NOON)
    assert Message.everything.get().state == "queued"


def test_undo_happens_once() -> None:
    macro, one = made(BOAT), case()
    unit()
    run = macros.run(macro, one, order())
    macros.undo(run, by=DESK, now=later(seconds=1))

    with pytest.raises(StateConflict):
        macros.undo(run, by="account:2", now=later(seconds=2))


def test_another_acknowledgement_than_the_macros_stays() -> None:
    macro, one = made(SEEN, NOTED), case()
    dispatching.acknowledge(one, by="account:2", now=later(seconds=-1))
    run = macros.run(macro, one, order())

    macros.undo(run, by=DESK, now=later(seconds=1))

    assert fresh(one).acknowledged_by == "account:2"


def test_who_does_not_accept_is_followed_by_one_that_can_do_the_same() -> None:
    macro, one = made(WALKER), case()
    walker()
    unit("boat", east=0.001)
    second = unit("walker-2", capabilities=["foot"], east=0.3)
    macros.run(macro, one, order())
    task = one.tasks.get()

    escalating.expire_task({"case": one.pk, "task": task.pk}, later(minutes=6))

    assert [t.unit for t in one.tasks.order_by("pk")][1:] == [second]


def test_edits_are_versions_and_the_slower_editor_is_told() -> None:
    macro = made(NOTED)
    draft = MacroDraft("Day patrol", macro.area, [BOAT, NOTED], is_whole=False)

    macros.edit(fresh(macro), draft, seen=1, by="account:9", now=later(minutes=1))
    with pytest.raises(StateConflict) as lost:
        macros.edit(fresh(macro), draft, seen=1, by="account:8", now=later(minutes=2))

    assert lost.value.record.changed_by == "account:9"
    kept = MacroVersion.objects.filter(macro=macro)
    assert [(one.version, one.name) for one in kept] == [(2, "Day patrol"), (1, "Night patrol")]
    told = AuditEntry.objects.filter(subject=f"macro:{macro.pk}")
    assert [(entry.verb, entry.detail["version"]) for entry in told] == [
        ("macro.make", 1),
        ("macro.edit", 2),
    ]
    assert "patrol" not in str([entry.detail for entry in told])


def test_a_version_that_is_kept_cannot_be_rewritten() -> None:
    made(NOTED)

    with pytest.raises(DatabaseError), transaction.atomic():
        MacroVersion.objects.update(name="other")


def test_a_version_that_was_altered_or_removed_is_found() -> None:
    macro = made(NOTED)
    draft = MacroDraft("Day patrol", macro.area, [BOAT])
    macros.edit(macro, draft, seen=1, by="account:9", now=later(minutes=1))
    assert list(proving.verify()) == []

    with lifted():
        MacroVersion.objects.filter(version=1).update(name="Dusk patrol")
        MacroVersion.objects.filter(version=2).delete()
        MacroVersion.objects.create(
            macro=macro, version=3, name="x", is_whole=True, steps=[], at=NOON, by="account:9"
        )

    told = {found.row: found.reason for found in proving.verify()}
    assert told == {
        f"macro {macro.pk} version 1": "changed",
        f"macro {macro.pk} version 2": "missing",
        f"macro {macro.pk} version 3": "is not in the audit chain",
    }


def test_macros_change_places_and_the_ends_stay() -> None:
    root = area()
    first, second, third = (made(NOTED, area=root) for _ in range(3))
    among = Macro.everything.all()

    assert macros.move(third, by=DESK, now=NOON, among=among, is_up=True)
    assert not macros.move(first, by=DESK, now=NOON, among=among, is_up=True)
    assert not macros.move(second, by=DESK, now=NOON, among=among, is_up=False)

    assert list(Macro.everything.all()) == [first, third, second]


@pytest.mark.parametrize(
    ("steps", "code", "place"),
    [
        ([], "empty", None),
        ([NOTED] * 9, "too-many", None),
        ([SEEN, SEEN], "twice", 1),
        ([Step("note", text=" ")], "text", 0),
        ([Step("note", text="x" * 201)], "text", 0),
        ([Step("tell", to="agency:999", text="x")], "addressee", 0),
        ([Step("tell", to="role:unit_member", text="x")], "addressee", 0),
        ([Step("tell", to="token:7", text="x")], "addressee", 0),
        ([NOTED, Step("fly")], "unknown", 1),
        ([Step("send", capability="Water!")], "word", 0),
    ],
)
def test_what_cannot_be_a_macro_is_refused_and_named(
    steps: list[Step], code: str, place: int | None
) -> None:
    with pytest.raises(MacroRefused) as refused:
        made(*steps)

    assert (refused.value.code, refused.value.step) == (code, place)
    assert Macro.everything.count() == 0


@pytest.mark.parametrize("steps", [[NOTED] * 7, [NOTED] * 8, [Step("note", text="x" * 200)]])
def test_the_longest_macro_is_taken(steps: list[Step]) -> None:
    assert made(*steps).steps == [step.columns() for step in steps]


@pytest.mark.parametrize(("name", "is_taken"), [("", False), ("x" * 40, True), ("x" * 41, False)])
def test_a_macro_has_a_name(name: str, *, is_taken: bool) -> None:
    draft = MacroDraft(name, area(), [NOTED])

    if is_taken:
        assert macros.make(draft, by=DESK, now=NOON).name == name
    else:
        with pytest.raises(MacroRefused, match="name"):
            macros.make(draft, by=DESK, now=NOON)


def test_of_two_who_give_a_macro_at_once_one_takes_the_boat() -> None:
    macro, one = made(BOAT), case()
    unit()
    first = macros.run(macro, one, order())

    with pytest.raises(MacroImpossible) as lost:
        macros.run(macro, one, Order("account:2", NOON, Unit.objects.all()))

    assert [result["why"] for result in lost.value.results] == ["already-dispatched"]
    assert list(MacroRun.everything.all()) == [first]


def test_without_a_hold_nothing_can_be_undone() -> None:
    settings_in_force.change("engine.hold_seconds", 0, by="worker", now=NOON)
    macro, one = made(BOAT), case()
    unit()

    run = macros.run(macro, one, order())

    assert run.until == run.at
    assert Message.everything.get().state == "queued"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_give_a_macro_at_the_same_moment_one_wins_and_nothing_is_half_done() -> None:
    macro, pk = made(SEEN, BOAT, BOAT), case().pk
    shown = [unit("a", east=0.01).pk, unit("b", east=0.02).pk]
    chosen = {1: shown[0], 2: shown[1]}

    def press(by: str) -> MacroRun:
        one = Case.everything.get(pk=pk)
        return macros.run(macro, one, Order(by, NOON, Unit.objects.all(), 1, chosen))

    results = race(lambda: press("account:1"), lambda: press("account:2"))

    [won], [lost] = winners(results), losers(results)
    assert isinstance(lost, StateConflict)
    assert (lost.code, lost.record.offered_by) == ("already-dispatched", won.by)
    assert list(MacroRun.everything.all()) == [won]
    assert Task.everything.count() == 2
    assert list(timeline.verify()) == []


@pytest.mark.django_db(transaction=True)
def test_undone_twice_at_the_same_moment_is_undone_once() -> None:
    macro, one = made(BOAT), case()
    boat = unit()
    run = macros.run(macro, one, order())

    def press(by: str) -> MacroRun:
        mine = MacroRun.everything.get(pk=run.pk)
        return macros.undo(mine, by=by, now=later(seconds=1))

    results = race(lambda: press("account:1"), lambda: press("account:2"))

    assert len(winners(results)) == 1
    assert [lost.code for lost in losers(results)] == ["nothing-held"]
    assert fresh(boat).status == "available"
    assert verbs(one).count("case.undo_macro") == 1


def test_a_macro_for_a_system_is_for_all_its_kinds() -> None:
    macro = made(NOTED, area=area(), kinds=["grid"])

    lamp = case(key="g1", kind="grid.lamp", system="grid")
    assert [macro.fits(one) for one in (lamp, case())] == [True, False]
