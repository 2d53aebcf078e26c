"""Saved views on the desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from tests.district_world import World

from zhizhi.directory import viewing
from zhizhi.directory.models import SavedView
from zhizhi.web.tests.conftest import Browse


@pytest.fixture(autouse=True)
def none_yet(world: World) -> None:
    SavedView.objects.all().delete()


def keep(browser: Any, name: str, address: str = "?severity=urgent", **more: str) -> Any:
    body = {"name": name, "address": address, **more}
    return browser.post(reverse("web:view-keep"), body, follow=True)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_what_is_shown_is_kept_under_a_name(world: World, browse: Browse) -> None:
    operator = browse("operator")

    page = keep(operator, " night ", "?severity=urgent&q=bank&nonsense=1&state=live")

    assert said(page) == "Kept as “night”."
    view = SavedView.objects.get()
    assert (view.name, view.address) == ("night", "?severity=urgent&q=bank")
    assert f'href="/desk/{view.address.replace("&", "&amp;")}" aria-current="true"' in (
        page.content.decode()
    )


@pytest.mark.parametrize(("length", "kept"), [(0, 0), (1, 1), (39, 1), (40, 1), (41, 0)])
def test_a_name_is_neither_empty_nor_endless(
    length: int, kept: int, world: World, browse: Browse
) -> None:
    page = keep(browse("operator"), "n" * length)

    assert SavedView.objects.count() == kept
    assert ("Nothing was kept." in said(page)) is (not kept)


def test_too_many_views_are_refused_in_words(
    world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "MOST_VIEWS", 1)
    operator = browse("operator")
    keep(operator, "one")

    assert "Drop one first; nothing was kept." in said(keep(operator, "two"))


def test_a_shared_view_is_seen_by_others_and_an_own_one_is_not(
    world: World, browse: Browse
) -> None:
    keep(browse("operator"), "my own view")
    keep(browse("operator"), "our view", shared="on")

    page = browse("leader").get("/desk/").content.decode()

    assert "our view" in page
    assert "my own view" not in page


def test_only_its_owner_drops_an_own_view_and_an_administrator_a_shared_one(
    world: World, browse: Browse
) -> None:
    keep(browse("operator"), "own")
    keep(browse("operator"), "ours", shared="on")
    own, ours = (SavedView.objects.get(name=name).pk for name in ("own", "ours"))

    def drop(role: str, pk: int) -> int:
        status: int = browse(role).post(reverse("web:view-drop", args=[pk])).status_code
        return status

    assert (drop("leader", own), drop("leader", ours)) == (404, 404)
    assert (drop("administrator", own), drop("administrator", ours)) == (404, 302)
    assert drop("operator", own) == 302
    assert not SavedView.objects.exists()


def test_a_role_begins_with_the_view_that_was_chosen_for_it(world: World, browse: Browse) -> None:
    administrator = browse("administrator")
    keep(administrator, "night")
    body = {"role": "operator", "view": SavedView.objects.get().pk, "address": "?state=live"}

    administrator.post(reverse("web:view-begin"), body)

    assert browse("operator").get("/desk/").headers["Location"] == "/desk/?severity=urgent"
    assert browse("operator").get("/desk/?state=live").status_code == 200
    assert browse("leader").get("/desk/").status_code == 200

    administrator.post(reverse("web:view-begin"), {**body, "view": ""})
    assert browse("operator").get("/desk/").status_code == 200


def test_the_first_tab_never_leads_back_to_the_view_of_the_role(
    world: World, browse: Browse
) -> None:
    page = browse("operator").get("/desk/?state=all")

    assert 'href="/desk/"' not in page.context["tabs"][0]["address"]
    assert page.context["tabs"][0]["address"] == "?state=live"


@pytest.mark.parametrize("body", [{}, {"role": "unit_member"}, {"role": "operator", "view": "x"},
                                  {"role": "operator", "view": "9" * 30}])  # fmt: skip
def test_a_strange_choice_changes_nothing(body: Any, world: World, browse: Browse) -> None:
    answer = browse("administrator").post(reverse("web:view-begin"), body, follow=True)

    assert said(answer) == "Choose a role and a view. Nothing was changed."


def test_a_view_that_one_may_not_use_cannot_be_handed_out(world: World, browse: Browse) -> None:
    keep(browse("operator"), "own")
    body = {"role": "operator", "view": SavedView.objects.get().pk}

    assert browse("administrator").post(reverse("web:view-begin"), body).status_code == 404


def test_a_view_widens_nobodys_rights(world: World, browse: Browse) -> None:
    keep(browse("operator"), "all of it", "?state=all", shared="on")
    code = world.records["case"].code

    page = browse("operator", elsewhere=True).get("/desk/?state=all").content.decode()

    assert "all of it" in page
    assert code not in page


def test_the_command_box_knows_saved_views(world: World, browse: Browse) -> None:
    keep(browse("operator"), "Night watch")

    found = browse("operator").get(reverse("web:jump"), {"q": "night"}).json()["found"]

    assert [(one["label"], one["url"]) for one in found] == [
        ("Night watch", "/desk/?severity=urgent")
    ]
