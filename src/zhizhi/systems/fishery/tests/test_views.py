"""The fishery's pages: what each role sees and may do, with plain form posts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from zhizhi.engine.models import Alert, Case, Feedback, Task
from zhizhi.systems.fishery import sharing, wording
from zhizhi.systems.fishery.models import Stay, Violation, ViolationPhoto
from zhizhi.systems.fishery.tests.river import (
    River,
    after,
    photo,
    prepared,
    reviewed,
    violation,
)
from zhizhi.trust.models import AuditEntry, Evidence

Desk = Callable[[str], Client]


@pytest.fixture
def desk(river: River) -> Desk:
    """Return a browser in which somebody is signed in, reading English."""

    def sign_in(name: str) -> Client:
        browser = Client(headers={"accept-language": "en"})
        browser.force_login(river.people[name], backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return sign_in


def at(name: str, *parts: Any) -> str:
    return reverse(f"fishery:{name}", args=parts)


def hand_over(river: River) -> list[Task]:
    return sharing.transfer(reviewed(river), by=river.actor("legal_reviewer"), now=after(70))


def test_the_overview_shows_zones_stays_and_reminders(river: River, desk: Desk) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)

    page = desk("operator").get(at("overview")).content.decode()

    assert "白涛禁渔区" in page
    assert "03-01 – 06-30" in page
    assert "Telephone operator" in page
    assert "longer than 30 minutes" in page


@pytest.mark.parametrize(
    ("name", "status"),
    [("operator", 200), ("leader", 200), ("fishery", 200), ("auditor", 403), ("unit_member", 403)],
)
def test_the_overview_is_for_those_who_read_cases(desk: Desk, name: str, status: int) -> None:
    assert desk(name).get(at("overview")).status_code == status


def test_whoever_is_not_signed_in_is_asked_to(river: River, client: Client) -> None:
    answer = client.get(at("overview"))

    assert answer.headers["Location"].startswith(reverse("web:sign-in"))


@pytest.mark.parametrize(
    ("name", "seen"),
    [("operator", True), ("technical_reviewer", True), ("fishery", True), ("police", False),
     ("procuratorate", False)],
)  # fmt: skip
def test_an_agency_sees_a_record_once_it_takes_part(
    river: River, desk: Desk, name: str, seen: bool
) -> None:
    record = violation(river)

    listed = desk(name).get(at("violations")).content.decode()

    assert (str(record) in listed) is seen
    assert desk(name).get(at("violation", record.pk)).status_code == (200 if seen else 404)


def test_the_list_can_be_narrowed_to_a_state(river: River, desk: Desk) -> None:
    record = violation(river)

    shown = desk("operator").get(at("violations"), {"state": "recorded"}).content.decode()
    others = desk("operator").get(at("violations"), {"state": "rejected"}).content.decode()

    assert str(record) in shown
    assert str(record) not in others


def test_a_record_shows_hashes_clock_and_place_but_no_picture_before_masking(
    river: River, desk: Desk
) -> None:
    record = violation(river)
    sealed = Evidence.objects.get()

    page = desk("technical_reviewer").get(at("violation", record.pk)).content.decode()

    assert sealed.sha256 in page
    assert sealed.sm3 in page
    assert "120 seconds" in page
    assert "<img" not in page
    assert "Not prepared yet" in page


def test_bystanders_are_hidden_by_typing_rectangles(river: River, desk: Desk) -> None:
    record = violation(river)
    shown = record.photos.get()
    typed = {
        "region-TOTAL_FORMS": "2", "region-INITIAL_FORMS": "0", "region-0-left": "5",
        "region-0-top": "6", "region-0-width": "20", "region-0-height": "21",
    }  # fmt: skip

    answer = desk("operator").post(at("mask", record.pk, shown.pk), typed)

    assert answer.headers["Location"] == at("violation", record.pk)
    assert ViolationPhoto.objects.get().regions == [[5, 6, 20, 21]]
    picture = desk("fishery").get(at("photo", record.pk, shown.pk))
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({}, "Mark at least one bystander"),
        ({"region-0-left": "5"}, "This field is required"),
        ({"region-0-left": "5", "region-0-top": "5", "region-0-width": "3",
          "region-0-height": "9"}, "greater than or equal to 4"),
        ({"region-0-left": "900", "region-0-top": "5", "region-0-width": "30",
          "region-0-height": "9"}, "outside the picture"),
    ],
)  # fmt: skip
def test_unclear_rectangles_are_answered_with_what_to_mend(
    river: River, desk: Desk, typed: dict[str, str], told: str
) -> None:
    record = violation(river)
    forms = {"region-TOTAL_FORMS": "2", "region-INITIAL_FORMS": "0"}

    answer = desk("operator").post(
        at("mask", record.pk, record.photos.get().pk), {**forms, **typed}
    )

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert ViolationPhoto.objects.get().masked_at is None


def test_the_original_is_for_those_who_hide_bystanders_and_each_look_is_logged(
    river: River, desk: Desk
) -> None:
    record = prepared(river)
    address = at("original", record.pk, record.photos.get().pk)

    answer = desk("operator").get(address)

    assert answer.content == photo(0)
    assert desk("legal_reviewer").get(address).status_code == 403
    (look,) = AuditEntry.objects.filter(verb="evidence.open")
    assert (look.actor, look.subject) == (river.actor("operator"), f"case:{record.case_id}")


def test_a_picture_is_not_served_before_bystanders_are_hidden(river: River, desk: Desk) -> None:
    record = violation(river)

    answer = desk("operator").get(at("photo", record.pk, record.photos.get().pk))

    assert answer.status_code == 404


def test_two_reviewers_and_a_transfer_by_plain_forms(river: River, desk: Desk) -> None:
    record = prepared(river)

    for step in ("technical", "legal"):
        page = desk(f"{step}_reviewer").get(at("violation", record.pk)).content.decode()
        assert f'value="{step}"' in page
        desk(f"{step}_reviewer").post(
            at("review", record.pk), {"step": step, "decision": "accept", "note": "clear"}
        )
    desk("legal_reviewer").post(at("transfer", record.pk))

    assert Violation.everything.get().state == Violation.State.TRANSFERRED
    page = desk("police").get(at("violation", record.pk)).content.decode()
    assert "Decide on a criminal case" in page


def test_a_rejection_needs_reasons(river: River, desk: Desk) -> None:
    record = prepared(river)

    answer = desk("technical_reviewer").post(
        at("review", record.pk), {"step": "technical", "decision": "reject", "note": " "}
    )

    assert answer.status_code == 422
    assert "Give the reasons" in answer.content.decode()
    assert Violation.everything.get().state == Violation.State.RECORDED


@pytest.mark.parametrize(
    ("name", "step"),
    [("operator", "technical"), ("legal_reviewer", "technical"), ("technical_reviewer", "legal"),
     ("fishery", "legal"), ("leader", "technical"), ("operator", "nonsense")],
)  # fmt: skip
def test_a_step_is_decided_by_its_own_role(river: River, desk: Desk, name: str, step: str) -> None:
    record = prepared(river)

    answer = desk(name).post(at("review", record.pk), {"step": step, "decision": "accept"})

    assert answer.status_code == 403
    assert not record.reviews.exists()


def test_a_reviewer_who_handled_the_case_is_told_why_not(river: River, desk: Desk) -> None:
    record = prepared(river)
    river.people["operator"].roles.create(role="technical_reviewer", area=river.area)

    page = desk("operator").get(at("violation", record.pk)).content.decode()
    answer = desk("operator").post(
        at("review", record.pk), {"step": "technical", "decision": "accept"}, follow=True
    )

    assert 'name="decision"' not in page
    assert "so somebody else must review it" in page
    assert "so somebody else must review it" in answer.content.decode()
    assert not record.reviews.exists()


def test_a_reviewer_who_comes_second_is_told_who_was_first(river: River, desk: Desk) -> None:
    record = reviewed(river)
    river.people["inspector"].roles.create(role="technical_reviewer", area=river.area)

    answer = desk("inspector").post(
        at("review", record.pk), {"step": "technical", "decision": "accept"}
    )

    assert answer.status_code == 409
    assert "legal_reviewer" in answer.content.decode()


def test_a_reviewer_reviews_only_where_the_role_counts(river: River, desk: Desk) -> None:
    record = prepared(river)
    account = river.people["leader"]
    elsewhere = type(river.area).objects.create(
        kind="town", code="990199001000000", name="far", path="/990199000000000/990199001000000/",
        min_lon=1, min_lat=1, max_lon=2, max_lat=2, lon=1.5, lat=1.5, valid_from=after(0),
    )  # fmt: skip
    account.roles.create(role="technical_reviewer", area=elsewhere)

    answer = desk("leader").post(
        at("review", record.pk), {"step": "technical", "decision": "accept"}
    )

    assert answer.status_code == 404
    assert not record.reviews.exists()


def test_an_officer_accepts_and_closes_the_agencys_own_task_only(river: River, desk: Desk) -> None:
    fishery, police, _procuratorate = hand_over(river)
    officer = desk("police")

    assert officer.post(at("agency-accept", fishery.pk)).status_code == 404
    officer.post(at("agency-accept", police.pk))
    officer.post(at("agency-finish", police.pk), {"outcome": "filed", "note": "case 12"})

    police.refresh_from_db(from_queryset=Task.everything.all())
    fishery.refresh_from_db(from_queryset=Task.everything.all())
    assert (police.state, police.outcome) == ("done", "filed")
    assert fishery.state == "offered"
    assert "Case filed" in officer.get(at("agency")).content.decode()


def test_an_officers_page_lists_the_agencys_own_tasks(river: River, desk: Desk) -> None:
    hand_over(river)

    page = desk("procuratorate").get(at("agency")).content.decode()

    assert "Legal supervision" in page
    assert "Administrative penalty</h2>" not in page
    assert page.count('action="/fishery/agency/') == 1


def test_a_result_without_a_note_is_asked_for(river: River, desk: Desk) -> None:
    _fishery, police, _procuratorate = hand_over(river)
    desk("police").post(at("agency-accept", police.pk))

    answer = desk("police").post(at("agency-finish", police.pk), {"outcome": "filed"})

    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()


def test_a_second_click_is_answered_with_how_things_stand(river: River, desk: Desk) -> None:
    _fishery, police, _procuratorate = hand_over(river)
    desk("police").post(at("agency-accept", police.pk))

    answer = desk("police").post(at("agency-accept", police.pk))

    assert answer.status_code == 409
    assert "Accepted" in answer.content.decode()


def test_words_are_previewed_with_their_length_and_not_published(river: River, desk: Desk) -> None:
    typed = {"after": "1", "zh_hans": "鱼" * 71, "en": "{zone} {minutes}", "preview": "1"}

    page = desk("administrator").post(at("word", wording.REMINDER), typed).content.decode()

    assert "71 characters, 2 text message segments of at most 67" in page
    assert wording.current_version(wording.REMINDER) == 1


def test_an_administrator_publishes_and_the_history_shows_who(river: River, desk: Desk) -> None:
    typed = {"after": "1", "zh_hans": "{zone}禁渔", "en": "{zone}: no fishing", "publish": "1"}

    desk("administrator").post(at("word", wording.REMINDER), typed)

    page = desk("operator").get(at("word", wording.REMINDER)).content.decode()
    assert "administrator" in page
    assert "{zone}禁渔" in page
    assert "<textarea" not in page


def test_a_writer_who_was_overtaken_keeps_the_text(river: River, desk: Desk) -> None:
    typed = {"after": "0", "zh_hans": "我的字", "en": "my words", "publish": "1"}

    answer = desk("administrator").post(at("word", wording.REMINDER), typed)

    assert answer.status_code == 409
    assert "我的字" in answer.content.decode()


def test_a_text_with_an_unknown_place_is_refused(river: River, desk: Desk) -> None:
    typed = {"after": "1", "zh_hans": "{name}", "en": "x", "publish": "1"}

    answer = desk("administrator").post(at("word", wording.REMINDER), typed)

    assert answer.status_code == 422
    assert "Unknown place {name}" in answer.content.decode()


@pytest.mark.parametrize("name", ["operator", "leader", "technical_reviewer"])
def test_only_an_administrator_publishes(river: River, desk: Desk, name: str) -> None:
    typed = {"after": "1", "zh_hans": "x", "en": "x", "publish": "1"}

    answer = desk(name).post(at("word", wording.REMINDER), typed)

    assert answer.status_code == 403
    assert wording.current_version(wording.REMINDER) == 1


def test_an_unknown_text_is_not_found(desk: Desk) -> None:
    assert desk("administrator").get(at("word", "fishery.nothing")).status_code == 404


def test_statistics_show_each_number_with_its_definition(river: River, desk: Desk) -> None:
    violation(river)

    page = (
        desk("leader")
        .get(at("statistics"), {"first": "2026-03-01", "last": "2026-03-03"})
        .content.decode()
    )

    assert "白涛禁渔区" in page
    assert "2026-03-02" in page
    assert "Stays that the rule found" in page


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [("2026-03-02", "2026-03-02", 200), ("2026-03-02", "2026-03-01", 422),
     ("2026-01-01", "2027-01-01", 200), ("2026-01-01", "2027-01-02", 200),
     ("2026-01-01", "2027-01-03", 422), ("x", "2026-01-01", 422)],
)  # fmt: skip
def test_a_span_of_days_runs_forward_for_a_year_at_most(
    desk: Desk, first: str, last: str, status: int
) -> None:
    answer = desk("leader").get(at("statistics"), {"first": first, "last": last})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("wanted", "kind"), [("csv", "text/csv; charset=utf-8"), ("xlsx", "application/vnd.")]
)
def test_figures_are_sent_as_a_file(river: River, desk: Desk, wanted: str, kind: str) -> None:
    answer = desk("leader").get(at("export"), {"format": wanted})

    assert answer.headers["Content-Type"].startswith(kind)
    assert f"statistics.{wanted}" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("name", ["overview", "violations", "statistics", "words"])
def test_pages_speak_chinese(river: River, name: str, client: Client) -> None:
    client.force_login(
        river.people["administrator"], backend="django.contrib.auth.backends.ModelBackend"
    )

    page = client.get(at(name), headers={"accept-language": "zh-hans"}).content.decode()

    assert 'lang="zh-hans"' in page


@pytest.mark.parametrize(
    ("name", "page", "queries"),
    [("operator", "violations", 14), ("operator", "overview", 18), ("fishery", "agency", 16),
     ("leader", "statistics", 14)],
)  # fmt: skip
def test_no_list_asks_the_database_for_each_row(
    river: River, desk: Desk, django_assert_max_num_queries: Any, name: str, page: str, queries: int
) -> None:
    tasks = hand_over(river)
    for number in range(20):
        another(tasks[0].case, number)
    browser = desk(name)

    with django_assert_max_num_queries(queries):
        shown = browser.get(at(page))

    assert shown.status_code == 200


def another(case: Case, number: int) -> None:
    """One more case with a stay, a record and a task of the fishery."""
    agency = case.agencies.get(part="lead").agency
    case.pk, case.key = None, str(number)
    case.save(force_insert=True)
    case.agencies.create(agency=agency, part="lead")
    case.tasks.create(kind="penalise", agency=agency, offered_at=after(0), offered_by="worker")
    report = Feedback.objects.create(case=case, at=after(0), by="unit:1", outcome="violation")
    alert = Alert.everything.first()
    assert alert is not None
    alert.pk, alert.case = f"{number:032x}", case
    alert.save(force_insert=True)
    stay = Stay.everything.create(
        alert=alert, case=case, zone="reach-1", seen_by="shore", started_at=after(0),
        found_at=after(31),
    )  # fmt: skip
    Violation.everything.create(
        case=case, stay=stay, feedback=report, recorded_at=after(0), changed_at=after(0)
    )
