"""Test settings: everything a test writes goes to a folder of its own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import django
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management.color import no_style
from django.db import connection
from django.utils import translation
from hypothesis import settings
from pytest_django import DjangoDbBlocker

# Named here and not in pyproject.toml: pytest-django would read the settings before this file.
os.environ["DJANGO_SETTINGS_MODULE"] = "zhizhi.config.settings"
os.environ["ZHIZHI_MODE"] = "test"
os.environ.setdefault("ZHIZHI_SECRET_KEY", "only-for-tests")
os.environ.setdefault("ZHIZHI_DATA", tempfile.mkdtemp(prefix="zhizhi-test-"))
os.environ.setdefault("ZHIZHI_LOG_LEVEL", "WARNING")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in the test thread


# Files that take long, though some have few tests. Two processes take whole files: begun last, one
# of these would be waited for.
LONG = (
    "tests/simulation/",
    "tests/test_replay.py",
    "tests/test_restoring.py",
    "tests/test_storage.py",
    "tests/test_rotation.py",
    "tests/test_upgrading.py",
    "tests/test_authorisation.py",
    "tests/test_scopes.py",
    "tests/test_page_lists.py",
    "tests/test_any_words.py",
    "tests/test_any_bytes.py",
    "src/zhizhi/systems/fishery/tests/test_scenario.py",
    "src/zhizhi/config/demo/tests/test_history.py",
    "src/zhizhi/config/tests/test_evaluate_fraud.py",
    "src/zhizhi/config/tests/test_listen.py",
    "src/zhizhi/kernel/tests/test_screening.py",
    "src/zhizhi/kernel/tests/test_suppressing.py",
    "src/zhizhi/kernel/tests/test_dwell.py",
)

RARE = ("browser", "chaos")  # marks that few files have
CHEAP_PASSWORDS = {"time_cost": 1, "memory_cost": 64}
PASSWORD_COSTS = {name: getattr(Argon2PasswordHasher, name) for name in CHEAP_PASSWORDS}

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure


def pytest_configure() -> None:
    """Set Django up with the environment above."""
    if "CI" not in os.environ:  # there Hypothesis chooses its own profile, also without deadlines
        settings.load_profile("untimed")
    Path(os.environ["ZHIZHI_DATA"], "static").mkdir(parents=True, exist_ok=True)
    django.setup()
    # Nobody guesses at the passwords of tests: to check one takes a tenth of a second otherwise.
    for name, cost in CHEAP_PASSWORDS.items():
        setattr(Argon2PasswordHasher, name, cost)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files alone in which no test is of the kind that is asked for: most of them are."""
    kind = config.getoption("markexpr")
    if kind not in RARE or collection_path.suffix != ".py":
        return None
    return f"mark.{kind}" not in collection_path.read_text(encoding="utf-8") or None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the option of the second database."""
    parser.addoption(
        "--of-database", action="store_true", help="only tests that ask the tests' database"
    )


@pytest.fixture
def strong_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep passwords as the product does."""
    for name, cost in PASSWORD_COSTS.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, cost)


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the files that take long go first; the order of the others stays."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    if config.getoption("--of-database"):
        others = [item for item in items if not asks_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if asks_database(item)]


def asks_database(item: pytest.Item) -> bool:
    """Say whether pytest-django lets this test ask the database, and it may answer otherwise."""
    fixtures: list[str] = getattr(item, "fixturenames", [])
    has_mark = item.get_closest_marker("django_db") is not None
    may_ask = has_mark or not {"db", "transactional_db"}.isdisjoint(fixtures)
    return may_ask and item.get_closest_marker("once") is None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Number the accounts that tests make from a million on.

    Tests write of somebody as ``account:9``. Tables go on counting from one test to the next, so
    that one day the ninth account of all was the very one that a test signed in.
    """
    from zhizhi.directory.models import Account  # noqa: PLC0415 - models load after Django

    with django_db_blocker.unblock():
        highest = Account.objects.create(pk=1_000_000, username="highest")
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [Account]):
                cursor.execute(statement)
        Account.objects.filter(pk=highest.pk).delete()


@pytest.fixture(autouse=True)
def _language() -> None:
    """Let no test find the language that a page of the test before it was asked for in."""
    translation.deactivate()
