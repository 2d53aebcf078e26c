"""``zhizhi backtest``: figures over files of four kinds, and what is refused."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest

from zhizhi.config.cli import main
from zhizhi.kernel.rules.tests.rule_texts import rule_text

ROWS = [
    {"event_id": f"e{n}", "kind": "account_event", "entity": f"p{n % 4}", "out_n_1h": n,
     "is_minor": n % 2 == 0, "observed_at": f"2026-03-0{1 + n // 5}T08:0{n % 5}:00+08:00",
     "outcome": "filed" if n > 7 else "false_alarm", "call_origin": "foreign" if n else None}
    for n in range(10)
]  # fmt: skip
TABLE = pa.Table.from_pylist(ROWS)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(
        rule_text(when="out_n_1h >= 4 AND call_origin = 'foreign'", unless=None, because="x"),
        encoding="utf-8",
    )
    return path


def written(path: Path) -> str:
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(TABLE, path)
    elif path.suffix == ".parquet":
        pyarrow.parquet.write_table(TABLE, path)
    elif path.suffix == ".arrow":
        with pyarrow.ipc.new_file(str(path), TABLE.schema) as sink:
            sink.write_table(TABLE)
    else:
        path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return str(path)


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow", ".jsonl"])
def test_every_kind_of_file_gives_the_same_figures(
    rules: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    events = written(rules.with_name(f"events{suffix}"))

    assert main(["backtest", str(rules), "--events", events, "--json"]) == 0
    found = report(capsys)
    assert (found["events"], found["days"], found["answered_by"]) == (10, 2, "polars")
    assert found["rules"][0]["fires"] == 6
    assert (found["total"]["warnings"], found["total"]["precision"]) == (5, 1 / 5)


def test_the_table_answers_where_polars_is_missing(
    rules: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    events = written(rules.with_name("events.csv"))
    load = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "zhizhi.kernel.rules.frames":
            raise ImportError(name)
        return load(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)

    assert main(["backtest", str(rules), "--events", events, "--json"]) == 0
    found = report(capsys)
    assert found["answered_by"] == "table"
    assert (found["total"]["warnings"], found["total"]["precision"]) == (5, 1 / 5)


@pytest.mark.parametrize(
    ("since", "until", "events"),
    [("2026-03-01", "2026-03-01", 5), ("2026-03-02", "2026-03-02", 5), ("2026-03-03", "", 0)],
)
def test_days_from_and_to_are_both_counted(
    rules: Path, since: str, until: str, events: int, capsys: pytest.CaptureFixture[str]
) -> None:
    given = written(rules.with_name("events.csv"))
    span = ["--from", since, *(["--to", until] if until else [])]

    assert main(["backtest", str(rules), "--events", given, "--json", *span]) == 0
    assert report(capsys)["events"] == events


@pytest.mark.parametrize(("capacity", "status"), [(3, 1), (4, 0), (5, 0)])
def test_more_warnings_than_officers_can_act_on_are_refused(
    rules: Path, capacity: int, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    events = written(rules.with_name("events.csv"))

    assert main(["backtest", str(rules), "--events", events, "--capacity", str(capacity)]) == status
    told = capsys.readouterr().err
    assert ("4 warnings on one day, and 3 can be acted on" in told) is bool(status)


def test_rules_whose_tests_fail_are_refused_before_they_are_tried(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules.write_text(rule_text(tests="[{event: {}, expect: fire}]"), encoding="utf-8")

    assert main(["backtest", str(rules), "--events", written(rules.with_name("e.csv"))]) == 1
    assert "rules.yaml:17:9: The rule should fire here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("gone.csv", None, "cannot be read"),
        ("notes.txt", "x", "is none of .arrow, .csv"),
        ("broken.parquet", "x", "cannot be read"),
        ("bare.csv", "kind\ncheck\n", "The column event_id is missing"),
    ],
)
def test_files_that_cannot_be_used_are_told(
    rules: Path, name: str, text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    events = rules.with_name(name)
    if text is not None:
        events.write_text(text, encoding="utf-8")

    assert main(["backtest", str(rules), "--events", str(events)]) == 2
    assert words in capsys.readouterr().err


def test_the_rules_that_come_along_pass_their_own_tests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["rules", "check"]) == 0
    assert capsys.readouterr().out.startswith("17 rules of 17 typologies, ")


BARE = [
    {"event_id": f"t{n}", "kind": "transfer_alert", "entity": "p", "direction": "out",
     "amount": 2000.0, "observed_at": f"2026-03-0{1 + n // 2}T{23 * (n % 2):02}:00:00+08:00"}
    for n in range(4)
]  # fmt: skip


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Events without any window: 2,000 yuan at 00:00 and at 23:00 on two days."""
    path = tmp_path / "bare.jsonl"
    path.write_text("\n".join(map(json.dumps, BARE)), encoding="utf-8")
    return path


def asking(folder: Path, when: str, windows: str = "") -> str:
    path = folder / "asking.yaml"
    rule = rule_text(on="transfer_alert", when=when, unless=None, let=None, because="x")
    path.write_text(windows + rule, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("amount", "fires"), [(3999, 3), (4000, 3), (4001, 0)])
def test_windows_that_the_file_lacks_are_computed_from_its_events(
    bare: Path, amount: int, fires: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = asking(bare.parent, f"out_amt_24h >= {amount}")

    assert main(["backtest", rules, "--events", str(bare), "--json"]) == 0
    found = report(capsys)
    assert found["rules"][0]["fires"] == fires
    assert found["windows"] == {"computed": ["out_amt_24h"], "lacking": {}}


def test_windows_look_back_before_the_first_day_that_is_tried(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = asking(bare.parent, "out_amt_24h >= 4000")

    main(["backtest", rules, "--events", str(bare), "--from", "2026-03-02", "--json"])

    found = report(capsys)
    assert (found["events"], found["rules"][0]["fires"]) == (2, 2)


def test_a_window_that_cannot_be_computed_is_unknown_and_told(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = asking(bare.parent, "in_distinct_payers_24h = 0")

    assert main(["backtest", rules, "--events", str(bare)]) == 0
    assert "unknown: in_distinct_payers_24h, the file lacks payer" in capsys.readouterr().out


def test_windows_of_a_file_of_rules_are_computed_as_well(
    bare: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = "windows:\n  paid: {of: transfer_alert, take: mean, value: amount, over: 2h}\n---\n"
    rules = asking(bare.parent, "paid = 2000", declared)

    assert main(["backtest", rules, "--events", str(bare), "--json"]) == 0
    assert report(capsys)["rules"][0]["fires"] == 4
