"""What a phone reports is filed once, however often and however close together it arrives."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from tests.district_world import build, photo

from zhizhi.engine.models import Feedback, Task, TimelineEntry
from zhizhi.engine.tests.racing import race
from zhizhi.trust.models import Evidence
from zhizhi.web.field import filing
from zhizhi.web.field.forms import ReportForm


def arrive(task: int, outcome: str) -> None:
    """Take the same draft as a request of its own would."""
    picture = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    form = ReportForm({"outcome": outcome, "note": "rods", "key": "a"}, {"photo": picture})
    assert form.is_valid()
    filing.report(form, Task.everything.get(pk=task), by="account:1", now=timezone.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("outcome", ["under_way", "left"])
def test_a_draft_that_arrives_twice_at_the_same_moment_is_filed_once(outcome: str) -> None:
    task = build().records["unit_task"]
    Task.everything.filter(pk=task.pk).update(state="arrived")
    sealed = Evidence.objects.count()

    results = race(*[lambda: arrive(task.pk, outcome)] * 4)

    assert results == [None] * 4, "all four are content"
    assert Feedback.objects.filter(task=task, key="a").count() == 1
    assert Evidence.objects.count() == sealed + 1
    assert TimelineEntry.objects.filter(task=task, note="rods").count() == 1
