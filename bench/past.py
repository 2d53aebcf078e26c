"""A past moment among 300,000 cases: which were in work then, and the whole screen of then.

The installation of the browser tests, filled as bench.worklist fills it, with a history of two
lines for each case. The index of spans is measured against the two usual ways in the same database:
an ordinary index of beginning and end, and replaying the history from its beginning. All three must
name the same cases. The screens come from the real web process, at moments of two years.
Run with: python -m bench.past --json
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from bench.desks import sign_in
from bench.measuring import Figure, asked_of, figure, show
from bench.worklist import DAYS, asked, fill, waited
from tests.browser.server import Server, serve

from zhizhi.kernel.stabbing import fork_of

CASES = int(os.environ.get("BENCH_CASES", "300000"))
MOMENTS = 20
LINES = """INSERT INTO engine_timelineentry
  (case_id, seq, at, actor, verb, note, data, previous, digest)
  SELECT id, {seq}, {at}, 'worker', '{verb}', '',
    json_object('stands', json_object('state', {state}, 'severity', severity)), '', ''
  FROM engine_case WHERE key LIKE 'bench%' AND {at} IS NOT NULL"""
SPANS = "CREATE INDEX bench_spans ON engine_case (opened_at, closed_at)"  # the usual way's index


def run() -> list[Figure]:
    """Return all figures."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-past-"))
    try:
        with serve(home) as server:
            server.processes["worker"].stop()
            file = home / "zhizhi.sqlite3"
            fill(file, CASES)
            tell(file)
            return [*compared(home), *screens(server)]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def tell(file: Path) -> None:
    """Give each case its history, and what the product writes when a case ends."""
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA synchronous = OFF")
        base.create_function("fork", 2, _fork, deterministic=True)
        ended = "key LIKE 'bench%' AND closed_at IS NOT NULL"
        base.execute(f"UPDATE engine_case SET fork = fork(opened_at, closed_at) WHERE {ended}")  # noqa: S608 - our own words
        base.execute(LINES.format(seq=1, at="opened_at", verb="case.open", state="'open'"))
        base.execute(LINES.format(seq=2, at="closed_at", verb="case.close", state="state"))
        base.execute(SPANS)
        base.execute("ANALYZE")
    base.close()


def _fork(began_at: str, ended_at: str) -> int:
    return fork_of(_moment(began_at), _moment(ended_at))


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def moments() -> list[datetime]:
    """Return moments of the two years, one after the other, none of them round."""
    step = timedelta(days=DAYS) / (MOMENTS + 1)
    now = datetime.now(UTC)
    return [
        now - step * number - timedelta(seconds=17 * number) for number in range(1, MOMENTS + 1)
    ]


def compared(home: Path) -> list[Figure]:
    """Ask the same question in three ways, in a process that has this installation open."""
    spent = asked_of(home, "past_questions", *(one.isoformat() for one in moments()))
    ours, name = spent["ours"], f"{CASES:,} cases: who was in work then"
    return [
        figure(f"{name}, median", "ms", ours, ("index of beginning and end", spent["spans"])),
        figure(f"{name}, median", "ms", ours, ("history from its beginning", spent["history"])),
    ]


def screens(server: Server) -> list[Figure]:
    """Ask the web process for the whole screen of each moment."""
    with httpx.Client(
        base_url=server.url, cookies=sign_in(server, "operator"), timeout=120, trust_env=False
    ) as client:
        addresses = [f"/replay/then?at={one.isoformat()[:19]}Z" for one in moments()]
        waits = list(asked(client, addresses))
    return waited(f"{CASES:,} cases: the screen of then", waits)


if __name__ == "__main__":
    show(run, __doc__)
