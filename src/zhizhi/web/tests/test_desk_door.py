"""Desks that hear the stream are answered at the door, with what the page itself would answer."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, MutableMapping
from typing import Any

import orjson
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, transaction
from django.http import HttpResponse
from django.test import Client
from tests.district_world import AT, World, build

from zhizhi.directory.models import RoleAssignment
from zhizhi.trust import audit
from zhizhi.trust.audit import Leaf
from zhizhi.trust.scoping import Scope
from zhizhi.web import desk_door, desk_now, live
from zhizhi.web.tests.building import case
from zhizhi.web.views.events import scope_of_session

pytestmark = pytest.mark.django_db(transaction=True)

Asked = MutableMapping[str, Any]


@pytest.fixture
def town() -> World:
    return build()


def seated(town: World, role: str, *, elsewhere: bool = False) -> str:
    """Sign somebody in and open the stream of his page; returns the session's key."""
    account = (town.elsewhere if elsewhere else town.here)[role]
    browser = Client()
    browser.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    session = browser.session.session_key or ""
    live._broadcast.listeners.add(live.Listener(account.scope(), session=session))
    return session


def asked(session: str, query: str = "", **more: Any) -> Asked:
    headers = [
        (b"host", b"testserver"),
        (b"accept-encoding", b"gzip"),
        (b"accept-language", b"en"),
        (b"cookie", f"sessionid={session}".encode()),
    ]
    return {
        "type": "http", "method": "GET", "path": "/desk/now", "query_string": query.encode(),
        "headers": headers, **more,
    }  # fmt: skip


def answered(scope: Asked) -> HttpResponse | None:
    return asyncio.run(desk_door.answer_for(scope))


def told(scope: Asked) -> dict[str, Any]:
    answer = answered(scope)
    assert answer is not None
    return dict(orjson.loads(gzip.decompress(answer.content)))


@pytest.mark.parametrize("query", ["", "state=closed", "state=all&from=0&windows=2", "only=queue"])
def test_the_door_answers_as_the_page_does(query: str, town: World) -> None:
    session = seated(town, "operator")
    browser = Client(headers={"accept-language": "en"})
    browser.cookies["sessionid"] = session

    by_the_page = browser.get(f"/desk/now?{query}")

    assert told(asked(session, query)) == by_the_page.json()
    answer = answered(asked(session, query))
    assert answer is not None
    for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options"):
        assert answer[name] == by_the_page[name]


def test_desks_of_different_towns_never_share_an_answer(town: World) -> None:
    mine = town.records["case"].pk

    here = told(asked(seated(town, "operator")))
    there = told(asked(seated(town, "operator", elsewhere=True)))

    assert here["alerts"]["id"] == [mine]
    assert there["alerts"]["id"] == []


def test_two_hundred_desks_are_answered_with_one_drawing(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, drawn = seated(town, "operator"), list[desk_now.DeskQuestion]()
    made = desk_now._made

    def counted(question: desk_now.DeskQuestion) -> bytes:
        drawn.append(question)
        return made(question)

    monkeypatch.setattr(desk_now, "_made", counted)

    async def story() -> list[HttpResponse | None]:
        return await asyncio.gather(*(desk_door.answer_for(asked(session)) for _desk in range(200)))

    answers = asyncio.run(story())

    assert len(drawn) == 1
    assert len({answer.content for answer in answers if answer}) == 1
    assert None not in answers


def test_what_was_committed_before_asking_is_in_the_answer(town: World) -> None:
    session = seated(town, "operator")
    told(asked(session))
    with_another = case(town, 7)
    with transaction.atomic():
        audit.append([Leaf("worker", "case.open", f"case:{with_another.pk}", AT, "/9/", {})])

    assert with_another.pk in told(asked(session))["alerts"]["id"]


def test_the_answer_is_in_the_language_of_its_reader(town: World) -> None:
    session = seated(town, "operator")
    chinese = asked(session)
    chosen = f"sessionid={session}; django_language=zh-hans".encode()
    chinese["headers"] = [(b"accept-encoding", b"gzip"), (b"cookie", chosen)]

    assert "In hand" in told(asked(session))["parts"]["queue"]
    assert "In hand" not in told(chinese)["parts"]["queue"]


def test_whoever_cannot_read_it_compressed_gets_it_plain(town: World) -> None:
    scope = asked(seated(town, "operator"))
    scope["headers"] = [one for one in scope["headers"] if one[0] != b"accept-encoding"]

    answer = answered(scope)

    assert answer is not None
    assert "parts" in orjson.loads(answer.content)
    assert "Content-Encoding" not in answer


def nothing_open(town: World) -> Asked:
    session = seated(town, "operator")
    live._broadcast.listeners.clear()
    return asked(session)


@pytest.mark.parametrize(
    "unknown",
    [
        nothing_open,
        lambda _town: asked(""),
        lambda town: asked(seated(town, "operator") + "x"),
        lambda town: asked(seated(town, "unit_member")),
        lambda town: asked(seated(town, "auditor")),
        lambda town: asked(seated(town, "operator"), path="/desk/"),
        lambda town: asked(seated(town, "operator"), method="POST"),
        lambda town: asked(seated(town, "operator"), type="websocket"),
    ],
)
def test_everybody_else_takes_the_ordinary_way(
    unknown: Callable[[World], Asked], town: World
) -> None:
    assert answered(unknown(town)) is None


def test_a_screen_whose_stream_belongs_to_no_session_opens_no_door(town: World) -> None:
    live._broadcast.listeners.add(live.Listener(town.here["leader"].scope()))

    assert answered(asked("")) is None


def test_while_the_database_fails_the_ordinary_way_says_so(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> int:
        message = "gone"
        raise OperationalError(message)

    monkeypatch.setattr(desk_now, "newest_seq", fails)

    assert answered(asked(seated(town, "operator"))) is None


def test_an_answer_is_sent_with_its_length(town: World) -> None:
    sent: list[Asked] = []

    async def send(message: Asked) -> None:
        sent.append(message)

    async def story() -> None:
        answer = await desk_door.answer_for(asked(seated_session))
        assert answer is not None
        await desk_door.send_answer(answer, send)

    seated_session = seated(town, "operator")
    asyncio.run(story())

    start, body = sent
    headers = dict(start["headers"])
    assert start["status"] == 200
    assert headers[b"content-length"] == str(len(body["body"])).encode()
    assert "parts" in orjson.loads(gzip.decompress(body["body"]))


def test_a_session_is_asked_again_what_it_may_see(town: World) -> None:
    account = town.here["operator"]
    session = seated(town, "operator")
    before = scope_of_session(session)

    RoleAssignment.objects.filter(account=account).delete()
    without_role = scope_of_session(session)
    SessionStore(session).flush()
    signed_out = scope_of_session(session)

    assert before.has("operator")
    assert without_role == Scope(account.pk)
    assert signed_out == Scope(None)


def test_a_changed_password_ends_what_a_session_hears(town: World) -> None:
    account = town.here["operator"]
    session = seated(town, "operator")

    account.set_password("another and longer one")
    account.save()

    assert scope_of_session(session) == Scope(None)
