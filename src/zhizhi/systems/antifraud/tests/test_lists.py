"""The page of the scam lists."""

from __future__ import annotations

import pytest
from django.test import Client

from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.engine.tests.building import area
from zhizhi.systems.antifraud.models import ListEntry

pytestmark = pytest.mark.django_db
TYPED = {"kind": "phone", "written": "+86 138-0013-8000"}
DENIED = {**TYPED, "stance": "deny", "reason": "called five people", "days": "90", "seen": ""}


def browser(role: str) -> Client:
    account = Account.objects.create(username=role, call_sign=role)
    RoleAssignment.objects.create(account=account, role=role, area=area())
    client = Client(headers={"accept-language": "en"})
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_operator_looks_a_number_up_and_denies_it() -> None:
    client = browser("operator")

    asked = client.post("/antifraud/", TYPED).content.decode()
    client.post("/antifraud/", DENIED)

    assert "Nobody has decided about it." in asked
    again = client.post(
        "/antifraud/", {**TYPED, "written": "\uff11\uff13\uff18 0013 8000"}
    ).content.decode()
    assert "called five people" in again
    assert f'name="seen" value="{ListEntry.objects.get().pk}"' in again


def test_a_number_is_in_no_list_that_can_be_read() -> None:
    client = browser("operator")
    client.post("/antifraud/", DENIED)

    page = client.get("/antifraud/").content.decode()

    assert "called five people" in page
    assert "13800138000" not in page


def test_what_cannot_be_read_is_said_and_kept() -> None:
    answer = browser("operator").post("/antifraud/", {"kind": "phone", "written": "call <me>"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This cannot be read as what you chose." in page
    assert "call &lt;me&gt;" in page


def test_whoever_was_overtaken_is_told_and_changes_nothing() -> None:
    client = browser("operator")
    client.post("/antifraud/", DENIED)

    answer = client.post("/antifraud/", {**DENIED, "stance": "clear"})

    assert answer.status_code == 409
    assert ListEntry.objects.get().stance == "deny"


def test_verified_needs_a_name() -> None:
    answer = browser("operator").post("/antifraud/", {**DENIED, "stance": "allow"})

    assert answer.status_code == 422
    assert "Say who is behind it." in answer.content.decode()
    assert not ListEntry.objects.exists()


def test_a_leader_looks_up_and_decides_nothing() -> None:
    client = browser("leader")

    page = client.post("/antifraud/", TYPED).content.decode()

    assert "Nobody has decided about it." in page
    assert 'name="stance"' not in page
    assert client.post("/antifraud/", DENIED).status_code == 403


def test_an_entry_is_taken_back_once() -> None:
    client = browser("operator")
    client.post("/antifraud/", DENIED)
    number = ListEntry.objects.get().pk

    first = client.post(f"/antifraud/entries/{number}/end/", follow=True).content.decode()
    second = client.post(f"/antifraud/entries/{number}/end/", follow=True).content.decode()

    assert "The entry has ended." in first
    assert "This entry has already ended." in second
