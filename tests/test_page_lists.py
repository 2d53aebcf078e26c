"""The browser tests read every page: whatever answers with a document is in their list."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.browser.pages import PAGES, PARTS
from tests.district_world import World, build
from tests.test_authorisation import Endpoint, address, columns, endpoints, table

pytestmark = pytest.mark.usefixtures("blank_paper")

READ = {name.partition("/")[0] for name in PAGES if ":" in name}


def answers_with_html(endpoint: Endpoint, world: World) -> bool:
    """Say whether somebody who asks the address gets a document."""
    row = table()[endpoint.name]
    url = address(endpoint, row, world)
    for column in columns(world):
        if column.is_named(row.get("get", []), scoped=True):
            client = Client()
            if column.account is not None:
                client.force_login(column.account, "django.contrib.auth.backends.ModelBackend")
            response = client.get(url)
            kind = response.headers.get("Content-Type", "")
            if response.status_code == 200 and kind.startswith("text/html"):
                return True
    return False


@pytest.mark.django_db
def test_every_address_that_answers_with_a_document_is_in_the_list_of_the_browser_tests() -> None:
    world = build()

    pages = {one.name for one in endpoints() if answers_with_html(one, world)}

    assert pages - PARTS == READ
