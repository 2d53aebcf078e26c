"""Eighty minutes of the demonstration, in one process, with the carrier out of order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker
from tests.districts import district_of

from zhizhi.config.demo import history, observing, settling, summary
from zhizhi.config.demo.feeding import Feeder
from zhizhi.config.demo.staff import may_ignore, photograph
from zhizhi.directory.models import Account, Area, RoleAssignment, Team, Unit
from zhizhi.engine import dispatching, journal, zoning
from zhizhi.engine.models import (
    Alert,
    Case,
    JournalSegment,
    Message,
    QuarantinedRow,
    Task,
)
from zhizhi.kernel.district import District
from zhizhi.trust import audit

NOW = datetime(2026, 4, 10, 4, 0, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=80)
Played = tuple[list[observing.Feed], history.Replayed]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def district() -> District:
    return district_of(7)


@pytest.fixture(scope="module")
def settled(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    district: District,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[District]:
    """The district in the database; what a test adds to it is rolled back after the test."""
    folder = tmp_path_factory.mktemp("data")
    with (
        override_settings(DATA=folder, MODE="demo", DEMO=True),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        settling.settle(district, now=SINCE)
        yield district
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def played(settled: District) -> Played:
    feeds = observing.opening(settled, observing.Plan(SINCE, NOW))
    return feeds, history.replay(feeds, since=SINCE, until=NOW, tell=lambda _minutes: None)


def test_the_whole_district_is_written(settled: District) -> None:
    assert Area.objects.in_force().count() == len(settled.areas)
    assert Unit.objects.count() == len(settled.patrols)
    assert Team.objects.count() == 27 * 6
    assert zoning.current().count() == 4
    assert settling.is_settled()


def test_there_is_one_post_for_every_role_and_none_has_a_password(settled: District) -> None:
    assert set(RoleAssignment.objects.values_list("role", flat=True)) == set(
        RoleAssignment.Role.values
    )
    for account in Account.objects.all():
        assert account.is_demo
        assert not account.has_usable_password()


def test_observations_become_alerts_cases_and_messages(
    played: Played,
) -> None:
    _feeds, replayed = played

    assert replayed.quarantined == 0
    assert QuarantinedRow.objects.count() == 0
    assert replayed.progress.failures == {}
    assert replayed.progress.late == 0
    assert JournalSegment.objects.count() == replayed.progress.segments
    assert Alert.everything.count() == replayed.progress.alerts > 20
    assert Message.everything.count() >= Alert.everything.count()
    assert replayed.acts > 5
    assert summary.counts(replayed)["observations"] == replayed.rows


def test_cases_are_in_different_states_and_some_are_left_to_the_visitor(
    played: Played,
) -> None:
    states = set(Case.everything.values_list("state", flat=True))
    assert Case.State.OPEN in states
    assert len(states) >= 3


def test_a_case_seen_by_a_camera_lies_in_its_zone(
    played: Played,
) -> None:
    for case in Case.everything.all():
        assert 106 < case.lon < 108
        assert case.area is not None


def test_the_log_is_whole_afterwards(
    played: Played,
) -> None:
    assert list(audit.verify()) == []


def test_the_feeder_goes_on_where_the_replay_ended(settled: District, played: Played) -> None:
    feeds, _replayed = played
    before = JournalSegment.objects.order_by("-offset")[0]
    feeder = Feeder(settled, feeds)

    rows = feeder.feed(NOW + timedelta(minutes=3))

    assert rows > 0
    added = JournalSegment.objects.filter(offset__gt=before.offset)
    assert sum(segment.rows for segment in added) == rows
    assert all(NOW < segment.arrival_at <= NOW + timedelta(minutes=3) for segment in added)
    assert feeder.feed(NOW + timedelta(minutes=3)) == 0


def test_the_feeder_prepares_more_before_it_runs_out(settled: District, played: Played) -> None:
    feeder = Feeder(settled, played[0])
    later = NOW + observing.AHEAD + timedelta(minutes=40)
    feeder.sent_us = observing.to_us(later - timedelta(minutes=1))

    assert feeder.feed(later) >= 0
    assert feeder.feed(later + timedelta(minutes=2)) > 0


def test_crews_go_on_during_the_visit_but_not_those_that_the_visitor_speaks_for(
    settled: District, played: Played
) -> None:
    feeder = Feeder(settled, played[0])
    waiting = Case.everything.filter(state=Case.State.OPEN).order_by("pk")
    case, other = [row for row in waiting if not may_ignore(row)][:2]
    ours, crew = Unit.objects.filter(kind="river_patrol", status=Unit.Status.AVAILABLE)[:2]
    RoleAssignment.objects.filter(unit__code="RB001").update(unit=ours)
    by = f"account:{Account.objects.get(username='operator').pk}"
    mine = dispatching.dispatch(case, ours, by=by, now=NOW)
    theirs = dispatching.dispatch(other, crew, by=by, now=NOW)

    for minutes in range(0, 40, 2):
        feeder.refresh(NOW + timedelta(minutes=minutes))

    mine.refresh_from_db(from_queryset=Task.everything.all())
    theirs.refresh_from_db(from_queryset=Task.everything.all())
    assert (mine.state, theirs.state) == (Task.State.OFFERED, Task.State.DONE)


def test_a_stay_passes_its_limit_every_half_minute_at_first(district: District) -> None:
    planned = observing.Plan(NOW - observing.PAST, NOW)
    feeds = observing.opening(district, planned)
    sent = sum(feed.between(observing.to_us(NOW), observing.to_us(NOW) + 60_000_000).num_rows
               for feed in feeds)  # fmt: skip
    assert sent > 40  # thirty stays report about once a minute, vessels beside them


def test_vessels_sail_from_the_beginning_to_the_end_of_the_span(district: District) -> None:
    feed = observing.vessels(district, since=SINCE, until=NOW)
    arrival = feed.rows["arrival_us"].to_numpy()
    assert (arrival[1:] >= arrival[:-1]).all()
    assert observing.to_us(SINCE) < arrival[0] < observing.to_us(SINCE) + 60_000_000
    assert arrival[-1] >= observing.to_us(NOW)


def test_a_restart_goes_on_with_the_plan_of_before(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    first = observing.plan(path, last=None, now=NOW)
    soon = NOW + timedelta(minutes=20)

    assert observing.plan(path, last=NOW + timedelta(minutes=5), now=soon) == first


@pytest.mark.parametrize(("hours", "since"), [(3, timedelta(hours=-2)), (40, -observing.PAST)])
def test_a_restart_much_later_plans_anew_from_the_last_arrival(
    tmp_path: Path, hours: int, since: timedelta
) -> None:
    path = tmp_path / "plan.txt"
    observing.plan(path, last=None, now=NOW)
    later = NOW + timedelta(hours=hours)

    planned = observing.plan(path, last=NOW + timedelta(hours=1), now=later)

    assert planned == observing.Plan(later + since, later)


def test_times_survive_the_way_to_microseconds_and_back() -> None:
    assert observing.from_us(observing.to_us(NOW)) == NOW
    assert observing.to_us(NOW) == journal.to_us(NOW)


def test_the_picture_of_the_violation_is_a_jpeg() -> None:
    assert photograph(3)[:3] == b"\xff\xd8\xff"
