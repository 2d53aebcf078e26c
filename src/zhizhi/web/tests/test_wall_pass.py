"""A wall is opened with a pass: in by its token, out when it ends, and a trace of each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from tests.district_world import AT, World

from zhizhi.directory import walls
from zhizhi.directory.models import WallPass
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Scope
from zhizhi.web import live
from zhizhi.web.tests.conftest import Browse
from zhizhi.web.wall import admission

NOW = AT + timedelta(hours=1)
DATA = ("/wall/now", "/wall/events", "/wall/areas.geojson", "/wall/zones.geojson")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    admission.forget()
    yield
    admission.forget()


def issue(world: World, *, expires_at: datetime | None = None) -> tuple[WallPass, str]:
    area = world.records["area"]
    return walls.issue("Left", area, expires_at=expires_at, by="account:1", now=AT)


def screen(token: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    assert client.get(f"/wall/?token={token}").status_code == 302
    return client


def said(client: Client, path: str = "/wall/") -> tuple[int, str]:
    answer = client.get(path)
    return answer.status_code, answer.content.decode()


def test_a_token_becomes_a_signed_cookie_and_leaves_the_address(world: World) -> None:
    row, token = issue(world)
    client = Client()

    answer = client.get(f"/wall/?token={token}")

    cookie = client.cookies["wall"]
    assert (answer.status_code, answer["Location"]) == (302, "/wall/")
    assert answer["Cache-Control"] == "no-store"
    assert cookie["httponly"]
    assert (cookie["path"], cookie["samesite"]) == ("/wall/", "Lax")
    assert cookie.value.startswith(f"{row.pk}:")
    assert token not in cookie.value
    assert client.get("/wall/").status_code == 200


def test_a_cookie_that_we_did_not_sign_opens_nothing(world: World) -> None:
    row, _token = issue(world)
    client = Client()

    for forged in (str(row.pk), f"{row.pk}:abc:def", "x", ""):
        client.cookies["wall"] = forged
        assert client.get("/wall/").status_code == 403


@pytest.mark.parametrize("token", ["wrong", "%01", "d" * 64, "x" * 5000])
def test_a_wrong_token_opens_nothing_and_says_what_to_do(token: str, world: World) -> None:
    issue(world)

    status, text = said(Client(headers={"accept-language": "en"}), f"/wall/?token={token}")

    assert status == 403
    assert "This screen has no pass" in text
    assert "Ask an administrator for a new wall pass" in text


@pytest.mark.parametrize("path", ["/wall/", *DATA])
def test_without_a_pass_nothing_is_shown_to_anybody(
    path: str, world: World, browse: Browse
) -> None:
    assert Client().get(path).status_code == 403
    assert browse("administrator").get(path).status_code == 403


@pytest.mark.parametrize("path", ["/wall/", *DATA])
def test_nothing_can_be_sent_to_a_wall(path: str, world: World) -> None:
    client = screen(issue(world)[1])

    answers = [getattr(client, verb)(path).status_code for verb in ("post", "put", "delete")]

    assert answers == [405, 405, 405]


@pytest.mark.parametrize(("second", "status"), [(-1, 200), (0, 403), (1, 403)])
def test_a_pass_shows_something_until_its_moment_though_it_is_remembered(
    second: int, status: int, world: World
) -> None:
    end = NOW + timedelta(hours=1)
    _row, token = issue(world, expires_at=end)
    with time_machine.travel(NOW, tick=False):
        client = screen(token)
        assert client.get("/wall/now").status_code == 200

    with time_machine.travel(end + timedelta(seconds=second), tick=False):
        answers = {client.get(path).status_code for path in ("/wall/", "/wall/now")}

    assert answers == {status}


def test_an_expired_pass_says_until_when_it_was_valid(world: World) -> None:
    _row, token = issue(world, expires_at=NOW)

    with time_machine.travel(NOW, tick=False):
        status, text = said(Client(headers={"accept-language": "en"}), f"/wall/?token={token}")

    assert status == 403
    assert "This wall’s pass has expired" in text
    assert "It was valid until 2026-03-01 13:00." in text


def test_a_withdrawn_pass_is_over_when_what_was_remembered_is_two_seconds_old(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, token = issue(world)
    at = 1000.0
    monkeypatch.setattr("zhizhi.web.wall.admission.time.monotonic", lambda: at)
    client = screen(token)
    assert said(client)[0] == 200
    walls.withdraw(row, by="account:1", now=NOW)

    at = 1002.1
    status, text = said(client)

    assert status == 403
    assert "This wall’s pass was withdrawn" in text
    assert {client.get(path).status_code for path in DATA} == {403}


def test_an_opened_wall_is_one_entry_a_day_and_pass(world: World) -> None:
    first, second = issue(world), issue(world)
    for at in (NOW, NOW + timedelta(hours=2), NOW + timedelta(days=1)):
        with time_machine.travel(at, tick=False):
            for _row, token in (first, second):
                client = screen(token)
                client.get("/wall/")
                client.get("/wall/now")

    opened = AuditEntry.objects.filter(verb="wall.open").values_list("actor", flat=True)
    assert sorted(opened) == sorted(2 * [f"wall:{first[0].pk}", f"wall:{second[0].pk}"])


def test_an_administrator_makes_a_pass_whose_address_is_shown_once(
    world: World, browse: Browse
) -> None:
    desk, area = browse("administrator"), world.records["area"]

    page = desk.post("/walls/new/", {"name": "Left", "area": area.pk, "expires_at": ""})

    address = page.context["address"]
    assert page.status_code == 200
    assert address in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    token = address.partition("?token=")[2]
    assert token
    assert token not in desk.get("/walls/").content.decode()
    assert screen(token).get("/wall/").status_code == 200
    entry = AuditEntry.objects.get(verb="wall.issue")
    assert entry.actor == f"account:{world.here['administrator'].pk}"


@pytest.mark.parametrize("wrong", [{"name": ""}, {"area": "0"}, {"expires_at": "soon"}])
def test_a_pass_that_cannot_be_is_not_made(
    wrong: dict[str, Any], world: World, browse: Browse
) -> None:
    body = {"name": "Left", "area": world.records["area"].pk, "expires_at": "", **wrong}

    answer = browse("administrator").post("/walls/new/", body)

    assert answer.status_code == 400
    assert answer.context["form"].errors.keys() == wrong.keys()
    assert not AuditEntry.objects.filter(verb="wall.issue").exists()


@pytest.mark.parametrize(
    ("expires_at", "status"),
    [("", 400), ("2027-03-02T11:59", 200), ("2027-03-02T12:00", 200), ("2027-03-02T12:01", 400)],
)
def test_a_pass_for_programs_ends_within_a_year_and_its_secret_is_shown_once(
    expires_at: str, status: int, world: World, browse: Browse
) -> None:
    body = {"use": "programs", "name": "GIS", "area": world.records["area"].pk}
    desk = browse("administrator")

    with time_machine.travel(AT, tick=False):  # noon in Shanghai
        answer = desk.post("/walls/new/", {**body, "expires_at": expires_at})
        listed = said(desk, "/walls/")[1]

    made = WallPass.everything.filter(name="GIS", use="programs")
    token = answer.context.get("token", "none of it")
    assert (answer.status_code, made.count()) == (status, int(status == 200))
    assert (token in answer.content.decode()) is (status == 200)
    assert token not in listed


def test_nobody_gives_away_an_area_of_others(world: World, browse: Browse) -> None:
    body = {"name": "Left", "area": world.records["area"].pk}

    answer = browse("administrator", elsewhere=True).post("/walls/new/", body)

    assert answer.status_code == 400
    assert not WallPass.everything.filter(name="Left").exists()


@pytest.mark.parametrize(("minute", "status"), [("11:59", 400), ("12:00", 400), ("12:01", 200)])
def test_the_end_of_a_pass_is_still_to_come(
    minute: str, status: int, world: World, browse: Browse
) -> None:
    body = {"name": "Left", "area": world.records["area"].pk, "expires_at": f"2026-03-01T{minute}"}

    desk = browse("administrator")
    with time_machine.travel(AT, tick=False):  # noon in Shanghai
        assert desk.post("/walls/new/", body).status_code == status


def test_a_pass_is_withdrawn_on_the_page_at_once_and_listed_as_such(
    world: World, browse: Browse
) -> None:
    row, token = issue(world)
    client, desk = screen(token), browse("administrator")
    assert client.get("/wall/").status_code == 200

    desk.post(f"/walls/{row.pk}/withdraw/")

    assert client.get("/wall/").status_code == 403
    page = desk.get("/walls/")
    assert row in [one["row"] for one in page.context["ended"]]
    assert row not in [one["row"] for one in page.context["valid"]]
    assert desk.post(f"/walls/{row.pk}/withdraw/").status_code == 302
    assert AuditEntry.objects.filter(verb="wall.withdraw").count() == 1


def test_administrators_of_another_town_neither_see_nor_withdraw_it(
    world: World, browse: Browse
) -> None:
    row, _token = issue(world)
    other = browse("administrator", elsewhere=True)

    assert other.get("/walls/").context["valid"] == []
    assert other.post(f"/walls/{row.pk}/withdraw/").status_code == 404


def test_a_screen_that_never_came_back_is_dark_or_light_as_was_chosen(world: World) -> None:
    client = screen(issue(world)[1])

    assert 'data-theme="dark"' in said(client)[1]
    client.get("/wall/?theme=light")
    assert 'data-theme="light"' in said(client)[1]
    client.get("/wall/?theme=pink")
    assert 'data-theme="light"' in said(client)[1]


@pytest.mark.django_db(transaction=True)
def test_the_stream_of_a_withdrawn_pass_ends() -> None:
    scopes = iter([Scope(None)])

    async def heard() -> list[bytes]:
        open_stream = live.stream(
            Scope(None), None, renewed=lambda: next(scopes, Scope(1)), beat_s=0.05
        )
        return [event async for event in open_stream]

    assert b"".join(asyncio.run(heard())).count(b": still here") >= 1


def test_a_pass_that_is_gone_or_over_has_no_scope(world: World) -> None:
    row, _token = issue(world, expires_at=NOW)

    with time_machine.travel(NOW - timedelta(seconds=1), tick=False):
        assert admission.scope_now(row.pk) == row.scope()
    with time_machine.travel(NOW, tick=False):
        assert admission.scope_now(row.pk) == Scope(None)
    assert admission.scope_now(0) == Scope(None)
