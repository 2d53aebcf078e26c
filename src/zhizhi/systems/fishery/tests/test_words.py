"""The editor of reminder texts."""

from __future__ import annotations

import pytest

from zhizhi.systems.fishery import wording
from zhizhi.systems.fishery.tests.river import (
    Desk,
    River,
    at,
)


def test_words_are_previewed_with_their_length_and_not_published(river: River, desk: Desk) -> None:
    typed = {"after": "1", "zh_hans": "鱼" * 71, "en": "{zone} {minutes}", "preview": "1"}

    page = desk("administrator").post(at("word", wording.REMINDER), typed).content.decode()

    assert "71 characters, 2 text message segments of at most 67" in page
    assert wording.current_version(wording.REMINDER) == 1


def test_an_administrator_publishes_and_the_history_shows_who(river: River, desk: Desk) -> None:
    typed = {"after": "1", "zh_hans": "{zone}禁渔", "en": "{zone}: no fishing", "publish": "1"}

    desk("administrator").post(at("word", wording.REMINDER), typed)

    page = desk("operator").get(at("word", wording.REMINDER)).content.decode()
    assert "administrator" in page
    assert "{zone}禁渔" in page
    assert "<textarea" not in page


def test_a_writer_who_was_overtaken_keeps_the_text(river: River, desk: Desk) -> None:
    typed = {"after": "0", "zh_hans": "我的字", "en": "my words", "publish": "1"}

    answer = desk("administrator").post(at("word", wording.REMINDER), typed)

    assert answer.status_code == 409
    assert "我的字" in answer.content.decode()


def test_a_text_with_an_unknown_place_is_refused(river: River, desk: Desk) -> None:
    typed = {"after": "1", "zh_hans": "{name}", "en": "x", "publish": "1"}

    answer = desk("administrator").post(at("word", wording.REMINDER), typed)

    assert answer.status_code == 422
    assert "Unknown place {name}" in answer.content.decode()


@pytest.mark.parametrize("name", ["operator", "leader", "technical_reviewer"])
def test_only_an_administrator_publishes(river: River, desk: Desk, name: str) -> None:
    typed = {"after": "1", "zh_hans": "x", "en": "x", "publish": "1"}

    answer = desk(name).post(at("word", wording.REMINDER), typed)

    assert answer.status_code == 403
    assert wording.current_version(wording.REMINDER) == 1


def test_an_unknown_text_is_not_found(desk: Desk) -> None:
    assert desk("administrator").get(at("word", "fishery.nothing")).status_code == 404
