"""What the doctor asks of an installation that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import override_settings

from zhizhi.config import running_checks as running
from zhizhi.config.backing_up import latest
from zhizhi.config.backing_up.latest import Backup
from zhizhi.directory.models import Account
from zhizhi.engine import delivering, settings_in_force, timing, vitals
from zhizhi.engine.models import Message
from zhizhi.trust import audit, keys, rotating, tree, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
AT = datetime(2026, 2, 24, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Check = Callable[[], running.Found]


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        keys.ring()
        yield tmp_path


def ids(check: Check, *, at: datetime = AT) -> list[str | None]:
    with time_machine.travel(at, tick=False):
        return [one.id for one in check()]


def enter(at: datetime) -> None:
    with transaction.atomic():
        audit.append([Leaf("worker", "case.open", "case:1", at)])


def test_without_a_key_for_backups_the_doctor_says_how_to_make_it() -> None:
    with override_settings(MODE="production"):
        assert ids(running.backup_key) == []
        next(keys.folder().glob("backup-*.key")).unlink()
        assert ids(running.backup_key) == ["zhizhi.W040"]


@pytest.mark.parametrize(("over", "found"), [(-1, []), (0, []), (1, ["zhizhi.W041"])])
def test_a_backup_may_be_a_day_and_a_half_old(over: int, found: list[str]) -> None:
    latest.note(Backup(AT - running.BACKED_UP_WITHIN - over * SECOND, 1, 1))

    with override_settings(MODE="production"):
        assert ids(running.backups) == found


def test_never_is_told_in_production_alone() -> None:
    assert ids(running.backups) == []
    with override_settings(MODE="production"):
        assert ids(running.backups) == ["zhizhi.W041"]


@pytest.mark.parametrize(("over", "found"), [(-1, []), (0, []), (1, ["zhizhi.W042"])])
def test_an_entry_may_wait_ten_minutes_for_its_root(over: int, found: list[str]) -> None:
    enter(AT - timedelta(hours=5))
    tree.catch_up(AT)
    enter(AT - running.PUBLISHED_WITHIN - over * SECOND)
    enter(AT)

    assert ids(running.roots) == found


def test_without_a_root_the_first_entry_is_asked() -> None:
    assert ids(running.roots) == []
    enter(AT - timedelta(hours=5))
    assert ids(running.roots) == ["zhizhi.W042"]


def test_a_rotation_that_was_begun_is_told_until_it_has_ended() -> None:
    vault.make_keys(1, now=AT)
    keys.add("vault")
    assert ids(running.vault_key) == ["zhizhi.W043"]

    rotating.rotate(by="cli", now=AT)

    assert ids(running.vault_key) == []


def beside(served: datetime | None, newest: datetime | None) -> list[str | None]:
    return [one.id for one in running.clock_beside(AT, served=served, newest=newest)]


@pytest.mark.parametrize(("over", "found"), [(-1, []), (0, []), (1, ["zhizhi.W044"])])
def test_clocks_may_differ_by_five_seconds(over: int, found: list[str]) -> None:
    distance = running.CLOCKS_AGREE_WITHIN + over * SECOND

    assert beside(AT + distance, None) == beside(AT - distance, None) == found
    assert beside(None, AT + distance) == found
    assert beside(None, AT - timedelta(days=9)) == [], "nothing was written for a while"


def test_an_entry_from_the_future_says_that_the_clock_was_set_back() -> None:
    assert [one.id for one in running.clock()] == []
    enter(datetime.now(UTC) + timedelta(days=1))
    assert [one.id for one in running.clock()] == ["zhizhi.W044"]


def message(at: datetime) -> None:
    delivering.enqueue(
        channel="inbox", recipient="r", template="t", payload={}, key_parts=(1,), now=at
    )


def timer(at: datetime) -> None:
    timing.schedule("t", action="a", arguments={}, due_at=at)


@pytest.mark.parametrize("make", [message, timer])
@pytest.mark.parametrize(("over", "found"), [(-1, []), (0, []), (1, ["zhizhi.W045"])])
def test_what_waits_may_wait_a_quarter_of_an_hour(
    make: Callable[[datetime], None], over: int, found: list[str]
) -> None:
    make(AT - running.WAITS_AT_MOST - over * SECOND)

    assert ids(running.queues) == found


def test_what_was_sent_or_is_not_due_yet_waits_for_nobody() -> None:
    message(AT - timedelta(days=1))
    Message.everything.update(state=Message.State.SENT)
    timer(AT + timedelta(days=1))

    assert ids(running.queues) == []


@pytest.mark.parametrize("check", [running.roots, running.vault_key, running.clock, running.queues])
def test_without_a_database_another_check_tells(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_words: Any, **_more: Any) -> Any:
        raise DatabaseError("gone")

    for place, name in ((tree, "newest"), (rotating, "is_unfinished"), (vitals, "outbox")):
        monkeypatch.setattr(place, name, gone)
    monkeypatch.setattr(AuditEntry.objects, "order_by", gone)

    assert check() == []


@pytest.mark.parametrize("column", ["last_login", "date_joined"])
@pytest.mark.parametrize(("over", "found"), [(-1, []), (0, []), (1, ["zhizhi.W046"])])
def test_an_account_may_rest_for_ninety_days(column: str, over: int, found: list[str]) -> None:
    account = Account.objects.create_user("rests", date_joined=AT - timedelta(days=400))
    at = AT - running.USED_WITHIN - over * SECOND
    Account.objects.filter(pk=account.pk).update(**{column: at})

    assert ids(running.unused_accounts) == found


@pytest.mark.parametrize("told", [{"is_active": False}, {"is_demo": True}])
def test_a_closed_account_and_one_of_a_demonstration_may_rest(told: dict[str, bool]) -> None:
    Account.objects.create_user("rests", date_joined=AT - timedelta(days=400))
    Account.objects.update(**told)

    assert ids(running.unused_accounts) == []


def test_of_many_accounts_that_rest_ten_are_named_by_their_numbers() -> None:
    made = [
        Account.objects.create_user(f"rests-{day}", date_joined=AT - timedelta(days=400 - day)).pk
        for day in range(running.MOST_NAMED + 1)
    ]

    with time_machine.travel(AT, tick=False):
        [found] = running.unused_accounts()

    assert str(found.msg).startswith("11 ")
    assert ", ".join(str(pk) for pk in made[:-1]) in str(found.msg)
    assert "rests" not in str(found.msg)


@pytest.mark.parametrize(
    ("unit", "day", "found"),
    [
        ("working_days", "2026-12-01", []),
        ("working_days", "2026-12-02", ["zhizhi.W047"]),
        ("calendar_days", "2027-03-01", ["zhizhi.W047"]),
        ("minutes", "2027-03-01", []),
    ],
)
def test_where_limits_count_days_the_calendar_reaches_a_month_ahead(
    unit: str, day: str, found: list[str]
) -> None:
    if unit != "minutes":
        settings_in_force.change("engine.inspect_unit", unit, by="account:1", now=AT)

    assert ids(running.calendar, at=datetime.fromisoformat(f"{day}T12:00+08:00")) == found
