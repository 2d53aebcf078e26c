"""``zhizhi evaluate``: ours beside a baseline, on files that are checked before they are used."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from zhizhi.config.cli import main
from zhizhi.config.evaluating import KINDS, PLACES

WORDS = {"lamp": "路灯不亮", "water": "水管漏水", "noise": "施工噪音"}


def written(path: Path, rows: list[dict[str, str]]) -> str:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def messages(count: int, since: int = 0) -> list[dict[str, str]]:
    return [
        {"text": f"{words} 第{n}号楼", "label": kind}
        for n in range(since, since + count)
        for kind, words in WORDS.items()
    ]


def pairs() -> list[dict[str, str]]:
    same = ["东六路何时通车", "东六路什么时候通车", "1"]
    other = ["东六路何时通车", "儿童医院停车难", "0"]
    return [
        {"title_a": a, "title_b": f"{b}{n}", "time_a": "2019-06-30 15:18:59",
         "time_b": "2019-07-30 15:18:59", "same_issue": label}
        for n in range(6)
        for a, b, label in (same, other)
    ]  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["evaluate", *words, "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_categories_are_measured_on_the_other_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = written(tmp_path / "train.csv", messages(50))
    test = written(tmp_path / "test.csv.gz", [*messages(4, 90), {"text": "?", "label": ""}])
    report = told(capsys, "category", "--train", train, "--test", test)

    assert (report["learned"], report["measured"], report["unlabelled"]) == (150, 12, 1)
    assert report["baseline"]["accuracy"] == report["ours"]["accuracy"] == 1.0
    assert report["ours"]["decided"] > 0.9
    assert report["ours"]["precision_of_decided"] == 1.0


def test_a_label_that_was_never_taught_is_a_wrong_guess(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = written(tmp_path / "train.csv", messages(5))
    test = written(tmp_path / "test.csv", [*messages(1, 9), {"text": "路灯", "label": "new"}])
    report = told(capsys, "category", "--train", train, "--test", test)

    assert report["ours"]["accuracy"] == report["baseline"]["accuracy"] == 0.75


def test_a_right_second_choice_counts_among_three(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = written(tmp_path / "train.csv", messages(5))
    test = written(tmp_path / "test.csv", [{"text": WORDS["water"], "label": "lamp"}])
    report = told(capsys, "category", "--train", train, "--test", test)

    assert (report["ours"]["accuracy"], report["ours"]["among_three"]) == (0.0, 1.0)


def test_without_a_second_file_it_is_measured_in_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(capsys, "category", "--train", written(tmp_path / "all.csv", messages(40)))

    assert report["measured"] == report["learned"] == 120
    assert report["ours"]["among_three"] == 1.0


def test_duplicates_are_ranked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    titles = written(tmp_path / "titles.csv", [{"title": words} for words in WORDS.values()])
    report = told(
        capsys, "duplicates", "--train", titles, written(tmp_path / "p.csv", pairs())
    )  # fmt: skip

    assert report["ours"]["average_precision"] == 1.0


def test_queues_and_units_are_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = [
        dict.fromkeys((*KINDS, *PLACES), "x") | {"TYPE": kind, "ward": str(n), "QUEUE": f"q-{kind}"}
        for n in range(12)
        for kind in WORDS
    ]
    reports = [
        {"text": words, "category": kind, "group": kind, "lon": "9.1" if n % 2 else "",
         "lat": "47.6"}
        for n in range(12)
        for kind, words in WORDS.items()
    ]  # fmt: skip

    queue = told(capsys, "queue", "--train", written(tmp_path / "q.csv", records))
    routed = told(capsys, "routing", "--train", written(tmp_path / "r.csv", reports),
                  "--test", written(tmp_path / "s.csv", reports))  # fmt: skip
    assert queue["ours"]["accuracy"] == queue["baseline"]["accuracy"] == 1.0
    assert routed["ours"]["accuracy"] == routed["baseline"]["macro_f1"] == 1.0


def test_figures_are_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "duplicates", "--train", written(tmp_path / "p.csv", pairs())]) == 0

    said = capsys.readouterr().out
    assert "learned from 12 rows" in said
    assert "ours (likeness): average_precision 1.000" in said


@pytest.mark.parametrize(
    ("task", "rows", "message"),
    [
        ("category", [{"text": "x"}], "lacks the column label"),
        ("category", [{"text": "x", "label": " "}], "no row with a label"),
        ("category", [{"text": "x", "label": "a"}], "too few different rows"),
        ("duplicates", [{**pairs()[0], "same_issue": "yes"}, pairs()[0], pairs()[2]], "0 or 1"),
        ("duplicates", [{**row, "same_issue": "0"} for row in pairs()], "no pair is the same"),
        ("duplicates", [{**row, "time_a": "gestern"} for row in pairs()], "'gestern' is not a"),
        (
            "routing",
            [{"text": f"x{n}", "category": "c", "group": "g", "lon": "east", "lat": "1"}
             for n in range(9)],
            "is not a place",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
    task: str, rows: list[dict[str, str]], message: str,
) -> None:  # fmt: skip
    assert main(["evaluate", task, "--train", written(tmp_path / "bad.csv", rows)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "lacks the column"),
        ("short.csv", b"text,label\nonly\n", "line 2: too few columns"),
        ("broken.csv", b"\xff\xfe\xff", "codec"),
        ("broken.csv.gz", b"no gzip", "gzip"),
    ],
)
def test_a_broken_file_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)

    assert main(["evaluate", "category", "--train", str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err


def test_a_missing_file_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "category", "--train", str(tmp_path / "nowhere.csv")]) == 2
    assert "nowhere.csv" in capsys.readouterr().err
