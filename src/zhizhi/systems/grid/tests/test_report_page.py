"""A resident chooses among the categories: by groups, by words, without a script."""

from __future__ import annotations

import pytest
from django.test import Client

from zhizhi.engine import settings_in_force
from zhizhi.systems.grid import keeping
from zhizhi.systems.grid.tests.packs import NOON, brought, category, row

pytestmark = pytest.mark.django_db
KIND = "/home/report/kind/"


@pytest.fixture
def resident() -> Client:
    brought(
        row("facility", name_en="Facilities"), row("lamp", "facility", name_en="Lamp out"),
        row("drain", "facility", name_zh="下水道堵塞", name_en="Blocked drain"),
        row("visit", residents="no", name_en="Nobody met"),
    )  # fmt: skip
    client = Client(headers={"accept-language": "en"})
    client.post("/home/report/")
    return client


def shown(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('name="kind" value="')[1:]]


def read(client: Client, path: str = KIND) -> str:
    return client.get(path).content.decode()


def test_categories_stand_in_closed_groups_and_the_staffs_own_are_not_there(
    resident: Client,
) -> None:
    page = read(resident)

    assert shown(page)[-3:] == ["grid.lamp", "grid.drain", "residents.other"]
    assert '<details class="kinds"><summary>Facilities</summary>' in page


def test_words_lead_to_a_few_and_back_to_all(resident: Client) -> None:
    answer = resident.post(KIND, {"find": "1", "words": "  blocked   pipe "}, follow=True)
    page = answer.content.decode()

    assert answer.redirect_chain == [(KIND, 302)]  # the words stand in no address
    assert shown(page) == ["grid.drain", "residents.other"]
    assert "Found for “blocked pipe”:" in page
    resident.post(KIND, {"all": "1", "words": "blocked pipe"})
    assert "grid.lamp" in shown(read(resident))


def test_words_that_find_nothing_leave_all_there(resident: Client) -> None:
    resident.post(KIND, {"find": "1", "words": "ufo"})

    page = read(resident)

    assert "Nothing is called “ufo”" in page
    assert "grid.lamp" in shown(page)


def test_return_on_a_chosen_kind_goes_on_although_the_search_is_the_first_button(
    resident: Client,
) -> None:
    resident.post(KIND, {"find": "1", "words": "drain"})

    onward = resident.post(KIND, {"find": "1", "words": "drain", "kind": "grid.drain"})

    assert onward["Location"] == "/home/report/telling/"
    assert '<details class="kinds" open>' not in read(resident)  # only what was found is shown
    resident.post(KIND, {"all": "1"})
    page = read(resident)
    assert '<details class="kinds" open>' in page
    assert 'value="grid.drain" checked' in page


def test_other_words_are_looked_for_even_when_something_is_chosen(resident: Client) -> None:
    again = resident.post(KIND, {"find": "1", "words": "lamp", "kind": "grid.drain"})

    assert again["Location"] == KIND
    assert shown(read(resident)) == ["grid.lamp", "residents.other"]


def test_a_search_while_an_answer_is_changed_leads_back_to_all_answers(resident: Client) -> None:
    again = resident.post(KIND, {"find": "1", "words": "lamp", "check": "1"})

    assert again["Location"] == f"{KIND}?check=1"


def test_words_are_cut_and_cannot_become_a_tag(resident: Client) -> None:
    resident.post(KIND, {"find": "1", "words": "<b>" + "x" * 400})

    page = read(resident)

    assert "<b>x" not in page
    assert "x" * 38 not in page


@pytest.mark.parametrize("code", ["grid.visit", "grid.facility", "grid.never"])
def test_what_is_not_offered_is_not_taken(code: str, resident: Client) -> None:
    assert resident.post(KIND, {"kind": code}).status_code == 422


def test_unchecked_categories_are_hidden_where_the_setting_says_so(resident: Client) -> None:
    settings_in_force.change("grid.offers_unchecked", False, by="account:1", now=NOON)
    keeping.mark_checked(category("lamp"), is_official=True, seen=1, by="account:1", now=NOON)

    kinds = shown(read(resident))

    assert "grid.lamp" in kinds
    assert "grid.drain" not in kinds
