"""``zhizhi evaluate fraud-card``: what is known at a payment, and what it comes to."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from zhizhi.config.card_evaluating import DAY_US, CardPayments, card_windows
from zhizhi.config.cli import main

Row = dict[str, Any]
FIRST = datetime(2018, 6, 1, tzinfo=UTC)


def payments(rows: list[tuple[float, int, int, float, bool]]) -> CardPayments:
    """Return payments from day, customer, terminal, amount and whether they are fraud."""
    day, customer, terminal, amount, fraud = (np.array(one) for one in zip(*rows, strict=True))
    time_us = (day * DAY_US).astype(np.int64)
    return CardPayments(np.arange(len(rows)), time_us, customer, terminal, amount, fraud, day > 40)


@pytest.mark.parametrize(("days", "risk"), [(6.99, None), (7.0, 1.0), (13.99, 1.0), (14.0, None)])
def test_an_outcome_counts_from_a_week_after_its_payment_on(
    days: float, risk: float | None
) -> None:
    found = card_windows(payments([(10, 1, 5, 30.0, True), (10 + days, 2, 5, 30.0, False)]))

    told = found["terminal_risk_7d"]
    assert [None if np.isnan(one) else one for one in told] == [None, risk]


def test_windows_of_a_customer_and_of_a_terminal_are_kept_apart() -> None:
    found = card_windows(
        payments([(1, 1, 5, 10.0, False), (2, 1, 6, 40.0, False), (3, 2, 6, 7.0, False)])
    )

    assert found["customer_n_7d"].tolist() == [1.0, 2.0, 1.0]
    assert found["terminal_n_7d"].tolist() == [1.0, 1.0, 2.0]
    assert found["customer_before_max_7d"].tolist()[1] == 10.0


def test_what_comes_later_changes_nothing_that_was_known() -> None:
    draw = np.random.default_rng(7)
    day = np.sort(draw.integers(0, 240, 300)) / 4
    rows = [
        (float(one), int(draw.integers(4)), int(draw.integers(4)), 5.0 + n % 40, n % 5 == 0)
        for n, one in enumerate(day)
    ]
    other = [
        (one, who, where, amount if one < 40 else 1.0, fraud if one < 33 else not fraud)
        for one, who, where, amount, fraud in rows
    ]

    told, again = card_windows(payments(rows)), card_windows(payments(other))
    before = int(np.searchsorted(day, 40.0))
    for name, values in told.items():
        assert np.array_equal(values[:before], again[name][:before], equal_nan=True), name
    assert not np.array_equal(told["terminal_risk_7d"], again["terminal_risk_7d"], equal_nan=True)


@pytest.mark.parametrize(("day", "teaches"), [(6.9, False), (7, True), (33, True), (34.1, False)])
def test_payments_teach_with_a_week_before_them_and_with_their_outcome_in_time(
    day: float, teaches: bool
) -> None:
    found = payments([(0, 1, 5, 1.0, False), (day, 1, 5, 1.0, False), (41, 1, 5, 1.0, False)])

    assert found.teaches.tolist() == [False, teaches, False]


def drawn(days: range) -> list[Row]:
    """Payments of which those above 100 yuan are fraud."""
    draw = Random(days.start)  # noqa: S311 - not for secrets
    rows = []
    for day in days:
        for n in range(30):
            large = draw.random() < 0.1
            rows.append({
                "tx_id": day * 100 + n, "ts": FIRST + timedelta(days=day),
                "customer": draw.randrange(9), "terminal": draw.randrange(9),
                "amount_cents": 20000 if large else draw.randrange(9000), "fraud": int(large),
            })  # fmt: skip
    return rows


def saved(path: Path, rows: list[Row]) -> str:
    table = pa.table({
        name: pa.array(
            [row[name] for row in rows], pa.timestamp("ms") if name == "ts" else pa.int32()
        )
        for name in rows[0]
    })  # fmt: skip
    pyarrow.parquet.write_table(table, path)
    return str(path)


def test_the_figures_of_baseline_and_ours_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train = saved(tmp_path / "train.parquet", drawn(range(25)))
    test = saved(tmp_path / "test.parquet", drawn(range(25, 30)))

    assert main(["evaluate", "fraud-card", "--train", train, "--test", test, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["learned"], found["measured"]) == (12 * 30, 150)
    assert found["ours"]["average_precision"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--train", "{train}"], "name them with --test"),
        (["--train", "gone.parquet", "--test", "{train}"], "cannot be read as Parquet"),
        (["--train", "{bare}", "--test", "{train}"], "has no column ts"),
        (["--train", "{gap}", "--test", "{train}"], "amount_cents is missing in 1 rows"),
        (["--train", "{word}", "--test", "{train}"], "fraud is not int64"),
        (["--train", "{train}", "--test", "{train}"], "--train needs frauds and others"),
    ],
)
def test_files_that_cannot_be_used_are_told(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = drawn(range(9))
    named = {"train": saved(tmp_path / "train.parquet", rows)}
    named["gap"] = saved(tmp_path / "gap.parquet", [rows[0] | {"amount_cents": None}])
    table = pyarrow.parquet.read_table(named["train"])
    for name, columns in (
        ("bare", {"tx_id": [1]}),
        ("word", {**dict(zip(table.column_names, table.columns, strict=True)),
                  "fraud": pa.array(["no"] * len(rows))}),
    ):  # fmt: skip
        named[name] = str(tmp_path / f"{name}.parquet")
        pyarrow.parquet.write_table(pa.table(columns), named[name])

    assert main(["evaluate", "fraud-card", *(one.format(**named) for one in arguments)]) == 2
    assert words in capsys.readouterr().err


def test_an_installation_without_the_learners_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("sklearn", "sklearn.linear_model"):
        monkeypatch.setitem(sys.modules, module, None)

    assert main(["evaluate", "fraud-card", "--train", "any.parquet", "--test", "any.parquet"]) == 2
    assert "scikit-learn, which is not installed: pip install" in capsys.readouterr().err
