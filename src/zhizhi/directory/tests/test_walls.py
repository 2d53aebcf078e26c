"""Wall passes: made, found, used, expired and withdrawn, with a trace of each."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from zhizhi.directory import walls
from zhizhi.directory.models import WallPass
from zhizhi.directory.tests.places import area
from zhizhi.trust import audit
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Grant, Scope

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
State = WallPass.State


def issue(*, expires_at: datetime | None = None) -> tuple[WallPass, str]:
    place = area("district", "990101000000000", (107, 29, 108, 30))
    return walls.issue("大屏", place, expires_at=expires_at, by="account:1", now=AT)


def verbs() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("seq").values_list("actor", "verb"))


def test_only_the_digest_of_a_token_is_kept() -> None:
    row, token = issue()

    assert row.token_digest == hashlib.sha256(token.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM directory_wallpass")
        assert token not in str(cursor.fetchall())
    assert token not in str(list(AuditEntry.objects.values()))


def test_two_passes_have_two_tokens_that_nobody_guesses() -> None:
    place = area("district", "990101000000000", (107, 29, 108, 30))
    made = [walls.issue("大屏", place, expires_at=None, by="worker", now=AT)[1] for _ in range(2)]

    assert len(set(made)) == 2
    assert min(map(len, made)) >= 43


def test_a_pass_is_found_by_its_token_alone() -> None:
    row, token = issue()

    assert walls.find(token) == row
    assert walls.find(token[:-1]) is None
    assert walls.find("") is None
    assert walls.find(row.token_digest) is None


@pytest.mark.parametrize(
    ("second", "state"), [(-1, State.VALID), (0, State.EXPIRED), (1, State.EXPIRED)]
)
def test_a_pass_expires_at_its_moment(second: int, state: State) -> None:
    row, _token = issue(expires_at=AT + HOUR)

    assert row.state_at(AT + HOUR + timedelta(seconds=second)) == state


def test_a_pass_without_an_end_stays_valid() -> None:
    row, _token = issue()

    assert row.state_at(AT + timedelta(days=10_000)) == State.VALID


def test_a_withdrawn_pass_is_withdrawn_once_and_says_so_rather_than_expired() -> None:
    row, _token = issue(expires_at=AT + HOUR)

    done = [walls.withdraw(row, by="account:2", now=AT), walls.withdraw(row, by="a", now=AT)]

    row.refresh_from_db()
    assert done == [True, False]
    assert row.state_at(AT + 2 * HOUR) == State.WITHDRAWN
    assert verbs() == [("account:1", "wall.issue"), ("account:2", "wall.withdraw")]


def test_using_a_pass_leaves_one_entry_a_local_day() -> None:
    row, _token = issue()
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)  # in Shanghai
    moments = [AT, AT + HOUR, midnight - timedelta(seconds=1), midnight, midnight + HOUR]

    news = [walls.note_use(row, now=at) for at in moments]

    assert news == [True, False, False, True, False]
    assert verbs()[1:] == [(f"wall:{row.pk}", "wall.open")] * 2


def test_a_clock_that_was_set_back_leaves_no_second_entry() -> None:
    row, _token = issue()

    assert walls.note_use(row, now=AT)
    assert not walls.note_use(row, now=AT - timedelta(days=1))


def test_acts_are_chained_with_the_area_and_without_the_name() -> None:
    row, _token = issue(expires_at=AT + HOUR)

    [entry] = AuditEntry.objects.all()

    assert (entry.subject, entry.area_path) == (f"wall:{row.pk}", row.area.path)
    assert entry.detail == {"expires_at": "2026-03-01T05:00:00.000000Z"}
    assert list(audit.verify()) == []


def test_a_screen_has_the_scope_of_a_reader_of_its_area_and_no_account() -> None:
    row, _token = issue()

    assert row.scope() == Scope(None, (Grant("leader", row.area.path),))


@pytest.mark.parametrize(
    ("role", "path", "count"),
    [
        ("administrator", "", 1),
        ("administrator", "/990101000000000/", 1),
        ("administrator", "/990102000000000/", 0),
        ("operator", "", 0),
    ],
)
def test_administrators_see_the_passes_of_their_area(role: str, path: str, count: int) -> None:
    issue()

    seen = walls.visible_to(Scope(1, (Grant(role, path),)))

    assert seen.count() == count
