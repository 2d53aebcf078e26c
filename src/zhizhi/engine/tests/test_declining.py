"""What people reported is not taken up for one of a few reasons, which they are told."""

from __future__ import annotations

import pytest

from zhizhi.engine import closing, declining, following
from zhizhi.engine.declining import Declined
from zhizhi.engine.models import Case, Reply, Report
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import alert, case, later
from zhizhi.engine.tests.test_merging import OPERATOR, again, data, merge, reported

pytestmark = pytest.mark.django_db
__all__ = ["data"]  # the fixture


def decline(one: Case, why: str = Declined.NOT_OURS, minutes: float = 2) -> Case:
    return declining.decline(one, why, note=" asked them ", by=OPERATOR, now=later(minutes=minutes))


def told(report: Report) -> list[tuple[str, str]]:
    return list(Reply.objects.filter(report=report).values_list("milestone", "result"))


def test_the_case_ends_and_its_history_and_its_reporter_say_why() -> None:
    report = reported()

    decline(report.case)

    assert again(report.case).state == "dismissed"
    line = report.case.timeline.latest("seq")
    assert (line.verb, line.actor, line.note) == ("case.dismiss", OPERATOR, "asked them")
    assert line.data["outcome"] == "declined-not-ours"
    assert told(report) == [("received", ""), ("closed", "declined-not-ours")]
    assert following.milestones(again(report))[-1].result == "declined-not-ours"


def test_everybody_who_reported_it_is_told_and_each_end_has_its_own_reason() -> None:
    first, second = reported(1), reported(2)
    merge(first.case, second.case)

    decline(again(second.case))
    closing.reopen(again(second.case), by="account:9", now=later(minutes=3))
    decline(again(second.case), Declined.NOTHING, 4)

    ends = [result for what, result in told(first) if what == "closed"]
    assert ends == ["declined-not-ours", "declined-nothing"]
    assert told(first) == told(second)


def test_a_false_alarm_tells_no_reason() -> None:
    report = reported()

    closing.dismiss(report.case, reason="nobody", by=OPERATOR, now=later(minutes=2))

    assert told(report) == [("received", ""), ("closed", "")]
    assert "outcome" not in report.case.timeline.latest("seq").data


@pytest.mark.parametrize("why", ["", "no", "not-ours", "left"])
def test_without_a_reason_of_the_list_nothing_is_done(why: str) -> None:
    report = reported()

    with pytest.raises(ReasonMissing):
        decline(report.case, why)

    assert again(report.case).state == "open"


def test_what_a_rule_found_or_nobody_told_is_not_declined() -> None:
    report = reported()
    alert(report.case)

    for one in (report.case, case()):
        with pytest.raises(StateConflict, match="nobody told"):
            decline(one)
        assert again(one).state == "open"


def test_what_has_ended_is_not_declined_again() -> None:
    report = reported()
    decline(report.case)

    with pytest.raises(StateConflict):
        decline(again(report.case), minutes=3)

    assert len(told(report)) == 2


def test_reasons_fit_what_a_reply_keeps() -> None:
    most = Reply._meta.get_field("result").max_length

    assert most is not None
    assert max(map(len, Declined.values)) <= most
