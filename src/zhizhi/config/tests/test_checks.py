"""What an installation needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import override_settings

from zhizhi.config import checks, database_checks
from zhizhi.config.environment import database
from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.trust import append_only, keys, vault
from zhizhi.trust.tests.test_vault import AT


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def ids(found: list[Any]) -> list[str]:
    return [one.id for one in found]


def on_disk(path: Path, **options: Any) -> BaseDatabaseWrapper:
    """Return a connection to a SQLite file, as the product makes it or with other ``options``."""
    settings = {**database(f"sqlite:///{path}", path.parent), **options}
    return DatabaseWrapper({**connections["default"].settings_dict, **settings})


@pytest.mark.django_db
def test_a_fresh_installation_has_nothing_to_mend() -> None:
    found = [one.id for check in checks.CHECKS for one in check.look()]

    assert set(found) <= {"zhizhi.W003", "zhizhi.E023"}  # a small disk, a cluster made for tests


def test_every_finding_carries_its_id_and_a_remedy(tmp_path: Path) -> None:
    with override_settings(
        MODE="production", SECRET_KEY="short", DATA=tmp_path / "none", CARRIER_SECRET="",
        ALLOWED_HOSTS=["localhost"],
    ):  # fmt: skip
        found = [one for check in checks.CHECKS if not check.is_stored for one in check.look()]

    assert ids(found) == ["zhizhi.E001", "zhizhi.E002", "zhizhi.E004", "zhizhi.W009"]
    assert all(one.hint for one in found)


@pytest.mark.parametrize(("length", "found"), [(31, ["zhizhi.E001"]), (32, []), (33, [])])
def test_a_production_secret_has_at_least_32_characters(length: int, found: list[str]) -> None:
    with override_settings(MODE="production", SECRET_KEY="s" * length):
        assert ids(checks.secret_key()) == found


def test_a_missing_secret_is_found() -> None:
    with override_settings(MODE="production", SECRET_KEY=""):
        assert ids(checks.secret_key()) == ["zhizhi.E001"]


def test_a_folder_that_is_no_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with override_settings(DATA=tmp_path / "file"):
        assert ids(checks.data_folder()) == ["zhizhi.E002"]


def test_little_free_space_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "ENOUGH_FREE_BYTES", 2**70)

    assert ids(checks.free_space()) == ["zhizhi.W003"]


def test_keys_that_others_may_read_are_found() -> None:
    keys.ring()
    next(keys.folder().glob("vault-*.key")).chmod(0o644)

    assert ids(checks.key_files()) == ["zhizhi.E005"]


@override_settings(CIPHER_SUITE="national")
def test_the_national_suite_works_here() -> None:
    assert checks.cipher_suite() == []


@override_settings(CIPHER_SUITE="roman")
def test_a_suite_that_does_not_work_is_found() -> None:
    assert ids(checks.cipher_suite()) == ["zhizhi.E006"]


@override_settings(TIME_ZONE="Atlantis/Capital")
def test_missing_time_zone_data_is_found() -> None:
    assert ids(checks.time_zone()) == ["zhizhi.E007"]


@pytest.mark.parametrize(
    ("hosts", "secure", "found"),
    [
        (["localhost", "127.0.0.1"], False, []),
        (["zhizhi.example.gov"], True, []),
        (["zhizhi.example.gov"], False, ["zhizhi.W008"]),
    ],
)
def test_public_pages_want_tls(hosts: list[str], secure: bool, found: list[str]) -> None:
    with override_settings(MODE="production", ALLOWED_HOSTS=hosts, SESSION_COOKIE_SECURE=secure):
        assert ids(checks.transport()) == found


@pytest.mark.parametrize(("address", "found"), [("", []), ("tcp://127.0.0.1:1", ["zhizhi.E018"])])
def test_a_scanner_that_does_not_answer_is_found(address: str, found: list[str]) -> None:
    with override_settings(CLAMD=address):
        assert ids(checks.scanner()) == found


@pytest.mark.django_db
def test_the_products_own_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    made = on_disk(tmp_path / "a.sqlite3")

    assert database_checks.durability(made) == []
    made.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pragmas", "found"),
    [
        ("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", ["zhizhi.E022"]),
        ("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF", ["zhizhi.E022"]),
        ("PRAGMA journal_mode=WAL; PRAGMA synchronous=EXTRA", []),
        ("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", ["zhizhi.E021"]),
    ],
)
def test_a_weakened_sqlite_is_found(tmp_path: Path, pragmas: str, found: list[str]) -> None:
    made = on_disk(tmp_path / "a.sqlite3", OPTIONS={"init_command": pragmas})

    assert ids(database_checks.durability(made)) == found
    made.close()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own settings")
@pytest.mark.django_db
def test_a_weakened_postgresql_is_found() -> None:
    before = len(database_checks.durability())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")

    found = database_checks.durability()

    assert len(found) == before + 1
    assert "synchronous_commit" in str(found[0].msg)


@pytest.mark.django_db
def test_vault_keys_that_are_not_here_are_found() -> None:
    vault.make_keys(1, now=AT)
    assert database_checks.vault_keys() == []

    next(keys.folder().glob("vault-*.key")).unlink()

    assert ids(database_checks.vault_keys()) == ["zhizhi.E025"]


@pytest.mark.django_db
def test_a_log_without_its_guard_is_found() -> None:
    assert database_checks.guards() == []

    with append_only.lifted():
        found = database_checks.guards()

    assert ids(found) == ["zhizhi.E026"]
    assert "trust_auditentry" in str(found[0].msg)


@pytest.mark.django_db
def test_demonstration_accounts_in_production_are_found() -> None:
    Account.objects.create_user("demo-desk", is_demo=True)
    assert database_checks.demo_accounts() == []

    with override_settings(MODE="production"):
        assert ids(database_checks.demo_accounts()) == ["zhizhi.E027"]


@pytest.mark.django_db
def test_django_runs_the_checks_as_well() -> None:
    with override_settings(TIME_ZONE="Atlantis/Capital"):
        assert "zhizhi.E007" in ids(run_checks())


def test_no_id_is_used_twice() -> None:
    folder = Path(checks.__file__).parent
    text = (folder / "checks.py").read_text() + (folder / "database_checks.py").read_text()
    used = [part.split('"')[0] for part in text.split('id="')[1:]]

    assert len(used) == len(set(used)) == 21


@pytest.mark.django_db
def test_an_account_with_two_of_the_three_administrators_roles_is_told() -> None:
    account = Account.objects.create(username="both")
    RoleAssignment.objects.create(account=account, role="administrator")
    assert database_checks.administrators() == []

    RoleAssignment.objects.create(account=account, role="auditor")

    [found] = database_checks.administrators()
    assert (found.id, str(account.pk) in found.msg) == ("zhizhi.E028", True)
