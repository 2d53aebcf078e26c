"""Reports that other programs send: filed once, or refused with what to do."""

from __future__ import annotations

import random
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.district_world import LAT, LON, World, photo
from tests.test_any_words import VALUES

from zhizhi.directory import walls
from zhizhi.directory.models import Person, WallPass
from zhizhi.engine import reporting, settings_in_force
from zhizhi.engine.models import Case, Report, TimelineEntry
from zhizhi.trust.models import Consent
from zhizhi.web.outward.open311.filing import LIMITS
from zhizhi.web.outward.open311.tests.reading import xml
from zhizhi.web.outward.tests.asking import passed

POST = "/open311/requests.json"
FORM = "application/x-www-form-urlencoded"
AGREED = {"attribute[contact_consent]": "contact@2", "phone": "12012345679"}


class Sender:
    """A program with a pass for the town "here"."""

    def __init__(self, world: World) -> None:
        self.row, self.secret = passed(world.records["area"])
        self.known = set(Report.everything.values_list("pk", flat=True))

    def post(self, form: str = "json", **fields: Any) -> Any:
        told = {
            "api_key": self.secret, "service_code": "residents.other", "lat": str(LAT),
            "long": str(LON), "description": "a lamp is dark", **fields,
        }  # fmt: skip
        told = {name: value for name, value in told.items() if value is not None}
        client = Client(headers={"accept-language": "en"}, enforce_csrf_checks=True)
        return client.post(f"/open311/requests.{form}", told)

    def refused(self, **fields: Any) -> tuple[int, str]:
        """Post what is not taken; returns status and description."""
        answer = self.post(**fields)
        [told] = answer.json()
        assert list(told) == ["code", "description"]
        assert told["code"] == answer.status_code
        assert not self.new()
        return answer.status_code, told["description"]

    def new(self) -> list[Report]:
        return list(Report.everything.exclude(pk__in=self.known).order_by("pk"))


@pytest.fixture
def sender(world: World) -> Sender:
    return Sender(world)


def test_a_report_becomes_a_case_of_its_place(sender: Sender, world: World) -> None:
    answer = sender.post(address_string="behind the school")

    [told] = answer.json()
    [report] = sender.new()
    assert answer.status_code == 200
    assert list(told) == ["service_request_id", "service_notice"]
    assert report.case.state == "open"
    assert report.case.area == world.records["area"]
    assert (report.source.code, report.place_by) == (f"open311-{sender.row.pk}", "map")
    assert reporting.words(report)["telling"] == "a lamp is dark"
    assert reporting.words(report)["place"] == "behind the school"
    told_by = TimelineEntry.objects.get(case=report.case, verb="report.receive").actor
    assert told_by == f"source:open311-{sender.row.pk}"


def test_the_number_leads_to_the_request_and_the_receipt_to_the_page(sender: Sender) -> None:
    [told] = sender.post().json()
    [report] = sender.new()
    number = told["service_request_id"]

    [found] = Client().get(f"/open311/requests/{number}.json").json()

    assert (found["status"], found["service_code"]) == ("open", "residents.other")
    words = told["service_notice"].replace(",", "").split()
    receipt, secret = words[1], words[4]
    assert reporting.find(receipt, secret) == report
    assert Client().get(f"/open311/tokens/{number}.json").json() == [
        {"service_request_id": number, "token": number}
    ]
    assert Client().get("/open311/tokens/1-0.json").status_code == 404


def test_it_is_the_same_as_xml(sender: Sender) -> None:
    top = xml(sender.post("xml"))
    number = top.findtext("request/service_request_id")

    assert top.tag == "service_requests"
    assert [one.tag for one in top.iterfind("request/*")] == [
        "service_request_id", "service_notice",
    ]  # fmt: skip
    told = xml(Client().get(f"/open311/tokens/{number}.xml"))
    assert told.findtext("request/service_request_id") == number
    errors = xml(sender.post("xml", service_code="x"))
    assert (errors.tag, errors.findtext("error/code")) == ("errors", "404")


def test_a_bearer_token_is_a_key_as_well(sender: Sender) -> None:
    told = {"service_code": "fishery.angling", "lat": LAT, "long": LON}
    client = Client(headers={"authorization": f"Bearer {sender.secret}"})

    assert client.post(POST, told).status_code == 200
    assert [one.kind for one in sender.new()] == ["fishery.angling"]


@pytest.mark.parametrize("key", [None, "", "x", "x" * 5000, "河"])
def test_without_a_valid_key_nothing_is_filed(key: str | None, sender: Sender) -> None:
    status, told = sender.refused(api_key=key)

    assert status == 403
    assert told.startswith("api_key")


def test_a_pass_that_ended_or_of_a_screen_files_nothing(sender: Sender, world: World) -> None:
    area, now = world.records["area"], timezone.now()
    shown = walls.issue("Left", area, expires_at=None, by="account:1", now=now)[1]
    walls.withdraw(sender.row, by="account:1", now=now)

    assert sender.refused()[0] == 403
    assert sender.refused(api_key=shown)[0] == 403
    assert sender.refused(api_key=passed(area, until=now)[1])[0] == 403


def test_a_session_is_no_key(world: World, sender: Sender) -> None:
    client = Client()
    client.force_login(world.here["operator"], "django.contrib.auth.backends.ModelBackend")

    told = {"service_code": "residents.other", "lat": LAT, "long": LON, "description": "x"}

    assert client.post(POST, told).status_code == 403


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">'
    '<!ENTITY d SYSTEM "file:///etc/passwd">]><a>&c;&d;</a>'
)


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "application/json", "text/plain"])
def test_a_body_that_is_no_form_is_not_read(kind: str, sender: Sender) -> None:
    answer = Client().post(POST, BOMB, content_type=kind)

    assert answer.status_code == 400
    assert answer.json()[0]["description"].startswith("Send a form")
    assert b"root:" not in answer.content


def test_an_entity_in_a_description_stays_text(sender: Sender) -> None:
    assert sender.post("xml", description=BOMB).status_code == 200

    assert reporting.words(sender.new()[0])["telling"] == BOMB


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"service_code": None}, 400, "service_code was not provided."),
    ({"service_code": " "}, 400, "service_code was not provided."),
    ({"service_code": "lamp"}, 404, "service_code “lamp” was not found."),
    ({"service_code": "x" * 49}, 400, "service_code has at most 48 characters"),
    ({"jurisdiction_id": "sfgov.org"}, 404, "jurisdiction_id “sfgov.org” was not found."),
    ({"description": None}, 400, "residents.other needs a description"),
    ({"description": "河" * 10_000}, 400, "description has at most 4000 characters; these are"),
    ({"lat": None}, 400, "lat and long are two numbers"),
    ({"lat": "x"}, 400, "lat and long are two numbers"),
    ({"lat": "nan"}, 400, "lat and long are two numbers"),
    ({"long": "inf"}, 400, "lat and long are two numbers"),
    ({"lat": "90.1"}, 400, "lat and long are two numbers"),
    ({"long": "-180.1"}, 400, "lat and long are two numbers"),
    ({"lat": str(LON - 40), "long": str(LAT)}, 400, "lat and long: the place lies outside"),
    ({"lat": "0", "long": "0"}, 400, "lat and long: the place lies outside"),
    ({"long": str(LON + 1)}, 400, "lat and long: the place lies outside of 990101001000000"),
    ({"lat": None, "long": None}, 400, "Nothing says where"),
    ({"lat": None, "long": None, "address_string": "Atlantis"}, 400, "No place is called so"),
    ({"lat": None, "long": None, "address_string": "x" * 121}, 400, "address_string has at most"),
    ({"lat": None, "long": None, "address_string": "990101"}, 400, "address_string fits several"),
    ({"lat": None, "long": None, "address_id": "1"}, 400, "address_id is no code"),
    ({"attribute[occurred_at]": "yesterday"}, 400, "attribute[occurred_at] is a time"),
    ({"attribute[occurred_at]": "2099-01-01T00:00:00Z"}, 400, "attribute[occurred_at]: it would"),
    ({"attribute[occurred_at]": "2020-01-01T00:00:00Z"}, 400, "attribute[occurred_at]: it is old"),
    ({"attribute[colour]": "red"}, 400, "attribute[colour] is not asked for"),
    ({"attribute[]": "red"}, 400, "attribute[] is not asked for"),
    ({"attribute[occurred_at]": ["a", "b"]}, 400, "attribute[occurred_at] is not asked for"),
    ({"lat": [str(LAT), "1"]}, 400, "“lat” is given twice"),
    ({"attribute[contact_consent]": "contact@1"}, 400, "attribute[contact_consent] is the"),
    ({"attribute[contact_consent]": "contact@2"}, 400, "Somebody agreed to be called"),
    ({**AGREED, "phone": "12"}, 400, "phone: "),
    ({**AGREED, "phone": "x" * 31}, 400, "phone has at most 30"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "status", "words"), WRONG)
def test_what_cannot_be_taken_is_refused_with_what_to_do(
    fields: dict[str, Any], status: int, words: str, sender: Sender
) -> None:
    told = sender.refused(**fields)

    assert told[0] == status
    assert told[1].startswith(words)


@pytest.mark.parametrize(
    "words", ["🚤 on the reach", "é\r\n\r\nline", "\u202e", "x" * 4000, "<b>&amp;</b>", "\ufffe a"]
)
def test_odd_words_are_kept_as_they_are(words: str, sender: Sender) -> None:
    assert sender.post(description=words).status_code == 200

    assert reporting.words(sender.new()[0])["telling"] == words


NAMES = (*LIMITS, "attribute[occurred_at]", "attribute[contact_consent]", "attribute[x]", "x")


@pytest.mark.parametrize("seed", range(20))
def test_no_words_break_the_door(seed: int, sender: Sender) -> None:
    choice = random.Random(seed)  # noqa: S311
    fields = {name: choice.choice(VALUES) for name in NAMES if choice.random() < 0.4}

    answer = sender.post(choice.choice(["json", "xml"]), **fields)

    assert answer.status_code in {200, 400, 403, 404}


def test_a_nul_is_left_out(sender: Sender) -> None:
    assert sender.post(description="a\x00b").status_code == 200

    assert reporting.words(sender.new()[0])["telling"] == "ab"


def test_a_place_may_be_a_name_or_the_code_of_a_community(sender: Sender, world: World) -> None:
    from zhizhi.directory.models import Area  # noqa: PLC0415

    town = world.records["area"]
    Area.objects.create(
        kind="community", code="c1", name="Willow Lane", path=f"{town.path}c1/", min_lon=LON,
        min_lat=LAT, max_lon=LON, max_lat=LAT, lon=LON, lat=LAT, valid_from=timezone.now(),
    )  # fmt: skip
    nowhere: dict[str, Any] = {"lat": None, "long": None}

    assert sender.post(address_string="3 Willow Lane", **nowhere).status_code == 200
    assert sender.post(address_id="c1", **nowhere).status_code == 200

    by_name, by_code = sender.new()
    assert (by_name.place_by, reporting.words(by_name)["place"]) == ("name", "3 Willow Lane")
    assert (by_code.place_by, reporting.words(by_code)["place"]) == ("list", "Willow Lane")


@pytest.mark.parametrize(("minutes", "count"), [(0, 1), (59, 1), (61, 2)])
def test_the_same_again_is_the_same_report_for_an_hour(
    minutes: int, count: int, sender: Sender
) -> None:
    begin = timezone.now().replace(minute=50)
    with time_machine.travel(begin, tick=False):
        WallPass.everything.update(expires_at=begin + timedelta(days=1))
        first = sender.post().json()
    with time_machine.travel(begin + timedelta(minutes=minutes), tick=False):
        second = sender.post().json()

    assert len(sender.new()) == count
    assert (first == second) is (count == 1)


@pytest.mark.parametrize(
    "other",
    [
        {"description": "two lamps"}, {"lat": str(LAT + 0.001)}, {"address_string": "a bridge"},
        {"service_code": "fishery.angling"}, AGREED,
    ],
)  # fmt: skip
def test_other_content_is_another_report(other: dict[str, str], sender: Sender) -> None:
    sender.post()
    sender.post(**other)

    assert len(sender.new()) == 2


def test_a_number_of_the_sender_arrives_once_for_good(sender: Sender) -> None:
    first = sender.post(external_id="河-1").json()
    Report.everything.filter(pk=sender.new()[0].pk).update(
        received_at=timezone.now() - timedelta(days=300)
    )

    assert (
        sender.post(external_id="河-1").json()[0]["service_request_id"]
        == (first[0]["service_request_id"])
    )
    changed = sender.post(external_id="河-1", description="something else")
    assert changed.status_code == 409
    assert changed.json()[0]["description"].startswith("external_id came with other content")
    assert len(sender.new()) == 1
    assert sender.post(external_id="河-2").status_code == 200
    assert len(sender.new()) == 2


def test_two_senders_may_use_the_same_number(sender: Sender, world: World) -> None:
    sender.post(external_id="1")
    Sender(world).post(external_id="1")

    assert len(sender.new()) == 2


def test_contact_without_an_agreement_is_not_kept_and_the_answer_says_so(sender: Sender) -> None:
    people = Person.objects.count()

    [told] = sender.post(first_name="Wei", phone="12012345679", email="wei@example.com").json()

    assert told["service_notice"].startswith("The e-mail address was not kept")
    assert "Name and number were not kept" in told["service_notice"]
    [report] = sender.new()
    assert (report.person, report.consent) == (None, "")
    assert Person.objects.count() == people
    assert "Wei" not in told["service_notice"]
    assert "not kept" not in sender.post(description="b").json()[0]["service_notice"]


def test_contact_with_an_agreement_is_sealed_with_its_wording(sender: Sender) -> None:
    answer = sender.post(first_name="Xiaohe", last_name="Wei", account_id="a-17", **AGREED)

    [report] = sender.new()
    assert report.person is not None
    assert report.consent == "contact@2"
    consent = Consent.objects.get(subject=f"person:{report.person_id}")
    assert (consent.channel, consent.text) == (f"open311-{sender.row.pk}", "contact@2")
    for private in (b"Xiaohe", b"12012345679", b"a-17"):
        assert private not in answer.content


def test_no_address_is_opened(sender: Sender) -> None:
    [told] = sender.post(media_url="http://169.254.169.254/latest").json()  # sockets fail in tests

    assert told["service_notice"].startswith("The photo was not taken: no address is opened")
    assert sender.new()[0].evidence == []


def test_a_photo_comes_with_the_form_and_is_redrawn(sender: Sender) -> None:
    sent = SimpleUploadedFile("a.jpg", photo(), content_type="image/jpeg")

    assert sender.post(media=sent).status_code == 200

    assert len(sender.new()[0].evidence) == 1


def test_what_is_no_picture_is_refused(sender: Sender) -> None:
    status, _told = sender.refused(media=BytesIO(b"GIF89a nothing"))

    assert status == 400
    two = [SimpleUploadedFile("a.jpg", photo()), SimpleUploadedFile("b.jpg", photo())]
    assert sender.refused(media=two)[1].startswith("One photo belongs")


def test_a_pass_sends_so_many_in_an_hour(sender: Sender) -> None:
    settings_in_force.change("residents.reports_per_pass", 2, by="a", now=timezone.now())
    assert [sender.post(external_id=str(number)).status_code for number in range(2)] == [200, 200]

    refused = sender.post(external_id="3")

    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 3600
    assert len(sender.new()) == 2


def test_a_town_of_another_pass_is_not_reported_to(sender: Sender) -> None:
    cases = Case.everything.count()

    assert sender.refused(long=str(LON + 1))[0] == 400
    assert Case.everything.count() == cases
