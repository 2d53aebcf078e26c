"""Is it really the police? The page that residents open while somebody calls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from zhizhi.engine import settings_in_force
from zhizhi.engine.tests.building import area
from zhizhi.systems.antifraud import phrases
from zhizhi.systems.antifraud.models import CallerPhrase, Dissuasion
from zhizhi.systems.antifraud.tests.risk import BY, PHONE, warned

pytestmark = pytest.mark.django_db
PAGE = "/antifraud/caller/"
PRINTED = re.compile("<span data-printed>.*?</span>")  # the minute goes on meanwhile
YES, NO = "Yes: somebody on duty calls you", "Not confirmed"


@pytest.fixture(autouse=True)
def home(data: Path) -> None:
    area()


def resident(address: str = "10.0.0.1") -> Client:
    return Client(headers={"accept-language": "en"}, REMOTE_ADDR=address)


def made() -> str:
    row = warned(f"w{Dissuasion.everything.count()}", timezone.now())
    return phrases.make(row, by=BY, now=timezone.now())


def asked(client: Client, phrase: str) -> tuple[int, str]:
    answer = client.post(PAGE, {"phrase": phrase}, follow=True)
    return answer.status_code, answer.content.decode()


def test_the_right_phrase_is_confirmed_and_says_nothing_about_anybody() -> None:
    phrase = made()

    status, text = asked(resident(), phrase)

    assert (status, YES in text) == (200, True)
    for told in (PHONE, "Shen", "D-", "AN-", phrase, phrase.replace(" ", "")):
        assert told not in text.partition("<main")[2].partition("</main")[0]


def test_it_is_confirmed_once_and_to_nobody_else() -> None:
    phrase, client = made(), resident()
    asked(client, phrase)

    assert NO in asked(resident("10.0.0.2"), phrase)[1]
    assert YES in asked(client, phrase)[1], "the button was pressed twice"
    assert YES not in client.get(PAGE).content.decode(), "the page is opened again"


def test_wrong_used_and_expired_phrases_are_answered_alike() -> None:
    phrase = made()
    asked(resident("10.0.0.9"), phrase)
    expired = made()
    CallerPhrase.objects.filter(used_at=None).update(expires_at=timezone.now())

    answers = {asked(resident(), one) for one in (phrase, expired, "00000000", "", "abc")}

    texts = {PRINTED.sub("", text.partition("<main")[2]) for _status, text in answers}
    assert {status for status, _text in answers} == {422}
    assert len({text.replace(token(text), "") for text in texts}) == 1


def token(text: str) -> str:
    return text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


@pytest.mark.parametrize(("wrong", "status"), [(4, 200), (5, 429), (6, 429)])
def test_after_as_many_wrong_phrases_as_the_setting_says_nothing_is_checked(
    wrong: int, status: int
) -> None:
    settings_in_force.change("residents.tries_per_hour", 5, by=BY, now=timezone.now())
    phrase, client = made(), resident()
    for number in range(wrong):
        asked(client, f"{number:08}")

    answered = asked(client, phrase)

    assert answered[0] == status
    assert (CallerPhrase.objects.get().used_at is None) is (status == 429)
    assert asked(resident("10.0.0.2"), phrase)[0] == (422 if status == 200 else 200)


def test_other_addresses_and_right_phrases_use_up_no_tries() -> None:
    settings_in_force.change("residents.tries_per_hour", 1, by=BY, now=timezone.now())
    client = resident()

    for _ in range(3):
        assert YES in asked(client, made())[1]
