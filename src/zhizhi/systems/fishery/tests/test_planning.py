"""Stays, reminders, second stages and cases that close themselves, through the real kernel."""

from __future__ import annotations

import math
from typing import Any

import pytest

from zhizhi.engine import appealing, closing, dispatching, intake, settings_in_force
from zhizhi.engine.models import Alert, Case, Checkpoint, Message, ShardState, Task, Timer, Zone
from zhizhi.engine.timeline import history
from zhizhi.engine.timing import fire_due
from zhizhi.systems.fishery import planning, reminding
from zhizhi.systems.fishery.detectors import CAMERAS, VESSELS
from zhizhi.systems.fishery.models import Stay
from zhizhi.systems.fishery.tests.river import LON, TOKEN, River, after

pytestmark = pytest.mark.django_db


def reminders() -> list[Message]:
    return list(Message.everything.filter(template__startswith="fishery.").order_by("pk"))


def verbs(case: Case) -> list[str]:
    return [entry.verb for entry in history(case)]


@pytest.mark.parametrize(("seconds", "found"), [(-1, 0), (0, 0), (1, 1)])
def test_only_a_stay_over_thirty_minutes_opens_a_case(
    river: River, seconds: int, found: int
) -> None:
    river.observe([0, 5, 10, 15, 20, 25, 30 + seconds / 60])

    river.pass_time(33)

    assert Case.everything.count() == found
    assert len(reminders()) == found


@pytest.mark.parametrize(("minutes", "cases"), [(9, 0), (10, 0), (11, 1)])
def test_the_limit_in_force_is_the_setting(river: River, minutes: int, cases: int) -> None:
    settings_in_force.change("fishery.limit_minutes", 10, by="account:1", now=after(0))

    river.observe([0, 5, minutes])
    river.pass_time(20)

    assert Case.everything.count() == cases


def test_out_of_season_nobody_is_reminded(river: River) -> None:
    july = 60 * 24 * 121

    river.observe([july + m for m in range(0, 45, 5)])
    river.pass_time(july + 60)

    assert Case.everything.count() == 0


def test_the_first_stage_is_a_normal_case_of_the_fishery_with_reasons(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(38)

    case, alert = Case.everything.get(), Alert.everything.get()
    assert (case.severity, case.kind, case.state) == ("normal", "illegal-fishing", "open")
    assert (case.task_kind, case.capabilities) == ("dissuade", ["water", "dissuasion"])
    assert [row.agency.code for row in case.agencies.all()] == ["fishery"]
    assert case.area == river.area
    time, fixes, zone, season = alert.explanation["inputs"]
    assert (time["value"], time["threshold"], time["meets"]) == (35, 30, True)
    assert (fixes["value"], fixes["threshold"]) == (8, 3)
    assert (zone["value"], season["value"]) == ("白涛禁渔区", "03-01–06-30")
    assert "identity" in alert.explanation["not_used"]
    assert alert.explanation["params"]["limit"] == 1800


def test_a_telephone_gets_the_fishs_words_through_its_operator(river: River) -> None:

    river.observe(range(0, 36, 5))
    river.pass_time(39)

    (message,) = river.ledger.all()
    assert message.token == str(TOKEN)
    code = appealing.code_of(Alert.everything.get())
    assert message.text == (
        "我是江里的小鱼。白涛禁渔区正在禁渔，您已停留35分钟，请收竿离开，让我们长大！"
        f"有误凭码{code}申诉"
    )
    assert reminders()[0].template == "fishery.reminder@1"


def test_a_stay_is_reminded_once_however_often_the_journal_is_read(
    river: River,
) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(39)
    from_the_start(river)

    river.pass_time(40)
    river.observe(range(41, 50, 3))

    assert len(river.ledger.all()) == len(reminders()) == Stay.everything.count() == 1
    assert river.ledger.tries() == 1


def from_the_start(river: River) -> None:
    """Forget the checkpoint, as after a restored backup: everything is read again."""
    Checkpoint.objects.all().delete()
    ShardState.objects.all().delete()
    river.runner.release()


def test_a_vessel_is_hailed_by_the_duty_desk_of_the_fishery(river: River) -> None:
    river.observe(range(0, 36, 5), stream=VESSELS)
    river.pass_time(39)

    (message,) = reminders()
    assert (message.channel, message.template) == ("inbox", "fishery.hail@1")
    assert message.recipient == f"agency:{river.agencies['fishery'].pk}"
    assert message.state == Message.State.DELIVERED


def test_a_cameras_track_is_the_same_rule_without_identity_or_place(river: River) -> None:
    river.observe(range(0, 36, 5), stream=CAMERAS, token="track-19")
    river.pass_time(39)

    case, stay = Case.everything.get(), Stay.everything.get()
    assert stay.seen_by == Stay.SeenBy.CAMERA
    assert math.isclose(case.lon, LON, abs_tol=0.02)
    assert case.area == river.area
    assert reminders()[0].template == "fishery.call@1"


def test_a_finding_of_unknown_origin_is_never_answered_by_a_text_message(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    alert = Alert.everything.get()
    alert.explanation["journal"]["last"] = 10**9

    assert reminding.seen_by(alert) == Stay.SeenBy.VESSEL


@pytest.mark.parametrize(("minutes", "dissuaded"), [(-1, False), (0, True), (1, True)])
def test_the_second_stage_begins_when_the_stay_goes_on_for_fifteen_minutes(
    river: River, minutes: int, dissuaded: bool
) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    due = Timer.objects.get(action="fishery.second_stage").due_at
    river.observe(range(38, 51, 4))

    fire_due(due + minutes * (after(1) - after(0)))

    case = Case.everything.get()
    assert (case.severity == "important") is dissuaded
    assert ("fishery.dissuade" in verbs(case)) is dissuaded
    assert due == reminders()[0].not_before + (after(15) - after(0))


def still_there(river: River) -> Case:
    """Somebody who was reminded and is still there when the second stage begins."""
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    river.observe(range(38, 56, 3))
    river.pass_time(56)
    return Case.everything.get()


def test_in_the_second_stage_operators_are_asked_and_a_boat_is_suggested(river: River) -> None:
    case = still_there(river)

    asked = reminders()[-1]
    assert (asked.recipient, asked.template) == ("role:operator", "fishery.dissuasion@1")
    assert [one.unit for one in dispatching.nearest_fit(case, now=after(56))] == [river.boat]
    assert Task.everything.count() == 0
    assert case.clocks.get(kind="acknowledge").state == "running"


def test_the_second_stage_begins_once(river: River) -> None:
    case = still_there(river)
    timer = Timer.objects.get(action="fishery.second_stage")
    Timer.objects.update(fired_at=None)

    fire_due(after(58))

    assert Timer.objects.get(pk=timer.pk).fired_at == after(58)
    assert verbs(case).count("fishery.dissuade") == 1
    assert len(reminders()) == 2


def test_an_operators_dispatch_is_a_dissuasion_task(river: River) -> None:
    case = still_there(river)

    task = dispatching.dispatch(case, river.boat, by=river.actor("operator"), now=after(57))

    assert task.kind == "dissuade"


@pytest.mark.parametrize(("is_on", "tasks"), [(False, 0), (True, 1)])
def test_a_boat_is_sent_without_asking_only_where_the_setting_says_so(
    river: River, is_on: bool, tasks: int
) -> None:
    settings_in_force.change("fishery.dispatches_itself", is_on, by="account:1", now=after(0))

    still_there(river)

    assert Task.everything.filter(kind="dissuade", unit=river.boat).count() == tasks


def test_automatic_dispatch_without_a_free_boat_leaves_the_case_to_the_operators(
    river: River,
) -> None:
    settings_in_force.change("fishery.dispatches_itself", True, by="account:1", now=after(0))
    river.boat.status = "off_duty"
    river.boat.save()

    case = still_there(river)

    assert case.state == "open"
    assert "fishery.no_unit" in verbs(case)
    assert reminders()[-1].recipient == "role:operator"


def leave(river: River, start: int) -> None:
    """Walk away: outside from ``start`` on, which is certain after three minutes."""
    river.observe(range(start, start + 6), lon=LON + 0.1)
    river.pass_time(start + 8)


def test_whoever_leaves_after_the_reminder_troubles_nobody(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    leave(river, 39)
    river.pass_time(90)

    case, stay = Case.everything.get(), Stay.everything.get()
    assert case.state == Case.State.CLOSED
    assert list(history(case))[-1].data["why"] == "left_reminded"
    assert stay.left_at is not None
    assert "fishery.dissuade" not in verbs(case)
    assert case.severity == "normal"
    assert not case.clocks.filter(state="running").exists()
    assert Timer.objects.get(action="fishery.second_stage").fired_at is None


def test_a_reminder_still_held_when_the_subject_leaves_is_withdrawn(river: River) -> None:
    settings_in_force.change("fishery.reminder_hold_seconds", 300, by="account:1", now=after(0))
    river.observe([0, 5, 10, 15, 20, 25, 31])
    river.observe([32, 33, 34, 35, 36, 37], lon=LON + 0.1)
    river.pass_time(60)

    assert river.ledger.all() == []
    assert reminders()[0].state == Message.State.CANCELLED
    assert list(history(Case.everything.get()))[-1].data["why"] == "left_unprompted"


def test_silence_closes_the_case_too_for_nobody_is_accused_of_unseen_minutes(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)

    river.pass_time(50)

    assert Case.everything.get().state == Case.State.CLOSED


def test_somebody_who_leaves_while_a_boat_is_on_the_way_leaves_the_case_to_the_boat(
    river: River,
) -> None:
    case = still_there(river)
    task = dispatching.dispatch(case, river.boat, by=river.actor("operator"), now=after(57))
    dispatching.accept(task, by=river.actor("unit_member"), now=after(57))

    leave(river, 58)

    case.refresh_from_db(from_queryset=Case.everything.all())
    assert case.state == Case.State.HANDLING
    assert verbs(case)[-1] == "fishery.left"


def test_somebody_who_leaves_before_anybody_was_sent_closes_the_case(river: River) -> None:
    still_there(river)

    leave(river, 57)

    assert Case.everything.get().state == Case.State.CLOSED


def test_two_people_in_one_zone_are_two_cases(river: River) -> None:
    for minute in range(0, 36, 5):
        river.send(minute)
        river.send(minute, token=TOKEN + 1)

    river.runner.run_through(after(36))
    river.pass_time(37)

    assert Case.everything.count() == 2
    assert len({message.recipient for message in reminders()}) == 2


def test_a_second_stay_of_an_open_case_is_reminded_unless_somebody_is_asked_to_go(
    river: River,
) -> None:
    case, first = still_there(river), Stay.everything.get()
    alert = Alert.everything.get()
    alert.pk = "b" * 32
    alert.save(force_insert=True)

    planning.FisheryPlan().repeated(case, alert, now=after(60))

    assert Stay.everything.exclude(pk=first.pk).get().reminder is None


def test_a_second_stay_of_a_case_that_nobody_works_on_is_reminded_again(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    alert = Alert.everything.get()
    alert.pk = "b" * 32
    alert.save(force_insert=True)

    planning.FisheryPlan().repeated(Case.everything.get(), alert, now=after(60))

    assert len(reminders()) == 2


def test_english_reminders_carry_their_own_words(river: River) -> None:
    settings_in_force.change("fishery.reminder_language", "en", by="account:1", now=after(0))

    river.observe(range(0, 36, 5))
    river.pass_time(39)

    assert river.ledger.all()[0].text.startswith("A little fish:")


@pytest.mark.parametrize(
    ("quality", "certainty"),
    [(0.89, "likely"), (0.9, "observed"), (0.91, "observed"),
     (0.69, "possible"), (0.7, "likely"), (0.71, "likely")],
)  # fmt: skip
def test_certainty_follows_the_worst_position(quality: float, certainty: str) -> None:
    assert planning.certainty(quality) == certainty


def test_a_zones_own_limit_is_the_threshold_that_is_shown(river: River) -> None:
    zone = Zone.objects.get()
    zone.parameters = {"limit_minutes": 20}
    finding: dict[str, Any] = {
        "started_at": after(0), "found_at": after(20.5), "fixes": 4, "zone": zone.key
    }  # fmt: skip

    shown = planning.inputs(finding, zone, settings_in_force.snapshot())

    assert (shown[0]["threshold"], shown[0]["meets"]) == (20, True)


def test_heartbeats_alone_bring_nothing_about(river: River) -> None:
    intake.heartbeat(now=after(1), passed=0)

    river.runner.run_through(after(1))

    assert Case.everything.count() == 0


def test_reminding_again_is_no_second_message(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)

    reminding.remind(Stay.everything.get(), now=after(40))

    assert len(reminders()) == 1


@pytest.mark.parametrize(("attempts", "state"), [(0, "cancelled"), (1, "queued")])
def test_a_reminder_that_the_gateway_may_have_is_not_withdrawn(
    river: River, attempts: int, state: str
) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    Message.everything.update(state="queued", attempts=attempts, sent_at=None)

    was_withdrawn = reminding.withdraw(Message.everything.get(), now=after(40))

    assert was_withdrawn is (attempts == 0)
    assert Message.everything.get().state == state


def test_a_case_that_has_ended_gets_no_second_stage(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    closing.dismiss(
        Case.everything.get(), reason="a ferry", by=river.actor("operator"), now=after(38)
    )
    river.observe(range(39, 56, 4))

    river.pass_time(57)

    case = Case.everything.get()
    assert case.severity == "normal"
    assert "fishery.dissuade" not in verbs(case)
    assert Stay.everything.get().dissuasion_at is None
