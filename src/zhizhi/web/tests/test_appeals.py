"""The pages of an appeal: the code, the reasons, the decision, and writing one down."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.district_world import World, build

from zhizhi.engine import appealing, settings_in_force
from zhizhi.engine.models import Alert, Appeal, TimelineEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return build()


@pytest.fixture
def fresh(world: World) -> Alert:
    """An alert that nobody has appealed against."""
    Appeal.everything.all().delete()
    alert: Alert = world.records["alert"]
    return alert


@pytest.fixture
def anybody() -> Client:
    return Client(headers={"accept-language": "en"})


def browser(world: World, role: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.here[role], backend="django.contrib.auth.backends.ModelBackend")
    return client


def enter(client: Client, alert: Alert) -> None:
    answer = client.post("/home/appeal/", {"code": appealing.code_of(alert)})
    assert (answer.status_code, answer["Location"]) == (302, f"/home/appeal/{alert.pk}/")


def test_the_code_shows_why_and_takes_the_appeal_once(anybody: Client, fresh: Alert) -> None:
    enter(anybody, fresh)
    page = f"/home/appeal/{fresh.pk}/"

    assert "You have not appealed." in anybody.get(page).content.decode()
    for _press in range(2):
        anybody.post(f"{page}make/", {"because": "misplaced", "words": "I was next door"})

    made = Appeal.everything.get()
    assert (made.because, made.taken_by) == ("misplaced", "resident")
    assert "You appealed. A person decides by" in anybody.get(page).content.decode()
    assert appealing.code_of(fresh) in anybody.get("/home/appeal/").content.decode()


def test_without_the_code_there_is_nothing(anybody: Client, fresh: Alert) -> None:
    page = f"/home/appeal/{fresh.pk}/"

    assert anybody.get(page).status_code == 404
    assert anybody.post(f"{page}make/", {"because": "absent"}).status_code == 404
    assert not Appeal.everything.exists()


def test_a_wrong_code_says_so_and_after_some_tries_a_time(anybody: Client, fresh: Alert) -> None:
    most: int = settings_in_force.value("residents.tries_per_hour")
    wrong = f"{fresh.case_id}-0000-0000"

    said = [anybody.post("/home/appeal/", {"code": wrong}) for _try in range(most + 1)]

    assert [one.status_code for one in said] == [404] * most + [429]
    assert "No message has this code." in said[0].content.decode()
    assert "Too many wrong codes." in said[-1].content.decode()
    right = anybody.post("/home/appeal/", {"code": appealing.code_of(fresh)})
    assert right.status_code == 429


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"words": "no reason chosen"}, "Choose what fits best."),
        ({"because": "odd"}, "odd is not one of the available choices"),
        ({"because": "other", "words": "长" * 501}, "at most 500 characters"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    anybody: Client, fresh: Alert, sent: dict[str, str], said: str
) -> None:
    enter(anybody, fresh)

    answer = anybody.post(f"/home/appeal/{fresh.pk}/make/", sent)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert sent.get("words", "") in answer.content.decode()
    assert not Appeal.everything.exists()


@pytest.mark.parametrize(("verdict", "state"), [("upheld", "upheld"), ("refused", "refused")])
def test_an_inspector_decides_and_the_person_reads_the_answer(
    world: World, anybody: Client, fresh: Alert, verdict: str, state: str
) -> None:
    enter(anybody, fresh)
    anybody.post(f"/home/appeal/{fresh.pk}/make/", {"because": "absent"})
    made, inspector = Appeal.everything.get(), browser(world, "inspector")

    assert str(made) in inspector.get("/appeals/").content.decode()
    assert "I was not there" in inspector.get(f"/appeals/{made.pk}/").content.decode()
    sent = {"verdict": verdict, "answer": "We looked again."}
    answer = inspector.post(f"/appeals/{made.pk}/decide/", sent)

    assert answer["Location"] == "/appeals/"
    assert Appeal.everything.get().state == state
    assert (Alert.everything.get(pk=fresh.pk).lifted_at is not None) is (verdict == "upheld")
    told = anybody.get(f"/home/appeal/{fresh.pk}/").content.decode()
    assert "We looked again." in told
    assert ("the alert is lifted" in told) is (verdict == "upheld")


def test_a_decision_without_a_verdict_or_words_is_not_taken(world: World) -> None:
    made: Appeal = world.records["appeal"]

    answer = browser(world, "inspector").post(f"/appeals/{made.pk}/decide/", {"answer": " "})

    assert answer.status_code == 422
    assert Appeal.everything.get().state == "open"


def test_whoever_wrote_it_down_does_not_decide_it(world: World, fresh: Alert) -> None:
    inspector = browser(world, "inspector")
    sent = {"alert": fresh.pk, "because": "other", "words": "he called"}

    answer = inspector.post(f"/cases/{fresh.case_id}/appeal/", sent, follow=True)
    made = Appeal.everything.get()

    assert appealing.code_of(fresh) in answer.content.decode()
    assert made.taken_by == f"account:{world.here['inspector'].pk}"
    decided = inspector.post(
        f"/appeals/{made.pk}/decide/", {"verdict": "upheld", "answer": "I say so"}
    )
    assert decided.status_code == 403
    assert "somebody else has to decide" in decided.content.decode()
    assert Appeal.everything.get().state == "open"


def test_writing_down_needs_a_reason_and_nothing_twice(world: World, fresh: Alert) -> None:
    operator, page = browser(world, "operator"), f"/cases/{fresh.case_id}/appeal/"

    assert appealing.code_of(fresh) in operator.get(page).content.decode()
    assert operator.post(page, {"alert": fresh.pk}).status_code == 422
    assert operator.post(page, {"alert": "b" * 32, "because": "other"}).status_code == 422
    assert operator.post(page, {"alert": fresh.pk, "because": "other"}).status_code == 302
    assert operator.post(page, {"alert": fresh.pk, "because": "other"}).status_code == 422
    assert Appeal.everything.count() == 1
    assert "has an appeal" in operator.get(page).content.decode()


def test_the_case_says_that_its_alert_was_lifted(world: World) -> None:
    made: Appeal = world.records["appeal"]
    Alert.everything.update(explanation={"rule": "fishery.dwell", "version": 1, "inputs": []})
    sent = {"verdict": "upheld", "answer": "You live there."}
    browser(world, "legal_reviewer").post(f"/appeals/{made.pk}/decide/", sent)

    page = browser(world, "operator").get(f"/cases/{made.alert.case_id}/").content.decode()

    assert "was lifted on appeal" in page
    assert TimelineEntry.objects.filter(verb="alert.lift").count() == 1
    assert "I was at work" not in page  # only those who decide read the words
