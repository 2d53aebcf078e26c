"""Each reporter is told each milestone once, whatever is joined, taken out and opened again."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhizhi.engine import closing, dispatching, following, merging, replying
from zhizhi.engine.models import Case, Reply, Report
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, later, unit
from zhizhi.engine.tests.racing import race
from zhizhi.engine.tests.test_merging import (
    OPERATOR,
    again,
    data,
    merge,
    reported,
    told,
    unmerge,
)
from zhizhi.engine.tests.test_merging_algebra import tried
from zhizhi.trust.append_only import lifted

pytestmark = pytest.mark.django_db
__all__ = ["data"]  # the fixture


def replies(report: Report) -> list[tuple[str, int]]:
    return list(Reply.objects.filter(report=report).values_list("milestone", "round"))


@pytest.mark.parametrize(
    ("past", "state", "expected"),
    [
        ("", "open", [(1, "received")]),
        ("received", "open", []),
        ("received", "dispatched", []),
        ("received", "handling", [(1, "sent")]),
        ("received sent", "handling", []),
        ("received sent", "handled", [(1, "handled")]),
        ("received", "handled", [(1, "handled")]),
        ("received", "dismissed", [(1, "closed")]),
        ("received closed", "closed", []),
        ("received sent handled closed", "open", [(1, "reopened")]),
        ("received sent handled closed", "handling", [(1, "reopened"), (2, "sent")]),
        ("received sent closed reopened", "open", []),
        ("received sent closed reopened", "handling", [(2, "sent")]),
        ("received closed reopened sent", "closed", [(2, "closed")]),
        ("received closed reopened closed", "open", [(2, "reopened")]),
    ],
)
def test_what_is_owed_follows_from_what_was_told_and_where_the_case_stands(
    past: str, state: str, expected: list[tuple[int, str]]
) -> None:
    assert replying.owed(past.split(), state) == expected


def test_both_reporters_are_told_what_becomes_of_the_one_case() -> None:
    first, second = reported(1), reported(2)
    merge(first.case, second.case)
    boat = unit()
    task = dispatching.dispatch(second.case, boat, by=OPERATOR, now=later(minutes=3))
    dispatching.accept(task, by="unit:1", now=later(minutes=4))
    dispatching.arrive(task, by="unit:1", now=later(minutes=5))
    dispatching.finish(task, outcome="left", by="unit:1", now=later(minutes=6))
    closing.inspect(second.case, is_passed=True, by="account:9", now=later(minutes=7))
    closing.reopen(second.case, by="account:9", now=later(minutes=8))

    expected = [(what, 1) for what in ("received", "sent", "handled", "closed", "reopened")]
    assert replies(first) == replies(second) == expected
    shown = [(one.what, one.result) for one in following.milestones(again(first))]
    assert shown == [
        ("received", ""), ("joined", ""), ("sent", ""), ("arrived", ""),
        ("handled", "left"), ("closed", ""), ("reopened", ""),
    ]  # fmt: skip


def test_whoever_is_joined_late_is_told_where_it_stands_now() -> None:
    first, second = reported(1), reported(2)
    task = dispatching.dispatch(second.case, unit(), by=OPERATOR, now=later(minutes=1))
    dispatching.accept(task, by="unit:1", now=later(minutes=2))

    merge(first.case, second.case, 3)

    assert replies(first) == [("received", 1), ("sent", 1)]


def test_whoever_is_taken_out_of_an_ended_case_is_told_that_it_goes_on() -> None:
    first, second = reported(1), reported(2)
    merge(first.case, second.case)
    closing.dismiss(second.case, reason="nobody", by=OPERATOR, now=later(minutes=2))

    unmerge(first.case, 3)

    assert replies(first) == [("received", 1), ("closed", 1), ("reopened", 1)]
    assert replies(second) == [("received", 1), ("closed", 1)]


def test_joining_twice_tells_nothing_twice() -> None:
    first, second = reported(1), reported(2)
    task = dispatching.dispatch(second.case, unit(), by=OPERATOR, now=later(minutes=1))
    dispatching.accept(task, by="unit:1", now=later(minutes=2))

    for minutes in (3, 5):
        merge(first.case, second.case, minutes)
        unmerge(first.case, minutes + 1)

    assert replies(first) == [("received", 1), ("sent", 1)]


def test_the_database_refuses_a_second_reply_and_a_changed_one() -> None:
    report = reported(1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Reply.objects.create(report=report, milestone="received", round=1, at=NOON,
                             case=report.case)  # fmt: skip
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        Reply.objects.filter(report=report).update(milestone="closed")


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_tell_at_once_tell_once() -> None:
    report = reported(1)
    ended = again(report.case)
    ended.state = Case.State.CLOSED  # as each of them has read it, holding nothing

    results = race(*[lambda: replying.tell([ended], now=later(minutes=1))] * 4)

    assert results == [None] * 4
    assert replies(report) == [("received", 1), ("closed", 1)]


act = st.tuples(
    st.sampled_from(["merge", "merge", "unmerge", "close", "reopen", "report"]),
    st.integers(0, 5),
    st.integers(0, 5),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(act, min_size=4, max_size=12))
def test_no_order_of_acts_tells_anybody_twice_or_leaves_anybody_behind(
    acts: list[tuple[str, int, int]],
) -> None:
    with transaction.atomic():
        reports = [reported(number) for number in (1, 2, 3)]
        for minute, (verb, one, other) in enumerate(acts):
            if verb == "report":
                reports.append(reported(10 + minute))
                continue
            cases = [again(reports[place % len(reports)].case) for place in (one, other)]
            tried(verb, cases[0], cases[1], minute)
            for report in reports:
                check(again(report))
        transaction.set_rollback(True)


def check(report: Report) -> None:
    """Whose case has ended was told so last, whose case goes on was not; and nothing twice."""
    found = replies(report)
    assert len(found) == len(set(found))
    assert found[0] == ("received", 1)
    is_over = merging.root_of(report.case).state in Case.FINAL
    assert (found[-1][0] == "closed") is is_over
    ends = [what for what, _round in found if what in {"closed", "reopened"}]
    assert ends == (["closed", "reopened"] * len(ends))[: len(ends)]


def test_what_was_told_before_replies_were_kept_is_written_down_from_the_history() -> None:
    report, other = reported(1), reported(2)
    closing.dismiss(report.case, reason="nobody", by=OPERATOR, now=later(minutes=2))
    closing.reopen(report.case, by=OPERATOR, now=later(minutes=3))
    expected: Any = list(Reply.objects.values_list("report", "milestone", "round", "at"))
    with lifted():
        Reply.objects.all().delete()

    import_module("zhizhi.engine.migrations.0023_replies_before").write(apps, None)

    written = Reply.objects.order_by("at", "report", "pk")
    kept = sorted(expected, key=lambda row: (row[3], row[0]))
    assert list(written.values_list("report", "milestone", "round", "at")) == kept
    assert replies(other) == [("received", 1)]


def test_a_case_that_nobody_reported_tells_nobody() -> None:
    closing.dismiss(told(), reason="nobody", by=OPERATOR, now=later(minutes=2))

    assert not Reply.objects.exists()


def test_a_conflict_tells_nothing() -> None:
    report = reported(1)

    with pytest.raises(StateConflict):
        closing.reopen(report.case, by=OPERATOR, now=later(minutes=2))

    assert replies(report) == [("received", 1)]
