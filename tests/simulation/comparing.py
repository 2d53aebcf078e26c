"""What a run came to, and what of it must never be so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models

from tests.simulation.striking import Points
from zhizhi.directory.models import Unit
from zhizhi.engine import timeline
from zhizhi.engine.models import (
    Alert,
    Case,
    Checkpoint,
    Feedback,
    InboxKey,
    JournalSegment,
    Message,
    QuarantinedRow,
    Timer,
)
from zhizhi.systems.fishery.models import Stay
from zhizhi.trust import audit, evidence, tree
from zhizhi.trust.models import AuditEntry, Evidence

if TYPE_CHECKING:
    from tests.simulation.playing import World


@dataclass(frozen=True, slots=True)
class Outcome:
    """``ends`` must be those of the undisturbed run; ``faults`` must be none."""

    ends: dict[str, list[Any]]
    faults: list[str]
    points: Points
    rounds: int


def outcome(world: World) -> Outcome:
    """Return what the world has come to."""
    ends: dict[str, list[Any]] = {
        "alerts": sorted(Alert.everything.values_list("pk", "subject", "zone")),
        "cases": sorted(Case.everything.values_list("key", "subject", "state")),
        "stays": sorted(Stay.everything.values_list("pk", "reminder__key")),
        "reminders": sorted(
            Message.everything.filter(channel="carrier_sms").values_list("key", "recipient")
        ),
    }
    return Outcome(ends, [*_faults(world)], world.points, world.rounds)


def is_at_rest(world: World) -> bool:
    """Say whether nothing waits any more."""
    is_open = Case.everything.exclude(state__in=Case.FINAL).exists()
    if is_open or world.senders.waiting or any(one.is_down for one in world.processes):
        return False
    newest = JournalSegment.objects.filter(rows__gt=0).order_by("-offset").first()
    checkpoint = Checkpoint.objects.first()
    if newest is None or checkpoint is None or checkpoint.next_offset <= newest.offset:
        return False
    is_judged = checkpoint.watermark_us >= newest.arrival_at.timestamp() * 1_000_000
    root = tree.newest()
    return is_judged and not (
        Message.everything.filter(state__in=("held", "queued")).exists()
        or _due(world).exists()
        or world.gateway.ledger.without_receipt(1)
        or root is None
        or root.size < AuditEntry.objects.count()
    )


def _due(world: World) -> Any:
    waiting = Timer.objects.filter(fired_at__isnull=True, cancelled_at__isnull=True)
    return waiting.filter(due_at__lte=world.clock.at)


def _faults(world: World) -> Iterator[str]:
    yield from world.complaints
    if not is_at_rest(world):
        yield f"not at rest after {world.rounds} rounds"
    yield from (f"contradictory answers: {text}" for text in world.senders.contradictions)
    yield from _lost(world)
    yield from _mistold(world)
    if (aside := QuarantinedRow.objects.count()) != world.plan.bad:
        yield f"{aside} rows set aside for {world.plan.bad} bad ones"
    if (sealed := Evidence.objects.count()) != (reports := Feedback.objects.count()):
        yield f"{sealed} photos for {reports} reports"
    kept = Unit.objects.exclude(status=Unit.Status.AVAILABLE, task=None)
    yield from (f"boat never free again: {code}" for code in kept.values_list("code", flat=True))
    for verify in (audit.verify, timeline.verify, tree.verify, evidence.verify_evidence):
        yield from (f"chain broken: {found}" for found in verify())


def _mistold(world: World) -> Iterator[str]:
    """Yield who was told twice, or not at all without having left, or by nobody's wish."""
    told = Counter(token for token, _text in world.gateway.accepted())
    yield from (f"told {count} times: {token}" for token, count in told.items() if count > 1)
    withdrawn = models.Q(reminder__state=Message.State.CANCELLED, left_at__isnull=False)
    subjects = Stay.everything.exclude(withdrawn).values_list("alert__subject", flat=True)
    wanted = {str(subject) for subject in subjects}
    yield from (f"never told: {token}" for token in wanted - told.keys())
    yield from (f"told in vain: {token}" for token in told.keys() - wanted)


def _lost(world: World) -> Iterator[str]:
    """Yield what was promised and is not there, and what was taken twice."""
    stored = {key: told["offset"] for key, told in InboxKey.objects.values_list("key", "response")}
    rows = set(JournalSegment.objects.filter(rows__gt=0).values_list("offset", flat=True))
    for key, offset in world.senders.offsets.items():
        if stored.get(key, -1) != offset or (offset is not None and offset not in rows):
            yield f"acknowledged and lost: {key}"
    if len(rows) != (taken := sum(offset is not None for offset in stored.values())):
        yield f"{len(rows)} segments for {taken} envelopes"
    keys = {post.key for post in world.plan.posts}
    yield from (f"never acknowledged: {key}" for key in keys - world.senders.offsets.keys())
