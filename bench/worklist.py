"""A million cases: how long the desk's list, its map and the wall's numbers take.

The real web process on the small installation of the browser tests, whose database is filled with
two years of cases: 5,000 of them in work, the others ended, each with an alert, a task and three
time limits. Every request asks something different, so no answer is a remembered one.
Run with: python -m bench.worklist --json
"""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx
from bench.desks import sign_in
from bench.measuring import Figure, figure, p95, show
from tests.browser.server import Server, serve

CASES = int(os.environ.get("BENCH_CASES", "1000000"))
IN_WORK = 5000
DAYS = 730
ASKED = 20
P95_S = 0.3
NUMBERS = """
CREATE TEMP TABLE made AS
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {cases}),
  cells AS (SELECT id, path, (min_lon + max_lon) / 2 lon, (min_lat + max_lat) / 2 lat,
    row_number() OVER (ORDER BY id) - 1 place FROM directory_area
    WHERE kind = 'grid_cell' AND valid_to IS NULL),
  sizes AS (SELECT count(*) total FROM cells)
SELECT i, {first} + i AS pk, cells.id area, cells.path path, lon, lat, i >= {ended} AS live,
  strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || CAST(({cases} - i) * {days} * 86400.0 / {cases}
    AS INTEGER) || ' seconds') at
FROM n, sizes JOIN cells ON cells.place = (i * 7919) % sizes.total
"""
ROWS = (
    """INSERT INTO engine_case (id, key, kind, system, state, severity, subject, zone, task_kind,
      capabilities, area_id, area_path, lon, lat, opened_at, changed_at, closed_at,
      acknowledged_by, acknowledged_at, lock_version)
    SELECT pk, 'bench' || pk, 'illegal-fishing', 'fishery',
      CASE WHEN NOT live THEN CASE i % 10 WHEN 0 THEN 'dismissed' ELSE 'closed' END
        ELSE CASE i % 4 WHEN 0 THEN 'open' WHEN 1 THEN 'dispatched' WHEN 2 THEN 'handling'
        ELSE 'handled' END END,
      CASE i % 7 WHEN 0 THEN 'urgent' WHEN 1 THEN 'important' ELSE 'normal' END, pk, 'quiet',
      'dissuade', '[]', area, path, lon, lat, at, at,
      CASE WHEN live THEN NULL ELSE datetime(at, '+90 minutes') END, '', NULL, 0 FROM made""",
    """INSERT INTO engine_alert (id, detector, version, kind, case_id, severity, urgency, certainty,
      subject, zone, started_at, found_at, raised_at, cleared_at, lon, lat, explanation)
    SELECT printf('%032x', pk), 'fishery.bench', 1, 'dwell', pk, 'normal', 'immediate', 'likely',
      pk, 'quiet', at, at, at, NULL, lon, lat, '{}' FROM made""",
    """INSERT INTO engine_task (case_id, kind, unit_id, agency_id, state, offered_at, accepted_at,
      arrived_at, ended_at, waived_at, due_at, offered_by, outcome, note, need)
    SELECT pk, 'dissuade', (SELECT min(id) FROM directory_unit), NULL, 'done', at,
      datetime(at, '+1 minutes'), datetime(at, '+20 minutes'), datetime(at, '+40 minutes'), NULL,
      NULL, 'worker', 'left', '', '{}' FROM made""",
    *(
        f"""INSERT INTO engine_clock (case_id, task_id, kind, started_at, due_at, ended_at, state)
        SELECT pk, NULL, '{kind}', at, datetime(at, '+{minutes} minutes'),
          CASE WHEN live THEN NULL ELSE datetime(at, '+' || (i % {minutes + 9}) || ' minutes') END,
          CASE WHEN live THEN 'running' ELSE 'met' END FROM made"""  # noqa: S608 - our own words
        for kind, minutes in (("acknowledge", 5), ("arrive", 30), ("handle", 120))
    ),
)


def run() -> list[Figure]:
    """Return all figures."""
    home = Path(tempfile.mkdtemp(prefix="zhizhi-worklist-"))
    try:
        with serve(home) as server:
            server.processes["worker"].stop()
            towns = fill(home / "zhizhi.sqlite3", CASES)
            return measured(server, towns)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def fill(file: Path, cases: int) -> list[str]:
    """Write the cases and what hangs on them; returns the paths of the towns."""
    with sqlite3.connect(file) as base:
        base.execute("PRAGMA synchronous = OFF")
        first = base.execute("SELECT max(id) + 1 FROM engine_case").fetchone()[0]
        numbers = {"cases": cases, "ended": cases - IN_WORK, "days": DAYS, "first": first}
        base.execute(NUMBERS.format(**numbers))
        for rows in ROWS:
            base.execute(rows)
        base.execute("ANALYZE")
        towns = base.execute("SELECT path FROM directory_area WHERE kind = 'town' ORDER BY id")
        found = [path for (path,) in towns]
    base.close()
    return found


def measured(server: Server, towns: list[str]) -> list[Figure]:
    """Ask every page several times, each time for something else."""
    place = itertools.cycle(towns)
    pages = {
        "desk, list and map": lambda: f"/desk/now?state=live&area={next(place)}",
        "desk, the whole district": lambda: "/desk/?state=live",
        "desk, every case ever": lambda: "/desk/?state=all",
        "desk, late in one town": lambda: f"/desk/?state=live&overdue=1&area={next(place)}",
    }
    found: list[Figure] = []
    with httpx.Client(
        base_url=server.url, cookies=sign_in(server, "operator"), timeout=120, trust_env=False
    ) as client:
        for name, address in pages.items():
            found += waited(_named(name), list(asked(client, [address() for _ in range(ASKED)])))
        client.get("/wall/", params={"token": server.wall}, follow_redirects=True)
        found += waited(_named("wall, all scenes"), list(asked(client, ["/wall/"] * ASKED)))
    return found


def asked(client: httpx.Client, addresses: list[str]) -> Iterator[float]:
    """Yield the seconds of each answer, after one that is not counted."""
    client.get(addresses[0])
    for address in addresses:
        begin = time.perf_counter()
        client.get(address).raise_for_status()
        yield time.perf_counter() - begin


def _named(page: str) -> str:
    return f"{CASES:,} cases: {page}"


def waited(name: str, waits: list[float]) -> list[Figure]:
    """Return how long answers of one kind took: the median, and the p95 with its target."""
    return [
        figure(f"{name}, median", "s", median(waits)),
        figure(f"{name}, p95", "s", p95(waits), most=P95_S),
    ]


if __name__ == "__main__":
    show(run, __doc__)
