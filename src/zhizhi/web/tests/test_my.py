"""The unit's phone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tests.district_world import AT, World, photo

from zhizhi.engine.models import Feedback, Message, Task, TimelineEntry
from zhizhi.trust.models import AuditEntry, Evidence
from zhizhi.web.tests.conftest import Browse


@pytest.fixture
def task(world: World) -> Task:
    """The task of the boat, as it is when the boat has arrived."""
    found: Task = world.records["unit_task"]
    Task.everything.filter(pk=found.pk).update(state="arrived", accepted_at=AT, arrived_at=AT)
    return found


def fresh(task: Task) -> Task:
    return Task.everything.get(pk=task.pk)


def report(browser: Any, task: Task, **body: Any) -> Any:
    given = {"outcome": "left", **body}
    return browser.post(reverse("web:report", args=[task.pk]), given)


def picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", photo(), "image/jpeg")


def test_a_boat_sees_its_own_tasks_alone(world: World, browse: Browse) -> None:
    code = world.records["case"].code

    assert code in browse("unit_member").get("/my/").content.decode()
    assert code not in browse("unit_member", elsewhere=True).get("/my/").content.decode()


@pytest.mark.parametrize(("seconds", "is_told"), [(60, False), (-60, True)])
def test_a_task_is_shown_when_its_message_is_no_longer_held(
    seconds: int, is_told: bool, world: World, browse: Browse
) -> None:
    task, until = world.records["unit_task"], timezone.now() + timedelta(seconds=seconds)
    Message.everything.create(
        key="h" * 32, channel="inbox", recipient="unit:1", template="engine.task_offered",
        payload={}, case=task.case, task=task, state="held", not_before=until, queued_at=AT,
    )  # fmt: skip

    page = browse("unit_member").get("/my/")

    assert (world.records["case"].code in page.content.decode()) is is_told


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [("accept", "offered", "accepted"), ("arrive", "accepted", "arrived")],
)
def test_one_button_takes_the_next_step(
    verb: str, before: str, after: str, world: World, browse: Browse
) -> None:
    task = world.records["unit_task"]
    Task.everything.filter(pk=task.pk).update(state=before)

    browse("unit_member").post(reverse(f"web:{verb}", args=[task.pk]))

    assert fresh(task).state == after


@pytest.mark.parametrize("verb", ["accept", "arrive", "return", "report"])
def test_the_task_of_another_boat_does_not_exist(verb: str, world: World, browse: Browse) -> None:
    task = world.records["unit_task"]

    answer = browse("unit_member", elsewhere=True).post(reverse(f"web:{verb}", args=[task.pk]))

    assert (answer.status_code, fresh(task).state) == (404, "offered")


def test_a_task_is_returned_with_a_reason_only(task: Task, browse: Browse) -> None:
    address = reverse("web:return", args=[task.pk])

    browse("unit_member").post(address, {"reason": " "})
    assert fresh(task).state == "arrived"

    browse("unit_member").post(address, {"reason": "engine broken"})
    assert (fresh(task).state, fresh(task).note) == ("returned", "engine broken")


def test_a_photo_is_sealed_with_the_report_and_under_its_town(task: Task, browse: Browse) -> None:
    before = Evidence.objects.count()

    report(browse("unit_member"), task, photo=picture(), lon="107.4", lat="29.7",
           device_at="2026-03-01T04:00:00Z")  # fmt: skip

    sealed = Evidence.objects.latest("pk")
    assert Evidence.objects.count() == before + 1
    assert (sealed.lon, sealed.taken_at) == (107.4, AT)
    leaf = AuditEntry.objects.filter(verb="evidence.seal").latest("seq")
    assert leaf.area_path == task.case.area_path


def test_a_violation_needs_a_photo(task: Task, browse: Browse) -> None:
    answer = report(browse("unit_member"), task, outcome="violation")

    assert (answer.status_code, fresh(task).state) == (400, "arrived")
    assert "A violation needs a photo." in answer.content.decode()


def test_what_is_no_picture_is_refused_and_nothing_is_reported(task: Task, browse: Browse) -> None:
    bad = SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")

    answer = report(browse("unit_member"), task, photo=bad, note="kept")

    assert (answer.status_code, fresh(task).state) == (400, "arrived")
    assert "kept" in answer.content.decode()


def test_a_draft_that_arrives_twice_is_one_report(task: Task, browse: Browse) -> None:
    for _ in range(2):
        answer = browse("unit_member").post(
            reverse("web:report", args=[task.pk]), {"outcome": "left", "key": "draft-1"},
            headers={"accept": "application/json"},
        )  # fmt: skip
        assert answer.json() == {"arrived": True}

    assert Feedback.objects.filter(task=task, key="draft-1").count() == 1


@pytest.mark.parametrize("clock", ["", "yesterday", "2026-03-01T04:00:00", "2026-13-01T00:00Z"])
def test_a_phone_whose_clock_says_nothing_useful_loses_no_report(
    clock: str, task: Task, browse: Browse
) -> None:
    report(browse("unit_member"), task, device_at=clock)

    assert fresh(task).state == "done"


JSON = {"accept": "application/json"}


@pytest.mark.parametrize(
    ("verb", "before", "column"),
    [("accept", "offered", "accepted_at"), ("arrive", "accepted", "arrived_at")],
)
def test_a_step_that_arrives_twice_is_taken_once(
    verb: str, before: str, column: str, world: World, browse: Browse
) -> None:
    task = world.records["unit_task"]
    Task.everything.filter(pk=task.pk).update(state=before)
    browser, address = browse("unit_member"), reverse(f"web:{verb}", args=[task.pk])

    first = browser.post(address, headers=JSON)
    at = getattr(fresh(task), column)
    second = browser.post(address, headers=JSON)

    assert (first.json(), second.json()) == ({"arrived": True}, {"arrived": True})
    assert getattr(fresh(task), column) == at


def test_a_step_at_a_task_that_was_withdrawn_is_refused_with_words(
    world: World, browse: Browse
) -> None:
    task = world.records["unit_task"]
    Task.everything.filter(pk=task.pk).update(state="cancelled", accepted_at=AT)

    answer = browse("unit_member").post(reverse("web:arrive", args=[task.pk]), headers=JSON)

    assert answer.status_code == 409
    assert "Cancelled" in answer.json()["reason"]


def test_a_task_returned_twice_with_the_same_reason_is_returned(task: Task, browse: Browse) -> None:
    browser, address = browse("unit_member"), reverse("web:return", args=[task.pk])

    answers = [
        browser.post(address, {"reason": reason}, headers=JSON).status_code
        for reason in ("engine broken", "engine broken", "no time")
    ]

    assert answers == [200, 200, 409]
    assert fresh(task).note == "engine broken"


def test_word_from_the_spot_leaves_the_task_as_it_is(task: Task, browse: Browse) -> None:
    report(browse("unit_member"), task, outcome="under_way", note="two rods", key="a")

    told = Feedback.objects.get(task=task, key="a")
    assert (fresh(task).state, fresh(task).outcome) == ("arrived", "")
    assert (told.outcome, told.note) == ("under_way", "two rods")
    line = TimelineEntry.objects.filter(case=task.case).latest("seq")
    assert (line.verb, line.note) == ("task.progress", "two rods")


@pytest.mark.parametrize("state", ["offered", "done", "returned", "cancelled"])
def test_there_is_no_word_from_the_spot_of_a_task_that_nobody_is_at(
    state: str, task: Task, browse: Browse
) -> None:
    Task.everything.filter(pk=task.pk).update(state=state)

    answer = report(browse("unit_member"), task, outcome="under_way", note="two rods", key="a")

    assert answer.status_code == 409
    assert not Feedback.objects.filter(task=task, key="a").exists()


def test_word_from_the_spot_says_something(task: Task, browse: Browse) -> None:
    answer = report(browse("unit_member"), task, outcome="under_way", key="a")

    assert answer.status_code == 400
    assert "Write a word, or take a photo." in answer.content.decode()


def test_each_draft_of_a_task_arrives_once(task: Task, browse: Browse) -> None:
    browser = browse("unit_member")

    for key in ("a", "b", "a", "b"):
        report(browser, task, outcome="under_way", note=f"word {key}", key=key, photo=picture())
    for _ in range(2):
        report(browser, task, outcome="left", note="gone", key="c")

    told = Feedback.objects.filter(task=task).exclude(key="").values_list("key", "note")
    assert list(told) == [("a", "word a"), ("b", "word b"), ("c", "gone")]
    sent = Evidence.objects.filter(kind="photo", uploaded_by__startswith="account")
    assert sent.count() == 2


def test_other_words_under_the_key_of_a_draft_that_arrived_are_not_swallowed(
    task: Task, browse: Browse
) -> None:
    browser = browse("unit_member")
    report(browser, task, outcome="under_way", note="two rods", key="a")

    answer = browser.post(
        reverse("web:report", args=[task.pk]),
        {"outcome": "under_way", "note": "three rods", "key": "a"}, headers=JSON,
    )  # fmt: skip

    assert answer.status_code == 400
    assert "other words" in answer.json()["reason"]


def test_a_photo_sent_before_proves_the_violation(task: Task, browse: Browse) -> None:
    browser = browse("unit_member")
    report(browser, task, outcome="under_way", key="a", photo=picture())
    before = Feedback.objects.get(task=task, key="a").evidence

    report(browser, task, outcome="violation", key="b")

    assert fresh(task).state == "done"
    assert Feedback.objects.get(task=task, key="b").evidence == before


@pytest.mark.parametrize(("seconds", "is_late"), [(59, False), (60, True), (61, True)])
def test_a_report_that_waited_a_minute_says_when_it_was_written(
    seconds: int, is_late: bool, task: Task, browse: Browse
) -> None:
    written = AT - timedelta(days=300)  # the phone's clock is wrong; the difference is right
    sent = written + timedelta(seconds=seconds)

    report(browse("unit_member"), task, device_at=written.isoformat(), sent_at=sent.isoformat())

    line = TimelineEntry.objects.get(case=task.case, verb="task.finish")
    assert ("told_at" in line.data) is is_late
    if is_late:
        waited = line.at - datetime.fromisoformat(line.data["told_at"])
        assert abs(waited - timedelta(seconds=seconds)) < timedelta(seconds=1)


def test_the_clock_of_a_photo_is_judged_by_when_it_was_sent(task: Task, browse: Browse) -> None:
    now = timezone.now()
    written = now - timedelta(hours=2)

    report(browse("unit_member"), task, photo=picture(), device_at=written.isoformat(),
           sent_at=now.isoformat())  # fmt: skip

    sealed = Evidence.objects.latest("pk")
    assert sealed.taken_at == written
    assert sealed.clock_offset is not None
    assert abs(sealed.clock_offset) < timedelta(minutes=1)


def test_every_form_of_a_page_without_scripts_has_a_key_of_its_own(
    task: Task, browse: Browse
) -> None:
    browser = browse("unit_member")

    pages = [browser.get("/my/").content.decode() for _ in range(2)]

    keys = [re.findall(r'name="key" value="(\w{32})"', page) for page in pages]
    assert len(keys[0]) == len(keys[1]) > 0
    assert len({*keys[0], *keys[1]}) == 2 * len(keys[0])
