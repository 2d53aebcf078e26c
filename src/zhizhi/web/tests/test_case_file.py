"""The file of a case: what it holds, that it is sealed, and what is written down about it."""

from __future__ import annotations

import shutil
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from pypdf import PdfReader
from tests.district_world import AT, World, photo

from zhizhi.engine import timeline
from zhizhi.engine.models import Alert, Case, Feedback
from zhizhi.trust import evidence
from zhizhi.trust.models import AuditEntry, Evidence
from zhizhi.web.exporting import case_file, printing
from zhizhi.web.exporting.press import Presses
from zhizhi.web.tests.conftest import Browse

WHY = {
    "rule": "fishery.dwell", "version": 3, "params_hash": "8e2af4", "not_used": ["identity"],
    "alternatives": ["a ferry, a moored vessel or a licensed boat"],
    "inputs": [{"name": "time in the zone", "value": 31.5, "threshold": 30, "unit": "minutes",
                "meets": True}],
    "journal": {"first": 5, "last": 9},
}  # fmt: skip


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Any:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def address(case: Case) -> str:
    return reverse("web:case-file", args=[case.pk])


def pages(browser: Client, case: Case, *, language: str = "en") -> list[str]:
    answer = browser.get(address(case), headers={"accept-language": language})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return [page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages]


def pictures(browser: Client, case: Case) -> int:
    read = PdfReader(BytesIO(browser.get(address(case)).content))
    return len({image.name for page in read.pages for image in page.images})


def filled(world: World, lines: int) -> Case:
    """A case with an explained alert, a report and a history of some length."""
    case: Case = world.records["case"]
    Alert.everything.filter(pk=world.records["alert"].pk).update(explanation=WHY)
    Feedback.objects.create(
        case=case, at=AT, by="unit:1", outcome="dissuaded", note="两人已收竿离开"
    )
    with timeline.writing():
        for number in range(lines):
            at = AT + timedelta(minutes=number)
            timeline.record(
                case, verb="task.accept", actor="worker", at=at, note=f"记录{number + 1}"
            )
    return case


def test_a_file_tells_in_chinese_what_the_page_tells(world: World, browse: Browse) -> None:
    case = filled(world, 2)

    [whole] = ["".join(pages(browse("operator"), case, language="zh-hans"))]

    for said in (
        "事件档案", "基本情况", "为什么预警", "31.5 分钟", "30 分钟", "未使用的信息", "身份",
        "两人已收竿离开", "记录2", "第 1 页",
    ):  # fmt: skip
        assert said in whole.replace("\n", "")


def test_a_long_file_has_its_number_above_and_its_page_below_every_page(
    world: World, browse: Browse
) -> None:
    case = filled(world, 100)

    found = pages(browse("operator"), case)

    assert len(found) > 2
    for number, text in enumerate(found, 1):
        assert case.code in text
        assert f"Page {number} of {len(found)}" in text
    assert "记录100" in "".join(found)


def begins_at_mm(paper: bytes, wanted: str) -> float:
    """Return where on the first sheet a piece of text begins that may stand in the map as well."""
    found = []

    def note(text: str, page: list[float], line: list[float], *_: Any) -> None:
        if text.strip() == wanted:
            found.append((line[4] * page[0] + page[4]) / 72 * 25.4)

    PdfReader(BytesIO(paper)).pages[0].extract_text(visitor_text=note)
    return min(found)


def test_the_facts_end_where_the_map_begins(world: World, browse: Browse) -> None:
    case = filled(world, 1)
    area = case.area
    assert area is not None
    area.name = "岚埠村" * 6  # its code has no room beside it
    area.save()

    paper = browse("operator").get(address(case)).content

    assert begins_at_mm(paper, area.code) == pytest.approx(18 + 31, abs=1)


def test_the_seal_is_the_entry_that_wrote_the_export_down(world: World, browse: Browse) -> None:
    case = filled(world, 1)

    last = pages(browse("leader"), case)[-1].replace("\n", "")

    [entry] = AuditEntry.objects.filter(verb="export")
    assert (entry.subject, entry.detail) == (
        "case-file",
        {"form": "pdf", "rows": 1, "case": case.pk},
    )
    assert f"{entry.seq}:{entry.digest}" in last
    assert str(world.here["leader"]) in last


def test_only_working_copies_are_printed(world: World, browse: Browse, data: Path) -> None:
    case = world.records["case"]
    shutil.rmtree(data / "sealed")

    assert pictures(browse("operator"), case) == 1
    Evidence.objects.update(working_copy="")
    assert pictures(browse("operator"), case) == 0


def test_a_working_copy_that_is_gone_is_told(world: World, browse: Browse, data: Path) -> None:
    shutil.rmtree(data / "working")

    found = pages(browse("operator"), world.records["case"])

    assert "The working copy of this photo cannot be read." in "".join(found)


@pytest.mark.parametrize(("most", "shown", "told"), [(1, 1, True), (2, 2, False), (3, 2, False)])
def test_a_file_has_a_limit_of_photos_that_is_told(
    most: int, shown: int, told: bool, world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_file, "MOST_PHOTOS", most)
    case = world.records["case"]
    second = evidence.seal(
        photo(), case=case.pk, kind="photo", media_type="image/jpeg", by="unit:1", now=AT
    )
    evidence.set_working_copy(second, photo())

    assert ("1 more is kept" in "".join(pages(browse("operator"), case))) is told
    assert pictures(browse("operator"), case) == shown


def test_what_somebody_typed_stays_text(world: World, browse: Browse) -> None:
    case = world.records["case"]
    Feedback.objects.create(case=case, at=AT, by="unit:1", outcome="left", note="<img src=x>停")

    assert "<img src=x>停" in "".join(pages(browse("operator"), case))


def test_another_town_gets_no_file(world: World, browse: Browse) -> None:
    answer = browse("operator", elsewhere=True).get(address(world.records["case"]))

    assert answer.status_code == 404
    assert not AuditEntry.objects.filter(verb="export").exists()


@override_settings(DEMO=True)
def test_a_demonstrations_file_says_so_on_every_page(world: World, browse: Browse) -> None:
    found = pages(browse("operator"), filled(world, 60))

    assert len(found) > 1
    assert all("Demonstration" in text for text in found)


def test_where_a_library_is_missing_the_page_says_what_to_do(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('libpango-1.0.so.0')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(printing, "presses", Presses(1))

    answer = browse("operator").get(address(world.records["case"]))

    assert answer.status_code == 503
    assert "zhizhi doctor" in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="export").exists()
