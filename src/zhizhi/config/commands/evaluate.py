"""Measure what learns on labelled files: trained on some, measured on others, beside a baseline.

Without ``--test`` the first files are measured in five parts, each by what the other four taught.
``faces`` learns nothing: it looks for the people of some pictures in a gallery. Nothing that is
learned or read here is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from zhizhi.config.card_evaluating import fraud_card_evaluated
from zhizhi.config.evaluating import TASKS, FileUnusable, evaluated
from zhizhi.config.face_degrading import DEGRADED
from zhizhi.config.face_evaluating import faces_evaluated
from zhizhi.config.face_evaluating import lines as face_lines
from zhizhi.config.fraud_evaluating import Disguises, disguises_named, fraud_text_evaluated
from zhizhi.kernel.categorising import TooFewTexts
from zhizhi.kernel.evading import DISGUISES
from zhizhi.sources.vision.packaged import VisionMissing

HELP = (
    "measure on labelled files what learns (categories, routing, duplicates, scams, card frauds), "
    "and how well enrolled faces are found"
)
FILES = "CSV, or CSV.gz; for fraud-card Parquet"
FRAUD_TEXT, FRAUD_CARD, FACES = "fraud-text", "fraud-card", "faces"
FOLDERS = {
    "gallery": "faces: folder with one picture of each enrolled person, named by the file",
    "mated": "faces: folder with other pictures of people in the gallery, under the same names",
    "nonmated": "faces: folder with pictures of people who are not in the gallery",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("task", choices=[*TASKS, FRAUD_TEXT, FRAUD_CARD, FACES])
    parser.add_argument("--train", nargs="+", type=Path, default=[], help=FILES)
    parser.add_argument("--test", nargs="+", type=Path, default=[], help=FILES)
    parser.add_argument(
        "--evade", nargs="+", type=_disguises, default=[], metavar="NAME[:RATE]",
        help=f"fraud-text: ask in disguise as well, several at once joined by +; "
        f"there are {', '.join(DISGUISES)}",
    )  # fmt: skip
    for name, meaning in FOLDERS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help=meaning)
    parser.add_argument(
        "--degrade", nargs="+", choices=DEGRADED, default=[], metavar="HOW",
        help=f"faces: ask with spoilt pictures as well; there are {', '.join(DEGRADED)}",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Measure; 0 when done, 2 when a file cannot be used."""
    try:
        report = _report(arguments)
    except (FileUnusable, TooFewTexts, VisionMissing) as error:
        print(f"zhizhi evaluate: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
    elif arguments.task == FACES:
        print("\n".join(face_lines(report)))
    elif arguments.task == FRAUD_TEXT:
        _show_fraud(report)
    elif arguments.task == FRAUD_CARD:
        _show_cards(report)
    else:
        _show(report)
    return 0


def _disguises(written: str) -> Disguises:
    try:
        return disguises_named(written)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _report(arguments: argparse.Namespace) -> dict[str, Any]:
    folders = [getattr(arguments, name) for name in FOLDERS]
    if arguments.task == FACES:
        if None in folders or arguments.train or arguments.test or arguments.evade:
            raise FileUnusable("faces takes --gallery, --mated and --nonmated, and nothing else")
        gallery, mated, nonmated = folders
        return faces_evaluated(gallery, mated, nonmated, arguments.degrade)
    if any(folders) or arguments.degrade or not arguments.train:
        raise FileUnusable(f"{arguments.task} takes --train FILE..., and no folders")
    if arguments.task == FRAUD_TEXT:
        return fraud_text_evaluated(arguments.train, arguments.test, arguments.evade)
    if arguments.evade:
        raise FileUnusable(f"--evade is for {FRAUD_TEXT} alone")
    if arguments.task == FRAUD_CARD:
        return fraud_card_evaluated(arguments.train, arguments.test)
    return evaluated(arguments.task, arguments.train, arguments.test)


def _show_fraud(report: dict[str, Any]) -> None:
    print(
        f"fraud-text: learned from {report['learned']} texts, measured on {report['measured']} "
        f"with {report['scams']} scams, {report['how']}"
    )
    for way in ("baseline", "ours"):
        told = report[way]
        print(f"{way} ({told['name']}): {_words(told)}; {told['texts_per_second']:,.0f} texts/s")
        for name, figures in told["evaded"].items():
            print(f"  in disguise {name}: {_words(figures)}")
    for who, dealt in report["ours"]["states"].items():
        print(f"{who}: " + ", ".join(f"{state} {share:.2%}" for state, share in dealt.items()))
    for row in report["across"]:
        print(f"taught by {row['taught']}, asked of {row['asked']}: {_words(row)}")


def _show_cards(report: dict[str, Any]) -> None:
    print(
        f"fraud-card: learned from {report['learned']} payments, measured on {report['measured']} "
        f"with {report['frauds']} frauds; {report['how']}"
    )
    for way in ("baseline", "ours"):
        print(f"{way} ({report[way]['name']}): {_words(report[way])}")


def _words(figures: dict[str, Any]) -> str:
    told = [
        f"{n} {v:.4f}" for n, v in figures.items() if isinstance(v, float) and "second" not in n
    ]
    told += [f"macro_f1 {file} {v:.3f}" for file, v in figures.get("macro_f1", {}).items()]
    return ", ".join(told)


def _show(report: dict[str, Any]) -> None:
    print(
        f"{report['task']}: learned from {report['learned']} rows, measured on "
        f"{report['measured']}, {report['how']}; {report['unlabelled']} without a label left out"
    )
    for way in ("baseline", "ours"):
        figures = ", ".join(
            f"{name} {value:.3f}" for name, value in report[way].items() if name != "name"
        )
        print(f"{way} ({report[way]['name']}): {figures}")
