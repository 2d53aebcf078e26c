"""What all benchmarks share: the time of a piece of work, and how a figure is told."""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

Result = TypeVar("Result")
Figure = dict[str, Any]


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return what ``work`` returns, and the CPU seconds it took."""
    gc.disable()
    begin = time.process_time()
    result = work()
    spent = time.process_time() - begin
    gc.enable()
    return result, spent


def spent(ask: Callable[[Any], Result], questions: Sequence[Any]) -> tuple[list[Result], float]:
    """Return the answers to all questions, and the median milliseconds of one."""
    answers, waits = [], []
    for question in questions:
        begin = time.perf_counter()
        answers.append(ask(question))
        waits.append(1000 * (time.perf_counter() - begin))
    return answers, median(waits)


def asked_of(home: Path, module: str, *arguments: str) -> dict[str, Any]:
    """Return what a module of this folder prints in a process that has the installation open."""
    told = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *arguments],
        env={**os.environ, "ZHIZHI_MODE": "demo", "ZHIZHI_DATA": str(home)},
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return dict(json.loads(told.stdout))


def p95(waits: Sequence[float]) -> float:
    """Return the time within which 19 of 20 were done."""
    return sorted(waits)[math.ceil(0.95 * len(waits)) - 1]


def figure(
    name: str,
    unit: str,
    ours: float,
    peer: tuple[str, float] | None = None,
    *,
    least: float | None = None,
    most: float | None = None,
) -> Figure:
    """Return one figure, as ``zhizhi bench`` prints it.

    With a peer the bounds concern the ratio, how many times dearer the peer is; else our value.
    """
    ratio = None if peer is None else peer[1] / ours
    judged = ours if ratio is None else ratio
    bound = least if least is not None else most
    target = "" if bound is None else f"{'>=' if least is not None else '<='} {bound:g}"
    is_met = (least is None or judged >= least) and (most is None or judged <= most)
    return {
        "name": name,
        "unit": unit,
        "ours": ours,
        "peer": peer[0] if peer else None,
        "peer_value": peer[1] if peer else None,
        "ratio": ratio,
        "target": target,
        "met": is_met,
    }


def show(run: Callable[[], list[Figure]], description: str | None) -> None:
    """Take the figures and print them, for a benchmark that is run as a program."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    print_figures(run(), as_json=arguments.json)


def print_figures(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print figures for a machine, or a line each."""
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    for f in figures:
        peer = f", {f['peer']} {f['peer_value']:.4g}, ratio {f['ratio']:.3g}" if f["peer"] else ""
        verdict = f" ({f['target']}: {'met' if f['met'] else 'missed'})" if f["target"] else ""
        print(f"{f['name']}: {f['ours']:.4g} {f['unit']}{peer}{verdict}")
