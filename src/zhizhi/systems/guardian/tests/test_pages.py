"""The desk's pages of the guardian: enrolling, companions, tags, pausing and ending."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from zhizhi.directory import binding, guarding
from zhizhi.directory.binding import Proposal
from zhizhi.directory.models import Account, Area, Guardianship, Person, RoleAssignment
from zhizhi.directory.people import PersonalData
from zhizhi.systems.guardian import enrolling, tagging
from zhizhi.systems.guardian.models import Companion, Enrolment, Tag, TagReader
from zhizhi.systems.guardian.tests.street import CODE, LAT, LON, Street
from zhizhi.trust import audit
from zhizhi.trust.grounds import BRING_HOME, TAGS
from zhizhi.trust.models import AccessRecord, AuditEntry

LIST = "/guardian/"


def browser(street: Street, role: str = "operator") -> Client:
    account = street.operator
    if role != "operator":
        account = Account.objects.create(username=f"desk-{role}", call_sign=role)
        RoleAssignment.objects.create(account=account, role=role, area=street.area)
    client = Client(headers={"accept-language": "en"})
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def bond_of(street: Street, *data: str) -> Guardianship:
    """A guardianship in force today, whose guardian has agreed to ``data``."""
    now = timezone.now()
    told = Proposal(
        PersonalData("Shen Bo"), PersonalData("Shen An", "12012345670"), "child", "kinship",
        now + timedelta(days=90),
    )  # fmt: skip
    path = street.area.path
    bond = binding.propose(told, area_path=path, by=street.operator, now=now)
    guarding.confirm(bond, by=street.second, now=now)
    if data:
        guarding.agree(bond, BRING_HOME, data, text="bring-home@2", now=now)
    return bond


def enrolled(street: Street) -> Enrolment:
    bond = bond_of(street, TAGS)
    return enrolling.enrol(bond.ward, area_path=bond.area_path, by="account:1", now=timezone.now())


def url(row: Enrolment, *more: Any) -> str:
    return "/".join([f"/guardian/{row.pk}", *(str(one) for one in more), ""])


def state(row: Enrolment) -> str:
    return str(Enrolment.everything.get(pk=row.pk).state)


def community(street: Street) -> Area:
    return Area.objects.create(
        kind="community", code="990100001001000", name="Willow", path=f"{street.area.path}w/",
        boundary=street.area.boundary, min_lon=LON, min_lat=LAT, max_lon=LON, max_lat=LAT,
        lon=LON, lat=LAT, valid_from=street.area.valid_from,
    )  # fmt: skip


def test_the_desk_enrols_the_ward_of_a_guardian_who_has_agreed(street: Street) -> None:
    bond, area, client = bond_of(street, TAGS), community(street), browser(street)
    assert f"/guardian/enrol/{bond.pk}/" in client.get(LIST).content.decode()

    body = {"assent": "agrees", "is_companion": "on", "hours_from": "08:00", "hours_to": "10:00",
            "areas": [area.code]}  # fmt: skip
    answer = client.post(f"/guardian/enrol/{bond.pk}/", body)

    row = Enrolment.everything.get(ward=bond.ward)
    assert answer["Location"] == url(row)
    assert (row.assent, str(row.hours_from), row.areas.get().area) == ("agrees", "08:00:00", area)
    assert row.companions.get().person == bond.guardian
    assert f"/guardian/enrol/{bond.pk}/" not in client.get(LIST).content.decode()
    leaf = AuditEntry.objects.filter(verb="guardian.enrol").latest("seq")
    assert leaf.actor == f"account:{street.operator.pk}"


@pytest.mark.parametrize("assent", ["", "objects"])
def test_a_ward_who_objects_or_was_not_asked_is_not_enrolled(street: Street, assent: str) -> None:
    bond = bond_of(street, TAGS)

    answer = browser(street).post(f"/guardian/enrol/{bond.pk}/", {"assent": assent})

    assert answer.status_code == 422
    assert not Enrolment.everything.filter(ward=bond.ward).exists()


def test_without_the_guardians_agreement_the_page_says_so_and_keeps_nothing(
    street: Street,
) -> None:
    bond, client = bond_of(street, "name"), browser(street)
    assert "Agreement missing" in client.get(LIST).content.decode()

    body = {"assent": "agrees", "is_companion": "on"}
    answer = client.post(f"/guardian/enrol/{bond.pk}/", body)

    assert (answer.status_code, "has not agreed" in answer.content.decode()) == (422, True)
    assert not Companion.objects.filter(person=bond.guardian).exists()


def test_one_hour_alone_is_asked_for_again(street: Street) -> None:
    bond = bond_of(street, TAGS)

    body = {"assent": "agrees", "hours_from": "08:00"}
    answer = browser(street).post(f"/guardian/enrol/{bond.pk}/", body)

    assert answer.status_code == 422
    assert "Give both times" in answer.content.decode()


def test_the_list_tells_states_and_no_name(street: Street) -> None:
    row, client = enrolled(street), browser(street)
    guarding.resign(street.bond, now=timezone.now())
    told = client.get(LIST).content.decode()
    assert "Shen" not in told
    assert "Agreement over" in told
    for what, said in (("pause", "Paused"), ("resume", "Enrolled")):
        client.post(url(row, "change", what), {"why": "family"})
        assert said in client.get(url(row)).content.decode()

    guarding.object_for(row.ward, by="account:1", now=timezone.now())
    assert "The ward objected" in client.get(LIST).content.decode()


def test_a_change_needs_a_reason_and_leaves_it_in_the_log(street: Street) -> None:
    row, client = enrolled(street), browser(street)

    assert client.post(url(row, "change", "pause"), {"why": "because"}).status_code == 422
    assert state(row) == "active"

    client.post(url(row, "change", "pause"), {"why": "away"})
    assert state(row) == "paused"
    assert [leaf["detail"]["why"] for leaf in audit.leaves("guardian.pause")] == ["away"]
    assert client.post(url(row, "change", "pause"), {"why": "away"}).status_code == 409
    assert client.post(url(row, "change", "fly"), {"why": "away"}).status_code == 404


def test_nobody_is_resumed_without_an_agreement(street: Street) -> None:
    row, client = enrolled(street), browser(street)
    client.post(url(row, "change", "pause"), {"why": "away"})
    guarding.object_for(row.ward, by="account:1", now=timezone.now())

    answer = client.post(url(row, "change", "resume"), {"why": "back"})

    assert (answer.status_code, state(row)) == (409, "paused")


def test_the_wards_objection_ends_everything(street: Street) -> None:
    row, client = enrolled(street), browser(street)

    client.post(url(row, "change", "object"))

    assert state(row) == "ended"
    assert Guardianship.everything.get(ward=row.ward).ended_why == "objected"


def test_deleting_leaves_no_row_no_tag_and_no_companion_sealed_for_it(street: Street) -> None:
    row, client = enrolled(street), browser(street)
    mate = {"guardian": "", "name": "Wei Lan", "phone": "12012345671", "agrees": "on"}
    assert client.post(url(row, "companions"), mate).status_code == 302
    person = row.companions.get().person
    tagging.bind(row.ward, "T-1", "qr", by="account:1", now=timezone.now())
    tagging.bind(person, "T-2", "qr", by="account:1", now=timezone.now())

    client.post(url(row, "change", "delete"), {"why": "mistake"})

    assert not Enrolment.everything.filter(pk=row.pk).exists()
    assert not Tag.objects.filter(holder__in=[row.ward_id, person.pk]).exists()
    assert Person.objects.get(pk=person.pk).key.destroyed_at is not None
    assert Person.objects.get(pk=row.ward_id).key.destroyed_at is None  # a guardianship binds
    assert client.get(url(row)).status_code == 404


def test_a_companion_of_two_wards_is_one_person_and_stays_until_the_last(street: Street) -> None:
    row, client = enrolled(street), browser(street)
    mate = {"guardian": "", "name": "Wei Lan", "phone": "12012345671", "agrees": "on"}
    for one in (row, street.enrolment):
        client.post(url(one, "companions"), mate)
    first = row.companions.get()
    second = street.enrolment.companions.get(person=first.person)

    client.post(url(row, "companions", first.pk, "out"))
    assert Person.objects.get(pk=first.person_id).key.destroyed_at is None
    client.post(url(street.enrolment, "companions", second.pk, "out"))
    assert Person.objects.get(pk=first.person_id).key.destroyed_at is not None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"guardian": "", "agrees": "on"}, "Write name and number"),
        ({"guardian": "", "name": "Wei", "phone": "12", "agrees": "on"}, "Number, if"),
        ({"guardian": "", "name": "Wei", "phone": "12012345671"}, "required"),
    ],
)
def test_who_walks_along_agrees_and_can_be_reached(
    street: Street, body: dict[str, str], said: str
) -> None:
    row = enrolled(street)

    answer = browser(street).post(url(row, "companions"), body)

    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not row.companions.exists()


def test_a_guardian_walks_along_once(street: Street) -> None:
    row, client = enrolled(street), browser(street)
    bond = Guardianship.everything.get(ward=row.ward)
    body = {"guardian": str(bond.pk), "agrees": "on"}

    first, again = (client.post(url(row, "companions"), body) for _n in range(2))

    assert (first.status_code, again.status_code) == (302, 422)
    assert "Walks along already" in again.content.decode()


def test_a_tag_is_given_once_and_taken_back(street: Street) -> None:
    row, client = enrolled(street), browser(street)
    body = {"holder": "ward", "kind": "bracelet", "code": "B-77"}

    first, again = (client.post(url(row, "tags"), body) for _n in range(2))
    assert (first.status_code, again.status_code) == (302, 422)
    tag = Tag.objects.get(holder=row.ward)
    assert "B-77" not in client.get(url(row)).content.decode()

    client.post(url(row, "tags", tag.pk, "back"))
    tag.refresh_from_db()
    assert tag.unbound_by == f"account:{street.operator.pk}"
    assert client.post(url(row, "tags", street.tags[CODE].pk, "back")).status_code == 404


def test_hours_and_areas_are_changed(street: Street) -> None:
    row, area, client = enrolled(street), community(street), browser(street)

    body = {"hours_from": "07:00", "hours_to": "09:30", "areas": [area.code]}
    client.post(url(row, "allow"), body)
    told = client.get(url(row)).content.decode()
    assert "07:00–09:30" in told
    assert "Willow" in told

    client.post(url(row, "allow"), {})
    assert "at any time · everywhere" in client.get(url(row)).content.decode()


def test_names_are_shown_on_demand_and_each_look_is_on_record(street: Street) -> None:
    row, client = enrolled(street), browser(street, "leader")

    told = client.post(url(row, "look")).content.decode()

    assert "Shen Bo" in told
    look = AccessRecord.objects.latest("pk")
    assert (look.person, look.purpose) == (f"person:{row.ward_id}", "check-guardian")


@pytest.mark.parametrize("role", ["leader", "legal_reviewer"])
def test_who_may_only_look_finds_no_buttons(street: Street, role: str) -> None:
    row, client = enrolled(street), browser(street, role)

    told = client.get(url(row)).content.decode()

    assert "/change/" not in told
    assert client.post(url(row, "change", "pause"), {"why": "family"}).status_code == 403


def test_a_reader_is_placed_moved_and_taken_down_in_the_own_area_alone(street: Street) -> None:
    client = browser(street)
    body = {"code": "R-9", "name": "Gate 9", "lon": str(LON), "lat": str(LAT)}

    assert client.post("/guardian/readers/", body).status_code == 302
    row = TagReader.objects.get(code="R-9")
    assert "Gate 9" in client.get("/guardian/readers/").content.decode()
    client.post(f"/guardian/readers/{row.pk}/down/")
    row.refresh_from_db()
    assert not row.is_active

    outside = client.post("/guardian/readers/", {**body, "lon": "1"})
    assert (outside.status_code, "lies outside" in outside.content.decode()) == (422, True)
    TagReader.objects.filter(pk=row.pk).update(area_path="/990200000000000/")
    elsewhere = client.post("/guardian/readers/", body)
    assert "belongs to another area" in elsewhere.content.decode()
    assert client.post(f"/guardian/readers/{row.pk}/down/").status_code == 404
