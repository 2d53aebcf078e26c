"""The desk's page and what it fetches after a change."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.district_world import World

from zhizhi.web import desk_now
from zhizhi.web.tests.building import case
from zhizhi.web.tests.conftest import Browse


def test_the_desk_shows_the_cases_of_its_town_alone(world: World, browse: Browse) -> None:
    mine = world.records["case"]

    assert mine.code in browse("operator").get("/desk/").content.decode()
    assert mine.code not in browse("operator", elsewhere=True).get("/desk/").content.decode()


@pytest.mark.parametrize("chosen", ["{pk}", "999999", "x", "9" * 30, ""])
def test_a_case_that_the_reader_may_not_see_is_not_chosen(
    chosen: str, world: World, browse: Browse
) -> None:
    address = f"/desk/?case={chosen.format(pk=world.records['case'].pk)}"

    page = browse("operator", elsewhere=True).get(address)

    assert page.status_code == 200
    assert page.context["chosen"] is None


def test_the_page_says_up_to_which_change_it_was_drawn(world: World, browse: Browse) -> None:
    page = browse("operator").get("/desk/")

    assert f'data-after="{page.context["after"]}"' in page.content.decode()


def test_after_a_change_everything_that_moves_is_sent_anew(world: World, browse: Browse) -> None:
    told = browse("operator").get("/desk/now").json()

    assert set(told["parts"]) == set(desk_now.PARTS)
    assert told["alerts"]["id"] == [world.records["case"].pk]
    assert told["units"]["id"] == [world.records["unit"].pk]


def test_two_desks_of_different_towns_never_share_an_answer(world: World, browse: Browse) -> None:
    here = browse("operator").get("/desk/now").json()
    there = browse("operator", elsewhere=True).get("/desk/now").json()

    assert here["alerts"]["id"] == [world.records["case"].pk]
    assert there["alerts"]["id"] == []


def test_desks_of_one_town_share_an_answer_whatever_their_role(
    world: World, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first, second = browse("operator"), browse("leader")
    answer = first.get("/desk/now").content

    with django_assert_max_num_queries(4):
        assert second.get("/desk/now").content == answer


def test_the_answer_is_in_the_language_of_its_reader(world: World, browse: Browse) -> None:
    english = browse("operator").get("/desk/now").json()["parts"]["queue"]
    chinese = browse("operator").get("/desk/now", headers={"accept-language": "zh-hans"}).json()

    assert "In hand" in english
    assert "In hand" not in chinese["parts"]["queue"]


def test_a_filter_holds_for_what_is_fetched_as_well(world: World, browse: Browse) -> None:
    assert browse("operator").get("/desk/now?state=closed").json()["alerts"]["id"] == []


@pytest.mark.parametrize("rows", [1, 40])
def test_the_number_of_queries_does_not_depend_on_the_number_of_cases(
    rows: int, world: World, browse: Browse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reader = browse("operator")
    for number in range(rows):
        case(world, number)

    with django_assert_max_num_queries(24):
        reader.get("/desk/")
    with django_assert_max_num_queries(16):
        reader.get("/desk/now")


def test_whoever_scrolls_gets_rows_alone(world: World, browse: Browse) -> None:
    for number in range(100):
        case(world, number)

    told = browse("operator").get("/desk/now?from=100&only=queue").json()

    assert list(told) == ["parts"]
    assert list(told["parts"]) == ["queue"]
    assert told["parts"]["queue"].count("data-case=") == 1
    assert 'data-shown="100-101"' in told["parts"]["queue"]


def test_the_page_leads_from_window_to_window_without_scripts(world: World, browse: Browse) -> None:
    for number in range(100):
        case(world, number)

    first = browse("operator").get("/desk/").content.decode()
    second = browse("operator").get("/desk/?state=live&from=100").content.decode()

    assert 'href="?state=live&amp;from=100" data-window="later"' in first
    assert "1 to 100 of 101" in first
    assert 'href="?state=live&amp;from=0" data-window="earlier"' in second
    assert "101 to 101 of 101" in second


def test_a_busy_unit_says_why_it_cannot_be_dragged(world: World, browse: Browse) -> None:
    unit = world.records["unit"]
    type(unit).objects.filter(pk=unit.pk).update(status="en_route")

    page = browse("operator").get("/desk/").content.decode()

    assert 'data-refuses="Boat is not free: On the way"' in page
