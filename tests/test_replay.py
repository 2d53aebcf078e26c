"""`zhizhi replay` on the real sample finds what plain Python finds (tests/stay_oracle.py).

One file goes through the command as a process with an installation of its own. The others are
played by the same command in this process: to make an installation takes the longest.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

import pytest
import shapely
from django.utils import timezone

from tests import stay_oracle
from tests.districts import district_of
from tests.standing import kept
from zhizhi.config import replaying
from zhizhi.config.commands import replay as command
from zhizhi.config.demo.settling import settle

pytestmark = pytest.mark.once  # `zhizhi replay` itself always takes SQLite

SAMPLE = resources.files("zhizhi.sources.ais") / "sample" / "lower_mississippi_20220103.csv.gz"
COUNTS = {"observations", "quarantined", "findings", "alerts", "cases", "messages", "seconds"}


@dataclass(frozen=True)
class Done:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


Replay = Callable[..., Done]


def replay_by_itself(*words: str) -> Done:
    environment = {key: value for key, value in os.environ.items() if "ZHIZHI" not in key}
    done = subprocess.run(
        [sys.executable, "-m", "zhizhi.config.cli", "replay", *words],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


@kept
def settled() -> None:
    settle(district_of(), now=timezone.now())


@pytest.fixture
def replay(db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Replay:
    """Give the command, whose installation is the tests' own."""
    for name in ("ZHIZHI_DATA", "ZHIZHI_MODE", "ZHIZHI_DATABASE", "ZHIZHI_LOG_LEVEL"):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # and as it was afterwards
    monkeypatch.setattr(command, "boot", lambda: None)
    monkeypatch.setattr(replaying, "call_command", lambda *_words, **_options: None)
    monkeypatch.setattr(replaying.district, "build", district_of)
    monkeypatch.setattr(replaying, "settle", lambda _district, now: settled())

    def typed(*words: str) -> Done:
        parser = argparse.ArgumentParser()
        command.arguments(parser)
        capsys.readouterr()
        status = command.run(parser.parse_args(words))
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return typed


def rings(shape: shapely.Geometry) -> list[list[list[tuple[float, float]]]]:
    return [
        [[(x, y) for x, y in ring.coords[:-1]] for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(shape)
    ]


def agrees_with_the_oracle(replay: Replay, minutes: int, out: Path) -> bool:
    """Play the sample and compare every stay that was found."""
    always_closed = [reach for reach in district_of().reaches if not reach.seasons]
    zones = {reach.key: rings(reach.geometry) for reach in always_closed}

    done = replay(str(SAMPLE), "--json", "--limit-minutes", str(minutes), "--findings", str(out))

    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = sorted(
        (
            int(row["subject"]),
            row["zone"],
            int(datetime.fromisoformat(row["started_at"]).timestamp()),
            int(datetime.fromisoformat(row["found_at"]).timestamp()),
        )
        for row in rows
        if row["zone"] in zones
    )
    assert set(counts) == COUNTS
    assert counts["findings"] == counts["alerts"] == len(rows)
    return found == stay_oracle.stays(Path(str(SAMPLE)), zones, minutes * 60)


@pytest.mark.parametrize("minutes", [10, 15])
def test_a_replay_of_the_real_record_finds_what_the_oracle_finds(
    minutes: int, replay: Replay, tmp_path: Path
) -> None:
    assert agrees_with_the_oracle(replay, minutes, tmp_path / "found.csv")


def test_the_command_by_itself_finds_what_the_oracle_finds(tmp_path: Path) -> None:
    assert agrees_with_the_oracle(replay_by_itself, 30, tmp_path / "found.csv")


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes_and_said_so(
    replay: Replay, tmp_path: Path
) -> None:
    broken = tmp_path / "cut.csv.gz"
    content = Path(str(SAMPLE)).read_bytes()
    broken.write_bytes(content[: len(content) // 2])

    done = replay(str(broken), "--json")

    assert done.returncode == 0
    assert "cut off after line" in done.stderr
    assert 0 < json.loads(done.stdout.splitlines()[-1])["observations"] < 13_558


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.csv", None, "is not there"),
        ("notes.txt", b"hello", "is no .parquet, .csv, .ndjson or .jsonl file"),
        ("broken.parquet", b"PAR1 not really", "is damaged or cut off"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_remedy(
    name: str, content: bytes | None, said: str, replay: Replay, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    done = replay(str(tmp_path / name))

    assert done.returncode == 2
    assert said in done.stderr


HEADER = "entity,observed_at,lon,lat,hat"
BAD_FILE = [
    HEADER,
    "7,2026-03-01T08:00:00+08:00,107.0,29.7,red",
    "8,2026-03-01T08:00:00+08:00,29.7,107.0,red",
    "9,2026-03-01T08:00:00,107.0,29.7,red",
    "10,2099-03-01T08:00:00+08:00,107.0,29.7,red",
    "11,1970-03-01T08:00:00+08:00,107.0,29.7,red",
    "12,too few",
    "13,2026-03-01T08:00:30+08:00,107.0,nan,red",
    "14,2026-03-01T08:00:40+08:00,107.0,29.7,red",
]


def test_bad_rows_are_told_by_row_field_and_remedy_and_the_others_are_played(
    replay: Replay, tmp_path: Path
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(BAD_FILE))

    done = replay(str(path), "--json")

    counts = json.loads(done.stdout)
    told = [line.partition(". ") for line in done.stderr.splitlines()]
    assert done.returncode == 0
    assert set(counts) == COUNTS
    assert (counts["observations"], counts["quarantined"]) == (2, 6)
    assert [place for place, _stop, _remedy in told] == [
        "every row, hat: unknown-field",
        "row 2, lon: swapped",
        "row 3, observed_at: no-zone",
        "row 4, observed_at: future",
        "row 5, observed_at: stale",
        "row 6: columns",
        "row 7, lat: not-a-number",
    ]
    assert all(remedy for _place, _stop, remedy in told)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--stream", "vessel_positions.v9"], "this version is not known"),
        (["--stream", "fish.v1"], "check the name"),
        (["--findings", "/nowhere/found.csv"], "No such file or directory"),
    ],
)
def test_a_command_that_cannot_be_followed_is_refused_before_anything_is_done(
    words: list[str], said: str, replay: Replay
) -> None:
    done = replay(str(SAMPLE), "--json", *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_file_of_bad_rows_alone_is_played_to_nothing_and_says_so(
    replay: Replay, tmp_path: Path
) -> None:
    path = tmp_path / "bad.ndjson"
    path.write_text('{"entity": 7}\nnothing\n')
    out = tmp_path / "found.csv"

    done = replay(str(path), "--json", "--findings", str(out))

    assert json.loads(done.stdout)["quarantined"] == 2
    assert "No row of the file could be used" in done.stderr
    assert out.read_text().splitlines() == ["subject,zone,started_at,found_at"]
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_replay_at_a_speed_takes_its_time(replay: Replay, tmp_path: Path) -> None:
    path = tmp_path / "three_minutes.csv"
    rows = [f"7,2026-03-01T08:0{minute}:00+08:00,107.0,29.7,x" for minute in range(4)]
    path.write_text("\n".join([HEADER, *rows]))

    done = replay(str(path), "--json", "--speed", "60")

    assert json.loads(done.stdout)["seconds"] >= 3
