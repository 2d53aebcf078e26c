"""Joining duplicates: one case stands for several, and taking one out again is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from zhizhi.directory.people import PersonalData
from zhizhi.engine import (
    closing,
    delivering,
    dispatching,
    erasing,
    lifting,
    merging,
    past,
    personal,
    rating,
    reading,
    reporting,
    timing,
)
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.models import Case, CaseLink, Clock, Message, Report, Subscriber, Task, Timer
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import LAT, LON, NOON, alert, case, later, unit
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.trust import holding
from zhizhi.trust.scoping import Grant, Scope

pytestmark = pytest.mark.django_db

OPERATOR = "account:1"


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield tmp_path
    reading.forget()


def told(number: int = 1, **columns: Any) -> Case:
    """A case that no rule found."""
    return case(key=f"told-{number}", **columns)


def reported(number: int = 1, *, contact: PersonalData | None = None) -> Report:
    new = NewReport(
        external_id=f"{number:032}", kind="fishery.angling", telling="two men", lon=LON, lat=LAT,
        place_by="map", occurred_at=NOON, contact=contact,
    )  # fmt: skip
    return reporting.file_report(new, now=NOON).report


def word(of: Case, part: str = "a", *, hold: timedelta = timedelta(0)) -> Message:
    """A message about a case that waits."""
    return delivering.enqueue(
        channel="inbox", recipient="role:operator", template="engine.returned", payload={},
        key_parts=(part,), now=NOON, case=of, hold=hold,
    )  # fmt: skip


def again(row: Any) -> Any:
    return type(row).everything.get(pk=row.pk)


def merge(one: Case, into: Case, minutes: float = 1) -> CaseLink:
    return merging.merge(one, into, by=OPERATOR, now=later(minutes=minutes))


def unmerge(one: Case, minutes: float = 2) -> CaseLink:
    return merging.unmerge(one, by=OPERATOR, now=later(minutes=minutes))


def visible(one: Case) -> dict[str, Any]:
    """What anybody sees of a case beside its history."""
    columns = (
        "state", "severity", "turn", "rank", "opened_at", "closed_at", "acknowledged_by",
        "acknowledged_at", "area_path", "fork",
    )  # fmt: skip
    clocks = Clock.objects.filter(case=one).order_by("pk")
    keys = timing.keys_of(clock.pk for clock in clocks)
    return {
        "case": Case.everything.values(*columns).get(pk=one.pk),
        "clocks": list(clocks.values()),
        "timers": list(Timer.objects.filter(key__in=keys).order_by("pk").values()),
        "messages": list(Message.everything.filter(case=one).order_by("pk").values()),
        "tasks": list(Task.everything.filter(case=one).order_by("pk").values()),
        "reports": list(Report.everything.filter(case=one).order_by("pk").values()),
    }


def test_a_duplicate_leaves_the_queue_and_both_histories_say_so() -> None:
    one, root = told(1), told(2)

    link = merging.merge(
        one, root, why="same bridge", score={"score": 0.8}, by=OPERATOR, now=later(minutes=1)
    )

    assert (again(one).state, again(root).state, again(one).turn) == ("merged", "open", 3)
    assert merging.root_of(again(one)) == root
    [left], [right] = one.timeline.all(), root.timeline.all()
    assert (left.verb, left.actor, left.note) == ("case.merge", OPERATOR, "same bridge")
    assert left.data["root"] == root.pk
    assert (right.verb, right.data["case"], right.data["link"]) == ("case.join", one.pk, link.pk)
    assert left.data["score"] == right.data["score"] == 0.8


def test_what_was_joined_and_taken_out_again_is_as_it_was() -> None:
    one, root = reported(1).case, reported(2).case
    timing.start_clock(one, kind="handle", within=timedelta(minutes=-1), now=NOON)
    Clock.objects.filter(case=one, kind="handle").update(state="overdue")
    hold = timedelta(minutes=5)
    for part, held in (("a", hold), ("b", timedelta(0))):
        word(one, part, hold=held)
    before = (visible(one), visible(root))

    merge(one, root)
    during = visible(one)
    link = unmerge(one)

    assert {clock["state"] for clock in during["clocks"]} == {"cancelled", "overdue"}
    assert all(clock["ended_at"] for clock in during["clocks"])
    assert {message["state"] for message in during["messages"]} == {"cancelled"}
    assert (visible(one), visible(root)) == before
    assert {message["state"] for message in visible(one)["messages"]} == {"held", "queued"}
    assert (link.ended_by, link.ended_at) == (OPERATOR, later(minutes=2))
    assert [line.verb for line in one.timeline.order_by("seq")][-2:] == [
        "case.merge",
        "case.unmerge",
    ]
    assert root.timeline.order_by("-seq")[0].verb == "case.leave"


def test_a_time_limit_rests_with_its_case_and_passes_when_it_was_to_pass() -> None:
    one, root = told(1), told(2)
    clock = timing.start_clock(one, kind="acknowledge", within=timedelta(minutes=10), now=NOON)
    merge(one, root)

    assert timing.fire_due(later(minutes=11)) == 0
    unmerge(one, 12)
    assert timing.fire_due(later(minutes=12)) == 1

    clock.refresh_from_db()
    assert (clock.state, clock.due_at) == ("overdue", later(minutes=10))


def test_what_is_being_sent_goes_out_and_subscribers_hear_everything() -> None:
    one, root = told(1), told(2)
    Subscriber.objects.create(code="hub", url="https://hub.example", secret="s", created_at=NOON)
    sent = word(one)
    Message.everything.filter(pk=sent.pk).update(lease_until="2999-01-01T00:00Z", attempts=1)

    merge(one, root)
    unmerge(one)

    assert list(Message.everything.order_by("pk").values_list("template", "state")) == [
        (again(sent).template, "queued"),
        ("case.merged", "queued"),
        ("case.unmerged", "queued"),
    ]


def test_joining_a_duplicate_joins_what_stands_for_it() -> None:
    one, middle, root = told(1), told(2), told(3)
    merge(middle, root)

    link = merge(one, middle)

    assert (link.to, link.root) == (root, root)
    assert merging.family_of(again(middle)) == [root.pk, middle.pk, one.pk]


def test_whatever_was_joined_before_goes_along_and_comes_back() -> None:
    first, second, middle, root = (told(number) for number in range(4))
    merge(first, middle)
    merge(second, middle)
    merge(middle, root)
    assert {merging.root_of(again(one)) for one in (first, second, middle)} == {root}

    unmerge(second)
    unmerge(middle)

    assert merging.root_of(again(first)) == middle
    assert [again(one).state for one in (first, second, middle)] == ["merged", "open", "open"]
    assert merging.duplicates_of(root) == []


def _alerted() -> tuple[Case, Case]:
    one, root = told(1), told(2)
    alert(one)
    return one, root


def _at_work() -> tuple[Case, Case]:
    one, root = told(1, state="open"), told(2)
    Task.everything.create(case=one, kind="handle", offered_at=NOON, offered_by=OPERATOR)
    return one, root


def _its_own() -> tuple[Case, Case]:
    one, root = told(1), told(2)
    merge(root, one)
    return again(one), again(root)


def _again() -> tuple[Case, Case]:
    one, root = told(1), told(2)
    merge(one, root)
    return one, root


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (_alerted, "rests-on-alert"),
        (_at_work, "work-under-way"),
        (_its_own, "same-case"),
        (_again, "merged-already"),
        (lambda: (told(1), told(2, state="closed", closed_at=NOON)), "root-ended"),
        (lambda: (told(1), told(2, state="dismissed", closed_at=NOON)), "root-ended"),
        (lambda: (told(1, state="closed", closed_at=NOON), told(2)), "state-conflict"),
        (lambda: (told(1, state="handled"), told(2)), "state-conflict"),
    ],
)
def test_what_cannot_be_joined_is_refused_and_nothing_is_done(made: Any, code: str) -> None:
    one, root = made()
    before = (visible(one), visible(root), CaseLink.everything.count())

    with pytest.raises(StateConflict) as refused:
        merge(one, root)

    assert refused.value.code == code
    assert (visible(one), visible(root), CaseLink.everything.count()) == before


def test_what_stands_for_itself_cannot_be_taken_out() -> None:
    with pytest.raises(StateConflict) as refused:
        unmerge(told())

    assert refused.value.code == "not-merged"


def test_the_database_lets_no_case_join_two() -> None:
    one, root, other = told(1), told(2), told(3)
    merge(one, root)

    with pytest.raises(IntegrityError), transaction.atomic():
        CaseLink.everything.create(case=one, to=other, root=other, made_at=NOON, made_by="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseLink.everything.create(case=root, to=root, root=other, made_at=NOON, made_by="x")


def test_only_who_may_see_both_cases_sees_that_they_belong_together() -> None:
    one, root = told(1, area_path="/1/a/"), told(2, area_path="/1/b/")
    link = merge(one, root)

    seen = [
        list(CaseLink.objects.visible_to(Scope(1, (Grant("operator", path),))))
        for path in ("/1/", "/1/a/", "/1/b/")
    ]

    assert seen == [[link], [], []]


def test_nobody_works_on_a_case_that_rests() -> None:
    one, root = told(1), told(2)
    boat = unit()
    merge(one, root)
    verbs: list[Callable[[], object]] = [
        lambda: dispatching.acknowledge(one, by=OPERATOR, now=later(minutes=3)),
        lambda: dispatching.dispatch(one, boat, by=OPERATOR, now=later(minutes=3)),
        lambda: closing.dismiss(one, reason="no", by=OPERATOR, now=later(minutes=3)),
        lambda: closing.reopen(one, by=OPERATOR, now=later(minutes=3)),
    ]
    before = visible(one)

    for verb in verbs:
        with pytest.raises(StateConflict):
            verb()

    assert visible(one) == before


@pytest.mark.django_db(transaction=True)
def test_of_two_that_join_each_other_at_once_one_wins() -> None:
    one, other = told(1), told(2)

    results = race(lambda: merge(one, other), lambda: merge(other, one))

    assert len(winners(results)) == 1, results
    assert isinstance(losers(results)[0], StateConflict)
    assert CaseLink.everything.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_case_is_taken_out_once() -> None:
    one, root = told(1), told(2)
    merge(one, root)

    results = race(lambda: unmerge(one), lambda: unmerge(one))

    assert len(winners(results)) == 1, results
    assert isinstance(losers(results)[0], StateConflict)
    assert one.timeline.filter(verb="case.unmerge").count() == 1


def test_the_past_shows_when_it_rested() -> None:
    one, root = told(1), told(2)
    merge(one, root, 10)
    unmerge(one, 20)
    everybody = Case.everything.all()

    shown = [
        {one.pk for one in past.cases_at(everybody, later(minutes=minutes))}
        for minutes in (9, 10, 19, 20)
    ]

    assert shown == [{one.pk, root.pk}, {root.pk}, {root.pk}, {one.pk, root.pk}]
    for minutes in (9, 10, 20):
        at = later(minutes=minutes)
        found = past.case_at(everybody, one.pk, at)
        assert found is not None
        assert past.fold([one], at)[one.pk]["state"] == found.state


def test_the_reporter_of_a_duplicate_rates_what_stands_for_it() -> None:
    report, root = reported(1), reported(2).case
    merge(report.case, root)
    assert not rating.may_rate(again(report))
    closing.dismiss(root, reason="nobody", by=OPERATOR, now=later(hours=1))

    assert rating.may_rate(again(report))
    assert rating.rate(again(report), 1, remark="still there", now=later(hours=2))

    assert (again(root).state, again(report.case).state) == ("open", "merged")
    assert root.timeline.filter(verb="report.rate", data__report=report.pk).exists()


@pytest.mark.parametrize(("days", "is_there"), [(364, True), (365, True), (366, False)])
def test_words_of_a_duplicate_go_when_what_stands_for_it_is_over(
    days: int, *, is_there: bool
) -> None:
    report, root = reported(1), told(2)
    merge(report.case, root)
    closing.dismiss(root, reason="nobody", by=OPERATOR, now=later(hours=1))

    rating.sweep(later(days=days, hours=1))

    assert (again(report).forgotten_at is None) is is_there


def test_words_are_held_while_what_stands_for_their_case_is_open() -> None:
    report, root = reported(1), told(2)
    merge(report.case, root)
    subject = erasing.subject_of(again(report))

    assert [hold.reason for hold in holding.holds(subject)] == [personal.OPEN_CASE]
    assert CaseInHand.of(again(report.case)).is_open
    closing.dismiss(root, reason="nobody", by=OPERATOR, now=later(hours=1))

    assert holding.holds(subject) == []
    assert not CaseInHand.of(again(report.case)).is_open


def test_the_report_of_a_duplicate_stands_behind_a_case_whose_alert_is_lifted() -> None:
    root, duplicate = told(1), reported(2).case
    mistaken = alert(root)
    merge(duplicate, root)

    lifting.lift(mistaken, by="account:2", now=later(hours=1))

    assert again(root).state == "open"
