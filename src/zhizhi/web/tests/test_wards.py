"""The guardian's pages: agreeing for the ward, narrowing, taking back, and who looked."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from tests.district_world import World

from zhizhi.directory import guarding, people
from zhizhi.directory.guarding import Ended
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.engine.models import Claim
from zhizhi.trust import access, consenting
from zhizhi.trust.access import Look, Post
from zhizhi.trust.consenting import Agreement
from zhizhi.trust.grounds import BRING_HOME, by_law
from zhizhi.trust.models import AccessRecord, AuditEntry
from zhizhi.web.tests.conftest import Browse

pytestmark = pytest.mark.django_db
BOTH = {"kinds": ["name", "phone"]}


@pytest.fixture
def bound(world: World) -> Guardianship:
    """A guardianship in force whose guardian agrees to nothing, as long as nobody says so."""
    found: Guardianship = world.records["bound"]
    for given in guarding.agreements_of(found).filter(ended_at=None):
        guarding.withdraw(found, given.pk, now=found.proposed_at)
    return found


@pytest.fixture
def guardian(bound: Guardianship) -> Client:
    return entered(bound)


def entered(row: Guardianship) -> Client:
    browser = Client(headers={"accept-language": "en"})
    told = {"number": str(row), "secret": guarding.secret_of(row)}
    assert browser.post("/home/wards/", told).status_code == 302
    return browser


def at(row: Guardianship, rest: str = "") -> str:
    return f"/home/wards/{row.pk}/{rest}"


def text_of(browser: Client, address: str) -> str:
    return str(browser.get(address).content.decode())


def used(row: Guardianship) -> list[str]:
    """Which data of the ward may be used now."""
    found = guarding.agreements_of(row).filter(ended_at=None).first()
    return found.data if found else []


def test_a_guardian_agrees_narrows_and_takes_back(bound: Guardianship, guardian: Client) -> None:
    assert "Not agreed" in text_of(guardian, at(bound))
    done = guardian.post(at(bound, "agree/"), BOTH, follow=True).content.decode()
    assert "Agreed. You can change it" in done
    assert used(bound) == ["name", "phone"]

    guardian.post(at(bound, "agree/"), {"kinds": ["name"]})
    assert used(bound) == ["name"]
    assert "The ward&#x27;s number" not in text_of(guardian, at(bound))

    assert "nobody uses" in text_of(guardian, at(bound, "withdraw/"))
    assert used(bound) == ["name"]
    gone = guardian.post(at(bound, "withdraw/"), follow=True).content.decode()
    assert "From now on nobody can use it" in gone
    assert used(bound) == []
    assert guardian.post(at(bound, "withdraw/"), follow=True).status_code == 200


@pytest.mark.parametrize("kinds", [[], ["identity_number"], ["name", "face"]])
def test_nothing_else_is_agreed_to(kinds: list[str], bound: Guardianship, guardian: Client) -> None:
    assert guardian.post(at(bound, "agree/"), {"kinds": kinds}).status_code == 422
    assert used(bound) == []


def test_without_the_code_there_is_nothing(bound: Guardianship, world: World) -> None:
    stranger = Client(headers={"accept-language": "en"})
    wrong = stranger.post("/home/wards/", {"number": str(bound), "secret": "12345678"})

    assert (wrong.status_code, "Check both" in wrong.content.decode()) == (404, True)
    for rest in ("", "agree/", "withdraw/", "resign/", "looks/"):
        assert stranger.get(at(bound, rest)).status_code == 404
    for rest in ("agree/", "withdraw/", "resign/", "looks/1/object/"):
        assert stranger.post(at(bound, rest), BOTH).status_code == 404
    waiting = world.records["guardianship"]
    told = {"number": str(waiting), "secret": guarding.secret_of(waiting)}
    assert stranger.post("/home/wards/", told).status_code == 404


def test_wrong_codes_are_counted(bound: Guardianship) -> None:
    stranger = Client(headers={"accept-language": "en"})
    told = {"number": str(bound), "secret": "1"}
    codes = [stranger.post("/home/wards/", told).status_code for _try in range(40)]

    assert (codes[0], codes[-1]) == (404, 429)
    right = {"number": str(bound), "secret": guarding.secret_of(bound)}
    assert stranger.post("/home/wards/", right).status_code == 429


def test_a_guardian_of_another_ward_sees_and_does_nothing_here(
    bound: Guardianship, world: World
) -> None:
    other: Guardianship = world.records["guardianship"]
    alien = people.add_person(people.PersonalData("Wei An"), by="account:1", now=bound.proposed_at)
    Guardianship.everything.filter(pk=other.pk).update(guardian=alien)
    guarding.confirm(other, by=world.here["leader"], now=bound.proposed_at)
    other.refresh_from_db(from_queryset=Guardianship.everything.all())
    stranger = entered(other)

    for rest in ("", "agree/", "withdraw/", "resign/", "looks/"):
        assert stranger.get(at(bound, rest)).status_code == 404
    assert stranger.post(at(bound, "agree/"), BOTH).status_code == 404
    assert at(bound) not in text_of(stranger, "/home/wards/")
    assert used(bound) == []


def test_one_code_shows_every_ward_of_the_guardian(
    bound: Guardianship, guardian: Client, world: World
) -> None:
    other: Guardianship = world.records["guardianship"]
    assert at(other) not in text_of(guardian, "/home/wards/")
    guarding.confirm(other, by=world.here["leader"], now=bound.proposed_at)

    assert at(other) in text_of(guardian, "/home/wards/")
    guardian.post(at(other, "agree/"), BOTH)
    assert (used(other), used(bound)) == (["name", "phone"], [])


def test_a_guardian_gives_it_back_and_what_was_agreed_to_ends_with_it(
    bound: Guardianship, guardian: Client
) -> None:
    guardian.post(at(bound, "agree/"), {"kinds": ["name"]})
    asked = text_of(guardian, at(bound, "resign/"))
    assert "This ends with it" in asked
    assert used(bound) == ["name"]

    gone = guardian.post(at(bound, "resign/"), follow=True).content.decode()

    assert "Given back by the guardian" in gone
    assert used(bound) == []
    bound.refresh_from_db(from_queryset=Guardianship.everything.all())
    assert (bound.state, bound.ended_why, bound.ended_by) == ("ended", "resigned", "guardian")
    left = AuditEntry.objects.filter(verb="guardianship.end", subject=guarding.name_of(bound))
    assert [entry.actor for entry in left] == ["guardian"]
    assert guardian.get(at(bound, "resign/")).status_code == 404


def test_after_the_end_the_page_says_so_and_shows_nothing_of_the_ward(
    bound: Guardianship, guardian: Client
) -> None:
    guardian.post(at(bound, "agree/"), BOTH)
    guarding.end(bound, Ended.OVER, by="account:5", now=bound.proposed_at + timedelta(days=1))

    assert "Authority over" in text_of(guardian, at(bound))
    assert "what you agreed to counts no more" in text_of(guardian, at(bound))
    for rest in ("agree/", "withdraw/", "resign/", "looks/"):
        assert guardian.get(at(bound, rest)).status_code == 404
    assert guardian.post(at(bound, "agree/"), BOTH).status_code == 404
    assert used(bound) == []


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 404), (1, 404)])
def test_it_holds_until_its_end(
    seconds: int, status: int, bound: Guardianship, guardian: Client
) -> None:
    guardian.post(at(bound, "agree/"), BOTH)
    with time_machine.travel(bound.until_at + timedelta(seconds=seconds), tick=False):
        again = entered(bound)  # the session of the first has ended long ago
        assert again.get(at(bound, "agree/")).status_code == status
        assert ("You have agreed" in text_of(again, at(bound))) is (status == 200)


def test_what_the_ward_took_back_in_person_counts_more(
    bound: Guardianship, guardian: Client
) -> None:
    own = Agreement(people.subject(bound.ward), BRING_HOME, ("name",), "desk")
    now = bound.proposed_at
    given = consenting.give(own, until=now + timedelta(days=9), by="resident", now=now)
    consenting.withdraw(given, by="resident", now=now)

    answer = guardian.post(at(bound, "agree/"), BOTH)

    assert (answer.status_code, used(bound)) == (409, [])
    assert "that counts more" in answer.content.decode()


def looked(operator: Account, who: Person, row: Guardianship) -> AccessRecord:
    """The record of a look at ward or guardian."""
    look = Look(f"account:{operator.pk}", people.subject(who), ("name", "phone"),
                "check-guardian", None, Post("operator"))  # fmt: skip
    return access.record(look, refusal="", now=row.proposed_at, ground=by_law("check-guardian"))


def test_the_guardian_sees_who_looked_at_the_ward_and_never_a_name(
    bound: Guardianship, guardian: Client, world: World
) -> None:
    assert "Nobody has looked" in text_of(guardian, at(bound, "looks/"))
    operator = world.here["operator"]
    for who in (bound.ward, bound.guardian):
        looked(operator, who, bound)

    text = text_of(guardian, at(bound, "looks/"))

    assert "1 look" in text
    for words in ("Operator on duty", "The ward&#x27;s name", "To check who may agree for whom"):
        assert words in text
    assert operator.call_sign not in text
    assert "Shen" not in text


def test_a_guardian_objects_to_a_look_and_reads_the_answer(
    bound: Guardianship, guardian: Client, world: World, browse: Browse
) -> None:
    record = looked(world.here["operator"], bound.ward, bound)
    objecting = at(bound, f"looks/{record.pk}/object/")
    assert objecting in text_of(guardian, at(bound, "looks/"))
    refused = guardian.post(objecting, {"reason": "长" * 501})
    assert (refused.status_code, "at most 500" in refused.content.decode()) == (422, True)

    said = guardian.post(objecting, {"reason": "why her"}, follow=True).content.decode()
    again = guardian.post(objecting, {"reason": "once more"}, follow=True).content.decode()

    claim = Claim.everything.get(guardianship=bound)
    assert "You objected." in said
    assert "You objected." in again
    page = browse("auditor").get(f"/claims/{claim.pk}/").content.decode()
    for told in ("What the guardian says", "why her", "The ward&#x27;s number"):
        assert told in page
    assert "not the case of this resident" not in page
    verdict = {"verdict": "upheld", "answer": "It should not have been."}
    assert browse("auditor").post(f"/claims/{claim.pk}/answer/", verdict).status_code == 302
    answered = text_of(guardian, at(bound, "looks/"))
    assert "Your objection is justified." in answered
    assert "It should not have been." in answered


def test_a_guardian_objects_to_no_look_at_anybody_else(
    bound: Guardianship, guardian: Client, world: World
) -> None:
    record = looked(world.here["operator"], bound.guardian, bound)

    assert guardian.post(at(bound, f"looks/{record.pk}/object/")).status_code == 404
    assert not Claim.everything.filter(guardianship=bound).exists()
