"""Macros on the desk: shown with what they would do, given by number, in bulk, by word, undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.district_world import AT, World

from zhizhi.directory.models import Account, Unit
from zhizhi.engine import dispatching, macros
from zhizhi.engine.macros import MacroDraft, Step
from zhizhi.engine.models import Case, Macro, MacroRun, Message, Task, TimelineEntry
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse

HTMX = {"HX-Request": "true"}
ALL = [Step("acknowledge"), Step("send"), Step("note", text="by the book")]


@pytest.fixture
def boat(world: World) -> Unit:
    """The boat of the town, free and called Heron 7."""
    Task.everything.update(state="done", ended_at=AT)
    unit: Unit = world.records["unit"]
    Unit.objects.filter(pk=unit.pk).update(status="available", task=None, name="Heron 7")
    unit.refresh_from_db()
    return unit


def made(world: World, *steps: Step, name: str = "Patrol", is_whole: bool = True) -> Macro:
    Macro.everything.exclude(name__in=["Patrol", "Other"]).update(retired_at=AT)
    draft = MacroDraft(name, world.records["area"], steps or ALL, is_whole=is_whole)
    return macros.make(draft, by="account:9", now=AT)


def shown(browser: Any, one: Case) -> str:
    url = reverse("web:case-macros", args=[one.pk])
    return str(browser.get(url, headers=HTMX).content.decode())


def give(
    browser: Any, one: Case, macro: Macro, *, part: bool = True, body: dict[str, Any] | None = None
) -> Any:
    url = reverse("web:macro-run", args=[one.pk, macro.pk])
    return browser.post(url, body or {}, headers=HTMX if part else {})


def test_the_list_says_which_unit_would_go_and_how_far(
    world: World, browse: Browse, boat: Unit
) -> None:
    made(world)
    one = case(world, 1)

    text = shown(browse("operator"), one)

    assert "<b>Heron 7</b> · Nearest unit" in text
    assert "0.0 km" in text
    assert 'data-number="1"' in text
    assert f'name="unit-1" value="{boat.pk}"' in text
    assert one.tasks.count() == 0


def test_what_is_not_possible_has_no_button_and_says_why(world: World, browse: Browse) -> None:
    made(world, Step("send", capability="air"))
    one = case(world, 1)

    text = shown(browse("operator"), one)

    assert "no fit unit is free" in text
    assert "not possible now: all or nothing" in text
    assert "<button" not in text


def test_only_macros_of_the_place_and_kind_are_listed_up_to_nine(
    world: World, browse: Browse
) -> None:
    Macro.everything.update(retired_at=AT)
    area = world.records["area"]
    for number in range(10):
        macros.make(MacroDraft(f"M{number}", area, ALL), by="account:9", now=AT)
    macros.make(MacroDraft("Fire", area, ALL, ["fire"]), by="account:9", now=AT)
    one = case(world, 1)

    text = shown(browse("operator"), one)

    assert text.count("data-number=") == 9
    assert "Fire" not in text


def test_a_macro_is_given_with_the_unit_that_was_shown(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro, one = made(world), case(world, 1)

    answer = give(browse("operator"), one, macro, body={"version": 1, "unit-1": boat.pk})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Macro “Patrol” is done. Heron 7 has the task." in text
    assert "by macro “Patrol”, version 1" in text
    assert one.tasks.get().unit == boat
    assert TimelineEntry.objects.filter(case=one, data__macro=macro.pk).count() == 4


def test_the_slower_of_two_is_told_who_and_nothing_is_half_done(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro, one = made(world), case(world, 1)
    other = Account.objects.create(username="o2", call_sign="Second desk")
    dispatching.dispatch(one, boat, by=f"account:{other.pk}", now=timezone.now())

    answer = give(browse("operator"), one, macro, body={"version": 1, "unit-1": boat.pk})

    assert answer.status_code == 409
    assert "Second desk" in answer.content.decode()
    one.refresh_from_db(from_queryset=Case.everything.all())
    assert one.acknowledged_at is None


def test_an_edited_macro_is_not_given_unseen(world: World, browse: Browse) -> None:
    macro, one = made(world, Step("note", text="a")), case(world, 1)
    draft = MacroDraft("Patrol", macro.area, [Step("note", text="b")])
    macros.edit(macro, draft, seen=1, by=f"account:{world.here['administrator'].pk}", now=AT)

    answer = give(browse("operator"), one, macro, body={"version": 1})

    assert answer.status_code == 409
    assert "administrator" in answer.content.decode()
    assert "version 2" in answer.content.decode()


def test_all_or_nothing_is_refused_with_every_step_that_is_missing(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro = made(world, Step("send"), Step("send", capability="air"))
    one = case(world, 1)

    answer = give(browse("operator"), one, macro, part=False)

    assert answer.status_code == 409
    text = answer.content.decode()
    assert "“Patrol” is not possible now. Nothing was done." in text
    assert "Left: step 2, Nearest unit (can: air): no fit unit is free." in text
    assert one.tasks.count() == 0


def test_what_is_possible_is_done_and_the_rest_is_said(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro = made(world, Step("send"), Step("send", capability="air"), is_whole=False)

    text = give(browse("operator"), case(world, 1), macro).content.decode()

    assert "Heron 7 has the task." in text
    assert text.count("Left: step 2, Nearest unit (can: air): no fit unit is free.") == 2


def test_undo_takes_the_whole_bundle_back(world: World, browse: Browse, boat: Unit) -> None:
    macro, one, operator = made(world), case(world, 1), browse("operator")
    text = give(operator, one, macro).content.decode()
    run = MacroRun.everything.get(case=one)
    url = reverse("web:macro-undo", args=[one.pk, run.pk])
    assert url in text
    assert "Undo “Patrol”" in text

    answer = operator.post(url, headers=HTMX)

    assert "Macro undone" in answer.content.decode()
    one.refresh_from_db(from_queryset=Case.everything.all())
    assert (one.state, one.acknowledged_at) == ("open", None)
    assert Message.everything.get(case=one).state == "cancelled"
    assert operator.post(url, headers=HTMX).status_code == 409


def test_the_newer_is_undone_first_a_dispatch_then_the_macro_before_it(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro, one, operator = made(world, Step("note", text="a")), case(world, 1), browse("operator")
    give(operator, one, macro)
    operator.post(reverse("web:bulk"), {"verb": "dispatch", "case": [one.pk]}, headers=HTMX)
    undo = {"verb": "undo", "case": [one.pk]}

    said = [
        operator.post(reverse("web:bulk"), undo, headers=HTMX).content.decode() for _ in range(3)
    ]

    assert "Dispatch undone; nothing was sent." in said[0]
    assert one.tasks.get().state == "cancelled"
    assert "Macro undone" in said[1]
    assert "Nothing of yours is held any more." in said[2]


def test_nobody_is_offered_to_undo_the_macro_of_another(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro, one = made(world), case(world, 1)
    order = macros.Order("account:99", timezone.now(), Unit.objects.all())
    macros.run(macro, one, order)

    page = browse("operator").get(reverse("web:case", args=[one.pk])).content.decode()

    assert "/macros/undo/" not in page


def test_many_cases_get_it_each_by_itself_and_undo_it_together(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro, operator = made(world), browse("operator")
    cases = [case(world, number) for number in (1, 2)]
    body = {"verb": "macro", "macro": macro.pk, "case": [one.pk for one in cases]}

    text = operator.post(reverse("web:bulk"), body, headers=HTMX).content.decode()

    assert "1 case done" in text
    assert "1 left as it was" in text
    assert "Left: step 2, Nearest unit: no fit unit is free." in text
    undo = {"verb": "undo", "case": [cases[0].pk]}
    said = operator.post(reverse("web:bulk"), undo, headers=HTMX).content.decode()
    assert "Macro undone" in said
    assert cases[0].tasks.get().state == "cancelled"


@pytest.mark.parametrize("macro", ["", "x", "999999999999999999"])
def test_many_cases_want_a_macro_to_be_chosen(macro: str, world: World, browse: Browse) -> None:
    body = {"verb": "macro", "macro": macro, "case": [case(world, 1).pk]}

    answer = browse("operator").post(reverse("web:bulk"), body, headers=HTMX)

    assert answer.status_code == 400
    assert "Choose a macro" in answer.content.decode()


def test_a_macro_that_is_not_theirs_leaves_every_case(world: World, browse: Browse) -> None:
    body = {"verb": "macro", "macro": 9999, "case": [case(world, 1).pk]}

    text = browse("operator").post(reverse("web:bulk"), body, headers=HTMX).content.decode()

    assert "The macro is not for this case." in text


def test_the_command_box_gives_a_macro_by_its_name(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro, one, operator = made(world, name="Patrol"), case(world, 1), browse("operator")
    made(world, Step("note", text="x"), name="Other")

    told = operator.get(reverse("web:jump"), {"q": f"m {one.pk} patr"}).json()["found"]

    assert told[0]["label"] == f"Patrol: {one.code}"
    assert told[0]["hint"] == "Heron 7"
    assert told[0]["url"] == reverse("web:macro-run", args=[one.pk, macro.pk])
    assert told[0]["body"] == {"version": "1", "unit-1": str(boat.pk)}
    assert [line["body"] for line in told[1:]] == [None]
    accept = {"accept": "application/json"}
    assert operator.post(told[0]["url"], told[0]["body"], headers=accept).status_code == 302
    assert one.tasks.get().unit == boat


def test_the_command_box_says_why_a_macro_is_refused(
    world: World, browse: Browse, boat: Unit
) -> None:
    macro, one = made(world), case(world, 1)
    url = reverse("web:macro-run", args=[one.pk, macro.pk])
    Unit.objects.update(status="off_duty")

    answer = browse("operator").post(url, {}, headers={"accept": "application/json"})

    assert answer.status_code == 409
    assert "no fit unit is free" in answer.json()["reason"]


def test_somebody_elses_macro_is_not_found(world: World, browse: Browse) -> None:
    one = case(world, 1)
    url = reverse("web:macro-run", args=[one.pk, 99999])

    assert browse("operator").post(url).status_code == 404
