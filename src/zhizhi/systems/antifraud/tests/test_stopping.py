"""The request to stop a payment: what is known is printed, the rest is blank, the look is kept."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from zhizhi.engine.tests.building import NOON, area
from zhizhi.systems.antifraud import dissuading, stopping
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.systems.antifraud.tests.risk import BY, PHONE, warned
from zhizhi.systems.antifraud.tests.test_dissuasion_page import LIST, browser
from zhizhi.trust.models import AccessRecord, AuditEntry
from zhizhi.web.exporting import paper
from zhizhi.web.exporting.press import Presses

pytestmark = pytest.mark.django_db
WHO: Mapping[str, str] = {"name": "沈玉兰", "phone": PHONE}
MADE = "zhizhi.web.exporting.printing.presses"


@pytest.fixture(autouse=True)
def home(data: Path) -> None:
    area()


class PaperHere(Presses):
    """Lays out in this process, as a press does beside it."""

    def check(self) -> None:
        paper.load()

    def pdf(self, html: str, pictures: Mapping[str, bytes]) -> bytes:
        return paper.pdf(html, pictures)


def taken(client: Client, row: Dissuasion) -> Any:
    return client.post(f"{LIST}{row.pk}/stop.pdf")


def test_it_is_one_sheet_in_chinese_with_what_is_known() -> None:
    row = warned(typology="investment", amount=50_000)

    page = stopping.sheet(row, WHO, now=NOON)
    [sheet] = PdfReader(BytesIO(paper.pdf(page.html, page.pictures))).pages

    told = sheet.extract_text()
    for said in ("紧急止付申请", "沈玉兰", PHONE, "50000", str(row), row.case.code, "虚假投资",
                 "银行", "第二十条", "48"):  # fmt: skip
        assert said in told, said
    assert not page.pictures


def test_what_nobody_knows_is_blank() -> None:
    row = warned(amount=None)

    html = stopping.sheet(row, {"name": "", "phone": PHONE}, now=NOON).html

    assert "None" not in html
    assert html.count("<td></td>") > 10


def test_a_name_is_text_on_the_sheet_and_nothing_else() -> None:
    bad = '<img src="http://127.0.0.1/x.png">'

    html = stopping.sheet(warned(), {"name": bad, "phone": PHONE}, now=NOON).html

    assert bad not in html
    assert "&lt;img" in html


def test_taking_it_is_a_look_on_record_and_an_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MADE, PaperHere(count=0))
    row = warned(at=timezone.now())

    answer = taken(browser(), row)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert PHONE in PdfReader(BytesIO(answer.content)).pages[0].extract_text()
    assert "no-store" in answer["Cache-Control"]
    record = AccessRecord.objects.get()
    assert (record.person, record.purpose, record.fields) == (
        f"person:{row.person_id}", "dissuade", ["name", "phone"],
    )  # fmt: skip
    export = AuditEntry.objects.get(verb="export")
    assert (export.subject, export.detail["dissuasion"]) == ("stop-payment", row.pk)
    assert PHONE not in str(export.detail)


def test_once_there_is_no_call_to_be_made_nothing_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MADE, PaperHere(count=0))
    row = dissuading.end(warned(at=timezone.now()), "not-scam", by=BY, now=timezone.now())

    answer = taken(browser(), row)

    assert answer.status_code == 403
    assert PHONE not in answer.content.decode()
    assert [one.is_allowed for one in AccessRecord.objects.all()] == [False]


@pytest.mark.parametrize(
    ("role", "town", "status"),
    [("leader", "990100000000000", 403), ("operator", "990200000000000", 404)],
)
def test_who_may_not_see_or_call_takes_nothing(role: str, town: str, status: int) -> None:
    row = warned(at=timezone.now())

    assert taken(browser(role, town), row).status_code == status
    assert AccessRecord.objects.count() == 0
