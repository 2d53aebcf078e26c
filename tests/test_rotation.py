"""The vault key is changed by a real process that is killed, while another reads everybody."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.installing import House
from tests.test_restoring import world
from zhizhi.trust.rotating import BATCH

PEOPLE = 2200
ROWS = "SELECT count(*) FROM trust_subjectkey WHERE key_id = %s"
LONG_S = 600.0
Count = Callable[[str], int]


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[House, Count]]:
    """Yield an installation, and what counts the data keys under a vault key."""
    if request.param == "sqlite":
        made = House(tmp_path / "data")

        def count(key_id: str) -> int:
            with made.database() as database:
                return int(database.execute(ROWS.replace("%s", "?"), [key_id]).fetchone()[0])

        yield made, count
        made.end()
        return
    with postgres.running(durable=True) as cluster:
        made = House(tmp_path / "data", ZHIZHI_DATABASE=cluster.url)
        with psycopg.connect(cluster.url, autocommit=True) as database:
            try:
                yield made, lambda key_id: _first(database, key_id)
            finally:
                made.end()


def _first(database: psycopg.Connection, key_id: str) -> int:
    row = database.execute(ROWS, [key_id]).fetchone()
    return int(row[0]) if row else 0


def vault_keys(house: House) -> list[str]:
    files = sorted((house.data / "keys").glob("vault-*.key"))
    return [path.stem.removeprefix("vault-") for path in files]


def test_a_rotation_that_is_killed_goes_on_and_no_read_is_refused(
    house: tuple[House, Count],
) -> None:
    place, under = house
    place.make()
    world(place, "add", 1, PEOPLE + 1)
    [old] = vault_keys(place)
    reader = _reader(place)

    killed = place.python("tests.backup_world", "rotate-and-die", "2")
    [_old, new] = vault_keys(place)
    halves = (under(old), under(new))
    done = place.zhizhi("rotate-keys", "--json")
    reads, refused = _ended(reader)

    assert killed.returncode == -signal.SIGKILL
    assert halves == (PEOPLE - 2 * BATCH, 2 * BATCH)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"key": new, "rewrapped": halves[0], "resumed": True, "retired": []}
    assert (under(old), under(new)) == (0, PEOPLE)
    assert reads >= PEOPLE
    assert refused == 0
    assert place.zhizhi("verify-log", "--json").returncode == 0


def _reader(place: House) -> subprocess.Popen[str]:
    """Start reading everybody; returns when all were read once."""
    reader = subprocess.Popen(
        [sys.executable, "-m", "tests.backup_world", "watch"], env=place.environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reader.stdout is not None
    assert reader.stdout.readline() == "read\n"
    return reader


def _ended(reader: subprocess.Popen[str]) -> tuple[int, int]:
    """End the reader; returns how often it read, and how often it could not."""
    out, _err = reader.communicate(timeout=LONG_S)
    reads, refused = out.splitlines()[-1].split()
    return int(reads), int(refused)
