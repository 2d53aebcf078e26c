"""An appeal against a stay was upheld: what the fishery watch had made of it is undone."""

from __future__ import annotations

from datetime import datetime

from zhizhi.engine import delivering, dispatching, settings_in_force, timeline, timing
from zhizhi.engine.dispatching import locked
from zhizhi.engine.models import Alert, Message, Task
from zhizhi.engine.states import move
from zhizhi.systems.fishery import reminding, sharing, wording
from zhizhi.systems.fishery.counting import ACCEPTED
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.systems.fishery.seeding import FIRST_WORDS

WORKER = "worker"


def lift(alert: Alert, *, by: str, now: datetime) -> None:
    """Undo what followed from the stay of ``alert``.

    The second stage does not begin, an unsent reminder does not go out and a sent one is corrected
    in the same way, records of a violation are lifted with the agencies' work on them.
    """
    stay = Stay.everything.select_related("reminder", "case").filter(alert=alert).first()
    if stay is None:
        return
    timing.cancel(reminding.timer_key(stay), now=now)
    if stay.reminder and not reminding.withdraw(stay.reminder, now=now):
        _correct(stay, stay.reminder, now=now)
    records = Violation.everything.filter(stay=stay, state__in=Violation.LIFTS)
    for violation in records.order_by("pk"):
        _lift(violation, by=by, now=now)


def _correct(stay: Stay, reminder: Message, *, now: datetime) -> None:
    """Tell whoever was reminded that the reminder was a mistake."""
    reminder.refresh_from_db(from_queryset=Message.everything.all())
    if reminder.state not in {*ACCEPTED, Message.State.QUEUED}:  # a try may be under way
        return
    wording.seed({wording.LIFTED: FIRST_WORDS[wording.LIFTED]}, by=WORKER, now=now)
    values = reminding.values_of(stay, at=stay.found_at)
    language = settings_in_force.value("fishery.reminder_language")
    template, text = wording.render(wording.LIFTED, values, language=language)
    delivering.enqueue(
        channel=reminder.channel, recipient=reminder.recipient, template=template,
        payload={**values, "text": text, "language": language, "case": stay.case_id},
        key_parts=("stay", stay.pk, "lifted"), case=stay.case, now=now,
    )  # fmt: skip


def _lift(violation: Violation, *, by: str, now: datetime) -> None:
    case = locked(violation.case)
    move(violation, Violation.State.LIFTED, allowed=Violation.LIFTS, changed_at=now)
    data = {"violation": violation.pk}
    timeline.record(case, verb="violation.lifted", actor=by, at=now, data=data)
    if case.violations.exclude(state__in=Violation.NONE).exists():
        return
    for task in case.tasks.filter(kind__in=(sharing.REVIEW, *sharing.Kind), state__in=Task.LIVE):
        dispatching.withdraw(case, task, reason="", by=by, now=now)
