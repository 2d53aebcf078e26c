"""Raw records go when their time is over, never what is still needed, and losses still show."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from zhizhi.engine import intake, journal, pruning, settings_in_force
from zhizhi.engine.journal import JournalTruncated
from zhizhi.engine.models import (
    Alert,
    Appeal,
    Case,
    Checkpoint,
    InboxKey,
    JournalHead,
    JournalSegment,
    QuarantinedRow,
    ShardState,
    Trial,
)
from zhizhi.engine.tests.building import NOON, alert, case, later
from zhizhi.engine.tests.feeding import VESSELS, fix, offsets, send
from zhizhi.trust import audit, vault
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
A_TICK = timedelta(microseconds=1)
HALF_A_YEAR = timedelta(days=180)
INSTALLED = "fishery.dwell"


@pytest.fixture(autouse=True)
def filled() -> None:
    """Four envelopes, a minute apart; every detector has read them."""
    for minute in range(4):
        send([fix(minute)], at=later(minutes=minute))
    standing(journal.next_offset())


def standing(offset: int, code: str = INSTALLED, *, at: datetime = NOON) -> None:
    Checkpoint.objects.update_or_create(
        pk=code,
        defaults={
            "version": 1, "params": "p", "ref_version": "r", "next_offset": offset,
            "updated_at": at,
        },
    )  # fmt: skip


def read_from(start: int) -> list[int]:
    """Read as a detector does, which notices what is missing."""
    found = journal.read([VESSELS], start)
    journal.check_links(found, start=start)
    journal.check_tails([VESSELS], {one.stream: one.offset for one in found}, start=start)
    return [one.offset for one in found]


def resting_on(first: int, last: int, state: str = Case.State.OPEN) -> Alert:
    of = case(state=state, closed_at=None if state == Case.State.OPEN else NOON)
    return alert(of, explanation={"journal": {"first": first, "last": last}})


@pytest.mark.parametrize(("late", "left"), [(-A_TICK, 4), (A_TICK * 0, 4), (A_TICK, 3)])
def test_a_segment_goes_half_a_year_after_it_came(late: timedelta, left: int) -> None:
    pruning.prune(NOON + HALF_A_YEAR + late)

    assert len(offsets()) == left


def test_another_number_of_days_counts_at_once() -> None:
    settings_in_force.change("engine.journal_days", 8, by="account:1", now=NOON)

    pruning.prune(later(days=9))

    assert offsets() == []


def test_what_is_left_reads_as_if_the_rest_had_never_been() -> None:
    pruning.prune(later(minutes=1, days=180, seconds=30))

    assert read_from(1) == [3, 4]
    assert send([fix(9, at=later(days=181))], at=later(days=181)).offset == 5
    assert read_from(1) == [3, 4, 5]


def test_when_everything_went_the_journal_goes_on() -> None:
    pruning.prune(later(days=360))

    assert JournalHead.objects.get().tails == {VESSELS: 0}
    assert send([fix(9, at=later(days=360))], at=later(days=360)).offset == 5
    assert read_from(1) == [5]


def test_a_segment_that_went_otherwise_is_still_noticed() -> None:
    pruning.prune(later(minutes=1, days=180))
    JournalSegment.objects.filter(offset=3).delete()

    with pytest.raises(JournalTruncated, match="segment 3"):
        read_from(1)


@pytest.mark.parametrize(("stands", "left"), [(1, 4), (3, 2), (5, 0)])
def test_what_an_installed_detector_has_not_read_stays(stands: int, left: int) -> None:
    standing(stands)

    pruning.prune(later(days=360))

    assert len(offsets()) == left


@pytest.mark.parametrize(
    ("state", "left"),
    [(Case.State.OPEN, [2, 3]), (Case.State.HANDLED, [2, 3]), (Case.State.CLOSED, []),
     (Case.State.DISMISSED, [])],
)  # fmt: skip
def test_an_open_case_holds_what_its_alert_replays_from(state: str, left: list[int]) -> None:
    resting_on(2, 3, state)

    pruning.prune(later(days=360))

    assert offsets() == left
    assert read_from(1) == left


def test_an_open_appeal_holds_it_until_it_is_decided() -> None:
    of = resting_on(2, 2, Case.State.CLOSED)
    [(key, _opened)] = vault.make_keys(1, now=NOON)
    made = Appeal.everything.create(
        alert=of, because="absent", key=key, taken_by="resident", made_at=NOON, due_at=NOON
    )

    pruning.prune(later(days=360))
    assert offsets() == [2]
    Appeal.everything.filter(pk=made.pk).update(state=Appeal.State.REFUSED)
    pruning.prune(later(days=360))

    assert offsets() == []


def test_a_round_is_bounded_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 3)

    pruning.prune(later(days=360))
    assert offsets() == [4]
    pruning.prune(later(days=360))
    assert offsets() == []

    assert pruning.prune(later(days=360)) == 0
    told = AuditEntry.objects.filter(verb="journal.prune").order_by("seq")
    assert [one.detail for one in told] == [
        {"count": 3, "first": 1, "last": 3}, {"count": 1, "first": 4, "last": 4},
    ]  # fmt: skip
    assert list(audit.verify()) == []


def test_nothing_is_written_down_when_nothing_is_due() -> None:
    assert pruning.prune(later(days=1)) == 0
    assert not AuditEntry.objects.filter(verb="journal.prune").exists()


def test_heartbeats_are_left_to_the_runner() -> None:
    beat = intake.heartbeat(now=later(hours=1), passed=0)
    standing(beat + 1)

    pruning.prune(later(days=360))

    assert list(JournalSegment.objects.values_list("offset", flat=True)) == [beat]


@pytest.mark.parametrize(("late", "left"), [(-A_TICK, 1), (A_TICK * 0, 1), (A_TICK, 0)])
def test_refused_rows_and_ended_trials_go_as_segments_do(late: timedelta, left: int) -> None:
    QuarantinedRow.objects.create(
        stream=VESSELS, arrival_at=NOON, row=0, reason="late", remedy="", raw="{}"
    )
    times = {"since": NOON, "until": NOON, "asked_by": "account:1", "asked_at": NOON}
    done = Trial.objects.create(
        detector=INSTALLED, version=1, numbers={}, changes={}, state="done", ended_at=NOON, **times
    )
    waiting = Trial.objects.create(detector=INSTALLED, version=1, numbers={}, changes={}, **times)

    pruning.prune(NOON + HALF_A_YEAR + late)

    assert QuarantinedRow.objects.count() == left
    assert Trial.objects.filter(pk=done.pk).count() == left
    assert Trial.objects.filter(pk=waiting.pk).exists()


@pytest.mark.parametrize(
    ("days", "late", "left"), [(8, -A_TICK, 4), (8, A_TICK, 3), (40, A_TICK, 4)]
)
def test_a_sender_may_repeat_itself_for_thirty_days_at_least(
    days: int, late: timedelta, left: int
) -> None:
    settings_in_force.change("engine.journal_days", days, by="account:1", now=NOON)

    pruning.prune(NOON + pruning.REPEATS + late)

    assert InboxKey.objects.count() == left


@pytest.mark.parametrize(("late", "left"), [(A_TICK * 0, 1), (A_TICK, 0)])
def test_what_a_detector_remembered_goes_when_it_is_installed_no_longer(
    late: timedelta, left: int
) -> None:
    for code in ("gone.rule", INSTALLED):
        standing(5, code)
        ShardState.objects.create(detector=code, shard=1, state=b"x")

    pruning.prune(NOON + HALF_A_YEAR + late)

    assert Checkpoint.objects.filter(pk="gone.rule").count() == left
    assert ShardState.objects.filter(detector="gone.rule").count() == left
    assert ShardState.objects.filter(detector=INSTALLED).exists()
