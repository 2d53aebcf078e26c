"""The first stage: one friendly reminder for each stay, by the way that reaches the subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from zhizhi.directory.models import Agency
from zhizhi.engine import appealing, delivering, settings_in_force, timeline, timing
from zhizhi.engine.models import Alert, JournalSegment, Message, Zone
from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery import detectors, wording
from zhizhi.systems.fishery.models import Stay

SECOND_STAGE = "fishery.second_stage"  # the timer action

_SEEN_BY = {
    detectors.SHORE: Stay.SeenBy.SHORE,
    detectors.VESSELS: Stay.SeenBy.VESSEL,
    detectors.CAMERAS: Stay.SeenBy.CAMERA,
}


@dataclass(frozen=True, slots=True)
class Way:
    """How a reminder reaches somebody: channel, recipient and words."""

    channel: str
    recipient: str
    code: str


def seen_by(alert: Alert) -> str:
    """Return which kind of observation told of the stay, from the journal segment that found it.

    An unknown origin counts as a vessel: then the duty desk speaks, and no text message can go to
    a token that is no telephone's.
    """
    offset = alert.explanation.get("journal", {}).get("last", -1)
    stream = JournalSegment.objects.filter(offset=offset).values_list("stream", flat=True).first()
    return _SEEN_BY.get(stream or "", Stay.SeenBy.VESSEL)


def way_to(stay: Stay) -> Way:
    """Return the way a reminder takes.

    A telephone's token goes to its operator, who alone knows the number. A vessel has no token and
    a camera knows no identity: there the fishery's duty desk is asked to hail or to call out.
    """
    if stay.seen_by == Stay.SeenBy.SHORE:
        return Way("carrier_sms", f"token:{stay.alert.subject}", wording.REMINDER)
    desk = Agency.objects.filter(code="fishery").values_list("pk", flat=True).first()
    code = wording.HAIL if stay.seen_by == Stay.SeenBy.VESSEL else wording.CALL
    return Way("inbox", f"agency:{desk}" if desk else "role:operator", code)


def remind(stay: Stay, *, now: datetime) -> Message:
    """Queue the reminder of ``stay`` and set the timer of the second stage; both once a stay."""
    way, values = way_to(stay), values_of(stay, at=stay.found_at)
    language = settings_in_force.value("fishery.reminder_language")
    template, text = wording.render(way.code, values, language=language)
    case = stay.case
    message = delivering.enqueue(
        channel=way.channel,
        recipient=way.recipient,
        template=template,
        payload={**values, "text": text, "language": language, "case": case.pk},
        key_parts=("stay", stay.pk),
        case=case,
        now=now,
        hold=timedelta(seconds=settings_in_force.value("fishery.reminder_hold_seconds")),
    )
    stay.reminder = message
    stay.save(update_fields=["reminder"])
    timeline.record(
        case,
        verb="fishery.remind",
        actor="worker",
        at=now,
        data={"message": message.pk, "channel": way.channel, "template": template},
    )
    after = timedelta(minutes=settings_in_force.value("fishery.second_stage_minutes"))
    timing.schedule(
        timer_key(stay),
        action=SECOND_STAGE,
        arguments={"stay": stay.pk},
        due_at=message.not_before + after,
    )
    return message


def withdraw(message: Message, *, now: datetime) -> bool:
    """Take a reminder back that nobody has tried to send; returns whether that was in time."""
    try:
        delivering.cancel_held(message, now=now)
    except StateConflict:
        untried = Message.everything.filter(pk=message.pk, state=Message.State.QUEUED, attempts=0)
        return bool(untried.update(state=Message.State.CANCELLED, failure="the subject left"))
    return True


def timer_key(stay: Stay) -> str:
    """Return the key of the timer that begins the second stage of ``stay``."""
    return f"fishery:{stay.pk}:second-stage"


def values_of(stay: Stay, *, at: datetime) -> dict[str, str]:
    """Return what fills the places of a text about ``stay`` at the moment ``at``."""
    zone = Zone.objects.filter(key=stay.zone, is_current=True).first()
    minutes = int((at - stay.started_at).total_seconds() // 60)
    return {
        "zone": zone.name if zone else stay.zone,
        "minutes": str(minutes),
        "appeal": appealing.code_of(stay.alert),
    }
