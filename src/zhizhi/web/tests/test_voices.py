"""Voice notes: sealed with the report, played on record, in parts where a browser asks so."""

from __future__ import annotations

import wave
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.district_world import World, voice

from zhizhi.engine.models import Feedback, Task, TimelineEntry
from zhizhi.trust import evidence
from zhizhi.trust.models import AuditEntry, Evidence
from zhizhi.web.tests.conftest import Browse


@pytest.fixture
def task(world: World) -> Task:
    found: Task = world.records["unit_task"]
    Task.everything.filter(pk=found.pk).update(state="arrived")
    return found


def spoken(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("v.wav", voice() if content is None else content, "audio/wav")


def report(browser: Any, task: Task, **body: Any) -> Any:
    given = {"outcome": "under_way", "key": "v", **body}
    return browser.post(reverse("web:report", args=[task.pk]), given)


def test_a_voice_note_is_sealed_with_the_report_and_needs_no_words(
    task: Task, browse: Browse
) -> None:
    report(browse("unit_member"), task, voice=spoken())

    row = Evidence.objects.latest("pk")
    assert (row.kind, row.media_type, row.case) == ("voice", "audio/wav", task.case_id)
    assert Feedback.objects.get(task=task, key="v").evidence == [row.pk]
    line = TimelineEntry.objects.filter(case=task.case).latest("seq")
    assert (line.data["evidence"], line.data["voices"]) == ([], [row.pk])
    with wave.open(BytesIO(evidence.original(row))) as sound:
        assert sound.getparams()[:4] == (1, 2, 16_000, 16_000)
    assert list(evidence.verify_evidence()) == []


def test_what_is_no_recording_is_refused_and_the_words_come_back(
    task: Task, browse: Browse
) -> None:
    answer = report(browse("unit_member"), task, voice=spoken(b"no sound"), note="kept")

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "The file is not a WAV recording." in page
    assert "kept" in page
    assert not Feedback.objects.filter(task=task, key="v").exists()


def test_a_voice_proves_no_violation(task: Task, browse: Browse) -> None:
    browser = browse("unit_member")
    report(browser, task, voice=spoken())

    refused = report(browser, task, outcome="violation", key="w", voice=spoken())

    assert refused.status_code == 400
    assert "A violation needs a photo." in refused.content.decode()


def test_the_case_page_plays_it_and_counts_it_as_no_photo(world: World, browse: Browse) -> None:
    case, row = world.records["case"], world.records["voice"]

    page = browse("operator").get(reverse("web:case", args=[case.pk])).content.decode()

    assert f'<audio controls preload="none" src="/cases/{case.pk}/voices/{row.pk}.wav"' in page
    assert "1 sealed photo." in page
    assert "Boat · " in page
    assert "· 1 s ·" in page


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("", 200, slice(None), None),
        ("bytes=0-", 206, slice(None), "bytes 0-32043/32044"),
        ("bytes=0-1", 206, slice(0, 2), "bytes 0-1/32044"),
        ("bytes=100-199", 206, slice(100, 200), "bytes 100-199/32044"),
        ("bytes=32043-99999", 206, slice(32043, None), "bytes 32043-32043/32044"),
        ("bytes=-44", 206, slice(-44, None), "bytes 32000-32043/32044"),
        ("bytes=32044-", 416, None, "bytes */32044"),
        ("bytes=9-1", 416, None, "bytes */32044"),
        ("bytes=-0", 416, None, "bytes */32044"),
        ("bytes=-", 200, slice(None), None),
        ("bytes=0-1,5-6", 200, slice(None), None),
        ("pages=1", 200, slice(None), None),
    ],
)
def test_a_part_can_be_asked_for(
    asked: str, status: int, part: slice | None, told: str | None, world: World, browse: Browse
) -> None:
    row = world.records["voice"]
    address = reverse("web:voice", args=[row.case, row.pk])

    answer = browse("operator").get(address, headers={"range": asked} if asked else {})

    assert answer.status_code == status
    assert answer.content == (evidence.original(row)[part] if part else b"")
    assert answer.headers.get("Content-Range") == told


@pytest.mark.parametrize("asked", ["", "bytes=0-1", "bytes=-44", "bytes=1-", "bytes=9-8"])
def test_whoever_hears_any_part_is_on_record(asked: str, world: World, browse: Browse) -> None:
    row = world.records["voice"]
    address = reverse("web:voice", args=[row.case, row.pk])

    browse("inspector").get(address, headers={"range": asked} if asked else {})

    [leaf] = AuditEntry.objects.filter(verb="evidence.open", subject=f"case:{row.case}")
    assert leaf.actor == f"account:{world.here['inspector'].pk}"
    assert leaf.detail == {"evidence": row.pk}


def test_the_parts_of_one_playing_are_one_look_and_another_listener_is_another(
    world: World, browse: Browse
) -> None:
    row = world.records["voice"]
    address = reverse("web:voice", args=[row.case, row.pk])
    inspector = browse("inspector")

    for asked in ("bytes=0-", "bytes=100-", "bytes=0-"):
        inspector.get(address, headers={"range": asked})
    browse("leader").get(address)

    leaves = AuditEntry.objects.filter(verb="evidence.open", subject=f"case:{row.case}")
    assert leaves.count() == 2


def test_a_photo_is_no_voice_note(world: World, browse: Browse) -> None:
    row = world.records["evidence"]

    answer = browse("operator").get(reverse("web:voice", args=[row.case, row.pk]))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "microphone", "place"),
    [("/my/", "(self)", "(self)"), ("/messages/", "()", "()"), ("/home/report/", "()", "(self)"),
     ("/home/", "()", "()"), ("/sign-in/", "()", "()")],
)  # fmt: skip
def test_a_page_asks_for_microphone_and_place_only_where_they_are_for(
    path: str, microphone: str, place: str, browse: Browse
) -> None:
    told = browse("unit_member").get(path).headers["Permissions-Policy"]

    assert f"microphone={microphone}" in told
    assert f"geolocation={place}" in told
    assert "camera=()" in told
