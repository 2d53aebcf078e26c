"""Every state table of the house, written out once more: what may become what, and nothing else.

Each pair of states is tried on a record in the database, the forbidden ones as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.apps import apps

from tests.district_world import World
from zhizhi.directory.models import AccessGrant, Guardianship, LookReview
from zhizhi.engine.models import (
    Appeal,
    Case,
    Claim,
    Extension,
    Notice,
    RoutingVersion,
    Severity,
    Supervision,
    Suspension,
    Task,
)
from zhizhi.engine.models.case import places_of
from zhizhi.systems.antifraud.models import CircleMember, Dissuasion
from zhizhi.systems.fishery.models import Violation, ViolationReview
from zhizhi.systems.guardian.models import Enrolment
from zhizhi.trust.states import StateConflict, Transitions, move

pytestmark = pytest.mark.django_db

TABLES: dict[str, tuple[Any, str, dict[str, str]]] = {
    "case": (
        Case,
        "state",
        {
            "open": "dispatched handled closed dismissed merged",
            "dispatched": "handling open handled dismissed",
            "handling": "handled open dispatched",
            "handled": "closed open dispatched",
            "closed": "open",
            "dismissed": "open",
            "merged": "open",
        },
    ),
    "unit_task": (
        Task,
        "state",
        {
            "offered": "accepted returned expired cancelled",
            "accepted": "arrived done returned cancelled",
            "arrived": "done returned cancelled",
            "done": "",
            "returned": "",
            "expired": "",
            "cancelled": "",
        },
    ),
    "notice": (Notice, "state", {"reserved": "issued void", "issued": "void", "void": ""}),
    "appeal": (Appeal, "state", {"open": "upheld refused", "upheld": "", "refused": ""}),
    "extension": (
        Extension,
        "state",
        {"asked": "granted refused lapsed", "granted": "", "refused": "", "lapsed": ""},
    ),
    "suspension": (Suspension, "state", {"running": "ended", "ended": ""}),
    "supervision": (
        Supervision,
        "state",
        {"open": "answered lapsed", "answered": "", "lapsed": ""},
    ),
    "claim": (Claim, "state", {"open": "upheld refused", "upheld": "", "refused": ""}),
    "violation": (
        Violation,
        "state",
        {
            "recorded": "technically_reviewed rejected",
            "technically_reviewed": "legally_reviewed rejected",
            "legally_reviewed": "transferred",
            "transferred": "",
            "rejected": "",
            "lifted": "",
        },
    ),
    "dissuasion": (
        Dissuasion,
        "state",
        {
            "calling": "relatives visiting reached ended",
            "relatives": "visiting reached ended",
            "visiting": "reached ended",
            "reached": "visiting ended",
            "ended": "",
        },
    ),
    "circle_member": (
        CircleMember,
        "state",
        {"invited": "confirmed ended", "confirmed": "ended", "ended": ""},
    ),
    "look_review": (
        LookReview,
        "state",
        {"open": "explained handed_over", "explained": "", "handed_over": ""},
    ),
    "grant": (
        AccessGrant,
        "state",
        {
            "asked": "approved refused expired revoked",
            "approved": "used expired revoked",
            "refused": "",
            "used": "",
            "expired": "",
            "revoked": "",
        },
    ),
    "routing_version": (
        RoutingVersion,
        "state",
        {"waiting": "published dropped", "published": "", "dropped": ""},
    ),
    "bound": (
        Guardianship,
        "state",
        {"proposed": "confirmed ended", "confirmed": "ended", "ended": ""},
    ),
    "enrolment": (
        Enrolment,
        "state",
        {"active": "paused ended", "paused": "active ended", "ended": ""},
    ),
    "emergency": (
        AccessGrant,
        "review",
        {"pending": "justified unjustified", "justified": "", "unjustified": ""},
    ),
}


def is_moved(record: Any, start: str, end: str, field: str, allowed: Transitions) -> bool:
    type(record)._base_manager.filter(pk=record.pk).update(**{field: start})
    try:
        move(record, end, allowed=allowed, field=field)
    except StateConflict:
        assert getattr(record, field) == start
        return False
    assert getattr(record, field) == end
    return True


@pytest.mark.parametrize("name", TABLES)
def test_a_record_goes_where_its_table_says_and_nowhere_else(name: str, world: World) -> None:
    model, field, table = TABLES[name]
    record = model._base_manager.get(pk=world.records[name].pk)
    if name == "grant":  # a second person has decided
        AccessGrant.everything.update(decided_by=world.elsewhere["leader"])
    if name == "routing_version":  # as above
        RoutingVersion.objects.update(version=2, decided_by=world.elsewhere["leader"])

    allowed = model.MOVES if field == "state" else model.REVIEWS

    for start, ends in table.items():
        reached = {end for end in table if is_moved(record, start, end, field, allowed)}

        assert reached == set(ends.split()), start


@pytest.mark.parametrize(
    ("name", "end", "starts"),
    [
        ("case", "dismissed", "open dispatched handling handled closed"),
        ("violation", "lifted", "recorded technically_reviewed legally_reviewed transferred"),
    ],
)
def test_an_upheld_appeal_ends_a_record_from_these_states_and_no_other(
    name: str, end: str, starts: str, world: World
) -> None:
    model, field, table = TABLES[name]
    record = model._base_manager.get(pk=world.records[name].pk)

    ended = [start for start in table if is_moved(record, start, end, field, model.LIFTS)]

    assert ended == starts.split()


@pytest.mark.parametrize("name", TABLES)
def test_no_state_is_forgotten_here(name: str) -> None:
    model, field, table = TABLES[name]
    states = {value for value, _label in model._meta.get_field(field).choices}

    assert states - {"none"} == set(table)  # "none": there is no review to come
    assert set(model.MOVES) == {value for value, _label in model.State.choices}


def test_no_table_is_forgotten_here() -> None:
    with_moves = {model for model in apps.get_models() if hasattr(model, "MOVES")}

    assert {model for model, _field, _table in TABLES.values()} == with_moves


@pytest.mark.parametrize(
    ("group", "states"),
    [
        (Case.FINAL, "closed dismissed"),
        (Case.RESTING, "closed dismissed merged"),
        (Task.LIVE, "offered accepted arrived"),
        (Dissuasion.TO_CALL, "calling relatives"),
        (Dissuasion.SCAMS, "stopped paid"),
        (Violation.NONE, "rejected lifted"),
        (Violation.OFFENCE, "legally_reviewed transferred"),
        (Violation.UNDER_REVIEW, "recorded technically_reviewed legally_reviewed"),
        (ViolationReview.PASSAGE["technical"], "recorded technically_reviewed"),
        (ViolationReview.PASSAGE["legal"], "technically_reviewed legally_reviewed"),
        (AccessGrant.APPROVERS, "inspector leader legal_reviewer"),
        (Appeal.DECIDERS, "inspector legal_reviewer"),
        (Guardianship.PROPOSERS, "operator inspector"),
        (Guardianship.CONFIRMERS, "inspector leader legal_reviewer"),
        (LookReview.WATCHERS, "auditor security_administrator"),
    ],
)
def test_a_group_holds_these_and_no_others(group: Sequence[str], states: str) -> None:
    assert list(group) == states.split()


@pytest.mark.parametrize(
    ("state", "turn"),
    [
        ("open", 0),
        ("handled", 1),
        ("dispatched", 2),
        ("handling", 2),
        ("closed", 3),
        ("dismissed", 3),
        ("merged", 3),
    ],
)
def test_the_database_keeps_whose_turn_it_is(state: str, turn: int, world: World) -> None:
    case = Case.everything.filter(pk=world.records["case"].pk)
    case.update(state=state)

    by_table = case.annotate(place=places_of("state", Case.TURNS))

    assert list(by_table.values_list("turn", "place")) == [(turn, turn)]


def test_a_refused_move_says_what_could_not_become_what(world: World) -> None:
    case = world.records["case"]
    Case.everything.filter(pk=case.pk).update(state="closed")

    with pytest.raises(StateConflict, match=f"Case {case.pk} cannot go from closed to handled"):
        move(case, "handled", allowed=Case.MOVES)


@pytest.mark.parametrize("to", Severity)
@pytest.mark.parametrize("start", Severity)
def test_a_case_gets_worse_and_never_better_by_itself(
    start: Severity, to: Severity, world: World
) -> None:
    case = world.records["case"]
    Case.everything.update(severity=start)
    case.refresh_from_db(from_queryset=Case.everything.all())

    case.worsen(to)

    worse = max(start, to, key=lambda one: one.rank)
    assert case.severity == Case.everything.get(pk=case.pk).severity == worse


def test_what_somebody_else_has_made_worse_meanwhile_stays_so(world: World) -> None:
    case = world.records["case"]
    case.severity = Severity.NORMAL
    Case.everything.update(severity=Severity.URGENT)

    case.worsen(Severity.IMPORTANT)

    assert Case.everything.get(pk=case.pk).severity == Severity.URGENT
