"""Set up the invented district, replay its past day, and open it in the browser."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from zhizhi.config.boot import boot
from zhizhi.config.demo import guarding
from zhizhi.config.demo.children import ChildDied, Children

if TYPE_CHECKING:
    from zhizhi.config.demo.history import Replayed
    from zhizhi.config.demo.observing import Feed
    from zhizhi.kernel.district import District

HELP = "set up the demo district and open it"
SEED = 7
FEED_EVERY_S = 2.0
REFRESH_EVERY_S = 30.0

screen = Console(stderr=True)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--once", action="store_true", help="check that it works, then stop")
    parser.add_argument("--fresh", action="store_true", help="begin anew, with empty data")
    parser.add_argument("--port", type=int, default=8000, help="port of the pages")


def run(arguments: argparse.Namespace) -> int:
    """Run the demonstration until Ctrl-C; with --once, 0 when page and desk answer."""
    started = time.monotonic()
    gateway_port = arguments.port + 10
    try:
        data = guarding.enter_demo_mode(gateway_port=gateway_port)
        guarding.claim_folder(data, is_fresh=arguments.fresh)
        boot()
        _migrate(is_fresh=arguments.fresh)
        with Children(data / "logs") as children:
            return _show(arguments, children, gateway_port, started)
    except (guarding.DemoRefused, ChildDied) as error:
        print(f"✘ {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        screen.print("Stopped. Everything is kept; `zhizhi demo` goes on from here.")
        return 0


def _migrate(*, is_fresh: bool) -> None:
    from django.core.management import call_command  # noqa: PLC0415 - settings load in boot()

    with _step("Preparing the database"):
        call_command("migrate", verbosity=0, interactive=False)
        guarding.check_database(is_fresh=is_fresh)


def _show(
    arguments: argparse.Namespace, children: Children, gateway_port: int, started: float
) -> int:
    """Set up, replay, and either check once or stay and keep feeding."""
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    base = f"http://127.0.0.1:{arguments.port}"
    receipts = f"{base}/api/v1/carrier/receipts"
    children.start("gateway", ["--port", str(gateway_port), "--receipts", receipts])
    children.start("web", ["--port", str(arguments.port)])
    now = timezone.now()
    district = _settle(now)
    feeds, replayed = _replay(district, now)
    children.start("worker", [])
    with _step("Waiting for the pages"):
        status = children.wait_for(f"{base}/")
    if arguments.once:
        summary = _summary(replayed, children, base=base, started=started, status=status)
        print(json.dumps(summary, ensure_ascii=False))
        return 0 if summary["page_status"] == summary["desk_status"] == 200 else 1
    screen.print(f"\n[bold]The demo district is open: {base}[/bold]  (Ctrl-C stops it)\n")
    _feed(district, feeds, children)
    return 0


def _settle(now: Any) -> District:
    from zhizhi.config.demo import observing, settling  # noqa: PLC0415 - models load after boot()
    from zhizhi.kernel.district import build  # noqa: PLC0415 - heavy, and not for --help

    with _step("Building the district"):
        district = build(SEED)
    if not settling.is_settled():
        with _step("Writing areas, units, zones and accounts"):
            settling.settle(district, now=now - observing.PAST)
    return district


def _replay(district: District, now: Any) -> tuple[list[Feed], Replayed]:
    from zhizhi.config.demo import history, observing  # noqa: PLC0415 - models load after boot()

    last = history.last_arrival()
    planned = observing.plan(guarding.data_folder() / "plan.txt", last=last, now=now)
    feeds = observing.opening(district, planned)
    since = max(planned.since, last) if last else planned.since
    minutes = max(0, int((now - since) // timedelta(minutes=1)))
    with _bar("Replaying the past day", minutes) as tell:
        replayed = history.replay(feeds, since=since, until=now, tell=tell)
    return feeds, replayed


def _feed(district: District, feeds: list[Feed], children: Children) -> None:
    """Send what happens now, at the speed at which it happens, until somebody stops it."""
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.config.demo import feeding  # noqa: PLC0415 - models load after boot()

    feeder = feeding.Feeder(district, feeds)
    refreshed = 0.0
    while True:
        children.check()
        feeder.feed(timezone.now())
        if time.monotonic() - refreshed > REFRESH_EVERY_S:
            feeder.refresh(timezone.now())
            refreshed = time.monotonic()
        time.sleep(FEED_EVERY_S)


def _summary(
    replayed: Replayed, children: Children, *, base: str, started: float, status: int
) -> dict[str, Any]:
    from zhizhi.config.demo import summary, visiting  # noqa: PLC0415 - models load after boot()

    statuses = visiting.visit(base, **summary.addresses()) if status < 500 else {}
    return {
        **summary.counts(replayed),
        "page_status": statuses.get("page_status", status),
        "desk_status": statuses.get("desk_status", status),
        "memory_mb": children.memory_mb(),
        "seconds": round(time.monotonic() - started, 1),
    }


@contextmanager
def _step(text: str) -> Iterator[None]:
    """Show a line with the time that this step took."""
    begun = time.monotonic()
    if screen.is_terminal:
        with screen.status(text):
            yield
    else:
        yield
    screen.print(f"✔ {text} ({time.monotonic() - begun:.1f} s)")


@contextmanager
def _bar(text: str, total: int) -> Iterator[Any]:
    """Show a progress bar; yields the function that moves it on."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=screen) as progress:
        task = progress.add_task(text, total=total)
        yield lambda done: progress.advance(task, done)
