"""``python -m tests.scanning.schemas``: what the API answers is what its description says.

schemathesis makes requests that fit the description and requests that do not, sends them as
nobody, as every role of the demonstration, and as a source with its token.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.browser.installing import TOKEN
from tests.browser.server import Server, serve
from tests.scanning.findings import Finding
from tests.scanning.tools import say
from tests.scanning.visiting import POSTS, cookie_line, visitor

DESCRIPTION = "/api/v1/openapi.json"
OUTWARD = "/ogc/api"  # what map programs read
# A row that fits its schema may still be of a time long past or to come: that is told row by row.
LEFT_OUT = "positive_data_acceptance"
WITHIN_S = 600.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of schemathesis came to."""

    who: str
    status: int
    cases: int
    failures: tuple[Finding, ...]
    told: str


def run(url: str, who: str, headers: tuple[str, ...], *, examples: int) -> Run:
    """Ask every described operation as ``who``, up to ``examples`` times for each kind of case."""
    words = ["run", url, "--max-examples", str(examples), "--seed", "1", "--workers", "1"]
    words += ["--exclude-checks", LEFT_OUT, "--phases", "examples,coverage,fuzzing", "--no-color"]
    # Rows of several streams with times and places are seldom made at random: it may take its time.
    words += ["--suppress-health-check", "all", "--generation-database", "none"]
    words += ["--continue-on-failure", "--request-timeout", "20"]
    for header in headers:
        words += ["-H", header]
    with tempfile.TemporaryDirectory() as folder:  # it keeps what it found where it runs
        told = say("schemathesis", *words, within_s=WITHIN_S, folder=Path(folder))
    cases = re.search(r"(\d[\d,]*) generated", told.out)
    return Run(
        who, told.status, int(cases[1].replace(",", "")) if cases else 0,
        tuple(failures_in(told.out)), told.out + told.err,
    )  # fmt: skip


def failures_in(told: str) -> Iterator[Finding]:
    """Yield what a report says below the heading of each operation."""
    address = ""
    for line in told.splitlines():
        if heading := re.fullmatch(r"_+ [A-Z]+ (\S+) _+", line):
            address = heading[1]
        elif said := re.match(r"- (ST\d+ .+)", line):
            yield Finding("schemathesis", said[1], "high", address)


def callers(server: Server) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what is asked by whom: nobody, every role by its session, machines by their tokens."""
    known = {post: f"Cookie: {cookie_line(visitor(server.url, post))}" for post in POSTS}
    known["source"] = f"Authorization: Bearer {TOKEN}"
    reader = f"Authorization: Bearer {server.programs}"
    return [
        (DESCRIPTION, "nobody", ()),
        *((DESCRIPTION, who, (header,)) for who, header in known.items()),
        (OUTWARD, "nobody, of maps", ()),
        (OUTWARD, "program", (reader,)),
    ]


def trial(server: Server, *, examples: int) -> bool:
    """Ask as everybody and print what came; says whether all of it was as described."""
    is_good, cases = True, 0
    for path, who, headers in callers(server):
        came = run(server.url + path, who, headers, examples=examples)
        is_good, cases = is_good and came.status == 0, cases + came.cases
        print(f"{who}: {came.cases} cases, {len(came.failures)} failures", flush=True)
        if came.status:
            print(came.told, flush=True)
    print(f"{cases} cases in all")
    return is_good


def main() -> int:
    """Return 0 when no caller got a 5xx or an answer that the description does not know."""
    parser = argparse.ArgumentParser(prog="tests.scanning.schemas", description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        return int(not trial(server, examples=chosen.examples))


if __name__ == "__main__":
    sys.exit(main())
