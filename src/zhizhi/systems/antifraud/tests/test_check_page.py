"""The residents' check page: without scripts, small, and with nothing left behind."""

from __future__ import annotations

import logging

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from zhizhi.engine import settings_in_force
from zhizhi.systems.antifraud.apps import CHECKS

pytestmark = pytest.mark.django_db
CHECK = "/antifraud/check/"
SCRIPT = "稳赚不赔<script>alert(1)</script>保本高收益 13800138000"


def resident() -> Client:
    return Client(headers={"accept-language": "en"})


def ask(written: str, kind: str = "") -> str:
    return resident().post(CHECK, {"written": written, "kind": kind}).content.decode()


def rows() -> dict[str, int]:
    kept = [
        m for m in apps.get_models() if m._meta.label not in {"engine.Quota", "sessions.Session"}
    ]
    return {one._meta.label: one._default_manager.count() for one in kept}


def test_a_scam_is_called_one_with_its_words_marked_its_lesson_and_what_to_do() -> None:
    page = ask(SCRIPT)

    assert "This is a scam" in page
    assert "<mark>稳赚不赔</mark>" in page
    assert "False investments" in page
    assert "96110" in page


def test_what_was_pasted_is_shown_as_text_alone() -> None:
    page = ask(SCRIPT)

    assert "alert(1)" in page
    assert "<script>alert" not in page


def test_nothing_of_what_was_asked_is_kept_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    before = rows()

    with caplog.at_level(logging.DEBUG):
        ask(SCRIPT)

    assert rows() == before
    assert "稳赚" not in caplog.text
    assert "13800138000" not in caplog.text


def test_the_page_is_small_with_a_long_text_and_many_marks() -> None:
    assert len(ask("稳赚不赔，保本高收益" + "内幕消息在此" * 5000).encode()) < 30_000
    assert len(resident().get(CHECK).content) < 30_000


@pytest.mark.parametrize(("size", "status"), [(999_999, 200), (1_000_000, 200), (1_000_001, 413)])
def test_a_text_of_a_million_bytes_is_the_longest(size: int, status: int) -> None:
    answer = resident().post(CHECK, {"written": "a" * size})

    assert answer.status_code == status
    assert ("At most 1000000 bytes" in answer.content.decode()) is (status == 413)


def test_an_empty_question_is_told_what_to_do() -> None:
    answer = resident().post(CHECK, {"written": " "})

    assert answer.status_code == 422
    assert "Paste a message" in answer.content.decode()


def test_something_that_is_not_of_its_kind_is_said_and_stays_in_the_field() -> None:
    page = ask("not a number", "phone")

    assert "This cannot be read as what you chose." in page
    assert ">not a number</textarea>" in page


@pytest.mark.parametrize(("before", "status"), [(1, 200), (2, 429)])
def test_one_address_asks_so_often_an_hour(before: int, status: int) -> None:
    settings_in_force.change(CHECKS, 2, by="account:1", now=timezone.now())
    for _n in range(before):
        resident().post(CHECK, {"written": "95588"})

    assert resident().post(CHECK, {"written": "95588"}).status_code == status


def test_residents_find_the_check_on_their_start_page() -> None:
    assert CHECK in resident().get("/home/").content.decode()
