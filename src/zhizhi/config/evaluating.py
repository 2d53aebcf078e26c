"""What ``zhizhi evaluate`` does: reads labelled files, and sets ours beside a baseline."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from zhizhi.kernel import accuracy as good
from zhizhi.kernel.assigning import habit_rule, queue_parts, routing_parts
from zhizhi.kernel.calibrating import abstention, chances, temperature
from zhizhi.kernel.categorising import CHOICES, COST, FOLDS, WANTED, text_model, text_parts
from zhizhi.kernel.duplicates import Told, likening
from zhizhi.kernel.learning import FeaturePart, Turn, folds, in_turns, turns
from zhizhi.kernel.ngrams import Grams, rarity, weighed
from zhizhi.kernel.plain_text import plain

Row = dict[str, str]
Figures = dict[str, Any]
CELLS_M = (200, 500, 1000)
A_DAY = 0.0012  # of the baseline for duplicates
_DEGREE_M = 111_320.0
KINDS = ("TYPE", "REASON", "SUBJECT", "Source", "CASE_TITLE")
PLACES = (
    "neighborhood", "pwd_district", "police_district", "neighborhood_services_district",
    "fire_district", "city_council_district", "ward",
)  # fmt: skip


class FileUnusable(Exception):
    """A file cannot be measured with; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """Which columns a task reads, and which of them is the label."""

    label: str
    columns: tuple[str, ...]


TASKS: Mapping[str, LabelledFile] = {
    "category": LabelledFile("label", ("text",)),
    "routing": LabelledFile("group", ("text", "category", "lon", "lat")),
    "queue": LabelledFile("QUEUE", (*KINDS, *PLACES)),
    "duplicates": LabelledFile("same_issue", ("title_a", "title_b", "time_a", "time_b")),
}


@dataclass(frozen=True, slots=True)
class Trial:
    """Labelled rows, and which of them teach and which are measured, one time or several."""

    rows: list[Row]
    label: list[str]
    turns: list[Turn]
    background: list[str]  # texts without a label that tell what is rare

    def guesses(
        self, parts: Sequence[FeaturePart], cost: float, *, is_emphasised: bool = False
    ) -> tuple[list[str], Any]:
        """Return the labels' names, and the margins of each row when it was measured."""
        names = sorted(set(self.label))
        at = {name: place for place, name in enumerate(names)}
        y = np.array([at[one] for one in self.label])
        return names, in_turns(
            parts, y, self.turns, len(names), cost=cost, is_emphasised=is_emphasised
        )

    @property
    def asked(self) -> Any:
        """Return the indices of all rows that are measured."""
        return np.concatenate([ask for _teach, ask in self.turns])


def evaluated(task: str, train: Sequence[Path], test: Sequence[Path]) -> Figures:
    """Return the figures of baseline and ours. Raises FileUnusable."""
    wanted = TASKS[task]
    titles = [path for path in train if task == "duplicates" and "title" in _header(path)]
    teach, without = _read([path for path in train if path not in titles], wanted)
    ask, more = _read(test, wanted) if test else ([], 0)
    rows = teach + ask
    label = [row[wanted.label] for row in rows]
    background = [row["title"] for path in titles for row in _rows(path, ("title",))]
    trial = Trial(rows, label, _turns(rows, len(teach)), background)
    baseline, ours = _MEASURES[task](trial)
    return {
        "task": task,
        "how": "on files apart" if test else "cross-validated in five parts",
        "learned": len(teach),
        "measured": len(ask) if test else len(teach),
        "unlabelled": without + more,
        "baseline": baseline,
        "ours": ours,
    }


def _read(paths: Sequence[Path], wanted: LabelledFile) -> tuple[list[Row], int]:
    rows = [row for path in paths for row in _rows(path, (*wanted.columns, wanted.label))]
    labelled = [row for row in rows if row[wanted.label].strip()]
    if not labelled:
        raise FileUnusable(f"no row with a {wanted.label} in {', '.join(map(str, paths))}")
    return labelled, len(rows) - len(labelled)


def _header(path: Path) -> list[str]:
    with opened_csv(path) as reader:
        return list(reader.fieldnames or ())


@contextmanager
def opened_csv(path: Path) -> Iterator[csv.DictReader[str]]:
    """Open a CSV file, packed or not. Raises FileUnusable."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield csv.DictReader(file)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise FileUnusable(f"{path}: {error}") from error


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    with opened_csv(path) as reader:
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise FileUnusable(f"{path} lacks the column {', '.join(missing)}")
        for row in reader:
            if any(row[name] is None for name in columns):
                raise FileUnusable(f"{path}, line {reader.line_num}: too few columns")
            yield {name: row[name] for name in columns}


def _turns(rows: Sequence[Row], taught: int) -> list[Turn]:
    if taught < len(rows):
        return [(np.arange(taught), np.arange(taught, len(rows)))]
    found = turns(folds(["\n".join(row.values()) for row in rows], FOLDS))
    if len(found) < 2:
        raise FileUnusable("too few different rows to measure in parts")
    return found


def _figures(name: str, trial: Trial, guess: Sequence[str]) -> Figures:
    truth = [trial.label[n] for n in trial.asked]
    return {
        "name": name,
        "accuracy": good.accuracy(truth, guess),
        "macro_f1": good.macro_f1(truth, guess),
    }


def _by_margins(
    name: str, trial: Trial, parts: Sequence[FeaturePart], cost: float = 1.0
) -> Figures:
    names, margins = trial.guesses(parts, cost)
    return _figures(name, trial, [names[k] for k in margins[trial.asked].argmax(axis=1)])


def _by_rule(name: str, trial: Trial, specific_first: Sequence[tuple[str, ...]]) -> Figures:
    guess = []
    for teach, ask in trial.turns:
        rule = habit_rule(
            [trial.rows[n] for n in teach], [trial.label[n] for n in teach], specific_first
        )
        guess += [rule.unit(trial.rows[n]) for n in ask]
    return _figures(name, trial, guess)


def _category(trial: Trial) -> tuple[Figures, Figures]:
    texts = [row["text"] for row in trial.rows]
    plainly = [FeaturePart(Grams(1, 3, 18).counted(texts))]
    baseline = _by_margins("characters 1-3, TF-IDF, linear SVM", trial, plainly)
    return baseline, _ours(trial, texts)


def _ours(trial: Trial, texts: Sequence[str]) -> Figures:
    """Return our figures; the chances and the threshold come from the rows that taught.

    Measured in parts they come from the measured rows themselves: two numbers of thousands of rows.
    """
    asked = trial.asked
    if len(asked) < len(texts):
        teach = trial.turns[0][0]
        model = text_model([texts[n] for n in teach], [trial.label[n] for n in teach])
        names, least = list(model.labels), model.abstention.least
        chance = model.chances([texts[n] for n in asked])
    else:
        names, margins = trial.guesses(text_parts(texts), COST, is_emphasised=True)
        y = np.array([names.index(one) for one in trial.label])
        chance = chances(margins, temperature(margins, y))
        least = abstention(chance.max(axis=1), chance.argmax(axis=1) == y, WANTED).least
        chance = chance[asked]
    guess = [names[k] for k in chance.argmax(axis=1)]
    is_right = np.array([trial.label[n] for n in asked]) == np.array(guess)
    top = chance.max(axis=1)
    decided = top >= least
    best = np.argsort(-chance, axis=1)[:, :CHOICES]
    among = [trial.label[n] in {names[k] for k in row} for n, row in zip(asked, best, strict=True)]
    return _figures("text model", trial, guess) | {
        "precision_at_half": good.precision_of_surest(is_right, top, 0.5),
        "decided": float(decided.mean()),
        "precision_of_decided": float(is_right[decided].mean()) if decided.any() else 1.0,
        "among_three": float(np.mean(among)),
    }


def _queue(trial: Trial) -> tuple[Figures, Figures]:
    baseline = _by_rule("type and area rule", trial, [("TYPE", "neighborhood"), ("TYPE",)])
    return baseline, _by_margins("learned", trial, queue_parts(trial.rows, KINDS, PLACES))


def _routing(trial: Trial) -> tuple[Figures, Figures]:
    placed = [row | _cells(row) for row in trial.rows]
    baseline = _by_rule("category rule", trial, [("category",)])
    parts = routing_parts(placed, [f"cell_{size}" for size in CELLS_M])
    return baseline, _by_margins("learned", trial, parts)


def _cells(row: Row) -> Row:
    """Return the square of each size that the row's place lies in; none where it has no place."""
    if not row["lon"] or not row["lat"]:
        return {f"cell_{size}": "" for size in CELLS_M}
    try:
        lon, lat = float(row["lon"]), float(row["lat"])
        wide = _DEGREE_M * math.cos(math.radians(lat))
        return {
            f"cell_{size}": f"{lon * wide // size}:{lat * _DEGREE_M // size}" for size in CELLS_M
        }
    except ValueError as error:
        raise FileUnusable(f"lon {row['lon']!r}, lat {row['lat']!r} is not a place") from error


def _duplicates(trial: Trial) -> tuple[Figures, Figures]:
    """Return both figures; only how rare characters are is learned, and that needs no label."""
    if bad := sorted(set(trial.label) - {"0", "1"}):
        raise FileUnusable(f"same_issue is 0 or 1, not {', '.join(bad)}")
    asked = trial.asked
    pairs = [(_told(trial.rows[n], "a"), _told(trial.rows[n], "b")) for n in asked]
    is_same = [trial.label[n] == "1" for n in asked]
    if not any(is_same):
        raise FileUnusable("no pair is the same issue")
    taught = [trial.rows[n] for n in sorted({int(n) for teach, _ask in trial.turns for n in teach})]
    titles = trial.background + [row[f"title_{side}"] for row in taught for side in "ab"]
    compare = likening(titles)
    likeness = [compare.likeness(*pair) for pair in pairs]
    cosine = _cosines(pairs, titles)
    old = [value - A_DAY * like.days for value, like in zip(cosine, likeness, strict=True)]
    ap = good.average_precision
    return (
        {
            "name": "cosine of titles, characters 1-3, less 0.0012 a day",
            "average_precision": ap(is_same, old),
            "cosine_alone": ap(is_same, cosine),
        },
        {"name": "likeness", "average_precision": ap(is_same, [one.score for one in likeness])},
    )


def _cosines(pairs: Sequence[tuple[Told, Told]], titles: Sequence[str]) -> list[float]:
    grams = Grams(1, 3, 18)
    rare = rarity(grams.counted([plain(title) for title in titles]))
    found = []
    for one, other in pairs:
        dense = np.zeros(grams.width)
        rows = weighed(grams.counted([plain(one.title), plain(other.title)]), rare)
        middle = rows.begin[1]
        dense[rows.column[:middle]] = rows.value[:middle]
        found.append(float(dense[rows.column[middle:]] @ rows.value[middle:]))
    return found


def _told(row: Row, side: str) -> Told:
    written = row[f"time_{side}"]
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise FileUnusable(
            f"time_{side} {written!r} is not a time like 2019-06-30 15:18:59"
        ) from error
    return Told(row[f"title_{side}"], (at - datetime(1970, 1, 1, tzinfo=at.tzinfo)).total_seconds())


_MEASURES = {
    "category": _category, "routing": _routing, "queue": _queue, "duplicates": _duplicates,
}  # fmt: skip
