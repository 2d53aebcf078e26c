from typing import Any

import pytest

from zhizhi.engine import wording
from zhizhi.engine.models import Message, Template
from zhizhi.engine.tests.building import NOON

pytestmark = pytest.mark.django_db


def template(version: int, text: str, **also: Any) -> Template:
    given = {"code": "fish", "created_at": NOON, "created_by": "worker", **also}
    return Template.objects.create(version=version, text=text, **given)


def test_a_code_is_pinned_to_its_newest_version() -> None:
    template(1, "one")
    template(2, "two")

    assert wording.pinned("fish") == "fish@2"
    assert wording.pinned("fish@1") == "fish@1"
    assert wording.pinned("bird") == "bird"


def test_a_message_keeps_the_words_of_its_version() -> None:
    template(1, "Leave {zone}!")
    template(2, "Please leave {zone}.")

    assert wording.text_of("fish@1", {"zone": "the bay"}) == "Leave the bay!"


def test_a_template_speaks_the_wanted_language() -> None:
    template(1, "鱼")
    template(1, "fish", language="en")

    assert wording.text_of("fish@1", {}, "en") == "fish"


def test_an_unfilled_place_is_named() -> None:
    with pytest.raises(wording.TemplateUnfit, match="nothing fills zone"):
        wording.fill("Leave {zone} before {time}", {"time": "8"})


def test_what_fills_a_place_is_not_filled_again() -> None:
    assert wording.fill("{a}", {"a": "{b}", "b": "!"}) == "{b}"


def test_a_version_that_does_not_exist_is_named() -> None:
    with pytest.raises(wording.TemplateUnfit, match="fish@9"):
        wording.text_of("fish@9", {})


def test_words_written_when_queued_are_the_words() -> None:
    row = Message(template="fish@9", payload={"text": "as written"})

    assert wording.words_of(row) == "as written"


def test_every_text_of_the_engine_can_be_filled() -> None:
    names = ["unit", "agency", "code", "due", "reason", "kind", "told", "grant", "appeal",
             "claim", "lookreview", "percent"]  # fmt: skip
    facts = dict.fromkeys(names, "x")

    for code in wording.ENGINE_TEXTS:
        assert "{" not in wording.text_of(code, facts)
