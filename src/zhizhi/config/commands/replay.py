"""Play a file of observations through the whole loop, in a scratch installation of its own."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from zhizhi.config.boot import boot
from zhizhi.sources.files.reading import FileUnreadable

HELP = "play a file of observations through the whole loop"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", type=Path, help="Parquet, CSV or NDJSON, also .gz; or raw AIS")
    parser.add_argument("--stream", default="vessel_positions.v1", help="stream of the file's rows")
    parser.add_argument("--limit-minutes", type=int, help="a stay is found when longer than this")
    parser.add_argument("--speed", type=float, help="times real time; without it, at full speed")
    parser.add_argument("--findings", type=Path, help="write the stays found to this CSV file")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Replay and print what came of it; 2 when nothing of the file can be read."""
    with tempfile.TemporaryDirectory(prefix="zhizhi-replay-") as folder:
        os.environ.update(ZHIZHI_DATA=folder, ZHIZHI_MODE="demo", ZHIZHI_DATABASE="")
        os.environ.setdefault("ZHIZHI_LOG_LEVEL", "WARNING")
        boot()
        from zhizhi.config import replaying  # noqa: PLC0415 - Django must be set up first

        try:
            told = replaying.replay(
                arguments.file,
                stream=arguments.stream,
                limit_minutes=arguments.limit_minutes,
                speed=arguments.speed,
                findings_to=arguments.findings,
            )
        except (FileUnreadable, LookupError, OSError, ValueError) as refused:
            print(f"zhizhi replay: {refused}", file=sys.stderr)
            return 2
    if arguments.json:
        print(json.dumps(told.counts))
    else:
        for name, value in told.counts.items():
            print(f"{name:>14} {value:>12,}")
    for sentence in told.told:
        print(sentence, file=sys.stderr)
    return 0
