"""My data: a whole copy, a correction, erasing with a receipt."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.district_world import World, photo, review_offences

from zhizhi.directory import people
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.directory.people import PersonalData
from zhizhi.engine import claiming, closing, reporting
from zhizhi.engine.models import Report, Revisit
from zhizhi.trust import consenting, evidence, holding, tree, vault
from zhizhi.trust import erasing as receipts
from zhizhi.trust.consenting import Agreement, Guardian
from zhizhi.trust.holding import Keep, Whose
from zhizhi.trust.models import AccessRecord, Erasure
from zhizhi.web.exporting import press

NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
PLANTED = {
    "directory.Person.name": "Wei Xiaohe",
    "directory.Person.phone": "12012345678",
    "engine.Report.telling": "two men with rods",
    "engine.Report.place": "behind the mill",
    "engine.Report.remark": "they came back",
    "engine.Claim.reason": "why me",
    "engine.Claim.answer": "it was needed",
}


@pytest.fixture
def report(world: World) -> Report:
    """Somebody of whom everything is known that can be known."""
    found: Report = world.records["report"]
    [(key, _opened)] = vault.make_keys(1, now=NOW)
    row = evidence.seal(photo(), case=found.case_id, kind="photo", media_type="image/jpeg",
                        by="resident", now=NOW, lon=107.1, lat=29.1, under=key)  # fmt: skip
    evidence.set_working_copy(row, photo())
    words = {name: reporting.seal_word(found, name, PLANTED[f"engine.Report.{name}"])
             for name in ("place", "remark")}  # fmt: skip
    Report.everything.filter(pk=found.pk).update(evidence=[row.pk], rating=1, **words)
    claiming.answer(
        world.records["claim"], "it was needed", is_upheld=False, by="account:5", now=NOW
    )
    recorded = Agreement(f"report:{found.pk}", "recording", ("telling",), "resident-page",
                         guardian=Guardian("person:99", "parent"))  # fmt: skip
    consenting.give(recorded, until=NOW + timedelta(days=9), by="resident", now=NOW)
    _bind(found)
    receipts.receipt(f"report:{found.pk}", [], [], by="resident", now=NOW)
    review_offences("rejected")
    Revisit.objects.create(report=found, outcome="reached", at=NOW, by="account:5")
    return Report.everything.select_related("case").get(pk=found.pk)


def _bind(found: Report) -> None:
    """Somebody agrees for the reporter, and the reporter for somebody else."""
    own = Person.objects.get(pk=found.person_id)
    other = people.add_person(PersonalData("Shen Yulan"), by="account:5", now=NOW)
    for ward, guardian in ((own, other), (other, own)):
        Guardianship.everything.create(
            ward=ward, guardian=guardian, relation="child", basis="court", proposed_at=NOW,
            proposed_by=Account.objects.earliest("pk"), until_at=NOW + timedelta(days=9),
        )  # fmt: skip


@pytest.fixture
def resident(report: Report) -> Client:
    browser = Client(headers={"accept-language": "en"})
    told = {"number": report.number, "secret": reporting.secret_of(report)}
    browser.post("/home/follow/", told)
    return browser


def at(report: Report, rest: str = "") -> str:
    return f"/home/follow/{report.pk}/data/{rest}"


def copy(resident: Client, report: Report) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(resident.post(at(report, "copy/json/")).content)
    return told


def test_the_copy_holds_everything_that_any_app_keeps_about_a_resident(
    report: Report, resident: Client
) -> None:
    told = copy(resident, report)

    found = {one["field"]: one["value"] for one in told["data"]}
    wanted = {
        name for name, label in holding.labels().items()
        if label.whose == Whose.RESIDENT and label.keep not in {Keep.DRAFT, Keep.HOUR}
    }  # fmt: skip
    assert set(found) == wanted
    assert {name: found[name] for name in PLANTED} == PLANTED
    for name in ("original", "working_copy"):
        picture = base64.b64decode(found[f"trust.Evidence.{name}"]["base64"])
        assert picture.startswith(b"\xff\xd8")
    assert all(one["purpose"] and one["basis"] and one["kept"] for one in told["data"])
    assert told["report"] == report.number


def test_the_copy_says_nothing_of_staff_and_others(
    report: Report, resident: Client, world: World
) -> None:
    text = json.dumps(copy(resident, report))

    for account in [*world.here.values(), *world.elsewhere.values()]:
        assert account.call_sign not in text
    assert "account:" not in text
    assert "12000000009" not in text  # of the person in a notice of the same case


def test_taking_a_copy_is_on_record_as_ones_own(report: Report, resident: Client) -> None:
    copy(resident, report)

    row = AccessRecord.objects.latest("pk")
    assert (row.actor, row.person, row.purpose) == (
        "resident", f"person:{report.person_id}", "own-copy",
    )  # fmt: skip
    looks = resident.get(f"/home/follow/{report.pk}/looks/").content.decode()
    assert "You yourself" in looks
    assert "To take a copy of your data" in looks


def test_the_copy_on_paper_holds_the_same(
    report: Report, resident: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out: list[tuple[str, dict[str, bytes]]] = []

    def pdf(html: str, pictures: dict[str, bytes]) -> bytes:
        laid_out.append((html, dict(pictures)))
        return b"%PDF-1.7"

    monkeypatch.setattr(press.presses, "check", lambda: None)
    monkeypatch.setattr(press.presses, "pdf", pdf)

    answer = resident.post(at(report, "copy/pdf/"))

    [(html, pictures)] = laid_out
    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    assert all(text in html for text in PLANTED.values())
    assert len(pictures) == 2


def test_an_unknown_form_of_copy_is_none(report: Report, resident: Client) -> None:
    assert resident.post(at(report, "copy/xml/")).status_code == 404
    assert resident.get(at(report, "copy/json/")).status_code == 405


@pytest.mark.parametrize("rest", ["", "copy/json/", "contact/", "erase/", "receipts/1/"])
def test_without_the_code_there_is_nothing(rest: str, report: Report) -> None:
    stranger = Client()

    assert stranger.get(at(report, rest)).status_code in {404, 405}
    assert stranger.post(at(report, rest)).status_code in {404, 405}
    assert Report.everything.get(pk=report.pk).forgotten_at is None


def test_name_and_number_are_mended_at_once(report: Report, resident: Client) -> None:
    told = {"name": "Wei Dahe", "phone": "12012345679"}

    answer = resident.post(at(report, "contact/"), told, follow=True).content.decode()

    assert "are changed" in answer
    found = {one["field"]: one["value"] for one in copy(resident, report)["data"]}
    assert found["directory.Person.name"] == "Wei Dahe"
    assert found["directory.Person.phone"] == "12012345679"


@pytest.mark.parametrize("phone", ["", "123", "nonsense"])
def test_what_is_no_number_comes_back(phone: str, report: Report, resident: Client) -> None:
    answer = resident.post(at(report, "contact/"), {"name": "Wei", "phone": phone})

    assert answer.status_code == 422
    found = {one["field"]: one["value"] for one in copy(resident, report)["data"]}
    assert found["directory.Person.phone"] == "12012345678"


def test_before_a_yes_nothing_goes_and_what_stays_is_told(report: Report, resident: Client) -> None:
    before = Erasure.objects.count()

    text = resident.get(at(report, "erase/")).content.decode()

    assert "The matter is still being dealt with" in text
    assert Erasure.objects.count() == before


def test_a_yes_destroys_and_gives_a_signed_receipt(report: Report, resident: Client) -> None:
    closing.dismiss(report.case, reason="nobody", by="account:1", now=NOW)

    text = resident.post(at(report, "erase/"), follow=True).content.decode()

    assert "What may go is destroyed" in text
    row = Erasure.objects.latest("pk")
    assert f"receipts/{row.pk}/" in text
    tree.catch_up(NOW)
    told = json.loads(resident.get(at(report, f"receipts/{row.pk}/")).content)
    assert told["signature"] == row.signature
    assert told["proof"]["root"]["size"] >= told["entry"]["seq"]
    left = {one["field"] for one in copy(resident, report)["data"]}
    assert left & set(PLANTED) == set()
    assert 'name="phone"' not in text


def test_a_receipt_of_somebody_else_is_none(report: Report, resident: Client) -> None:
    foreign = receipts.receipt("report:999999", [], [], by="resident", now=NOW)

    assert resident.get(at(report, f"receipts/{foreign.pk}/")).status_code == 404
