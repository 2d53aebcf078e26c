"""The unit's phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tests.district_world import AT, World, photo

from zhizhi.engine.models import Feedback, Message, Task
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
