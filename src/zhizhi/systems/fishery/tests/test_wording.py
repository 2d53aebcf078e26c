"""Words of reminders: versions, previews, and the length that the operator bills."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhizhi.engine.models import Template
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.systems.fishery import seeding, wording
from zhizhi.systems.fishery.tests.river import EIGHT, River, after
from zhizhi.trust.models import AuditEntry

NEW = {"zh-hans": "{zone}正在禁渔，请收竿。", "en": "No fishing in {zone}."}


def publish(code: str = wording.REMINDER, after_version: int = 1) -> list[Template]:
    return wording.publish(code, NEW, after=after_version, by="account:4", now=after(1))


@pytest.mark.parametrize(
    ("text", "units", "segments"),
    [
        ("鱼" * 69, 69, 1), ("鱼" * 70, 70, 1), ("鱼" * 71, 71, 2),
        ("鱼" * 133, 133, 2), ("鱼" * 134, 134, 2), ("鱼" * 135, 135, 3),
        ("f" * 159, 159, 1), ("f" * 160, 160, 1), ("f" * 161, 161, 2),
        ("f" * 305, 305, 2), ("f" * 306, 306, 2), ("f" * 307, 307, 3),
        ("f" * 159 + "€", 161, 2), ("🐟" * 35, 70, 1), ("🐟" * 36, 72, 2),
    ],
)  # fmt: skip
def test_segments_are_counted_as_the_operator_bills_them(
    text: str, units: int, segments: int
) -> None:
    found = wording.length(text)

    assert (found.units, found.segments) == (units, segments)


@pytest.mark.parametrize(("number", "is_fit"), [(499, True), (500, True), (501, False)])
def test_a_text_has_at_most_five_hundred_characters(number: int, is_fit: bool) -> None:
    if is_fit:
        assert wording.check("鱼" * number)
    else:
        with pytest.raises(wording.WordingInvalid, match="too-long"):
            wording.check("鱼" * number)


@pytest.mark.parametrize(
    ("text", "code"),
    [(" \n ", "empty"), ("{name}", "field"), ("{zone.__class__}", "braces"), ("{zone", "braces"),
     ("zone}", "braces"), ("{}", "braces"), ("{0}", "field")],
)  # fmt: skip
def test_an_odd_text_is_refused_with_the_reason(text: str, code: str) -> None:
    with pytest.raises(wording.WordingInvalid) as refused:
        wording.check(text)

    assert refused.value.code == code


def test_a_preview_is_filled_with_the_longest_values() -> None:
    assert wording.preview(" {zone} \n {minutes}") == "长江干流下游禁渔区 120"


def test_the_first_words_fit_one_segment_also_with_the_longest_values() -> None:
    words = seeding.FIRST_WORDS[wording.REMINDER]["zh-hans"]

    assert wording.length(words.format(**wording.LONGEST)).segments == 1


@pytest.mark.parametrize("code", wording.CODES)
@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_text_is_seeded_in_every_language(db: None, code: str, language: str) -> None:
    seeding.seed(EIGHT, "worker")

    name, text = wording.render(code, wording.LONGEST, language=language)

    assert name == f"{code}@1"
    assert wording.LONGEST["zone"] in text


def test_seeding_again_changes_nothing(river: River) -> None:
    publish()

    assert seeding.seed(after(2), "worker") == 0
    assert wording.current_version(wording.REMINDER) == 2


def test_an_edit_is_a_new_version_in_both_languages(river: River) -> None:
    publish()

    assert wording.texts(wording.REMINDER, 2) == NEW
    assert "小鱼" in wording.texts(wording.REMINDER, 1)["zh-hans"]
    assert {row.created_by for row in wording.versions(wording.REMINDER)} == {
        "account:4", "worker"
    }  # fmt: skip
    assert AuditEntry.objects.get(detail__version=2).verb == "template.publish"


def test_a_message_keeps_the_version_it_was_sent_with(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)
    publish()

    river.pass_time(38)

    assert "小鱼" in river.ledger.all()[0].text


def test_a_writer_who_was_overtaken_is_told(river: River) -> None:
    publish()

    with pytest.raises(StateConflict) as conflict:
        publish(after_version=1)

    assert conflict.value.record.version == 2


def test_a_missing_language_is_refused(river: River) -> None:
    with pytest.raises(wording.WordingInvalid):
        wording.publish(wording.HAIL, {"en": "Hello"}, after=1, by="account:4", now=after(1))

    assert wording.current_version(wording.HAIL) == 1


def test_without_seeding_a_text_is_missed_loudly(db: None) -> None:
    with pytest.raises(Template.DoesNotExist):
        wording.render(wording.REMINDER, {"zone": "Z", "minutes": "31"}, language="en")


@pytest.mark.django_db(transaction=True)
def test_of_two_writers_at_the_same_moment_one_publishes(tmp_path: Path) -> None:
    seeding.seed(EIGHT, "worker")

    results = race(publish, publish)

    assert len(winners(results)) == 1
    assert [type(lost) for lost in losers(results)] == [StateConflict]
    assert wording.current_version(wording.REMINDER) == 2
