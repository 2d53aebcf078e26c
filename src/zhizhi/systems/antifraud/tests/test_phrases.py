"""The phrase of a caller: for one call, for minutes, once, and about nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import TimelineEntry
from zhizhi.engine.tests.building import NOON, area, later, refusal
from zhizhi.systems.antifraud import dissuading, phrases
from zhizhi.systems.antifraud.models import CallerPhrase, Dissuasion
from zhizhi.systems.antifraud.tests.risk import BY, warned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(data: Path) -> None:
    area()


def made(row: Dissuasion | None = None) -> str:
    return phrases.make(row or warned(), by=BY, now=NOON)


def is_right(written: str, browser: str = "a", **after: float) -> bool:
    return phrases.check(written, browser=browser, now=later(**after or {"minutes": 1}))


def full_width(text: str) -> str:
    return text.translate({ord(str(n)): 0xFF10 + n for n in range(10)})


def test_a_phrase_is_right_however_it_is_spaced() -> None:
    row = warned()

    for write in (str, lambda text: text.replace(" ", ""), lambda text: f" {text[:2]}-{text[2:]}",
                  full_width):  # fmt: skip
        assert is_right(write(made(row)))


@pytest.mark.parametrize(("seconds", "right"), [(599, True), (600, False), (601, False)])
def test_a_phrase_holds_for_as_long_as_the_setting_says(seconds: int, *, right: bool) -> None:
    phrase = made()

    assert is_right(phrase, seconds=seconds) is right


def test_a_phrase_is_checked_once_but_pressing_the_button_twice_is_once() -> None:
    phrase = made()

    assert [is_right(phrase, "a"), is_right(phrase, "a"), is_right(phrase, "b")] == [
        True, True, False,
    ]  # fmt: skip
    assert not is_right(phrase, "a", minutes=10)
    checked = TimelineEntry.objects.filter(verb="caller.checked")
    assert [one.actor for one in checked] == ["resident"]


@pytest.mark.parametrize("written", ["", "1", "1234567", "123456789", "abcd efgh", "٠١٢٣٤٥٦٧"])
def test_what_is_no_phrase_is_wrong(written: str) -> None:
    made()

    assert not is_right(written)


def test_a_new_phrase_takes_the_place_of_one_that_nobody_has_checked() -> None:
    row = warned()
    first = made(row)

    second = made(row)

    assert (is_right(first), is_right(second)) == (False, True)


def test_phrases_differ_and_use_the_whole_room_there_is() -> None:
    row = warned()

    found = {made(row).replace(" ", "") for _ in range(200)}

    assert len(found) == 200
    assert {len(one) for one in found} == {8}
    assert {one[0] for one in found} == set("0123456789")


def test_the_phrase_itself_is_kept_nowhere() -> None:
    phrase = made().replace(" ", "")

    row = CallerPhrase.objects.get()
    assert phrase not in f"{row.digest}{row.made_by}"
    assert len(row.digest) == 64
    told = TimelineEntry.objects.filter(verb="caller.phrase").get()
    assert set(told.data) == {"dissuasion", "stands"}


def test_there_is_no_phrase_for_a_call_that_nobody_has_to_make() -> None:
    row = dissuading.end(warned(), "not-scam", by=BY, now=NOON)

    assert refusal(lambda: made(row)) == "not-to-call"


@pytest.mark.parametrize(("late", "count"), [(-1, 0), (0, 0), (1, 1)])
def test_phrases_are_deleted_a_day_after_their_end(late: int, count: int) -> None:
    made()

    assert phrases.forget_old(later(days=1, minutes=10) + timedelta(seconds=late)) == count


def test_the_setting_changes_the_life_of_a_phrase() -> None:
    settings_in_force.change("antifraud.phrase_minutes", 1, by=BY, now=NOON)

    assert CallerPhrase.objects.count() == 0
    assert not is_right(made(), seconds=60)
