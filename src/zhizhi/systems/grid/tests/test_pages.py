"""The pages of the categories: the tree, one of them, and what an administrator does there."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.engine.tests.building import agency
from zhizhi.systems.grid import keeping
from zhizhi.systems.grid.tests.packs import NOON, brought, category, row

pytestmark = pytest.mark.django_db
LAMP = "/grid/lamp/"


def client_of(role: str) -> Client:
    account = Account.objects.create(username=role, call_sign=role)
    RoleAssignment.objects.create(account=account, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(account, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def tree() -> None:
    brought(
        row("facility", name_en="Facilities"), row("light", "facility", name_en="Lights"),
        row("lamp", "light", name_en="Lamp out", severity="urgent", lead_agency="urban"),
        row("noise", name_en="Noise"),
    )  # fmt: skip


def read(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.usefixtures("tree")
def test_the_tree_is_read_from_the_top_down_with_what_nobody_has_checked() -> None:
    keeping.mark_checked(category("noise"), is_official=True, seen=1, by="account:1", now=NOON)
    keeping.switch(category("lamp"), on=False, seen=1, by="account:1", now=NOON)

    page = read(client_of("leader"), "/grid/")

    places = [
        page.index(f'href="/grid/{code}/"') for code in ("facility", "light", "lamp", "noise")
    ]
    assert places == sorted(places)
    assert "4 categories" in page
    assert "3 of them are unofficial" in page
    assert "1 is out of use" in page
    assert "<code>city</code>" in page


@pytest.mark.usefixtures("tree")
def test_what_lies_below_a_group_that_is_switched_off_is_out_of_use_as_well() -> None:
    keeping.switch(category("facility"), on=False, seen=1, by="account:1", now=NOON)
    client = client_of("leader")

    tree, lamp = read(client, "/grid/"), read(client, LAMP)

    assert "3 are out of use" in tree
    assert tree.count("held back by the group above") == 2
    assert "held back by the group above" in lamp
    assert "held back by the group above" not in read(client, "/grid/noise/")


def test_where_no_category_is_the_page_says_how_they_come_in() -> None:
    assert "zhizhi import-categories" in read(client_of("leader"), "/grid/")


@pytest.mark.usefixtures("tree")
def test_a_page_tells_everything_that_a_category_says() -> None:
    agency("urban")

    page = read(client_of("operator"), LAMP)

    for word in (
        "路灯不亮",
        "Lamp out",
        "<code>lamp</code>",
        "Urgent",
        "urban",
        "Facilities",
        "Lights",
    ):
        assert word in page
    assert '<form method="post" action="/grid/' not in page
    assert client_of("inspector").get("/grid/never/").status_code == 404


@pytest.mark.usefixtures("tree")
def test_an_administrator_switches_and_checks_and_every_version_is_shown() -> None:
    client = client_of("administrator")

    off = client.post(f"{LAMP}switch/", {"on": "0", "seen": "1"}, follow=True).content.decode()
    checked = client.post(f"{LAMP}check/", {"official": "1", "seen": "2"}, follow=True)

    assert "switched off" in off
    assert (category("lamp").is_enabled, category("lamp").is_official) == (False, True)
    page = checked.content.decode()
    assert [f'data-name="Version">{number}</th>' in page for number in (1, 2, 3)] == [True] * 3
    assert "administrator" in page
    client.post(f"{LAMP}switch/", {"on": "1", "seen": "3"})
    client.post(f"{LAMP}check/", {"official": "0", "seen": "4"})
    assert (category("lamp").is_enabled, category("lamp").is_official) == (True, False)


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("seen", ["0", "", "x", "2", "9" * 40])
def test_whoever_saw_another_version_changes_nothing(seen: str) -> None:
    answer = client_of("administrator").post(f"{LAMP}switch/", {"on": "0", "seen": seen})

    assert answer.status_code == 409
    assert category("lamp").version == 1


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("role", ["operator", "leader", "auditor"])
def test_nobody_else_may(role: str) -> None:
    answer = client_of(role).post(f"{LAMP}check/", {"official": "1", "seen": "1"})

    assert answer.status_code == 403
    assert category("lamp").version == 1


def test_a_large_tree_costs_no_query_for_each_category(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    brought(row("top"), *(row(f"c{number}", "top") for number in range(100)))
    client = client_of("leader")

    with django_assert_max_num_queries(8):
        read(client, "/grid/")
