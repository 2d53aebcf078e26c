"""The seed's sentence, with tags: from a reading to relatives, an officer, and the way home.

"Companion nearby → silence; alone → two-encounter rule → relatives → officer + nearest available
unit. Cool-down, push budget, trail of points on one case."
"""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from django.apps import apps

from zhizhi.engine import closing, dispatching, settings_in_force
from zhizhi.engine.models import Alert, Case, Message, Task
from zhizhi.engine.timeline import history
from zhizhi.kernel.solitude import Answer, Solitude
from zhizhi.systems.guardian import enrolling, telling
from zhizhi.systems.guardian.detectors import Alone, alone_rule
from zhizhi.systems.guardian.models import Enrolment
from zhizhi.systems.guardian.naming import CODE, LOST, SETTINGS
from zhizhi.systems.guardian.tests.street import (
    CODE as TAG,
)
from zhizhi.systems.guardian.tests.street import (
    OTHER_CODE,
    Street,
    after,
    cases,
    journaled,
    name,
)


def verbs(case: Case) -> list[str]:
    return [entry.verb for entry in history(case)]


def told(template: str) -> int:
    return Message.everything.filter(template__startswith=template).count()


def test_together_nobody_is_troubled(street: Street) -> None:
    for minute in (0, 5, 10, 15):
        street.read_all(minute, [(TAG, f"R-{minute // 5}"), (OTHER_CODE, f"R-{minute // 5}")])
        street.pass_time(minute + 1)

    assert cases() == []
    assert len(journaled()) == 8


def test_alone_the_relatives_are_asked_and_then_somebody_is_sent(street: Street) -> None:
    street.walk_alone(0, 5)
    [case] = cases()
    assert (case.kind, case.severity, case.state) == (LOST, "normal", "open")
    assert (told("guardian.ask"), told("guardian.call")) == (1, 0)

    street.pass_time(11)
    case.refresh_from_db()
    [task] = Task.everything.all()
    assert (case.severity, case.state, task.unit) == ("important", "dispatched", street.walker)
    assert told("guardian.call") == 1

    member = name(street.operator)
    dispatching.accept(task, by=member, now=after(12))
    dispatching.arrive(task, by=member, now=after(20))
    dispatching.finish(task, outcome="found", note="", evidence=[], by=member, now=after(25))
    closing.inspect(case, is_passed=True, by=name(street.second), now=after(30))
    street.pass_time(31)
    assert Alert.everything.filter(cleared_at=None).count() == 0
    assert journaled()[-1]["zone"] == "closed"

    street.walk_alone(62, 66)
    assert [one.state for one in cases()] == ["closed", "open"]


def test_missing_sends_somebody_at_once_whatever_the_setting(street: Street) -> None:
    settings_in_force.change("guardian.dispatches_itself", value=False, by="a", now=after(0))
    street.walk_alone(0, 5)
    telling.tell(street.enrolment, Answer.MISSING, now=after(6))
    street.pass_time(7)

    [case] = cases()
    assert (case.severity, case.state) == ("urgent", "dispatched")
    assert [alert.kind for alert in case.alerts.order_by("found_at")] == ["alone", "missing"]


def test_where_the_setting_says_so_operators_send_by_hand(street: Street) -> None:
    settings_in_force.change("guardian.dispatches_itself", value=False, by="a", now=after(0))
    street.walk_alone(0, 5, 8)

    [case] = cases()
    assert (case.severity, case.state, told("guardian.call")) == ("important", "open", 1)
    assert case.clocks.get(kind="acknowledge").due_at == after(8.5) + timedelta(minutes=3)


def test_without_a_fit_unit_the_case_says_so(street: Street) -> None:
    type(street.walker).objects.update(capabilities=["water"])
    street.walk_alone(0, 5, 8)

    [case] = cases()
    assert "guardian.no_unit" in verbs(case)
    assert case.state == "open"


@pytest.mark.parametrize("answer", [Answer.WITH_ME, Answer.KNOWN])
def test_a_good_answer_closes_the_case_by_itself(street: Street, answer: Answer) -> None:
    street.walk_alone(0, 5)
    telling.tell(street.enrolment, answer, now=after(6))
    street.pass_time(7)
    street.pass_time(20)

    [case] = cases()
    assert (case.state, told("guardian.call")) == ("closed", 0)
    assert Enrolment.everything.get().case is None
    assert [row["zone"] for row in journaled()][2:] == [answer.value]  # its quiet time stands


def test_a_companion_who_comes_by_closes_the_case(street: Street) -> None:
    street.walk_alone(0, 5)
    street.read(7, tag=OTHER_CODE, reader="R-2")
    street.pass_time(8)

    assert [case.state for case in cases()] == ["closed"]


def test_a_case_on_which_somebody_was_sent_stays_open(street: Street) -> None:
    street.walk_alone(0, 5, 8)
    street.read(9, tag=OTHER_CODE, reader="R-3")
    telling.tell(street.enrolment, Answer.WITH_ME, now=after(9.5))
    street.pass_time(11)

    assert [case.state for case in cases()] == ["dispatched"]


def test_who_pauses_is_not_looked_for_any_more(street: Street) -> None:
    street.walk_alone(0, 5)
    enrolling.pause(street.enrolment, by=name(street.operator), now=after(6))
    street.pass_time(20)

    assert [case.state for case in cases()] == ["closed"]
    assert told("guardian.call") == 0


def test_new_points_join_the_one_case_and_the_cooldown_holds(street: Street) -> None:
    street.walk_alone(0, 5, 8, 12, 16, 20)

    [case] = cases()
    assert [alert.kind for alert in case.alerts.order_by("found_at")] == ["alone", "again"]
    assert (told("guardian.ask"), told("guardian.call")) == (1, 1)


def test_too_many_questions_open_a_review_of_the_settings(street: Street) -> None:
    settings_in_force.change("guardian.weekly_questions", 1, by="a", now=after(0))
    street.walk_alone(0, 5)
    telling.tell(street.enrolment, Answer.KNOWN, now=after(6))
    street.walk_alone(50, 51)

    assert sorted(case.kind for case in cases()) == [SETTINGS, LOST, LOST]


def test_an_alert_explains_itself_and_replays(street: Street) -> None:
    street.walk_alone(0, 5)

    alert = Alert.everything.get()
    told_of = {one["name"]: (one["value"], one["threshold"]) for one in alert.explanation["inputs"]}
    assert told_of["encounters alone"] == (2, 2)
    assert told_of["last reader"] == ("R-2", "")
    assert alert.explanation["rule"] == CODE
    assert alert.explanation["params"]["window"] == 900.0
    street.pass_time(30)
    again = street.runner.backtest(
        alone_rule(settings_in_force.snapshot()), pa.table({}), since=after(-1), until=after(30)
    )
    ids = [one["id"].hex() for one in again.to_pylist()]
    assert ids == list(Alert.everything.order_by("found_at").values_list("pk", flat=True))


@pytest.mark.django_db
def test_the_defaults_are_those_of_the_rule_that_was_simulated() -> None:
    found = alone_rule(settings_in_force.snapshot())

    assert found == Alone()
    assert all(getattr(found, key) == getattr(Solitude(), key) for key in Solitude.__slots__)
    assert found.reads == apps.get_app_config("guardian").reads  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "value", "field", "wanted"),
    [
        ("to_relatives", 3, "to_relatives", 3),
        ("to_officer", 4, "to_officer", 4),
        ("within_minutes", 30, "within", timedelta(minutes=30)),
        ("window_minutes", 10, "window", timedelta(minutes=10)),
        ("radius_m", 150.0, "radius_m", 150.0),
        ("encounter_seconds", 30, "encounter", timedelta(seconds=30)),
        ("hesitation_seconds", 5, "hesitation", timedelta(seconds=5)),
        ("lateness_seconds", 9, "lateness", timedelta(seconds=9)),
        ("patience_minutes", 8, "patience", timedelta(minutes=8)),
        ("short_patience_minutes", 2, "short_patience", timedelta(minutes=2)),
        ("with_me_minutes", 60, "with_me", timedelta(hours=1)),
        ("cooldown_minutes", 45, "cooldown", timedelta(minutes=45)),
        ("weekly_questions", 3, "weekly_questions", 3),
    ],
)
def test_a_changed_setting_changes_the_rule(
    key: str, value: float, field: str, wanted: object
) -> None:
    changed = {**settings_in_force.snapshot(), f"guardian.{key}": value}

    assert getattr(alone_rule(changed), field) == wanted
    assert f"guardian.{key}" in settings_in_force.declared()
