"""One press of a guardian: which answer counts, which comes late, and what is told of it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from zhizhi.directory import guarding, people
from zhizhi.directory.guarding import GuardianshipOver
from zhizhi.directory.models import Guardianship
from zhizhi.directory.people import PersonalData
from zhizhi.engine import closing
from zhizhi.engine.models import Case, Message
from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import system_named
from zhizhi.engine.timeline import history
from zhizhi.kernel.solitude import Answer
from zhizhi.systems.guardian import answering, enrolling, tracing
from zhizhi.systems.guardian.answering import AnswerOutcome
from zhizhi.systems.guardian.tests.street import (
    NINE,
    OTHER_CODE,
    Street,
    after,
    bound,
    cases,
    journaled,
    name,
)
from zhizhi.trust import audit
from zhizhi.trust.consenting import ConsentMissing
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Grant, Scope

PAGE = "/guardian/asked/"


@pytest.fixture
def son(street: Street) -> Guardianship:
    """A second guardian of the same ward."""
    person = people.add_person(PersonalData("Shen Son", "12912345670"), by="account:1", now=NINE)
    return bound(street.ward, person, street.operator, street.second)


def say(
    bond: Guardianship, what: Answer, minute: float, *, asked: int | None = None
) -> AnswerOutcome:
    found = cases()
    case = asked if asked is not None else (found[-1].pk if found else None)
    return answering.answer(bond, what, asked=case, now=after(minute))


def answers(case: Case) -> list[tuple[str, str]]:
    entries = [one for one in history(case) if one.verb in answering.VERBS]
    return [(one.verb.removeprefix("guardian."), one.actor) for one in entries]


def told() -> list[Any]:
    return [row["zone"] for row in journaled() if "@" not in row["zone"]]


@pytest.mark.parametrize("what", [Answer.WITH_ME, Answer.KNOWN])
def test_a_good_answer_settles_the_question(street: Street, what: Answer) -> None:
    street.walk_alone(0, 5)

    assert say(street.bond, what, 6) == AnswerOutcome.TOLD
    street.pass_time(20)

    [case] = cases()
    assert case.state == "closed"
    assert answers(case) == [(what.value, guarding.name_of(street.bond))]


def test_missing_sends_somebody_and_is_said_once(street: Street, son: Guardianship) -> None:
    street.walk_alone(0, 5)

    said = [say(bond, Answer.MISSING, 6) for bond in (street.bond, son, street.bond)]
    street.pass_time(7)

    [case] = cases()
    assert said == [AnswerOutcome.TOLD, AnswerOutcome.SAID, AnswerOutcome.SAID]
    assert (case.severity, case.state, told()) == ("urgent", "dispatched", ["missing"])


def test_of_two_good_answers_the_first_holds(street: Street, son: Guardianship) -> None:
    street.walk_alone(0, 5)

    said = [say(street.bond, Answer.WITH_ME, 6), say(son, Answer.KNOWN, 6.1)]

    assert said == [AnswerOutcome.TOLD, AnswerOutcome.SAID]
    assert told() == ["with_me"]


def test_missing_counts_also_after_a_good_answer(street: Street, son: Guardianship) -> None:
    street.walk_alone(0, 5)

    said = [say(street.bond, Answer.WITH_ME, 6), say(son, Answer.MISSING, 6.1)]
    street.pass_time(7)

    assert said == [AnswerOutcome.TOLD, AnswerOutcome.TOLD]
    assert "dispatched" in [case.state for case in cases()]


def test_a_good_answer_after_missing_is_kept_for_those_on_duty(
    street: Street, son: Guardianship
) -> None:
    street.walk_alone(0, 5)
    say(street.bond, Answer.MISSING, 6)
    street.pass_time(7)

    said = [say(son, Answer.WITH_ME, minute) for minute in (8, 8.5)]
    street.pass_time(9)

    [case] = cases()
    assert said == [AnswerOutcome.CALLED, AnswerOutcome.SAID]
    assert case.state == "dispatched"
    assert ("with_me", guarding.name_of(son)) in answers(case)
    assert Message.everything.filter(template__startswith="guardian.answered").count() == 1


def test_an_answer_after_the_alarm_is_kept_and_ends_nothing(street: Street) -> None:
    street.walk_alone(0, 5)
    street.pass_time(11)  # nobody has answered in time

    assert say(street.bond, Answer.KNOWN, 12) == AnswerOutcome.CALLED
    assert [case.state for case in cases()] == ["dispatched"]


def test_an_answer_to_a_question_that_is_over_changes_nothing(street: Street) -> None:
    street.walk_alone(0, 5)
    [case] = cases()
    street.read(7, tag=OTHER_CODE, reader="R-2")
    street.pass_time(8)

    assert say(street.bond, Answer.KNOWN, 9, asked=case.pk) == AnswerOutcome.LATE
    assert told() == []


def test_missing_needs_no_question(street: Street) -> None:
    assert say(street.bond, Answer.MISSING, 1) == AnswerOutcome.TOLD
    leaf = AuditEntry.objects.get(verb="guardian.missing")
    assert leaf.actor == guarding.name_of(street.bond)
    street.pass_time(2)

    [case] = cases()
    assert (case.severity, case.state) == ("urgent", "dispatched")
    assert say(street.bond, Answer.MISSING, 3) == AnswerOutcome.SAID


def test_once_the_case_is_over_missing_can_be_said_anew(street: Street) -> None:
    street.walk_alone(0, 5)
    say(street.bond, Answer.MISSING, 6)
    street.pass_time(7)
    closing.dismiss(cases()[0], reason="at home", by=name(street.operator), now=after(8))
    street.pass_time(9)

    assert say(street.bond, Answer.MISSING, 10) == AnswerOutcome.TOLD


def test_nobody_answers_without_authority_agreement_or_matching(street: Street) -> None:
    enrolling.pause(street.enrolment, by=name(street.operator), now=after(1))
    with pytest.raises(StateConflict):
        say(street.bond, Answer.MISSING, 2)
    with pytest.raises(GuardianshipOver):
        say(street.bond, Answer.MISSING, 60 * 24 * 400)
    guarding.withdraw(street.bond, guarding.agreements_of(street.bond).get().pk, now=after(3))
    with pytest.raises(ConsentMissing):
        say(street.bond, Answer.MISSING, 4)


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_the_same_moment_are_told_one_by_one(
    street: Street, son: Guardianship
) -> None:
    street.walk_alone(0, 5)
    found: list[AnswerOutcome] = []
    ready = threading.Barrier(2)

    def press(bond: Guardianship) -> None:
        try:
            ready.wait()
            found.append(say(bond, Answer.MISSING, 6))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(bond,)) for bond in (street.bond, son)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(found) == [AnswerOutcome.SAID, AnswerOutcome.TOLD]
    assert told() == ["missing"]


def phone(street: Street) -> Client:
    """The browser of the daughter, who has shown number and code."""
    client = Client(headers={"accept-language": "en"})
    session = client.session
    session["guardianships"] = [street.bond.pk]
    session.save()
    return client


def press(client: Client, street: Street, what: str, case: object = "") -> str:
    body = {"answer": what, "case": case}
    answer = client.post(f"{PAGE}{street.bond.pk}/", body, follow=True)
    return str(answer.content.decode())


def test_the_page_asks_where_and_when_and_says_that_it_counts(street: Street) -> None:
    client = phone(street)
    assert "Nobody asks" in client.get(PAGE).content.decode()
    street.walk_alone(0, 5)

    asked = client.get(PAGE).content.decode()
    assert "Seen alone at 09:05: lamp 2" in asked
    assert asked.count('<button class="wide-button') == 3
    assert "Shen" not in asked

    told = press(client, street, "with_me", cases()[0].pk)
    assert "Thank you. It counts." in told
    assert "Answered at" in told


def test_the_page_says_plainly_that_an_answer_came_late(street: Street) -> None:
    street.walk_alone(0, 5)
    street.read(7, tag=OTHER_CODE, reader="R-2")
    street.pass_time(8)

    assert "came late" in press(phone(street), street, "known", cases()[0].pk)
    assert told() == []


def test_missing_without_a_question_is_asked_twice(street: Street) -> None:
    client = phone(street)
    assert "send somebody" not in client.get(PAGE).content.decode()
    assert (
        "Yes, missing: send somebody"
        in client.get(f"{PAGE}?missing={street.bond.pk}").content.decode()
    )

    told = press(client, street, "missing")

    assert "Reported missing" in told
    assert "Somebody had answered" in press(client, street, "missing")


@pytest.mark.parametrize("what", ["", "maybe"])
def test_another_answer_is_none(street: Street, what: str) -> None:
    press(phone(street), street, what)

    assert journaled() == []


def test_a_stranger_and_a_guardian_without_enrolled_wards_see_nothing(street: Street) -> None:
    street.walk_alone(0, 5)
    stranger = Client(headers={"accept-language": "en"})

    assert "show number and code" in stranger.get(PAGE).content.decode()
    assert stranger.post(f"{PAGE}{street.bond.pk}/", {"answer": "known"}).status_code == 404
    enrolling.pause(street.enrolment, by=name(street.operator), now=after(6))
    assert "None of your wards" in phone(street).get(PAGE).content.decode()
    assert "not matched at the moment" in press(phone(street), street, "missing")


def test_the_trail_shows_the_readings_of_the_open_case_alone(street: Street) -> None:
    street.read(-30, reader="R-5")
    street.walk_alone(0, 5, 8)
    [case] = cases()
    client = Client(headers={"accept-language": "en"})
    client.force_login(street.operator, backend="django.contrib.auth.backends.ModelBackend")
    address = f"/guardian/cases/{case.pk}/trail/"
    assert address in client.get(f"/cases/{case.pk}/").content.decode()

    told = client.get(address).content.decode()

    assert [told.find(f"lamp {n}") > 0 for n in (1, 2, 3, 5)] == [True, True, True, False]
    assert told.index("lamp 3") < told.index("lamp 1")
    assert "old: look further around" in told
    client.get(address)
    looks = list(audit.leaves("person.read"))
    assert [leaf["subject"] for leaf in looks] == [f"person:{street.ward.pk}"]

    guarding.resign(street.bond, now=after(9))
    assert client.get(address).status_code == 403
    Case.everything.filter(pk=case.pk).update(state="closed", closed_at=after(9))
    assert client.get(address).status_code == 404
    assert "trail" not in client.get(f"/cases/{case.pk}/").content.decode()


def test_the_trail_is_offered_to_whoever_may_follow_it(street: Street) -> None:
    street.walk_alone(0, 5)
    [case] = cases()
    system = system_named("guardian")
    assert system is not None

    told = {
        role: system.beside(case, Scope(street.operator.pk, (Grant(role),))) is not None
        for role in ("operator", "unit_member", "legal_reviewer", "administrator")
    }

    assert told == {
        "operator": True, "unit_member": True, "legal_reviewer": False, "administrator": False
    }  # fmt: skip


@pytest.mark.parametrize(("minutes", "is_fresh"), [(9, True), (10, True), (11, False)])
def test_a_point_ages_after_ten_minutes(street: Street, minutes: int, *, is_fresh: bool) -> None:
    street.walk_alone(0, 5)
    [case] = cases()

    newest = tracing.trail(case, street.enrolment, now=after(5 + minutes))[0]

    assert (newest.place, newest.is_fresh) == ("lamp 2", is_fresh)
    assert newest.at + timedelta(minutes=5) == after(10)
