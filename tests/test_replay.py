"""`zhizhi replay` on the real sample finds what plain Python finds (tests/stay_oracle.py)."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import datetime
from importlib import resources
from pathlib import Path

import pytest
import shapely

from tests import stay_oracle
from zhizhi.kernel import district

SAMPLE = resources.files("zhizhi.sources.ais") / "sample" / "lower_mississippi_20220103.csv.gz"
COUNTS = {"observations", "quarantined", "findings", "alerts", "cases", "messages", "seconds"}


def replay(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if "ZHIZHI" not in key}
    return subprocess.run(
        [sys.executable, "-m", "zhizhi.config.cli", "replay", *words],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


def rings(shape: shapely.Geometry) -> list[list[list[tuple[float, float]]]]:
    return [
        [[(x, y) for x, y in ring.coords[:-1]] for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(shape)
    ]


@pytest.mark.parametrize("minutes", [10, 15, 30])
def test_a_replay_of_the_real_record_finds_what_the_oracle_finds(
    minutes: int, tmp_path: Path
) -> None:
    out = tmp_path / "found.csv"
    always_closed = [reach for reach in district.build().reaches if not reach.seasons]
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
    assert found == stay_oracle.stays(Path(str(SAMPLE)), zones, minutes * 60)
    assert set(counts) == COUNTS
    assert counts["findings"] == counts["alerts"] == len(rows)


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes_and_said_so(tmp_path: Path) -> None:
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
    name: str, content: bytes | None, said: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    done = replay(str(tmp_path / name))

    assert done.returncode == 2
    assert said in done.stderr
