from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
import shapely
from pytest_django import DjangoAssertNumQueries

from zhizhi.engine import holding, intake, journal, zoning
from zhizhi.engine.detecting import Runner
from zhizhi.engine.models import (
    Alert,
    Case,
    Checkpoint,
    JournalHead,
    JournalSegment,
    Message,
    QuarantinedRow,
    ShardState,
)
from zhizhi.engine.tests.building import LAT, LON, NOON, area, later, zone
from zhizhi.engine.tests.feeding import RULE, VESSELS, fix, offsets, seed_systems, send, stay, tick
from zhizhi.kernel.dwell import Dwell
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)


def runner(rule: Any = RULE, **how: Any) -> Runner:
    return Runner([rule], **how)


def checkpoint() -> Checkpoint:
    return Checkpoint.objects.get(pk=RULE.code)


@pytest.fixture(autouse=True)
def river() -> None:
    area()
    zone()
    seed_systems()


def test_a_long_stay_becomes_an_alert_a_case_and_a_message() -> None:
    stay(minutes=40)

    progress = runner().run_through(later(minutes=41))

    assert (progress.findings, progress.alerts, progress.cases) == (1, 1, 1)
    assert progress.messages == Message.everything.count() > 0
    assert (Alert.everything.get().subject, Case.everything.get().zone) == (7, "reach-1")


def test_a_short_stay_becomes_nothing_but_state() -> None:
    stay(minutes=20)

    progress = runner().run_through(later(minutes=21))

    assert progress.findings == 0
    assert ShardState.objects.count() == 1
    assert checkpoint().next_offset == journal.next_offset()


def test_a_journal_in_which_nothing_came_costs_one_question(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    stay(minutes=20)
    worker = Runner([RULE, dataclasses.replace(RULE, code="other")])
    worker.run_through(later(minutes=21))

    with django_assert_num_queries(1):
        rest = worker.step(later(minutes=22))
    tick(later(minutes=23))
    next_one = worker.step(later(minutes=23))

    assert (rest.segments, next_one.segments) == (0, 2)


def test_reading_everything_again_from_the_start_changes_nothing() -> None:
    stay(minutes=40)
    runner().run_through(later(minutes=41))
    Checkpoint.objects.all().delete()
    ShardState.objects.all().delete()

    again = runner().run_through(later(minutes=42))

    assert (again.findings, again.alerts, again.messages) == (1, 0, 0)
    assert Alert.everything.count() == Case.everything.count() == 1


@pytest.mark.parametrize("most", [1, 2, 7, 200])
@pytest.mark.parametrize("restarts", [False, True])
def test_findings_do_not_depend_on_steps_and_restarts(most: int, *, restarts: bool) -> None:
    stay(7, minutes=40)
    stay(8, minutes=35, start=later(minutes=50))
    worker = runner(most=most)

    while worker.step(later(minutes=90)).segments:
        worker = runner(most=most) if restarts else worker

    found = Alert.everything.order_by("subject").values_list("subject", "found_at")
    assert list(found) == [(7, later(minutes=31)), (8, later(minutes=81))]


def test_a_finding_waits_for_the_arrival_clock_and_no_longer() -> None:
    stay(minutes=31)
    worker, decided = runner(), later(minutes=33)
    worker.run_through(later(minutes=32))

    tick(decided - timedelta(microseconds=1))
    early = worker.run_through(decided)
    tick(decided)
    due = worker.run_through(decided)

    assert (early.findings, due.findings) == (0, 1)


def test_an_alert_is_dated_by_the_arrival_that_decided_it() -> None:
    stay(minutes=34)

    runner().run_through(later(minutes=35))

    assert Alert.everything.get().raised_at == later(minutes=33, seconds=1)


def test_an_alert_out_of_an_old_backlog_is_dated_now() -> None:
    stay(minutes=34)

    runner().run_through(later(hours=5))

    assert Alert.everything.get().raised_at == later(hours=5)


def test_a_late_row_goes_to_quarantine_with_its_origin_and_is_not_judged() -> None:
    send([fix(at=later(minutes=10))], at=later(minutes=10))
    tick(later(minutes=20))
    receipt = send([fix(8), fix(at=later(minutes=20))], at=later(minutes=20))

    progress = runner().run_through(later(minutes=21))

    row = QuarantinedRow.objects.get()
    assert progress.late == 1
    assert (row.reason, row.field, row.row, row.stream) == ("late", "observed_at", 0, VESSELS)
    assert row.source is not None
    assert row.source.code == "boats"
    assert f'"offset": {receipt.offset}' in row.raw


def test_a_clock_that_is_ahead_once_is_quarantined_as_future() -> None:
    send([fix(at=later(hours=1))], at=NOON)

    runner().run_through(later(minutes=1))

    assert [row.reason for row in QuarantinedRow.objects.all()] == ["future"]


def test_devices_an_hour_fast_are_corrected_and_found() -> None:
    for minute in range(46):
        at = later(minutes=minute)
        send([fix(at=at + timedelta(hours=1))], at=at + timedelta(seconds=1))

    runner().run_through(later(minutes=47))

    assert Alert.everything.count() == 1


def test_state_of_a_step_without_findings_waits_a_moment_and_is_saved_at_release() -> None:
    now = later(minutes=10)
    stay(minutes=5)
    worker = runner(is_live=True)

    worker.step(now)
    before = checkpoint().next_offset
    worker.release(now)

    assert before == offsets()[0]
    assert checkpoint().next_offset == journal.next_offset()
    assert (checkpoint().holder, checkpoint().lease_until) == ("", None)


def test_a_finding_is_committed_at_once() -> None:
    stay(minutes=40)

    runner(is_live=True).step(later(minutes=41))

    assert Alert.everything.count() == 1
    assert checkpoint().next_offset > offsets()[-1]


def test_a_new_detector_begins_a_day_back_and_a_replay_at_the_start() -> None:
    send([fix()], at=NOON)
    second = send([fix(at=later(hours=24))], at=later(hours=24))
    now = later(hours=24, minutes=1)

    runner(is_live=True).step(now)
    live = Checkpoint.objects.get()
    live_start = live.next_offset
    live.delete()
    runner().step(now)

    assert live_start == second.offset
    assert checkpoint().next_offset == journal.next_offset()


def test_two_runners_of_one_detector_conflict_and_nothing_is_done_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stay(minutes=40)
    first, now = runner(most=5), later(minutes=41)
    first.step(now)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(holding, "holder", lambda: "other-host:1")
        refused = runner().step(now)
        Checkpoint.objects.update(lease_until=NOON)  # the first one sleeps through its lease
        taken_over = runner().run_through(now)

    stale = first.step(now)

    assert (
        "left alone" in refused.failures[RULE.code]
        or "leaves it alone" in refused.failures[RULE.code]
    )
    assert taken_over.alerts == 1
    assert "other-host:1" in stale.failures[RULE.code]
    assert Alert.everything.count() == 1
    assert checkpoint().failure == ""


def test_the_lease_of_a_dead_process_of_this_machine_does_not_bind() -> None:
    stay(minutes=2)
    runner().step(later(minutes=3))
    host = holding.holder().rpartition(":")[0]
    Checkpoint.objects.update(holder=f"{host}:4194301")

    assert runner().step(later(minutes=3)).failures == {}


@dataclasses.dataclass(frozen=True)
class Broken(Dwell):
    """Fails whenever it has rows to judge."""

    def judge(self, compiled: Any, state: Any, batch: Any, candidates: Any, mark: int, /) -> Any:
        if len(batch):
            message = "a bug"
            raise ValueError(message)
        return Dwell.judge(self, compiled, state, batch, candidates, mark)


def test_a_detector_that_fails_says_why_and_does_not_stop_the_others() -> None:
    stay(minutes=40)
    broken = Broken(code="fishery.broken", version=1, reads=(VESSELS,))

    progress = Runner([broken, RULE]).step(later(minutes=41))

    assert progress.failures == {"fishery.broken": "ValueError: a bug"}
    assert Alert.everything.count() == 1
    stands = Checkpoint.objects.get(pk="fishery.broken")
    assert (stands.next_offset, stands.failure) == (1, "ValueError: a bug")
    assert stands.failed_at == later(minutes=41)


def test_changed_numbers_keep_open_stays_and_leave_an_audit_leaf() -> None:
    stay(minutes=20)
    runner().run_through(later(minutes=21))
    stricter = dataclasses.replace(RULE, limit=timedelta(minutes=15))
    send([fix(at=later(minutes=21))], at=later(minutes=21))
    tick(later(minutes=23))

    runner(stricter).run_through(later(minutes=24))

    assert Alert.everything.get().started_at == NOON
    assert AuditEntry.objects.filter(verb="detector.adopt").count() == 1


def test_another_version_begins_its_stays_anew_and_leaves_an_audit_leaf() -> None:
    stay(minutes=20)
    runner().run_through(later(minutes=21))
    newer = dataclasses.replace(RULE, version=2, limit=timedelta(minutes=15))
    send([fix(at=later(minutes=21))], at=later(minutes=21))
    tick(later(minutes=23))

    runner(newer).run_through(later(minutes=24))

    assert not Alert.everything.exists()
    assert AuditEntry.objects.filter(verb="detector.restart").count() == 1
    assert checkpoint().version == 2


def test_a_changed_zone_is_noticed_and_stays_go_on() -> None:
    stay(minutes=20)
    worker = runner()
    worker.run_through(later(minutes=21))
    box = shapely.to_wkb(shapely.box(LON - 0.2, LAT - 0.2, LON + 0.2, LAT + 0.2))
    draft = zoning.ZoneDraft("reach-1", "no_fishing", "reach-1", box, based_on=1)
    zoning.save([draft], by="account:1", now=later(minutes=21))
    stay(minutes=19, start=later(minutes=21))

    worker.refresh()
    worker.run_through(later(minutes=41))

    assert Alert.everything.get().started_at == NOON


@pytest.mark.parametrize("lost", [0, 3, -1])
def test_a_journal_that_lost_unread_segments_stops_the_detector(lost: int) -> None:
    stay(minutes=10)
    JournalSegment.objects.filter(offset=offsets()[lost]).delete()

    progress = runner().step(later(minutes=11))
    again = Runner([RULE]).step(later(minutes=11))

    failures = [p.failures[RULE.code] for p in (progress, again) if p.failures]
    assert failures
    assert "lost segment" in failures[0]
    assert "lost segment" in checkpoint().failure


def test_a_journal_that_lost_what_was_read_already_is_no_matter() -> None:
    stay(minutes=10)
    runner().run_through(later(minutes=11))
    JournalSegment.objects.all().delete()
    send([fix(at=later(minutes=11))], at=later(minutes=11))

    assert runner().step(later(minutes=12)).failures == {}


def test_a_journal_older_than_the_checkpoint_stops_the_detector() -> None:
    stay(minutes=10)
    runner().run_through(later(minutes=11))
    JournalSegment.objects.all().delete()
    JournalHead.objects.all().delete()

    progress = runner().step(later(minutes=12))

    assert "older than the checkpoint" in progress.failures[RULE.code]


def test_a_quiet_journal_beats_while_rows_wait_and_old_beats_are_dropped() -> None:
    stay(minutes=31)
    worker = runner(is_live=True)
    worker.step(later(minutes=31, seconds=2))

    for second in (30, 60, 90, 121):
        worker._beaten_at = float("-inf")
        worker.step(later(minutes=31, seconds=second))
    worker.step(later(minutes=31, seconds=122))

    assert Alert.everything.count() == 1
    assert JournalSegment.objects.filter(stream=journal.HEARTBEAT).count() <= 4


@pytest.mark.parametrize(("milliseconds", "beats"), [(-1, 0), (0, 1), (1, 1)])
def test_a_quiet_journal_beats_once_its_first_row_has_waited_for_the_lateness(
    milliseconds: int, beats: int
) -> None:
    send([fix()], at=NOON)
    worker = runner(is_live=True)
    worker.step(later(seconds=1))
    worker.step(later(seconds=119))
    before = JournalSegment.objects.filter(stream=journal.HEARTBEAT).count()

    worker._beaten_at = float("-inf")
    worker.step(later(seconds=120, milliseconds=milliseconds))

    after = JournalSegment.objects.filter(stream=journal.HEARTBEAT).count()
    assert after - before == beats


def test_beats_that_every_detector_has_passed_are_dropped() -> None:
    for minute in range(5):
        tick(later(minutes=minute))
    runner().run_through(later(minutes=6))

    passed = checkpoint().next_offset
    intake.heartbeat(now=later(minutes=7), passed=passed)

    beats = JournalSegment.objects.filter(stream=journal.HEARTBEAT)
    assert [beat.arrival_at for beat in beats] == [later(minutes=7)]


def test_a_dry_run_finds_the_same_and_writes_nothing() -> None:
    stay(minutes=40)
    before = Checkpoint.objects.count(), JournalSegment.objects.count()

    found = Runner.backtest(
        RULE, zoning.reference(zoning.current()), since=NOON, until=later(hours=1)
    )

    runner().run_through(later(minutes=41))
    dwells = [row for row in found.to_pylist() if row["kind"] == "dwell"]
    assert [row["id"].hex() for row in dwells] == [Alert.everything.get().pk]
    assert before == (0, JournalSegment.objects.count())


@pytest.mark.parametrize(("second", "count"), [(0, 0), (1, 1)])
def test_a_dry_run_ends_with_what_had_arrived_by_then(second: int, count: int) -> None:
    stay(minutes=40)
    until = later(minutes=31, seconds=second)

    found = Runner.backtest(RULE, zoning.reference(zoning.current()), since=NOON, until=until)

    assert found.num_rows == count


def test_a_dry_run_takes_other_zones() -> None:
    stay(minutes=40)
    far = shapely.to_wkb(shapely.box(LON + 1, LAT, LON + 2, LAT + 1))
    draft = zoning.ZoneDraft("reach-1", "no_fishing", "reach-1", far, based_on=1)

    found = Runner.backtest(RULE, zoning.with_drafts([draft]), since=NOON, until=later(hours=1))

    assert found.num_rows == 0
