import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from zhizhi.engine import closing, delivering, timeline
from zhizhi.engine.models import Alert, Case, CaseAgency, Message
from zhizhi.engine.tests.building import (
    LAT,
    LON,
    NOON,
    Compiled,
    Plan,
    Rule,
    agency,
    area,
    finding,
    later,
    table,
    zone,
)
from zhizhi.engine.triage import SystemUnknown, Triage, case_key, triage

pytestmark = pytest.mark.django_db


def run(*rows: dict[str, Any], plan: Plan | None = None, **also: Any) -> Triage:
    now = also.pop("now", NOON)
    detector = Rule(**also)
    return triage(
        table(*rows), detector=detector, compiled=Compiled(), now=now, plan=plan or Plan()
    )


def verbs(case: Case) -> list[str]:
    return [line.verb for line in timeline.history(case)]


def test_a_finding_becomes_an_alert_and_a_case() -> None:
    plan = Plan()

    came = run(finding(), plan=plan)

    alert = Alert.everything.select_related("case").get()
    assert came == Triage(alerts=1, cases=1)
    assert alert.pk == finding()["id"].hex()
    assert (alert.case.state, alert.case.subject, alert.case.zone) == ("open", 7, "reach-1")
    assert alert.case.capabilities == ["water"]
    assert verbs(alert.case) == ["case.open", "case.route", "alert.raise"]
    assert plan.told == [("opened", alert.pk)]


def test_the_same_findings_again_change_nothing() -> None:
    plan = Plan()
    run(finding(), finding(8), plan=plan)
    before = list(Alert.everything.values_list("pk", "raised_at"))

    again = run(finding(), finding(8), plan=plan, now=later(hours=1))

    assert again == Triage()
    assert list(Alert.everything.values_list("pk", "raised_at")) == before
    assert Case.everything.count() == 2
    assert len(plan.told) == 2


def test_a_finding_twice_in_one_batch_is_one_alert() -> None:
    came = run(finding(), finding())

    assert came == Triage(alerts=1, cases=1)


def test_a_known_finding_stays_known_after_its_case_was_closed() -> None:
    run(finding())
    Case.everything.update(state=Case.State.CLOSED)

    assert run(finding()) == Triage()
    assert Case.everything.count() == 1


def test_a_repeated_alert_joins_the_open_case() -> None:
    plan = Plan()
    run(finding(), plan=plan)

    came = run(finding(start=later(hours=3)), plan=plan, now=later(hours=4))

    case = Case.everything.get()
    assert came == Triage(alerts=1, cases=0)
    assert case.alerts.count() == 2
    assert [word for word, _alert in plan.told] == ["opened", "repeated"]
    assert verbs(case)[-1] == "alert.raise"


def test_two_stays_of_one_subject_in_one_batch_open_one_case() -> None:
    plan = Plan()

    came = run(finding(), finding(start=later(hours=3)), plan=plan)

    assert came == Triage(alerts=2, cases=1)
    assert [word for word, _alert in plan.told] == ["opened", "repeated"]


@pytest.mark.parametrize("end", ["closed", "dismissed"])
def test_an_alert_after_the_end_opens_a_new_case(end: str) -> None:
    run(finding())
    Case.everything.update(state=end)

    came = run(finding(start=later(hours=3)))

    assert came == Triage(alerts=1, cases=1)
    assert Case.everything.count() == 2


@pytest.mark.parametrize(("first", "second", "final"), [
    ("normal", "urgent", "urgent"), ("urgent", "normal", "urgent"), ("normal", "normal", "normal"),
])  # fmt: skip
def test_a_graver_alert_raises_the_case_and_a_lesser_one_does_not_lower_it(
    first: str, second: str, final: str
) -> None:
    run(finding(), plan=Plan(severity=first))

    run(finding(start=later(hours=3)), plan=Plan(severity=second))

    assert Case.everything.get().severity == final


def test_an_ended_stay_clears_its_alert_once() -> None:
    plan = Plan()
    run(finding(), plan=plan)
    ended = finding(kind="cleared", found_at=later(minutes=50))

    first = run(ended, plan=plan, now=later(hours=1))
    again = run(ended, plan=plan, now=later(hours=2))

    assert (first.cleared, again.cleared) == (1, 0)
    assert Alert.everything.get().cleared_at == later(minutes=50)
    assert [word for word, _alert in plan.told] == ["opened", "cleared"]
    assert verbs(Case.everything.get()).count("alert.clear") == 1


def test_a_stay_that_begins_and_ends_in_one_batch_is_raised_and_cleared() -> None:
    came = run(finding(kind="cleared"), finding())

    assert came == Triage(alerts=1, cases=1, cleared=1)


def test_the_end_of_a_stay_that_nobody_found_is_ignored() -> None:
    assert run(finding(kind="cleared")) == Triage()


def test_the_explanation_says_all_that_is_needed_to_replay_the_alert() -> None:
    zone()

    run(finding(quality=0.87654), limit=timedelta(minutes=20))

    explanation = Alert.everything.get().explanation
    assert explanation["rule"] == "fishery.dwell"
    assert explanation["params"]["limit"] == 1200
    assert len(explanation["params_hash"]) == 16
    assert explanation["reference"] == "ref-1"
    assert explanation["zone"] == {"key": "reach-1", "version": 1}
    assert explanation["journal"] == {"first": 3, "last": 9}
    assert explanation["quality"] == 0.877
    assert explanation["inputs"] == [
        {"name": "stay", "value": 31, "threshold": 30, "unit": "min", "meets": True}
    ]
    assert {"not_used", "alternatives", "fixes", "finding"} <= explanation.keys()


def test_the_smallest_unit_answers_and_the_decision_is_in_the_history() -> None:
    district = area()
    cell = area("grid_cell", "990101001001001", half=0.01, parent=district)

    run(finding())

    case = Case.everything.get()
    decision = case.timeline.get(verb="case.route").data
    assert case.area == cell
    assert case.area_path == cell.path
    assert (decision["area"], decision["runner_up"]) == (cell.code, district.code)


def test_the_agencies_of_the_plan_take_part_and_missing_ones_are_named() -> None:
    agency("fishery")

    run(finding())

    decision = Case.everything.get().timeline.get(verb="case.route").data
    assert [(row.agency.code, row.part) for row in CaseAgency.objects.all()] == [
        ("fishery", "lead")
    ]
    assert decision["agencies_missing"] == ["police"]


def test_messages_of_the_hooks_are_counted() -> None:
    class Telling(Plan):
        def opened(self, case: Case, alert: Alert, *, now: Any) -> None:
            delivering.enqueue(
                channel="inbox", recipient="role:operator", template="t", payload={},
                key_parts=(alert.pk,), case=case, now=now,
            )  # fmt: skip

    assert run(finding(), finding(8), plan=Telling()).messages == 2


def test_nothing_is_left_when_a_hook_fails() -> None:
    class Broken(Plan):
        def opened(self, case: Case, alert: Alert, *, now: Any) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(finding(), plan=Broken())

    assert not Alert.everything.exists()
    assert not Case.everything.exists()


def test_a_detector_of_no_installed_system_is_refused() -> None:
    with pytest.raises(SystemUnknown, match="ghost"):
        run(finding(), code="ghost.rule")


def test_a_batch_costs_a_few_queries_however_large(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    area()
    agency("fishery")
    rows = [finding(entity) for entity in range(200)]

    with django_assert_max_num_queries(60):
        came = run(*rows)

    assert came == Triage(alerts=200, cases=200)


def test_a_dismissed_alert_counts_against_its_rule() -> None:
    run(finding(), finding(8))

    closing.dismiss(Case.everything.get(subject=7), reason="a buoy", by="account:1", now=NOON)

    [rule] = closing.false_alarms(since=NOON)
    assert (rule.detector, rule.alerts, rule.dismissed, rule.share) == ("fishery.dwell", 2, 1, 0.5)


def test_the_key_of_a_case_differs_by_kind_subject_and_zone() -> None:
    keys = {
        case_key("a", 1, "z"), case_key("b", 1, "z"), case_key("a", 2, "z"), case_key("a", 1, "y"),
    }  # fmt: skip

    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_finding_make_one_alert_and_one_case() -> None:
    both = threading.Barrier(2)
    failures: list[BaseException] = []

    def work(code: str) -> None:
        row = finding(detector=code)
        both.wait()
        try:
            with transaction.atomic():
                run(row, code=code)
        except BaseException as problem:  # noqa: BLE001 - reported below
            failures.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(f"fishery.{n}",)) for n in ("dwell", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert Case.everything.count() == 1
    assert Alert.everything.count() == 2
    assert verbs(Case.everything.get()).count("case.open") == 1
    assert list(timeline.verify()) == []


def test_coordinates_of_the_case_are_those_of_the_finding() -> None:
    run(finding(lon=LON + 0.5, lat=LAT - 0.5))

    case = Case.everything.get()
    assert (case.lon, case.lat) == (LON + 0.5, LAT - 0.5)
    assert not Message.everything.exists()
