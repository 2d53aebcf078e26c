"""The page of macros: made, edited step by step without scripts, tried, ordered, retired."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from tests.district_world import AT, World

from zhizhi.directory.models import Agency, Unit
from zhizhi.engine import macros
from zhizhi.engine.macros import MacroDraft, Step
from zhizhi.engine.models import Macro, MacroVersion, Task
from zhizhi.trust.models import AuditEntry
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse


def head(world: World, **also: Any) -> dict[str, Any]:
    return {"name": "Dawn", "area": world.records["area"].pk, "is_whole": "1", **also}


def post(browser: Any, body: dict[str, Any], macro: Macro | None = None) -> Any:
    url = reverse("web:macro", args=[macro.pk]) if macro else reverse("web:macro-new")
    return browser.post(url, body)


def test_a_macro_is_made_with_its_steps(world: World, browse: Browse) -> None:
    agency = Agency.objects.first()
    assert agency is not None
    steps = {
        "0-act": "acknowledge",
        "1-act": "send", "1-capability": "water", "1-unit_kind": "river_patrol",
        "1-task_kind": "watch", "1-is_beside": "on",
        "2-act": "tell", "2-to": f"agency:{agency.pk}", "2-text": "come",
        "3-act": "note", "3-text": "done",
    }  # fmt: skip

    answer = post(browse("administrator"), {**head(world), **steps, "do": "save"})

    assert answer.status_code == 302
    macro = Macro.everything.get(name="Dawn")
    assert macro.is_whole
    assert macro.steps == [
        {"act": "acknowledge"},
        {"act": "send", "capability": "water", "unit_kind": "river_patrol", "task_kind": "watch",
         "is_beside": True},
        {"act": "tell", "to": f"agency:{agency.pk}", "text": "come"},
        {"act": "note", "text": "done"},
    ]  # fmt: skip
    assert AuditEntry.objects.filter(verb="macro.make", subject=f"macro:{macro.pk}").exists()


@pytest.mark.parametrize(
    ("change", "acts"),
    [
        ("add-note", ["send", "tell", "note"]),
        ("add-nothing", ["send", "tell"]),
        ("remove-0", ["tell"]),
        ("remove-9", ["send", "tell"]),
        ("remove-x", ["send", "tell"]),
        ("up-1", ["tell", "send"]),
        ("up-0", ["send", "tell"]),
        ("down-0", ["tell", "send"]),
        ("down-1", ["send", "tell"]),
        ("", ["send", "tell"]),
    ],
)
def test_steps_come_go_and_move_and_what_was_typed_stays(
    change: str, acts: list[str], world: World, browse: Browse
) -> None:
    steps = {"0-act": "send", "0-capability": "water", "1-act": "tell", "1-text": "half a sent"}

    answer = post(browse("administrator"), {**head(world), **steps, "do": change})

    editor = answer.context["editor"]
    assert [form["act"].value() for form in editor.steps] == acts
    assert "half a sent" in answer.content.decode()
    assert editor.head["name"].value() == "Dawn"
    assert not Macro.everything.filter(name="Dawn").exists()


def test_what_is_wrong_is_said_at_its_step_and_nothing_is_kept(
    world: World, browse: Browse
) -> None:
    steps = {"0-act": "note", "0-text": "fine", "1-act": "note", "1-text": " "}

    answer = post(browse("administrator"), {**head(world), **steps, "do": "save"})

    assert answer.status_code == 400
    assert answer.context["editor"].steps[1].errors == {"text": ["Write 1 to 200 characters."]}
    assert not Macro.everything.filter(name="Dawn").exists()


def test_a_macro_without_steps_or_name_is_refused(world: World, browse: Browse) -> None:
    empty = post(browse("administrator"), {**head(world), "do": "save"})
    nameless = post(
        browse("administrator"), {**head(world, name=""), "0-act": "acknowledge", "do": "save"}
    )

    assert "Add at least one step." in empty.content.decode()
    assert nameless.status_code == 400


def test_an_area_of_somebody_else_cannot_be_chosen(world: World, browse: Browse) -> None:
    body = {**head(world), "0-act": "acknowledge", "do": "save"}

    assert post(browse("administrator", elsewhere=True), body).status_code == 400


def test_trying_shows_what_would_happen_and_does_nothing(world: World, browse: Browse) -> None:
    Task.everything.update(state="done", ended_at=AT)
    Unit.objects.update(name="Heron 7")
    one = case(world, 1)
    lines = AuditEntry.objects.count()
    body = {**head(world), "0-act": "send", "case": one.pk, "do": "try"}

    text = post(browse("administrator"), body).content.decode()

    assert "<b>Heron 7</b> · Nearest unit" in text
    assert (AuditEntry.objects.count(), one.tasks.count()) == (lines, 0)


@pytest.mark.parametrize("number", ["", "999999", "x"])
def test_trying_wants_a_case_in_work(number: str, world: World, browse: Browse) -> None:
    body = {**head(world), "0-act": "acknowledge", "case": number, "do": "try"}

    assert "Choose a case that is in work." in post(browse("administrator"), body).content.decode()


def test_an_edit_is_the_next_version_and_the_slower_editor_is_told(
    world: World, browse: Browse
) -> None:
    macro, browser = world.records["macro"], browse("administrator")
    body = {**head(world), "seen": 1, "0-act": "note", "0-text": "new", "do": "save"}

    first = post(browser, body, macro)
    second = post(browser, {**body, "0-text": "other"}, macro)

    assert (first.status_code, second.status_code) == (302, 409)
    assert "administrator" in second.content.decode()
    assert [kept.version for kept in MacroVersion.objects.filter(macro=macro)] == [2, 1]
    page = browser.get(reverse("web:macro", args=[macro.pk])).content.decode()
    assert "Note: new" in page
    assert "Note: seen" in page


def test_a_macro_gets_the_key_before_its_own(world: World, browse: Browse) -> None:
    draft = MacroDraft("Second", world.records["area"], [Step("acknowledge")])
    second = macros.make(draft, by="account:9", now=AT)
    browser = browse("administrator")

    browser.post(reverse("web:macro-move", args=[second.pk]), {"to": "up"})
    page = browser.get(reverse("web:macros")).content.decode()

    assert page.index("Second") < page.index("Night patrol")
    browser.post(reverse("web:macro-move", args=[second.pk]), {"to": "down"})
    assert list(Macro.everything.values_list("name", flat=True)) == ["Night patrol", "Second"]


def test_a_retired_macro_is_listed_apart_and_cannot_be_saved(world: World, browse: Browse) -> None:
    macro, browser = world.records["macro"], browse("administrator")

    browser.post(reverse("web:macro-retire", args=[macro.pk]))

    page = browser.get(reverse("web:macros"))
    assert [row["macro"] for row in page.context["retired"]] == [macro]
    body = {**head(world), "seen": 1, "0-act": "acknowledge", "do": "save"}
    assert post(browser, body, macro).status_code == 409
    assert 'value="save"' not in browser.get(reverse("web:macro", args=[macro.pk])).content.decode()
