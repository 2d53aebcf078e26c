"""The pages of access by two people, as each of the two and the auditor use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import timezone
from tests.district_world import World

from zhizhi.directory import granting
from zhizhi.directory.models import AccessGrant
from zhizhi.engine import reporting
from zhizhi.engine.models import Case, Report
from zhizhi.trust.models import AccessRecord
from zhizhi.web.exporting import files
from zhizhi.web.exporting.files import Listing
from zhizhi.web.tests.conftest import Browse

NUMBER = "12012345678"


@pytest.fixture
def grant(world: World) -> AccessGrant:
    """The operator waits for a second person; the case has ended meanwhile."""
    Case.everything.filter(pk=world.records["case"].pk).update(state="closed")
    found: AccessGrant = world.records["grant"]
    return found


@pytest.fixture
def emergency(grant: AccessGrant, world: World) -> AccessGrant:
    found: AccessGrant = world.records["emergency"]
    return found


def asked(**other: str) -> dict[str, str]:
    told = {"whose": "reporter", "purpose": "tell-result", "reason": "she called again",
            "hidden_days": "0"}  # fmt: skip
    return told | other


def newest() -> AccessGrant:
    return AccessGrant.everything.latest("pk")


def text_of(browser: Client, address: str) -> str:
    return str(browser.get(address).content.decode())


@pytest.mark.django_db(transaction=True)
def test_from_the_refused_look_to_the_page_of_the_resident(
    grant: AccessGrant, world: World, browse: Browse
) -> None:
    """The whole way: refused, asked, agreed, looked once, and the resident sees it."""
    case, operator, leader = world.records["case"], browse("operator"), browse("leader")
    refused = operator.post(f"/cases/{case.pk}/reporter/", {"purpose": "ask-reporter"})
    assert refused.status_code == 403
    assert f"/access/ask/{case.pk}/" in refused.content.decode()
    assert f"/access/ask/{case.pk}/" in text_of(operator, f"/cases/{case.pk}/")
    granting.revoke(grant, by=world.here["operator"], now=timezone.now())

    operator.post(f"/access/ask/{case.pk}/", asked())
    address = f"/access/{newest().pk}/"
    assert address in text_of(leader, "/access/")
    assert "she called again" in text_of(leader, address)
    assert NUMBER not in text_of(leader, address)
    assert operator.post(f"{address}use/").status_code == 403
    leader.post(f"{address}decide/", {"verdict": "approve"})
    assert "in force, 60 minutes left" in text_of(operator, "/access/")
    shown = operator.post(f"{address}use/")
    again = operator.post(f"{address}use/")

    assert NUMBER in shown.content.decode()
    assert shown.headers["Cache-Control"].find("no-store") >= 0
    assert (again.status_code, NUMBER in again.content.decode()) == (403, False)
    assert "opens one look, once" in again.content.decode()
    report: Report = world.records["report"]
    resident = Client(headers={"accept-language": "en"})
    secret = reporting.secret_of(report)
    resident.post("/home/follow/", {"number": report.number, "secret": secret})
    look = AccessRecord.objects.filter(is_allowed=True).latest("pk")
    page = text_of(resident, f"/home/follow/{report.pk}/looks/")
    entry = page.partition(f'id="look-{look.pk}"')[2].partition("</li>")[0]
    assert "To tell you the result" in entry
    assert "A second person of another office agreed" in entry


@pytest.mark.django_db(transaction=True)
def test_an_emergency_opens_at_once_and_the_auditor_reviews_it(
    grant: AccessGrant, world: World, browse: Browse
) -> None:
    case, operator, auditor = world.records["case"], browse("operator"), browse("auditor")

    shown = operator.post(f"/access/ask/{case.pk}/", asked(emergency="1"))

    assert NUMBER in shown.content.decode()
    opened = newest()
    assert (opened.purpose, opened.state, opened.review) == ("save-life", "used", "pending")
    address = f"/access/{opened.pk}/review/"
    assert address in text_of(auditor, "/access/emergencies/")
    page = text_of(auditor, address)
    assert "she called again" in page
    assert NUMBER not in page
    assert "allowed" in page
    half = auditor.post(address, {"verdict": "justified"})
    assert (half.status_code, newest().review) == (422, "pending")
    auditor.post(address, {"verdict": "unjustified", "words": "nobody was in danger"})
    second = auditor.post(address, {"verdict": "justified", "words": "fine"}, follow=True)
    assert "reviewed it meanwhile" in second.content.decode()
    assert newest().review == "unjustified"
    assert "nobody was in danger" in text_of(operator, f"/access/{opened.pk}/")


def test_an_emergency_needs_a_reason(grant: AccessGrant, world: World, browse: Browse) -> None:
    address = f"/access/ask/{world.records['case'].pk}/"
    before = newest().pk

    answer = browse("operator").post(address, asked(emergency="1", reason="  "))

    assert answer.status_code == 422
    assert newest().pk == before


@pytest.mark.parametrize(("days", "told"), [(0, "until "), (1, "late since ")])
def test_the_queue_of_emergencies_says_what_is_overdue(
    days: int, told: str, emergency: AccessGrant, browse: Browse
) -> None:
    due = emergency.review_due_at
    assert due is not None
    with time_machine.travel(due + timedelta(days=days), tick=False):
        text = text_of(browse("auditor"), "/access/emergencies/")

    assert f"{told}{timezone.localtime(due):%Y-%m-%d}" in text


def test_one_of_the_same_office_may_read_and_not_decide(
    grant: AccessGrant, world: World, browse: Browse
) -> None:
    AccessGrant.everything.filter(pk=grant.pk).update(asked_by=world.here["inspector"])
    inspector, address = browse("inspector"), f"/access/{grant.pk}/"

    answer = inspector.post(f"{address}decide/", {"verdict": "approve"})

    assert answer.status_code == 403
    assert "You asked for it yourself" in answer.content.decode()
    assert 'name="verdict"' not in text_of(inspector, address)
    assert address not in text_of(inspector, "/access/").partition("Asked by you")[0]


def test_a_refusal_needs_words_and_whoever_asked_reads_them(
    grant: AccessGrant, browse: Browse
) -> None:
    leader, address = browse("leader"), f"/access/{grant.pk}/"

    half = leader.post(f"{address}decide/", {"verdict": "refuse", "answer": " "})
    assert half.status_code == 422
    leader.post(f"{address}decide/", {"verdict": "refuse", "answer": "call the hotline"})
    late = browse("inspector").post(f"{address}decide/", {"verdict": "approve"}, follow=True)

    assert "does not wait any more" in late.content.decode()
    assert "call the hotline" in text_of(browse("operator"), address)
    assert AccessGrant.everything.get(pk=grant.pk).state == "refused"


def test_whoever_asked_takes_it_back(grant: AccessGrant, browse: Browse) -> None:
    operator = browse("operator")

    operator.post(f"/access/{grant.pk}/revoke/")
    again = operator.post(f"/access/{grant.pk}/revoke/", follow=True)

    assert "It had ended before" in again.content.decode()
    assert AccessGrant.everything.get(pk=grant.pk).state == "revoked"


@pytest.mark.parametrize("day", [0, 1])
def test_what_was_not_decided_in_time_says_so_before_the_worker_marks_it(
    day: int, grant: AccessGrant, browse: Browse
) -> None:
    with time_machine.travel(grant.lapses_at - timedelta(seconds=1 - day), tick=False):
        text = text_of(browse("leader"), f"/access/{grant.pk}/")

    assert ('name="verdict"' in text) is (day == 0)
    assert ("<strong>Expired</strong>" in text) is (day == 1)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({}, "You have asked for this already"),
        ({"hidden_days": "5"}, "open case of your own"),
        ({"hidden_days": "181"}, "less than or equal to 180"),
        ({"hidden_days": "-1"}, "greater than or equal to 0"),
        ({"reason": ""}, "required"),
        ({"purpose": "curiosity"}, "valid choice"),
        ({"whose": "notice-1"}, "valid choice"),
    ],
)
def test_what_cannot_be_asked_says_why(
    other: dict[str, str], said: str, grant: AccessGrant, world: World, browse: Browse
) -> None:
    before = newest().pk
    answer = browse("operator").post(f"/access/ask/{world.records['case'].pk}/", asked(**other))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert newest().pk == before


@pytest.mark.parametrize(("days", "kind"), [("0", ""), ("1", "covert"), ("180", "covert")])
def test_in_an_open_case_only_a_hidden_look_needs_somebody_else(
    days: str, kind: str, world: World, browse: Browse
) -> None:
    case, before = world.records["case"], newest().pk

    answer = browse("operator").post(f"/access/ask/{case.pk}/", asked(hidden_days=days))

    assert answer.status_code == (302 if kind else 422)
    assert (newest().pk != before) is bool(kind)
    if kind:
        assert (newest().kind, newest().hidden_for) == (kind, timedelta(days=int(days)))


def test_a_case_that_is_not_there_looks_like_one_with_nobody_in_it(
    grant: AccessGrant, browse: Browse
) -> None:
    operator = browse("operator")
    Report.everything.update(person=None)

    empty = text_of(operator, f"/access/ask/{grant.case}/")
    missing = text_of(operator, "/access/ask/987654/")

    assert "nobody in this case" in missing
    for text in (empty, missing):
        assert 'name="emergency"' not in text
    assert _plain(empty, str(grant.case)) == _plain(missing, "987654")


def _plain(text: str, number: str) -> str:
    """Return the content of a page without its number."""
    content = text.partition('<main id="content"')[2].partition("</main>")[0]
    return content.replace(f"case {number}", "case N")


@pytest.mark.parametrize(
    ("typed", "found"), [("7", 7), ("FI-260301-7", 7), (" 7 ", 7), ("", None), ("x", None)]
)
def test_a_case_out_of_sight_is_named_by_its_number(
    typed: str, found: int | None, browse: Browse
) -> None:
    answer = browse("operator").get("/access/", {"case": typed})

    if found is None:
        assert "no number of a case" in answer.content.decode()
    else:
        assert answer["Location"] == f"/access/ask/{found}/"


@pytest.mark.parametrize(("people", "status"), [(49, 200), (50, 200), (51, 403)])
def test_a_list_with_many_people_leaves_the_house_only_by_two(
    people: int, status: int, world: World, browse: Browse
) -> None:
    assert _send(world, people).status_code == status


@pytest.mark.parametrize(("count", "statuses"), [(50, [403, 403]), (51, [200, 403])])
def test_a_grant_lets_one_list_go_once(count: int, statuses: list[int], world: World) -> None:
    by, hour, now = world.here["operator"], timedelta(hours=1), timezone.now()
    wanted = granting.Wanted(
        AccessGrant.Kind.LIST, "list:reporters", "tell-result", "a letter to all", count=count,
        area_path=world.records["area"].path,
    )  # fmt: skip
    grant = granting.ask(wanted, by=by, within=hour, span=hour, now=now)
    granting.approve(grant, by=world.here["leader"], now=now)

    assert [_send(world, 51, grant.pk).status_code for _time in range(2)] == statuses


def _send(world: World, people: int, grant: int = 0) -> Any:
    request = RequestFactory().get("/", {"grant": grant} if grant else {})
    request.user = world.here["operator"]
    read: Callable[[int, int], list[Any]] = lambda first, last: [[n] for n in range(first, last)]  # noqa: E731
    listing = Listing("reporters", "Reporters", ("n",), people, read, people=people)
    return files.send(request, listing, "csv")
