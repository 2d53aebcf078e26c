"""A backup made while serving, and the installation that comes back from it, as real processes."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import backup_world, postgres
from tests.installing import House
from tests.test_storage import Sender, is_whole
from zhizhi.sources.mqtt.tests.brokering import wait_until

PEOPLE = 12
ERASED, ERASED_AFTER_THE_COPY = (2, 5), (7,)


@dataclass
class Place:
    """Two installations: the one that is backed up, and the empty one it comes back in."""

    home: Path
    old: House
    new: House
    backup: Path = field(init=False)

    def __post_init__(self) -> None:
        self.backup = self.home / "backups" / "first"
        self.backup.parent.mkdir()
        self.new.data.mkdir()

    def give_keys(self) -> None:
        shutil.copytree(self.old.data / "keys", self.new.data / "keys")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    old, new = tmp_path / "old", tmp_path / "new"
    if request.param == "sqlite":
        made = Place(tmp_path, House(old), House(new))
        yield made
        made.old.end()
        made.new.end()
        return
    with postgres.running(durable=True) as cluster:
        with psycopg.connect(cluster.url, autocommit=True) as database:
            database.execute("CREATE DATABASE restored")
        url = cluster.url.replace("/zhizhi?", "/restored?")
        made = Place(
            tmp_path, House(old, ZHIZHI_DATABASE=cluster.url), House(new, ZHIZHI_DATABASE=url)
        )
        try:
            yield made
        finally:
            made.old.end()
            made.new.end()


def world(house: House, *words: object) -> str:
    done = house.python("tests.backup_world", *map(str, words))
    assert done.returncode == 0, done.stderr
    return done.stdout


def readable(house: House) -> set[int]:
    found = dict(line.partition(" ")[::2] for line in world(house, "read").splitlines())
    assert {name for name in found.values() if name and not name.startswith("Canary")} == set()
    return {int(number) for number, name in found.items() if name}


def test_an_installation_comes_back_and_whoever_was_erased_does_not(place: Place) -> None:
    """Backed up while it takes observations in; then people are erased; then it is lost."""
    place.old.make()
    world(place.old, "add", 1, PEOPLE + 1)
    sender = Sender(place.old)
    wait_until(sender.answers, "the pages are served")
    sender.post(10, key="before")
    _back_up_under_load(place, sender)
    ledger = _erase_and_lose(place)

    verified = _told(place.new, "restore", place.backup, "--verify")
    restored = _told(place.new, "restore", place.backup, "--destroyed", ledger)

    gone = {*ERASED, *ERASED_AFTER_THE_COPY}
    assert verified["people"] == PEOPLE
    assert (restored["people"], restored["lost"]) == (PEOPLE - len(gone), len(gone))
    assert readable(place.new) == set(range(1, PEOPLE + 1)) - gone
    assert is_whole(place.new)
    words = [backup_world.name_of(number).encode() for number in range(1, PEOPLE + 1)]
    assert backup_world.files_with(words, place.home) == []
    assert _taken_again(place) == (409, 200), "it knows the key of what it had acknowledged"
    assert "is not empty" in place.new.zhizhi("restore", str(place.backup)).stderr


def _back_up_under_load(place: Place, sender: Sender) -> None:
    over = threading.Event()
    answers: list[int] = []

    def post() -> None:
        while not over.is_set():
            answers.append(sender.post(5).status_code)

    posting = threading.Thread(target=post)
    posting.start()
    _told(place.old, "backup", place.backup)
    over.set()
    posting.join()
    assert set(answers) == {200}


def _erase_and_lose(place: Place) -> Path:
    """Erase people, copy the keys folder after the next backup, erase once more."""
    world(place.old, "erase", *ERASED)
    _told(place.old, "backup", place.backup.with_name("second"))
    place.give_keys()
    world(place.old, "erase", *ERASED_AFTER_THE_COPY)
    world(place.old, "tell")
    return Path(shutil.copy(place.old.data / "published" / "destroyed.ndjson", place.home))


def _told(house: House, *words: object) -> dict[str, Any]:
    done = house.zhizhi(*map(str, words), "--json")
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _taken_again(place: Place) -> tuple[int, int]:
    """Post to the restored installation; other words under a known key are a conflict."""
    place.new.token = place.old.token
    again = Sender(place.new)
    wait_until(again.answers, "the pages are served")
    return again.post(10, key="before").status_code, again.post(10, key="after").status_code


def test_a_restore_that_is_refused_says_why_and_leaves_nothing_behind(tmp_path: Path) -> None:
    place = Place(tmp_path, House(tmp_path / "old"), House(tmp_path / "new"))
    place.old.make()
    world(place.old, "add", 1, 3)
    _told(place.old, "backup", place.backup)

    strange = place.new.zhizhi("restore", str(place.backup))
    shutil.rmtree(place.new.data)
    place.new.data.mkdir()
    place.give_keys()
    (place.new.data / "keys" / "people.keys").unlink()
    without = place.new.zhizhi("restore", str(place.backup))
    database = place.backup / "database.sealed"
    database.write_bytes(database.read_bytes()[:-1])
    cut = place.new.zhizhi("restore", str(place.backup))

    assert [done.returncode for done in (strange, without, cut)] == [1, 1, 1]
    assert "has no key for" in strange.stderr
    assert "without it 2 people cannot be read" in without.stderr
    assert "was cut off" in cut.stderr
    assert [path.name for path in place.new.data.iterdir()] == ["keys"]
