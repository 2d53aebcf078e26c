"""``python -m tests.powercut --db sqlite|pg --cuts 200 --seed 1``: needs root."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from tests.ports import free_port
from tests.postgres import PostgresMissing
from tests.powercut.disk import CannotCut, check_machine
from tests.powercut.houses import Embedded, Server
from tests.powercut.trial import Result, Stage, apart, cut_again_and_again, stage

CONTROLS = 5  # cuts under each weak setting, of which at least one must lose


def main() -> int:
    """Return 0 when nothing acknowledged is lost and the weak settings do lose."""
    parser = argparse.ArgumentParser(prog="tests.powercut", description=__doc__)
    parser.add_argument("--db", choices=["sqlite", "pg"], default="sqlite")
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--controls", type=int, default=CONTROLS)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, end)
    try:
        check_machine()
        return cut(chosen)
    except (CannotCut, PostgresMissing) as reason:
        print(f"The power cannot be cut here. {reason}", file=sys.stderr)
        return 2


def end(number: int, _frame: object) -> None:
    """Leave, so that disk and server are taken away; once, a second signal changes nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def cut(chosen: argparse.Namespace) -> int:
    """Cut under the product's own settings, then under settings that are known to lose."""
    safe = apart(under, chosen.db, "", chosen.cuts, chosen.seed)
    tell(safe)
    weaknesses = Embedded.weaknesses if chosen.db == "sqlite" else Server.weaknesses
    controls = [
        apart(under, chosen.db, weakness, chosen.controls, chosen.seed) for weakness in weaknesses
    ]
    for one in controls:
        tell(one)
    is_sound = not safe.lost and not safe.damage and safe.acknowledged > 0
    has_power = any(one.lost or one.damage for one in controls)
    print(json.dumps({"db": chosen.db, "is_sound": is_sound, "control_loses": has_power}))
    return int(not (is_sound and has_power))


def under(kind: str, weakness: str, cuts: int, seed: int) -> Result:
    """Make a disk with a database and cut its power again and again."""
    with stage(kind) as made:
        port = free_port()
        boot(made, port)
        from tests.powercut import telling

        with telling.gateway(made.gateway, port):
            made.found()
            return cut_again_and_again(
                made, cuts=cuts, seed=seed, weakness=weakness, progress=_show
            )


def boot(made: Stage, port: int) -> None:
    """Set Django up for this disk; the processes that open the database are forked from here."""
    data = made.home / "data"
    Path(data, "keys").mkdir(parents=True)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="zhizhi.config.settings", ZHIZHI_MODE="test",
        ZHIZHI_DATA=str(data), ZHIZHI_DATABASE=made.house.url, ZHIZHI_SECRET_KEY="only-for-tests",
        ZHIZHI_LOG_LEVEL="WARNING", ZHIZHI_CARRIER_URL=f"http://127.0.0.1:{port}",
    )  # fmt: skip
    import django

    django.setup()


def tell(result: Result) -> None:
    print(json.dumps(result.figures()), flush=True)
    for text in [*result.lost[:5], *result.damage[:5]]:
        print(f"  {text}", file=sys.stderr)


def _show(result: Result) -> None:
    """Say after each cut how things stand: a run that is ended early has told something too."""
    print(
        f"{result.setting}: {result.cuts} cuts, {result.acknowledged} acknowledged, "
        f"{result.accepted} told, {len(result.lost)} lost, {len(result.damage)} damaged",
        file=sys.stderr, flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
