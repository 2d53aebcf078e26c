"""A resident's report, question by question: nothing typed is lost, and it arrives once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import shapely
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from tests.district_world import LAT, LON

from zhizhi.directory.models import Area, Person
from zhizhi.engine import journal, reading, reporting, settings_in_force
from zhizhi.engine.models import Case, JournalSegment, Report, ReportDraft
from zhizhi.trust import evidence
from zhizhi.trust.models import Evidence
from zhizhi.web.residents import finding
from zhizhi.web.residents.questions import LONGEST

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-03-01T12:00:00+08:00")
TOWN, COMMUNITY = "990101001000000", "990101001001000"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    reading.forget()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
    reading.forget()


@pytest.fixture(autouse=True)
def district() -> None:
    root = area("district", "990101000000000", "Lantern District", 0.5, None)
    town = area("town", TOWN, "Heron Town", 0.4, root)
    area("community", COMMUNITY, "Willow Bank", 0.1, town)
    area("community", "990101001002000", "Reed Bank", 0.1, town, east=0.2)


def area(
    kind: str, code: str, name: str, half: float, parent: Area | None, *, east: float = 0.0
) -> Area:
    lon = LON + east
    box = shapely.box(lon - half, LAT - half, lon + half, LAT + half)
    return Area.objects.create(
        kind=kind, code=code, name=name, parent=parent,
        path=f"{parent.path if parent else '/'}{code}/", boundary=shapely.to_wkb(box),
        min_lon=lon - half, min_lat=LAT - half, max_lon=lon + half, max_lat=LAT + half, lon=lon,
        lat=LAT, valid_from=NOW - timedelta(days=1),
    )  # fmt: skip


def picture(kind: str = "JPEG", **saved: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", (60, 40), (90, 120, 60)).save(out, kind, **saved)
    return out.getvalue()


def upload(content: bytes, name: str = "bank.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


class Resident:
    """Somebody with a browser of the own, reading English."""

    def __init__(self, **options: Any) -> None:
        self.client = Client(headers={"accept-language": "en"}, **options)

    def begin(self) -> None:
        self.client.post("/home/report/")

    def answer(self, step: str, **told: Any) -> Any:
        return self.client.post(f"/home/report/{step}/", told)

    def answer_all(self, **changed: dict[str, Any]) -> Any:
        """Answer every question, with other answers where they are given."""
        told: dict[str, dict[str, Any]] = {
            "kind": {"kind": "fishery.angling"},
            "telling": {"telling": "two men with rods"},
            "where": {"place": "third lamp", "community": COMMUNITY},
            "when": {"when": "now"},
            "photo": {},
            "contact": {"way": "anonymous"},
        }
        return [self.answer(step, **one) for step, one in {**told, **changed}.items()][-1]

    def send(self) -> Any:
        return self.client.post("/home/report/send/")

    def page(self, path: str) -> str:
        return str(self.client.get(path).content.decode())


@pytest.fixture
def resident() -> Resident:
    one = Resident()
    one.begin()
    return one


def test_six_answers_become_a_receipt_and_a_case(resident: Resident) -> None:
    last = resident.answer_all()
    shown = resident.page("/home/report/check/")
    sent = resident.send()
    receipt = resident.page("/home/report/sent/")

    report = Report.everything.get()
    assert last["Location"] == "/home/report/check/"
    for told in ("Somebody is fishing", "two men with rods", "third lamp", "Anonymous", "12:00"):
        assert told in shown
    assert sent["Location"] == "/home/report/sent/"
    assert report.number in receipt
    secret = reporting.secret_of(report)
    assert f"{secret[:4]} {secret[4:]}" in receipt
    assert (report.case.kind, report.case.area_path) == (
        "illegal-fishing", f"/990101000000000/{TOWN}/{COMMUNITY}/",
    )  # fmt: skip
    assert JournalSegment.objects.get(offset=report.offset).stream == "reports.v1"


def test_each_question_leads_to_the_next_and_a_change_back_to_the_check(
    resident: Resident,
) -> None:
    steps = ["kind", "telling", "where", "when", "photo", "contact"]
    first = resident.answer("kind", kind="fishery.gear")
    resident.answer_all()

    changed = resident.answer("kind", kind="residents.other", check="1")

    assert first["Location"] == "/home/report/telling/"
    assert changed["Location"] == "/home/report/check/"
    assert "Something else" in resident.page("/home/report/check/")
    for step in steps:
        assert f"/home/report/{step}/?check=1" in resident.page("/home/report/check/")


def test_going_back_shows_what_was_answered(resident: Resident) -> None:
    resident.answer_all()

    assert "two men with rods" in resident.page("/home/report/telling/")
    assert 'value="third lamp"' in resident.page("/home/report/where/")
    assert f'value="{COMMUNITY}"' in resident.page("/home/report/where/")


def test_no_answer_stands_in_an_address(resident: Resident) -> None:
    addresses = [
        resident.answer("kind", kind="fishery.angling")["Location"],
        resident.answer("telling", telling="two men")["Location"],
        resident.answer("contact", way="reachable", phone="12012345678", consent="on")["Location"],
    ]

    assert all("?" not in address for address in addresses)


def test_sent_twice_it_is_one_case_with_one_receipt(resident: Resident) -> None:
    resident.answer_all()

    first, second = resident.send(), resident.send()

    assert first["Location"] == second["Location"] == "/home/report/sent/"
    assert (Case.everything.count(), Report.everything.count()) == (1, 1)


def test_a_second_window_that_sends_the_same_answers_makes_no_second_case(
    resident: Resident,
) -> None:
    resident.answer_all()
    row = ReportDraft.objects.get()
    resident.send()
    row.pk = ReportDraft.objects.get().pk
    row.save()  # the other window had read the answers before this one kept the receipt

    resident.send()

    assert Case.everything.count() == 1
    assert Report.everything.get().number in resident.page("/home/report/sent/")


def test_after_sending_the_questions_lead_to_the_receipt(resident: Resident) -> None:
    resident.answer_all()
    resident.send()

    for path in ("kind/", "check/"):
        answer = resident.client.get(f"/home/report/{path}")
        assert answer["Location"] == "/home/report/sent/"


def test_another_report_begins_empty(resident: Resident) -> None:
    resident.answer_all()
    resident.send()

    resident.begin()

    assert "two men with rods" not in resident.page("/home/report/telling/")
    resident.answer_all()
    resident.send()
    assert Case.everything.count() == 2


def test_what_is_missing_is_asked_before_anything_is_sent(resident: Resident) -> None:
    resident.answer("kind", kind="fishery.angling")

    assert resident.client.get("/home/report/check/")["Location"] == "/home/report/telling/"
    assert resident.send()["Location"] == "/home/report/telling/"
    assert Case.everything.count() == 0


@pytest.mark.parametrize("path", ["kind/", "check/", "sent/"])
def test_without_a_beginning_there_is_a_way_in(path: str) -> None:
    answer = Resident().client.get(f"/home/report/{path}")

    assert answer.status_code == 302
    assert answer["Location"] in {"/home/report/", "/home/follow/"}


@pytest.mark.parametrize(
    ("step", "told", "said"),
    [
        ("kind", {}, "Choose what fits best."),
        ("kind", {"kind": "nobody.knows"}, "nobody.knows"),
        ("where", {}, "Tell us the place in one of these ways."),
        ("where", {"place": "Nowhere"}, "We know no place of that name."),
        ("where", {"place": "Bank"}, "Several places are called so: choose one."),
        ("where", {"community": "1"}, "Choose a community of the list."),
        ("where", {"lon": "10", "lat": "50"}, "not in our district"),
        ("when", {}, "Choose one."),
        ("when", {"when": "earlier"}, "Tell us the day."),
        ("when", {"when": "earlier", "day": "32.13."}, "Write the day like"),
        ("contact", {}, "Choose one."),
        ("contact", {"way": "reachable"}, "Write your number"),
        ("contact", {"way": "reachable", "phone": "12", "consent": "on"}, "11 digits"),
        ("contact", {"way": "reachable", "phone": "12012345678"}, "Without your agreement"),
        (
            "contact",
            {"way": "reachable", "phone": "13912345678", "consent": "on"},
            "Real people have no place in a demonstration",
        ),
    ],
)
def test_a_wrong_answer_is_told_on_top_with_a_link_to_its_field(
    step: str, told: dict[str, str], said: str, resident: Resident
) -> None:
    answer = resident.answer(step, **told)

    page = answer.content.decode()
    summary = page[page.index("problems") : page.index("</ul>", page.index("problems"))]
    assert answer.status_code == 422
    assert said in summary
    links = re.findall(r'href="#(\w*)"', summary)
    assert links
    for link in links:
        assert f'id="{link}"' in page


def test_a_wrong_answer_keeps_what_was_typed(resident: Resident) -> None:
    place = resident.answer("where", place="Nowhere at all").content.decode()
    contact = resident.answer("contact", way="reachable", phone="12x", name="Wei").content.decode()

    assert 'value="Nowhere at all"' in place
    assert 'value="12x"' in contact
    assert 'value="Wei"' in contact


@pytest.mark.parametrize(
    ("length", "status"), [(999, 302), (1000, 302), (1001, 422), (10_000, 422)]
)
def test_a_long_text_is_kept_until_it_is_short_enough(
    length: int, status: int, resident: Resident
) -> None:
    text = "鱼🐟" * (length // 2) + "x" * (length % 2)

    answer = resident.answer("telling", telling=text)

    assert LONGEST == 1000
    assert answer.status_code == status
    if status == 422:
        assert text in answer.content.decode()


def test_something_else_needs_words_and_a_declared_kind_does_not(resident: Resident) -> None:
    resident.answer("kind", kind="residents.other")
    assert resident.answer("telling", telling=" ").status_code == 422

    resident.answer("kind", kind="fishery.angling")
    assert resident.answer("telling", telling=" ").status_code == 302


@pytest.mark.parametrize(("minutes", "kept"), [(59, True), (60, False), (61, False)])
def test_an_answer_that_comes_too_late_is_kept_and_the_others_are_asked_again(
    minutes: int, *, kept: bool, resident: Resident, clock: time_machine.Traveller
) -> None:
    resident.answer_all()
    token = resident.client.cookies["report"].value
    clock.shift(timedelta(minutes=minutes))
    resident.client.cookies["report"] = token  # a browser may still send it

    answer = resident.answer("telling", telling="the last thing that I wrote", check="1")

    there = resident.page("/home/report/telling/")
    assert "the last thing that I wrote" in there
    if kept:
        assert answer["Location"] == "/home/report/check/"
        return
    assert answer["Location"] == "/home/report/kind/?late=1"
    assert "Nothing was answered for 60 minutes" in resident.page(answer["Location"])


def test_sending_too_late_says_so_and_sends_nothing(
    resident: Resident, clock: time_machine.Traveller
) -> None:
    resident.answer_all()
    clock.shift(timedelta(hours=1))

    answer = resident.send()

    assert answer.status_code == 410
    assert "nothing was sent" in answer.content.decode()
    assert Case.everything.count() == 0


def test_a_photo_is_kept_without_what_the_camera_wrote_into_it(resident: Resident) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    content = picture(exif=exif.tobytes())
    assert b"Secret Camera" in content

    resident.answer_all(photo={"photo": upload(content)})
    own = resident.client.get("/home/report/photo.jpg")
    resident.send()

    row = Evidence.objects.get()
    assert own["Content-Type"] == "image/jpeg"
    assert b"Secret Camera" not in own.content
    assert b"Secret Camera" not in evidence.original(row)
    assert evidence.working_copy(row)
    assert Report.everything.get().evidence == [row.pk]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not a picture", "not a JPEG, PNG or WebP"),
        (b"", "empty"),
        (picture()[:-30], "cut off"),
        (picture("GIF"), "not a JPEG, PNG or WebP"),
        (b"\xff\xd8" + b"\x00" * (12 * 1024 * 1024), "at most 12 MB"),
    ],
)
def test_a_photo_that_cannot_be_kept_loses_no_answer(
    content: bytes, said: str, resident: Resident
) -> None:
    resident.answer_all()

    answer = resident.answer("photo", photo=upload(content), check="1")

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "two men with rods" in resident.page("/home/report/check/")


def test_a_photo_can_be_taken_out_again(resident: Resident) -> None:
    resident.answer_all(photo={"photo": upload(picture())})

    resident.answer("photo", remove="1")

    assert resident.client.get("/home/report/photo.jpg").status_code == 404
    resident.send()
    assert Evidence.objects.count() == 0


def test_nobody_else_sees_the_unfinished_report(resident: Resident) -> None:
    resident.answer_all(photo={"photo": upload(picture())})

    other = Resident()

    assert other.client.get("/home/report/photo.jpg").status_code == 404
    assert other.client.get("/home/report/check/")["Location"] == "/home/report/"


def test_a_contact_is_sealed_and_the_agreement_is_kept_with_its_text(resident: Resident) -> None:
    told = {"way": "reachable", "name": "Wei", "phone": "120 1234 5678", "consent": "on"}
    resident.answer_all(contact=told)

    resident.send()

    report = Report.everything.get()
    assert (report.person, report.consent) == (Person.objects.get(), "contact@2")


# Where


def marked(resident: Resident) -> dict[str, Any]:
    """Return the place that the report has in the end."""
    resident.answer("kind", kind="fishery.angling")
    for step, told in (("telling", {}), ("when", {"when": "now"}), ("photo", {})):
        resident.answer(step, **told)
    resident.answer("contact", way="anonymous")
    assert resident.send().status_code == 302
    report = Report.everything.get()
    return {"lon": report.lon, "lat": report.lat, "by": report.place_by}


def test_the_place_may_be_chosen_from_the_list(resident: Resident) -> None:
    resident.answer("where", community="990101001002000")

    assert marked(resident) == {"lon": LON + 0.2, "lat": LAT, "by": "list"}


@pytest.mark.parametrize("text", ["Willow Bank", "willow bank", "opposite Willow Bank 12"])
def test_the_place_may_be_named(text: str, resident: Resident) -> None:
    resident.answer("where", place=text)

    assert marked(resident) == {"lon": LON, "lat": LAT, "by": "name"}


def test_of_several_places_of_a_name_one_is_chosen(resident: Resident) -> None:
    page = resident.answer("where", place="Bank").content.decode()
    resident.answer("where", place="Bank", found="1")

    assert page.count('name="found"') == 2
    assert marked(resident)["lon"] in {LON, LON + 0.2}


def test_the_place_may_be_the_devices_position(resident: Resident) -> None:
    resident.answer("where", place="Reed Bank", lon="107.41", lat="29.71", accuracy="12")

    assert marked(resident) == {"lon": 107.41, "lat": 29.71, "by": "device"}
    row = journal.decode(bytes(JournalSegment.objects.get().payload)).to_pylist()[0]
    assert row["accuracy_m"] == 12.0


def test_a_tap_marks_the_place_comes_nearer_and_keeps_the_words(resident: Resident) -> None:
    west, south, east, north = finding.whole()

    tap = resident.answer("where", place="third lamp", **{"small.x": "144", "small.y": "72"})
    page = resident.page("/home/report/where/")
    resident.answer("where", place="third lamp")

    found = marked(resident)
    assert tap["Location"] == "/home/report/where/#map"
    assert 'value="third lamp"' in page
    assert "The ring is the place." in page
    assert found["by"] == "map"
    assert found["lon"] == pytest.approx((west + east) / 2, abs=1e-6)
    assert found["lat"] == pytest.approx(north - (north - south) / 4, abs=1e-6)


def test_a_second_tap_is_nearer_and_the_whole_district_comes_back(resident: Resident) -> None:
    resident.answer("where", **{"large.x": "288", "large.y": "288"})
    resident.answer("where", **{"large.x": "0", "large.y": "288"})
    page = resident.page("/home/report/where/")

    resident.answer("where", whole="1")

    assert "Whole district again" in page
    assert "Whole district again" not in resident.page("/home/report/where/")


def test_enter_on_the_map_by_keyboard_is_no_tap(resident: Resident) -> None:
    resident.answer("where", **{"small.x": "0", "small.y": "0"})

    assert "The ring is the place." not in resident.page("/home/report/where/")


def test_a_tap_outside_the_district_is_refused_with_what_to_do(resident: Resident) -> None:
    resident.answer("where", **{"small.x": "2", "small.y": "2"})

    answer = resident.answer("where")

    assert answer.status_code == 422
    assert "Choose a place inside of it" in answer.content.decode()


@pytest.mark.parametrize(("x", "y"), [("289", "5"), ("-1", "5"), ("x", "5"), ("99999", "1")])
def test_a_dot_that_the_drawing_does_not_have_is_no_tap(x: str, y: str) -> None:
    assert finding.tapped(finding.whole(), "small", x, y) is None


def test_the_map_shows_no_case(resident: Resident) -> None:
    drawn = resident.client.get("/home/report/map-small.svg")

    assert drawn["Content-Type"].startswith("image/svg+xml")
    assert b"<use" not in drawn.content
    assert resident.client.get("/home/report/map-huge.svg").status_code == 404


# When


@pytest.mark.parametrize(
    ("day", "time", "status"),
    [
        ("2026-03-01", "12:00", 302),
        ("2026-03-01", "12:01", 302),
        ("2026-03-01", "12:02", 422),
        ("2026-03-01", "", 302),
        ("2026-03-02", "", 422),
        ("2026-01-30", "12:00", 302),
        ("2026-01-30", "11:59", 422),
        ("1999-01-01", "", 422),
    ],
)
def test_the_time_lies_in_the_last_thirty_days(
    day: str, time: str, status: int, resident: Resident
) -> None:
    answer = resident.answer("when", when="earlier", day=day, time=time)

    assert answer.status_code == status


# How much


@pytest.mark.parametrize(
    ("setting", "most"), [("reports_per_browser", 2), ("reports_per_address", 2)]
)
def test_one_more_than_the_hour_allows_is_told_so_and_keeps_its_answers(
    setting: str, most: int, resident: Resident, clock: time_machine.Traveller
) -> None:
    settings_in_force.change(f"residents.{setting}", most, by="account:1", now=NOW)
    for _number in range(most):
        resident.answer_all()
        assert resident.send().status_code == 302
        resident.begin()
    resident.answer_all()

    refused = resident.send()
    clock.shift(timedelta(minutes=59))
    still = resident.send()
    resident.answer("kind", kind="fishery.angling")  # another answer, the whole time again
    clock.shift(timedelta(minutes=1))

    assert (refused.status_code, still.status_code) == (429, 429)
    assert "send again at 13:00" in refused.content.decode()
    assert resident.send().status_code == 302
    assert Case.everything.count() == most + 1


def test_other_addresses_are_counted_apart(resident: Resident) -> None:
    settings_in_force.change("residents.reports_per_address", 1, by="account:1", now=NOW)
    resident.answer_all()
    resident.send()

    other = Resident(REMOTE_ADDR="198.51.100.9")
    other.begin()
    other.answer_all()

    assert other.send()["Location"] == "/home/report/sent/"


def test_so_many_photos_and_no_more(resident: Resident) -> None:
    settings_in_force.change("residents.photos_per_address", 2, by="account:1", now=NOW)

    statuses = [resident.answer("photo", photo=upload(picture())).status_code for _ in range(3)]

    assert statuses == [302, 302, 429]
    assert resident.client.get("/home/report/photo.jpg").status_code == 200


def test_a_form_without_its_token_is_refused() -> None:
    browser = Client(enforce_csrf_checks=True)

    assert browser.post("/home/report/").status_code == 403
    assert ReportDraft.objects.count() == 0
