"""What ``zhizhi evaluate fraud-card`` does: card payments told apart by what came before them.

Every figure a learner gets was known when the payment happened: what became of a payment is known a
week later, so it teaches, and counts in windows, from then on. Nothing that is learned is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zhizhi.config.evaluating import Figures, FileUnusable
from zhizhi.config.fraud_evaluating import SHARES
from zhizhi.kernel import accuracy as good
from zhizhi.kernel.rules.backtesting import by_table
from zhizhi.kernel.rules.histories import NEVER, EventHistory
from zhizhi.kernel.rules.loading import nothing_beside, read_rules
from zhizhi.kernel.rules.schema import NUMBER, Column, Schema
from zhizhi.kernel.rules.spans import windowed
from zhizhi.kernel.rules.tables import table_of

WINDOWS: Final = Path(__file__).parent / "fraud_rules" / "card_windows.yaml"
PAYMENT, OUTCOME = "payment", "outcome"
KEYS: Final = ("customer", "terminal")
COLUMNS: Final = {
    "tx_id": pa.int64(), "ts": pa.timestamp("us"), "customer": pa.int64(), "terminal": pa.int64(),
    "amount_cents": pa.int64(), "fraud": pa.int64(),
}  # fmt: skip
CARDS: Final = Schema(
    "card_payments.v1",
    (PAYMENT, OUTCOME),
    {"amount": Column("amount", NUMBER, "What was paid."),
     "fraud": Column("fraud", NUMBER, "1 where the payment turned out to be fraud, else 0.")},
    {"customer": "Whose card it is.", "terminal": "Where it was paid."},
)  # fmt: skip
DAY_US: Final = 86_400_000_000
KNOWN_AFTER_US: Final = 7 * DAY_US
USUAL: Final = ("customer_n", "customer_mean", "terminal_n", "terminal_risk")


@dataclass(frozen=True, slots=True)
class CardPayments:
    """Payments in order of time and number, and which of them are asked."""

    number: Any
    time_us: Any
    customer: Any
    terminal: Any
    amount: Any
    fraud: Any
    is_asked: Any

    @property
    def teaches(self) -> Any:
        """Return which payments teach: a week of outcomes before them, their own in time."""
        first = self.time_us[self.is_asked].min()
        known = self.time_us + KNOWN_AFTER_US <= first
        return known & (self.time_us >= self.time_us[0] + KNOWN_AFTER_US) & ~self.is_asked


Learner = Callable[[Any, Any, Any], Any]


def fraud_card_evaluated(train: Sequence[Path], test: Sequence[Path]) -> Figures:
    """Return the figures of baseline and ours. Raises FileUnusable."""
    # Who lacks the learners learns it before the work.
    _learner("sklearn.linear_model", "LogisticRegression")
    payments = _read(train, test)
    begin = time.process_time()
    windows = card_windows(payments)
    spent = time.process_time() - begin
    rows = np.column_stack([payments.amount, *_moments(payments), *windows.values()])
    names = ["amount", "is_night", "is_weekend", *windows]
    usual = [n for n, name in enumerate(names) if n < 3 or name.startswith(USUAL)]
    ratios = _ratios(payments, windows)
    return {
        "task": "fraud-card",
        "how": "what became of a payment is known after 7 days",
        "learned": int(payments.teaches.sum()),
        "measured": int(payments.is_asked.sum()),
        "frauds": int(payments.fraud[payments.is_asked].sum()),
        "windows": len(windows),
        "payments_per_second": len(payments.amount) / spent if spent else None,
        "baseline": _figures(
            "windows of the handbook, logistic", payments, rows[:, usual], _logistic
        ),
        "ours": _figures(
            "declared windows, boosted trees", payments, np.column_stack([rows, *ratios]), _boosted
        ),
    }


def card_windows(payments: CardPayments) -> dict[str, Any]:
    """Return the declared windows of each payment, NaN where unknown."""
    found = read_rules([(WINDOWS.name, WINDOWS.read_text(encoding="utf-8"), nothing_beside)], CARDS)
    history, is_payment = _history(payments)
    columns = windowed(found.features, history, lambda rules: by_table(table_of(rules, CARDS)))
    return {
        name: values.to_numpy(zero_copy_only=False)[is_payment] for name, values in columns.items()
    }


def _read(train: Sequence[Path], test: Sequence[Path]) -> CardPayments:
    if not test:
        raise FileUnusable("fraud-card is measured on later payments: name them with --test")
    tables = [_table(path) for path in [*train, *test]]
    rows = pa.concat_tables(tables)
    asked = np.repeat([False] * len(train) + [True] * len(test), [len(one) for one in tables])
    number, time_us, customer, terminal, cents, fraud = (
        column.cast(pa.int64()).to_numpy() for column in rows.columns
    )
    order = np.lexsort((number, time_us))
    every = (number, time_us, customer, terminal, cents / 100, fraud == 1, asked)
    found = CardPayments(*(values[order] for values in every))
    for which, mine in (("--train", found.teaches), ("--test", found.is_asked)):
        if len(set(found.fraud[mine].tolist())) < 2:
            raise FileUnusable(
                f"{which} needs frauds and others; those of --train a week before --test"
            )
    return found


def _table(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise FileUnusable(f"{path} cannot be read as Parquet: {error}") from error
    if missing := [name for name in COLUMNS if name not in table.column_names]:
        raise FileUnusable(f"{path} has no column {missing[0]}")
    return pa.table({name: _column(path, name, table[name]) for name in COLUMNS})


def _column(path: Path, name: str, given: Any) -> Any:
    if given.null_count:
        raise FileUnusable(f"{path}: {name} is missing in {given.null_count} rows")
    try:
        return given.cast(COLUMNS[name])
    except pa.ArrowException as error:
        raise FileUnusable(f"{path}: {name} is not {COLUMNS[name]}: {error}") from error


def _history(payments: CardPayments) -> tuple[EventHistory, Any]:
    """Return each payment and, a week later, its outcome, in order; and which are payments.

    What becomes known at the instant of a payment is known to it, as it is to the learner.
    """
    count = len(payments.amount)
    time_us = np.concatenate([payments.time_us, payments.time_us + KNOWN_AFTER_US])
    is_outcome = np.repeat([False, True], count)
    order = np.lexsort((np.tile(payments.number, 2), ~is_outcome, time_us))
    is_outcome, which = is_outcome[order], order % count
    keys = {name: getattr(payments, name)[which] for name in KEYS}
    history = EventHistory(
        schema=CARDS,
        columns={
            "amount": pa.array(payments.amount[which], pa.float64(), mask=is_outcome),
            "fraud": pa.array(payments.fraud[which] * 1.0, pa.float64(), mask=~is_outcome),
        },
        kinds=np.where(is_outcome, OUTCOME, PAYMENT).astype(object),
        entity=keys["customer"],
        keys={"entity": keys["customer"], **keys},
        time_us=time_us[order],
        outcome=np.full(2 * count, -1, np.int8),
        case=np.full(2 * count, -1),
        transfer_us=np.full(2 * count, NEVER),
        duplicates=0,
        left_out=(),
    )
    return history, ~is_outcome


def _moments(payments: CardPayments) -> list[Any]:
    """Return whether a payment was made before six, and at a weekend (1970 began on a Thursday)."""
    hour = payments.time_us % DAY_US // (DAY_US // 24)
    weekday = (payments.time_us // DAY_US + 3) % 7
    return [hour <= 6, weekday >= 5]


def _ratios(payments: CardPayments, windows: dict[str, Any]) -> list[Any]:
    before = ("customer_before_mean_30d", "customer_before_max_7d", "customer_before_max_30d")
    return [payments.amount / np.maximum(windows[name], 0.01) for name in before]


def _figures(name: str, payments: CardPayments, rows: Any, learner: Learner) -> Figures:
    teaches, asked = payments.teaches, payments.is_asked
    score = learner(rows[teaches], payments.fraud[teaches], rows[asked])
    is_fraud = payments.fraud[asked]
    return {
        "name": name,
        "average_precision": good.average_precision(is_fraud, score),
        "auc": good.area_under_curve(is_fraud, score),
        **{one: good.recall_at(is_fraud, score, share) for one, share in SHARES.items()},
    }


def _logistic(rows: Any, label: Any, asked: Any) -> Any:
    scaled = _learner("sklearn.preprocessing", "StandardScaler").fit(np.nan_to_num(rows))
    model = _learner("sklearn.linear_model", "LogisticRegression", max_iter=1000)
    model.fit(scaled.transform(np.nan_to_num(rows)), label)
    return model.predict_proba(scaled.transform(np.nan_to_num(asked)))[:, 1]


def _boosted(rows: Any, label: Any, asked: Any) -> Any:
    model = _learner(
        "sklearn.ensemble", "HistGradientBoostingClassifier", max_iter=300, learning_rate=0.05,
        l2_regularization=1.0, early_stopping=False, random_state=0,
    )  # fmt: skip
    with _learner("threadpoolctl", "threadpool_limits", limits=1):  # several wait for each other
        return model.fit(rows, label).predict_proba(asked)[:, 1]


def _learner(module: str, name: str, **settings: Any) -> Any:
    """Return a learner of scikit-learn: it is measured with and no part of an installation."""
    try:
        return getattr(import_module(module), name)(**settings)
    except ImportError as error:
        raise FileUnusable(
            "fraud-card is measured with scikit-learn, which is not installed: "
            "pip install scikit-learn"
        ) from error
