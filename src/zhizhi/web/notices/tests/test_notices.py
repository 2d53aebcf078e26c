"""Notices: numbered without gaps, sealed with blanks, filled in for a purpose that is on record."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader
from tests.district_world import World

from zhizhi.directory import people
from zhizhi.engine import noticing
from zhizhi.engine.models import Case, Notice, TimelineEntry
from zhizhi.engine.states import StateConflict
from zhizhi.trust import evidence
from zhizhi.trust.models import AccessRecord, AuditEntry, Evidence
from zhizhi.web.exporting import press
from zhizhi.web.exporting.press import Presses
from zhizhi.web.notices import writing
from zhizhi.web.tests.conftest import Browse
from zhizhi.web.views import notices

NAME, PHONE = "测试甲", "12000000001"
REMINDER, CORRECTION = "fishery.reminding", "fishery.rectification"


def address(case: Case) -> str:
    return f"/cases/{case.pk}/notice/"


def form(**given: str) -> dict[str, str]:
    usual = {"key": uuid.uuid4().hex, "kind": REMINDER, "found": "在禁渔区内停留超过三十分钟。"}
    return {**usual, **given}


def issued(browser: Client, case: Case, **given: str) -> Notice:
    answer = browser.post(address(case), form(**given))
    assert answer.status_code == 302, answer.content.decode()
    return Notice.everything.latest("pk")


def fresh() -> QuerySet[Notice]:
    """The notices of the test; the small district has one of an earlier year."""
    return Notice.everything.exclude(year=2025)


def text(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    return "".join(page.extract_text() for page in pages).replace("\n", "")


@pytest.mark.parametrize(
    ("day", "told"),
    [(date(2026, 1, 1), "二〇二六年一月一日"), (date(2026, 10, 10), "二〇二六年十月十日"),
     (date(2026, 11, 11), "二〇二六年十一月十一日"), (date(2030, 12, 20), "二〇三〇年十二月二十日"),
     (date(2026, 9, 21), "二〇二六年九月二十一日"), (date(2027, 3, 31), "二〇二七年三月三十一日")],
)  # fmt: skip
def test_a_date_is_written_in_chinese_figures(day: date, told: str) -> None:
    assert writing.in_chinese(day) == told


def test_a_notice_tells_facts_law_demand_date_and_places_to_sign(
    world: World, browse: Browse
) -> None:
    case = world.records["case"]

    row = issued(browse("agency_officer"), case)

    answer = browse("agency_officer").get(f"/cases/{case.pk}/notices/{row.pk}.pdf")
    found = text(answer.content)
    for said in (
        "提醒通知书", f"〔{timezone.localdate().year}〕1号", "在禁渔区内停留超过三十分钟",
        "长江保护法", "第五十三条", writing.in_chinese(timezone.localdate()), "当事人签名",
        "印章", "执法人员", case.code,
    ):  # fmt: skip
        assert said in found, said


def test_the_sealed_file_is_what_is_sent_and_its_digest_is_on_the_timeline(
    world: World, browse: Browse
) -> None:
    case = world.records["case"]
    row = issued(browse("agency_officer"), case)

    sent = browse("leader").get(f"/cases/{case.pk}/notices/{row.pk}.pdf").content

    sealed = Evidence.objects.filter(media_type="application/pdf").latest("pk")
    line = TimelineEntry.objects.get(case=case, verb="notice.issue")
    assert evidence.original(sealed) == sent
    assert line.data["sha256"] == sealed.sha256
    assert line.data["number"] == f"{row.year}-1"
    assert AuditEntry.objects.filter(verb="notice.issue", subject=f"case:{case.pk}").count() == 1
    assert list(evidence.verify_evidence()) == []


def test_numbers_follow_each_other_and_a_file_that_fails_leaves_a_void_one(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, officer = world.records["case"], browse("agency_officer")
    issued(officer, case)
    stuck = Presses(1)
    stuck.check()
    stuck._longest_s = 0.0
    monkeypatch.setattr(stuck, "check", lambda: None)
    monkeypatch.setattr(notices, "presses", stuck)

    failed = officer.post(address(case), form())

    monkeypatch.setattr(notices, "presses", press.presses)
    issued(officer, case)
    rows = fresh().order_by("number").values_list("number", "state")
    assert failed.status_code == 503
    assert list(rows) == [(1, "issued"), (2, "void"), (3, "issued")]


def test_a_form_that_comes_twice_is_one_notice(world: World, browse: Browse) -> None:
    case, officer, sent = world.records["case"], browse("agency_officer"), form(name=NAME)
    added = AuditEntry.objects.filter(verb="person.add")
    before = added.count()

    statuses = [officer.post(address(case), sent).status_code for _time in range(2)]

    assert statuses == [302, 302]
    assert fresh().count() == 1
    assert added.count() == before + 1


def test_a_correction_needs_a_record_that_passed_both_reviews(world: World, browse: Browse) -> None:
    case, officer = world.records["case"], browse("agency_officer")

    refused = officer.post(address(case), form(kind=CORRECTION))

    assert refused.status_code == 409
    assert "passed both reviews" in refused.content.decode()
    violation = world.records["violation"]
    type(violation).everything.filter(case=case).update(state="legally_reviewed")
    assert issued(officer, case, kind=CORRECTION).kind == CORRECTION


@pytest.mark.parametrize("state", ["closed", "dismissed"])
def test_nothing_is_issued_in_a_case_that_has_ended(
    state: str, world: World, browse: Browse
) -> None:
    case = world.records["case"]
    Case.everything.filter(pk=case.pk).update(state=state)

    answer = browse("agency_officer").post(address(case), form())

    assert answer.status_code == 409
    assert not fresh().exists()
    with pytest.raises(StateConflict):
        noticing.reserve(
            case, noticing.NoticeDraft("k", REMINDER, {}), case.agencies.get().agency,
            by="account:1", now=timezone.now(),
        )  # fmt: skip


@pytest.mark.parametrize(("days", "status"), [(-1, 422), (0, 302), (1, 302)])
def test_a_deadline_lies_not_in_the_past(
    days: int, status: int, world: World, browse: Browse
) -> None:
    day = (timezone.localdate() + timedelta(days=days)).isoformat()

    answer = browse("agency_officer").post(address(world.records["case"]), form(due_on=day))

    assert answer.status_code == status


@pytest.mark.parametrize(("length", "status"), [(1499, 302), (1500, 302), (1501, 422)])
def test_the_facts_have_a_longest_length(
    length: int, status: int, world: World, browse: Browse
) -> None:
    answer = browse("agency_officer").post(
        address(world.records["case"]), form(found="渔" * length)
    )

    assert answer.status_code == status


@pytest.mark.parametrize(
    "given",
    [{"phone": PHONE}, {"name": NAME, "phone": "123"}, {"name": NAME, "identity_number": "1"}],
)
def test_a_person_that_cannot_be_is_told_at_the_field(
    given: dict[str, str], world: World, browse: Browse
) -> None:
    answer = browse("agency_officer").post(address(world.records["case"]), form(**given))

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode() or "error" in answer.content.decode()
    assert not fresh().exists()


def filled(browser: Client, row: Notice, purpose: str = "serve-notice") -> Any:
    return browser.post(f"/cases/{row.case_id}/notices/{row.pk}/filled", {"purpose": purpose})


@pytest.fixture
def served(world: World, browse: Browse) -> Notice:
    return issued(browse("agency_officer"), world.records["case"], name=NAME, phone=PHONE)


def test_the_sealed_copy_is_blank_and_a_filled_one_leaves_an_access_record(
    served: Notice, browse: Browse
) -> None:
    officer = browse("agency_officer")
    sealed = officer.get(f"/cases/{served.case_id}/notices/{served.pk}.pdf").content

    answer = filled(officer, served)

    assert NAME not in text(sealed)
    assert PHONE not in text(sealed)
    assert NAME in text(answer.content)
    assert PHONE in text(answer.content)
    [record] = AccessRecord.objects.filter(person=f"person:{served.person_id}")
    assert (record.purpose, record.case) == ("serve-notice", served.case_id)
    assert record.is_allowed
    assert Evidence.objects.filter(media_type="application/pdf").count() == 1 + 1


def test_after_the_end_of_the_case_the_attempt_is_refused_and_on_record(
    served: Notice, browse: Browse
) -> None:
    Case.everything.filter(pk=served.case_id).update(state="closed")

    answer = filled(browse("agency_officer"), served)

    assert answer.status_code == 403
    [record] = AccessRecord.objects.filter(person=f"person:{served.person_id}")
    assert not record.is_allowed


def test_an_erased_person_is_gone_from_every_later_copy(served: Notice, browse: Browse) -> None:
    assert served.person is not None
    people.erase_person(served.person, by="account:1", now=timezone.now())

    answer = filled(browse("agency_officer"), served)

    assert answer.status_code == 403
    assert "erased" in answer.content.decode()


@pytest.mark.parametrize("purpose", ["", "curiosity"])
def test_without_a_purpose_of_the_list_nobody_is_opened(
    purpose: str, served: Notice, browse: Browse
) -> None:
    assert filled(browse("agency_officer"), served, purpose).status_code == 403
    assert not AccessRecord.objects.filter(person=f"person:{served.person_id}").exists()


def test_the_case_page_lists_notices_and_offers_the_person_to_officers_alone(
    served: Notice, browse: Browse
) -> None:
    page = f"/cases/{served.case_id}/"

    officer, leader = (
        browse(role).get(page).content.decode() for role in ("agency_officer", "leader")
    )

    for shown in (officer, leader):
        assert "〕1号" in shown
        assert NAME not in shown
    assert "With the person filled in" in officer
    assert "With the person filled in" not in leader
