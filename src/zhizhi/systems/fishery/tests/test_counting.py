"""The statistics: each stay in one outcome, and the outcomes add up."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from zhizhi.engine.models import Alert, Case, CaseAgency, Feedback, Message
from zhizhi.systems.fishery import counting
from zhizhi.systems.fishery.counting import Outcome, Statistics
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.systems.fishery.tests.river import EIGHT, LAT, LON, River, after

_NUMBERS = count(1)
SECOND = date(2026, 3, 2)


def stay(
    river: River,
    *,
    state: str = "open",
    left: bool = False,
    reminder: str = "",
    reported: bool = False,
    violation: str = "",
    **columns: Any,
) -> Stay:
    """One stay with the facts that decide its outcome."""
    number = next(_NUMBERS)
    found_at = columns.get("found_at", after(31))
    case = Case.everything.create(
        key=str(number), kind="illegal-fishing", system="fishery", state=state, severity="normal",
        lon=LON, lat=LAT, area_path=river.area.path, opened_at=found_at, changed_at=found_at,
    )  # fmt: skip
    alert = Alert.everything.create(
        id=f"{number:032x}", detector="fishery.dwell", version=1, kind="dwell", case=case,
        severity="normal", certainty="likely", subject=number, zone="reach-1", started_at=EIGHT,
        found_at=found_at, raised_at=found_at, lon=LON, lat=LAT, explanation={},
    )  # fmt: skip
    row = Stay.everything.create(
        alert=alert, case=case, seen_by="shore", started_at=EIGHT,
        reminder=_message(case, number, reminder) if reminder else None,
        left_at=found_at if left else None, **{"zone": "reach-1", "found_at": found_at, **columns},
    )  # fmt: skip
    if reported:
        report = Feedback.objects.create(case=case, at=found_at, by="unit:1", outcome="violation")
        if violation:
            Violation.everything.create(
                case=case, stay=row, feedback=report, state=violation, recorded_at=found_at,
                changed_at=found_at,
            )  # fmt: skip
    return row


def _message(case: Case, number: int, state: str) -> Message:
    return Message.everything.create(
        key=f"m{number}", channel="carrier_sms", recipient=f"token:{number}", case=case,
        template="fishery.reminder@1", payload={}, state=state, not_before=EIGHT, queued_at=EIGHT,
    )  # fmt: skip


def figures(first: date = SECOND, last: date = SECOND) -> Statistics:
    return counting.statistics(
        Stay.everything.all(), first=first, last=last, zone=timezone.get_current_timezone()
    )


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({}, Outcome.ONGOING),
        ({"left": True, "state": "dispatched"}, Outcome.ONGOING),
        ({"left": True, "state": "closed", "reminder": "sent"}, Outcome.LEFT_REMINDED),
        ({"left": True, "state": "closed", "reminder": "delivered"}, Outcome.LEFT_REMINDED),
        ({"left": True, "state": "closed", "reminder": "failed"}, Outcome.LEFT_UNPROMPTED),
        ({"left": True, "state": "closed", "reminder": "cancelled"}, Outcome.LEFT_UNPROMPTED),
        ({"left": True, "state": "closed"}, Outcome.LEFT_UNPROMPTED),
        ({"left": True, "state": "closed", "reported": True}, Outcome.HANDLED),
        ({"state": "handled", "reported": True}, Outcome.HANDLED),
        ({"state": "closed"}, Outcome.HANDLED),
        ({"state": "dismissed"}, Outcome.FALSE_ALARM),
        ({"left": True, "state": "dismissed", "reminder": "sent"}, Outcome.FALSE_ALARM),
        ({"reported": True, "violation": "recorded"}, Outcome.HANDLED),
        ({"reported": True, "violation": "technically_reviewed"}, Outcome.HANDLED),
        ({"reported": True, "violation": "rejected"}, Outcome.HANDLED),
        ({"reported": True, "violation": "legally_reviewed"}, Outcome.OFFENCE),
        ({"reported": True, "violation": "transferred", "state": "closed"}, Outcome.OFFENCE),
    ],
)
def test_a_stay_has_the_outcome_that_its_case_tells(
    river: River, facts: dict[str, Any], outcome: Outcome
) -> None:
    stay(river, **facts)

    total = figures().total

    assert {name: number for name, number in total.outcomes.items() if number} == {outcome: 1}


def test_the_outcomes_add_up_to_the_stays_found_by_zone_by_day_and_in_all(river: River) -> None:
    for number in range(3):
        day = after(24 * 60 * number)
        stay(river, found_at=day, reminder="sent")
        stay(river, found_at=day, zone="reach-2", state="closed", left=True, reminder="delivered")
        stay(river, found_at=day, zone="reach-2", reported=True, violation="recorded")

    found = figures(SECOND, SECOND + timedelta(days=2))

    parts = [found.total, *found.by_zone.values(), *found.by_day.values(), *found.cells.values()]
    assert all(sum(part.outcomes.values()) == part.found for part in parts)
    assert (found.total.found, found.total.reminded, found.total.under_review) == (9, 6, 3)
    assert sum(part.found for part in found.by_zone.values()) == 9
    assert [part.found for part in found.by_day.values()] == [3, 3, 3]
    assert [part.found for _cell, part in sorted(found.cells.items())] == [1, 2] * 3


@pytest.mark.parametrize(
    ("moment", "counted"),
    [("2026-03-01T23:59:59+08:00", 0), ("2026-03-02T00:00:00+08:00", 1),
     ("2026-03-02T23:59:59+08:00", 1), ("2026-03-03T00:00:00+08:00", 0)],
)  # fmt: skip
def test_a_day_runs_from_midnight_to_midnight_in_shanghai(
    river: River, moment: str, counted: int
) -> None:
    stay(river, found_at=EIGHT.fromisoformat(moment))

    assert figures().total.found == counted


def test_each_column_has_a_heading_and_a_definition() -> None:
    assert len(counting.COLUMNS) == len(counting.HEADINGS) == len(counting.Figures().values())
    assert set(counting.COLUMNS) == set(counting.DEFINITIONS)


@pytest.mark.parametrize(
    ("role", "seen"),
    [("operator", 1), ("leader", 1), ("technical_reviewer", 1), ("fishery", 1), ("police", 0),
     ("unit_member", 0), ("auditor", 0)],
)  # fmt: skip
def test_figures_count_what_the_viewer_may_see(river: River, role: str, seen: int) -> None:
    row = stay(river)
    CaseAgency.objects.create(case=row.case, agency=river.agencies["fishery"], part="lead")

    visible = counting.visible_stays(river.people[role].scope())

    assert visible.count() == seen


def test_a_viewer_with_two_roles_counts_each_stay_once(river: River) -> None:
    row = stay(river)
    for agency in river.agencies.values():
        CaseAgency.objects.create(case=row.case, agency=agency, part="co_handler")
    account = river.people["operator"]
    account.roles.create(role="agency_officer", agency=river.agencies["police"])
    account.roles.create(role="leader")

    assert counting.visible_stays(account.scope()).count() == 1


def test_counting_takes_one_query(river: River, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        stay(river)

    with django_assert_num_queries(1):
        figures()
