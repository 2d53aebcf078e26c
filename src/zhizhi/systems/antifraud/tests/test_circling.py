"""The protected circle: nobody counts without having confirmed, and both sides end it at once."""

from __future__ import annotations

import pytest
from django.utils import timezone

from zhizhi.engine import settings_in_force
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, later, refusal
from zhizhi.systems.antifraud import circling, dissuading, joining, relatives
from zhizhi.systems.antifraud.circling import CircleFull, NotIn, OwnNumber
from zhizhi.systems.antifraud.models import CircleMember, CirclePerson
from zhizhi.systems.antifraud.tests.circle import (
    code_for,
    in_circle,
    invited,
    joined,
    number,
    texts,
)
from zhizhi.systems.antifraud.tests.risk import BY, PHONE, fresh, guardian, warned
from zhizhi.trust.models import AuditEntry, Consent

pytestmark = pytest.mark.django_db
Ended = CircleMember.Ended


def count(**after: float) -> int:
    """How many relatives may be asked for whoever has ``PHONE``."""
    row = joining.known(PHONE, now=NOON)
    return len(circling.relatives_of(row.person.phone_index, now=later(**after)))


def test_a_relative_counts_once_confirmed_and_not_before() -> None:
    row = invited(joined())
    assert count() == 0

    assert circling.confirm(row.pk, code_for(number(1)), now=NOON) is not None

    assert count() == 1
    consent = Consent.objects.get(subject=f"person:{row.relative.person_id}")
    assert (consent.purpose, consent.data) == ("protect-circle", ["phone"])


def test_an_invitation_says_nothing_of_who_invites() -> None:
    invited(joined())

    [said] = texts(number(1))
    assert PHONE not in said
    assert code_for(PHONE) not in said
    assert code_for(number(1)) in said


def test_the_code_of_another_invitation_confirms_nothing() -> None:
    one = joined()
    first, second = invited(one, 1), invited(one, 2)

    for code in (code_for(number(2)), "", "12345678", code_for(number(1))[:8]):
        assert circling.confirm(first.pk, code, now=NOON) is None
    assert circling.confirm(0, code_for(number(1)), now=NOON) is None
    assert (count(), second.state) == (0, "invited")


@pytest.mark.parametrize(("seconds", "confirmed"), [(-1, True), (0, False), (1, False)])
def test_an_invitation_can_be_confirmed_in_its_time(seconds: int, *, confirmed: bool) -> None:
    row = invited(joined())
    now = later(days=7, seconds=seconds)

    assert (circling.confirm(row.pk, code_for(number(1)), now=now) is not None) is confirmed


def test_an_invitation_is_confirmed_once() -> None:
    row = in_circle(joined())

    assert circling.confirm(row.pk, circling.secret_of(row), now=NOON) is None


@pytest.mark.parametrize(("already", "fits"), [(6, True), (7, True), (8, False)])
def test_a_circle_has_eight_relatives_at_most(already: int, *, fits: bool) -> None:
    one = joined()
    for n in range(already):
        invited(one, n)

    try:
        invited(one, 9)
    except CircleFull:
        assert not fits
        assert not CirclePerson.objects.filter(circles=None).exclude(pk=one.pk).exists()
    else:
        assert fits
    assert circling.live(one).count() == already + fits


def test_who_has_left_or_not_confirmed_in_time_takes_no_place() -> None:
    settings_in_force.change("antifraud.circle_most", 2, by=BY, now=NOON)
    one = joined()
    circling.end(in_circle(one, 1), Ended.LEFT, now=NOON)
    lapsed = invited(one, 2)

    for n in (3, 4):
        invited(one, n, at=later(days=7))

    lapsed.refresh_from_db()
    assert (lapsed.state, lapsed.ended_why) == ("ended", "lapsed")


def test_the_same_relative_is_invited_once_and_nobody_is_the_own_relative() -> None:
    one = joined()
    invited(one)

    assert refusal(lambda: invited(one)) == "invited-already"
    with pytest.raises(OwnNumber):
        circling.invite(one, f"+86 {PHONE}", "child", now=NOON)


def test_whoever_has_not_joined_invites_nobody() -> None:
    one = joining.ask_code(PHONE, now=NOON)

    with pytest.raises(NotIn):
        invited(one)
    two = joined(number(2))
    with pytest.raises(NotIn):
        invited(two, 3, at=later(days=365))


def test_one_who_was_invited_may_say_no() -> None:
    row = invited(joined())

    assert not circling.refuse(row.pk, "1", now=NOON)
    assert circling.refuse(row.pk, code_for(number(1)), now=NOON)
    assert not circling.refuse(row.pk, circling.secret_of(row), now=NOON)

    row.refresh_from_db()
    assert (row.ended_why, row.relative.number) == ("refused", "")


@pytest.mark.parametrize("why", [Ended.LEFT, Ended.REMOVED])
def test_either_side_ends_it_at_once(why: Ended) -> None:
    row = in_circle(joined())

    circling.end(row, why, now=later(minutes=1))

    assert count(minutes=1) == 0
    row.relative.person.key.refresh_from_db()
    assert row.relative.person.key.destroyed_at == later(minutes=1)
    assert AuditEntry.objects.get(verb="circle.end").detail["why"] == why
    with pytest.raises(StateConflict):
        circling.end(row, why, now=later(minutes=2))


def test_who_joined_as_well_stays_after_leaving_a_circle() -> None:
    two = joined(number(1))
    row = in_circle(joined())

    circling.end(row, Ended.LEFT, now=NOON)

    assert joining.is_in(two, now=NOON)


def test_only_the_two_of_a_circle_end_it() -> None:
    one, other = joined(), joined(number(5))
    row = in_circle(one)

    assert [circling.mine(who, row.pk) for who in (one, row.relative, other)] == [
        (row, Ended.REMOVED), (row, Ended.LEFT), None,
    ]  # fmt: skip


@pytest.mark.parametrize("whose", ["protected", "relative"])
@pytest.mark.parametrize(("seconds", "found"), [(-1, 1), (0, 0), (1, 0)])
def test_after_the_agreement_of_either_has_run_out_nobody_is_asked(
    whose: str, seconds: int, found: int
) -> None:
    one = joined() if whose == "relative" else None
    settings_in_force.change("antifraud.circle_days", 9, by=BY, now=NOON)
    if one is None:
        one = joined()
        settings_in_force.change("antifraud.circle_days", 365, by=BY, now=NOON)
    in_circle(one)

    assert count(days=9, seconds=seconds) == found


@pytest.mark.parametrize("whose", ["protected", "relative"])
def test_after_either_has_left_nobody_is_asked(whose: str) -> None:
    row, risk = in_circle(joined()), warned()
    assert len(relatives.of(risk, now=NOON)) == 1

    joining.leave(getattr(row, whose), now=NOON)

    assert relatives.of(fresh(risk), now=NOON) == []


def test_a_busy_line_leads_to_the_circle() -> None:
    in_circle(joined())
    row = warned()

    dissuading.attempt(row, "call", "busy", by=BY, now=later(minutes=1))

    assert fresh(row).state == "relatives"


def test_a_guardian_who_is_in_the_circle_as_well_is_asked_once_and_by_law() -> None:
    now = timezone.now()
    one = joined(at=now)
    guardian(number(1), at=now)
    in_circle(one, 1, at=now)
    in_circle(one, 2, at=now)

    found = relatives.of(warned(at=now), now=timezone.now())

    assert [(one.purpose, one.fields) for one in found] == [
        ("dissuade", ("name", "phone")), ("ask-relative", ("phone",)),
    ]  # fmt: skip


def test_the_circle_of_somebody_else_is_no_circle() -> None:
    in_circle(joined(number(7)))

    assert relatives.of(warned(), now=NOON) == []
