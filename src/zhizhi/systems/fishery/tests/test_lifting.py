"""An upheld appeal: everything that was made of the alert is undone, wherever it had come to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import models

from zhizhi.engine import appealing, intake, rule_figures
from zhizhi.engine.models import Alert, Appeal, Case, Message, Notice, Task, Template, Timer
from zhizhi.systems.fishery import counting, reminding, seeding, wording
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.systems.fishery.tests.river import (
    EIGHT,
    TOKEN,
    River,
    after,
    hand_over,
    reviewed,
    violation,
)
from zhizhi.trust import audit

SPOKEN = "更正：关于白涛禁渔区停留的提醒有误，已经撤销。打扰您了，请谅解。"

# What becomes of every table that hangs on an alert or its case when the alert is lifted. A new
# table has to be thought of here.
LIFTED = {
    "engine.Alert": lambda rows: not rows.filter(lifted_at=None).exists(),
    "engine.Task": lambda rows: not rows.filter(state__in=Task.LIVE).exists(),
    "engine.Message": lambda rows: not rows.filter(
        state__in=("held", "queued")).exclude(channel="inbox").exclude(
            template__startswith=wording.LIFTED).exists(),
    "engine.Clock": lambda rows: not rows.filter(state="running").exists(),
    "engine.Suspension": lambda rows: not rows.filter(state="running").exists(),
    "engine.Supervision": lambda rows: not rows.filter(state="open").exists(),
    "engine.Notice": lambda rows: not rows.exclude(state=Notice.State.VOID).exists(),
    "fishery.Violation": lambda rows: not rows.exclude(state__in=Violation.NONE).exists(),
    "fishery.Stay": lambda rows: set(rows.annotate(became=counting.outcome()).values_list(
        "became", flat=True)) <= {counting.Outcome.FALSE_ALARM},
}  # fmt: skip
# History, and what others told: it stays, and says what there was.
STAYS = {
    "engine.TimelineEntry", "engine.Feedback", "engine.CaseAgency", "engine.Report",
    "engine.Appeal", "engine.MacroRun", "engine.Presence", "engine.CaseLink",
    "antifraud.Dissuasion",  # of a case of its own, which no alert of a rule opens
}  # fmt: skip


def found(river: River) -> Alert:
    """The alert of somebody who stayed too long, before anything has gone out."""
    river.observe(range(0, 36, 5))
    intake.heartbeat(now=after(37), passed=0)
    river.runner.run_through(after(37))
    return Alert.everything.get()


def uphold(alert: Alert, minute: float) -> None:
    made = appealing.appeal(alert, "resident", now=after(minute))
    appealing.decide(made, "you live there", is_upheld=True, by="account:777", now=after(minute))


def hanging_on(case: Case) -> dict[str, models.QuerySet[models.Model]]:
    """Return the rows of each table that points at the case or at one of its alerts."""
    found: dict[str, models.QuerySet[models.Model]] = {}
    for model, owner in ((Case, case), (Alert, case.alerts.get())):
        for relation in model._meta.related_objects:
            table = relation.related_model
            rows = table._base_manager.filter(**{relation.field.name: owner})
            name = table._meta.label
            found[name] = found[name] | rows if name in found else rows
    return found


def check_nothing_is_left(case: Case) -> None:
    for name, rows in hanging_on(case).items():
        assert name in LIFTED or name in STAYS, f"what becomes of {name} when an alert is lifted?"
        if name in LIFTED:
            assert LIFTED[name](rows), name
    assert Case.everything.get(pk=case.pk).state == Case.State.DISMISSED
    assert not Timer.objects.filter(
        key__startswith="fishery:", fired_at=None, cancelled_at=None
    ).exists()


def test_a_reminder_that_waits_does_not_go_out(river: River) -> None:
    alert = found(river)

    uphold(alert, 37.05)
    river.pass_time(80)

    assert river.ledger.all() == []
    check_nothing_is_left(alert.case)


def test_a_reminder_that_went_out_is_corrected_and_the_second_stage_never_begins(
    river: River,
) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(39)
    alert = Alert.everything.get()

    uphold(alert, 40)
    river.pass_time(41)
    river.pass_time(200)

    first, second = river.ledger.all()
    assert (first.token, second.token, second.text) == (str(TOKEN), str(TOKEN), SPOKEN)
    assert Stay.everything.get().dissuasion_at is None
    assert alert.case.timeline.filter(verb="message.sent").count() == 2
    check_nothing_is_left(alert.case)


def test_the_correction_needs_no_words_from_before_the_upgrade(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(39)
    Template.objects.filter(code=wording.LIFTED).delete()

    uphold(Alert.everything.get(), 40)
    river.pass_time(41)

    assert river.ledger.all()[1].text == SPOKEN


@pytest.mark.parametrize("come_so_far", [violation, reviewed, hand_over])
def test_a_violation_is_lifted_however_far_it_has_come(
    river: River, come_so_far: Callable[[River], object]
) -> None:
    come_so_far(river)
    case = Case.everything.get()
    alert = case.alerts.get()

    uphold(alert, 300)

    (record,) = Violation.everything.all()
    assert record.state == Violation.State.LIFTED
    check_nothing_is_left(case)
    agencies = Message.everything.filter(template="engine.alert_lifted")
    told = set(case.tasks.filter(agency__isnull=False).values_list("agency", flat=True))
    assert {one.recipient for one in agencies} == {f"agency:{pk}" for pk in told} != set()
    assert list(audit.verify()) == []


def test_the_rules_record_counts_it_as_a_mistake(river: River) -> None:
    alert = found(river)
    Case.everything.filter(pk=alert.case_id).update(state=Case.State.HANDLED)

    told = rule_figures.figures(
        alert.detector, paths=[""], confirmed_by=("dissuaded",), now=after(37)
    )
    uphold(alert, 38)
    then = rule_figures.figures(
        alert.detector, paths=[""], confirmed_by=("dissuaded",), now=after(39)
    )

    assert (told.dismissed, then.dismissed) == (0, 1)


def test_the_code_of_the_message_is_that_of_the_alert(river: River) -> None:
    stay = Stay.everything.select_related("alert").get(alert=found(river))

    code = reminding.values_of(stay, at=EIGHT + timedelta(minutes=35))["appeal"]

    assert appealing.find(code) == stay.alert
    assert Appeal.everything.count() == 0
    assert "{appeal}" in seeding.FIRST_WORDS[wording.REMINDER]["zh-hans"]
