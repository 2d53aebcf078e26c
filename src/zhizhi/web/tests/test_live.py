"""The live stream tells everybody what he may see, once, and nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from tests.district_world import AT, ROLES, World, build

from zhizhi.directory.models import Account, Agency, RoleAssignment
from zhizhi.engine.models import Case
from zhizhi.trust import audit
from zhizhi.trust.audit import Leaf
from zhizhi.trust.scoping import Grant, Scope
from zhizhi.web import live

ANYWHERE = Grant("leader")


def write(*subjects: str, path: str = "/9/", **detail: Any) -> list[int]:
    """Append one audit entry for each subject; returns their numbers."""
    leaves = [Leaf("worker", "case.open", subject, AT, path, detail) for subject in subjects]
    with transaction.atomic():
        return [entry.seq for entry in audit.append(leaves)]


def told(scope: Scope, after: int = 0) -> list[str]:
    """Return the subjects of which a page with this scope would be told."""
    page = live.Listener(scope)
    _seq, changes, known = live.changes_after(after, page.by_case())
    return [change.subject for change in changes if page.may_know(change, known)]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_told_of_the_cases_that_it_sees_and_of_no_other(role: str, world: World) -> None:
    case = world.records["case"]
    after = live.newest_seq()
    write(f"case:{case.pk}", path=case.area_path)

    for account in (world.here[role], world.elsewhere[role]):
        seen = Case.objects.visible_to(account.scope()).values_list("pk", flat=True)
        assert told(account.scope(), after) == [f"case:{pk}" for pk in seen]


@pytest.mark.parametrize(("takes_part", "heard"), [(True, 1), (False, 0)])
def test_an_officer_without_an_area_is_told_of_the_cases_of_the_agency_alone(
    takes_part: bool, heard: int, world: World
) -> None:
    case = world.records["case"]
    ours = case.agencies.get().agency if takes_part else Agency.objects.create(code="x", name="X")
    account = Account.objects.create(username="officer")
    RoleAssignment.objects.create(account=account, role="agency_officer", agency=ours)
    after = live.newest_seq()
    write(f"case:{case.pk}", "unit:1", "message:1", path=case.area_path)

    assert told(account.scope(), after) == [f"case:{case.pk}"] * heard


@pytest.mark.parametrize(
    ("recipient", "hearers"),
    [
        ("role:operator", {"operator"}),
        ("role:inspector", {"inspector"}),
        ("unit:{unit}", {"unit_member"}),
        ("agency:{agency}", {"agency_officer"}),
        ("token:7", set()),
        ("", set()),
    ],
)
def test_a_message_is_told_to_those_whom_it_addresses(
    recipient: str, hearers: set[str], world: World
) -> None:
    unit, case = world.records["unit"], world.records["case"]
    after = live.newest_seq()
    filled = recipient.format(unit=unit.pk, agency=unit.agency_id)
    write("message:1", path=case.area_path, recipient=filled)

    assert {role for role in ROLES if told(world.here[role].scope(), after)} == hearers
    assert {role for role in ROLES if told(world.elsewhere[role].scope(), after)} == set()


def test_a_message_about_no_case_reaches_the_role_in_every_town(world: World) -> None:
    after = live.newest_seq()
    write("message:1", path="", recipient="role:operator")

    assert told(world.elsewhere["operator"].scope(), after) == ["message:1"]


def test_a_unit_is_told_to_the_desks_of_its_town_and_to_itself(world: World) -> None:
    unit, after = world.records["unit"], live.newest_seq()
    write(f"unit:{unit.pk}", path=unit.area.path)

    hearers = {role for role in ROLES if told(world.here[role].scope(), after)}

    assert hearers == {"operator", "inspector", "leader", "administrator", "unit_member"}
    assert not any(told(world.elsewhere[role].scope(), after) for role in ROLES)


def test_a_zone_is_told_to_everybody_whose_map_shows_it(world: World) -> None:
    after = live.newest_seq()
    write("zone:reach-1", path="/990101000000000/")

    assert {role for role in ROLES if not told(world.here[role].scope(), after)} == {
        "auditor", "security_administrator",
    }  # fmt: skip


@pytest.mark.parametrize("subject", ["person:1", "account:1", "setting:x", "evidence:1", "caseX"])
def test_looks_at_people_and_acts_on_accounts_are_told_to_nobody(
    subject: str, world: World
) -> None:
    after = live.newest_seq()
    write(subject)

    assert told(Scope(1, (ANYWHERE,)), after) == []


def test_whoever_has_no_role_hears_nothing(world: World) -> None:
    write("case:1", "zone:a", "unit:1", path="")

    assert told(Scope(1)) == []
    assert told(Scope(1, (Grant("king"),))) == []


async def hear(scope: Scope, last: int | None, count: int) -> list[bytes]:
    """Open a stream and read ``count`` events that follow the first line."""
    stream = live.stream(scope, last)
    heard: list[bytes] = []
    try:
        assert await anext(stream) == b"retry: 2000\n\n"
        while len(heard) < count:
            heard.append(await asyncio.wait_for(anext(stream), 20))
    finally:
        await stream.aclose()
    return heard


def ids(events: Iterable[bytes]) -> list[int]:
    return [int(event.split(b"\n")[0].removeprefix(b"id: ")) for event in events]


def reader() -> Scope:
    """Return the scope of a leader of everything."""
    account = Account.objects.create(username="reader")
    RoleAssignment.objects.create(account=account, role="leader")
    return account.scope()


@pytest.mark.django_db(transaction=True)
def test_the_id_of_an_event_is_the_number_of_its_audit_entry() -> None:
    scope, [seq] = reader(), write("case:7")

    [event] = asyncio.run(hear(scope, seq - 1, 1))

    data = b'data: {"verb": "case.open", "subject": "case:7"}'
    assert event == b"id: %d\nevent: change\n%b\n\n" % (seq, data)


@pytest.mark.django_db(transaction=True)
def test_a_page_that_comes_back_is_told_what_it_missed_and_nothing_twice() -> None:
    scope, first = reader(), write("case:1", "case:2", "case:3")
    before = asyncio.run(hear(scope, first[0] - 1, 2))
    second = write("case:4", "case:5")

    after = asyncio.run(hear(scope, ids(before)[-1], 3))

    assert ids(before) + ids(after) == first + second


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_while_somebody_writes_and_the_page_keeps_losing_its_connection() -> None:
    scope, last = reader(), live.newest_seq()
    written: list[int] = []
    heard: list[int] = []

    def go_on() -> None:
        for number in range(40):
            written.extend(write(f"case:{number}"))
        connection.close()

    writer = threading.Thread(target=go_on)
    writer.start()
    while len(heard) < 40:
        heard += ids(asyncio.run(hear(scope, last, min(3, 40 - len(heard)))))
        last = heard[-1]
    writer.join()

    assert heard == written


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("missed", "event"), [(999, b"change"), (1000, b"change"), (1001, b"reset")]
)
def test_a_page_that_missed_more_than_a_thousand_entries_loads_itself_again(
    missed: int, event: bytes
) -> None:
    scope, last = reader(), live.newest_seq()
    write(*(f"case:{number}" for number in range(missed)))

    [first] = asyncio.run(hear(scope, last, 1))

    assert first.split(b"\n")[1] == b"event: " + event


@pytest.mark.django_db(transaction=True)
def test_a_quiet_stream_says_how_far_it_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.3)
    scope = reader()
    [seq] = write("person:1")

    [beat] = asyncio.run(hear(scope, None, 1))

    assert beat == b"id: %d\n: still here\n\n" % seq


@pytest.mark.django_db(transaction=True)
def test_a_stream_ends_when_a_role_is_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.1)
    scope = reader()
    RoleAssignment.objects.all().delete()

    with pytest.raises(StopAsyncIteration):
        asyncio.run(hear(scope, None, 100))


def test_a_page_that_does_not_read_is_let_go() -> None:
    page = live.Listener(Scope(1, (ANYWHERE,)))
    change = live.Change(1, "case.open", "case:1", "/")

    for _ in range(live.QUEUE + 1):
        page.offer(change)

    assert page.changes.get_nowait() is None
    assert page.changes.empty()


@pytest.mark.django_db
def test_whoever_is_not_signed_in_or_has_no_role_gets_no_stream() -> None:
    world, stranger = build(), Client()
    assert world.nobody is not None
    nobody = Client()
    nobody.force_login(world.nobody, "django.contrib.auth.backends.ModelBackend")

    assert stranger.get("/events/").status_code == 401
    assert nobody.get("/events/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_whoever_acts_in_this_process_need_not_wait_for_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scope, last = reader(), live.newest_seq()
    monkeypatch.setattr(live, "TICK_S", 3600.0)

    async def story() -> list[bytes]:
        hearing = asyncio.create_task(hear(scope, last, 1))
        while not live._broadcast.listeners:
            await live._broadcast.run(live.newest_seq)
        await live._broadcast.run(write, "case:7")
        while not hearing.done():
            live.wake()
            await asyncio.sleep(0.01)
        return await hearing

    [event] = asyncio.run(story())
    assert b'"case:7"' in event
