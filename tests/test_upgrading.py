"""The database of an earlier version becomes that of this one, with every row as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres
from tests.installing import House

LEAST_TABLES = 35  # of the first version that stored anything


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    if request.param == "sqlite":
        yield House(tmp_path / "data")
        return
    with postgres.running(durable=True) as cluster:
        yield House(tmp_path / "data", ZHIZHI_DATABASE=cluster.url)


def done(house: House, *words: str) -> str:
    found = house.python(*words)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_every_row_of_an_earlier_version_is_there_after_the_upgrade(
    house: House, tmp_path: Path
) -> None:
    house.zhizhi("doctor", "--make-keys")
    told = str(tmp_path / "told.json")
    done(house, "tests.upgrade_world", "old", told)

    done(house, "django", "migrate", "-v0")

    *differences, counted = done(house, "tests.upgrade_world", "compare", told).splitlines()
    tables, rows = (int(part.split()[0]) for part in counted.split(", "))
    assert differences == []
    assert tables >= LEAST_TABLES
    assert rows >= 3 * (tables - 5)
    assert done(house, "django", "migrate", "--check", "-v0") == ""
