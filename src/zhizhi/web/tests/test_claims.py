"""The auditor's queue of objections, and the answer to each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from tests.district_world import World

from zhizhi.engine import claiming
from zhizhi.engine.models import Claim
from zhizhi.trust.models import AccessRecord
from zhizhi.web.tests.conftest import Browse

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def claim(world: World) -> Claim:
    found: Claim = world.records["claim"]
    return found


def fresh(claim: Claim) -> Claim:
    return Claim.everything.select_related("key").get(pk=claim.pk)


@pytest.mark.parametrize(("days", "told"), [(0, "until 2026-03-16"), (1, "late since 2026-03-16")])
def test_the_queue_says_what_waits_and_until_when(
    days: int, told: str, claim: Claim, browse: Browse
) -> None:
    with time_machine.travel(claim.due_at + timedelta(days=days), tick=False):
        text = browse("auditor").get("/claims/").content.decode()

    assert f"/claims/{claim.pk}/" in text
    assert told in text


def test_an_auditor_of_another_town_sees_none(claim: Claim, browse: Browse) -> None:
    auditor = browse("auditor", elsewhere=True)

    assert f"/claims/{claim.pk}/" not in auditor.get("/claims/").content.decode()
    assert auditor.get(f"/claims/{claim.pk}/").status_code == 404
    assert auditor.post(f"/claims/{claim.pk}/answer/", {}).status_code == 404


def test_the_page_shows_what_is_on_record_about_the_look(claim: Claim, browse: Browse) -> None:
    text = browse("auditor").get(f"/claims/{claim.pk}/").content.decode()

    for told in ("why me", "Your number", "To ask you about this case", "allowed", "account:1"):
        assert told in text
    assert "Wei" not in text
    assert "12012345678" not in text


@pytest.mark.parametrize("verdict", ["upheld", "refused"])
def test_an_answer_ends_it_and_the_page_shows_it(
    verdict: str, claim: Claim, browse: Browse
) -> None:
    auditor = browse("auditor")

    answer = auditor.post(f"/claims/{claim.pk}/answer/", {"verdict": verdict, "answer": "so it is"})

    assert answer.status_code == 302
    assert fresh(claim).state == verdict
    assert claiming.words(fresh(claim))["answer"] == "so it is"
    text = auditor.get(f"/claims/{claim.pk}/").content.decode()
    assert "so it is" in text
    assert 'name="verdict"' not in text


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"verdict": "upheld"},
        {"answer": "so"},
        {"verdict": "perhaps", "answer": "so"},
        {"verdict": "upheld", "answer": "x" * (claiming.LONGEST + 1)},
    ],
)
def test_half_an_answer_is_none(told: dict[str, str], claim: Claim, browse: Browse) -> None:
    answer = browse("auditor").post(f"/claims/{claim.pk}/answer/", told)

    assert answer.status_code == 422
    assert fresh(claim).state == "open"


def test_of_two_answers_the_first_stands(claim: Claim, browse: Browse) -> None:
    auditor, told = browse("auditor"), {"verdict": "refused", "answer": "no"}
    auditor.post(f"/claims/{claim.pk}/answer/", told)

    second = auditor.post(
        f"/claims/{claim.pk}/answer/", {"verdict": "upheld", "answer": "yes"}, follow=True
    )

    assert "answered it meanwhile" in second.content.decode()
    assert fresh(claim).state == "refused"


def test_nobody_answers_about_the_own_look(claim: Claim, browse: Browse, world: World) -> None:
    own = AccessRecord.objects.create(
        at=NOW, actor=f"account:{world.here['auditor'].pk}", person="report:1", fields=["telling"],
        purpose="handle-case", is_allowed=True,
    )  # fmt: skip
    Claim.everything.filter(pk=claim.pk).update(record=own)
    auditor = browse("auditor")

    answer = auditor.post(f"/claims/{claim.pk}/answer/", {"verdict": "refused", "answer": "fine"})

    assert answer.status_code == 403
    assert "your own look" in answer.content.decode()
    assert 'name="verdict"' not in auditor.get(f"/claims/{claim.pk}/").content.decode()
    assert fresh(claim).state == "open"
