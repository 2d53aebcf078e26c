"""``python -m tests.scanning``: what scanners find in the product; ``--canary`` in planted flaws.

A scan of the product says something only when the same tools, called alike, find at least
``ENOUGH`` of the planted flaws: both are one run of ``make scan``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.browser.server import Server, serve
from tests.scanning import asking, reading_code, schemas
from tests.scanning.findings import (
    FAILED,
    SEVERITIES,
    Accepted,
    Finding,
    accepted,
    is_counted,
    table,
)
from tests.scanning.flaws import FLAWS, OUR_TESTS, found_by
from tests.scanning.visiting import visitor

ENOUGH = 10
FLAG = "planted-flaws"  # tests/scanning/canary/__init__.py asks for it
CANARY = {"CANARY": FLAG, "DJANGO_SETTINGS_MODULE": "tests.scanning.canary.settings"}
CODE = {"bandit": reading_code.bandit, "semgrep": reading_code.semgrep}
Scan = Callable[[], tuple[list[Finding], str]]


def scans(server: Server, *, is_canary: bool) -> dict[str, Scan]:
    """Return each tool's run on a build that runs, and on its code."""
    url = server.url
    folder = "tests/scanning/canary" if is_canary else "src/zhizhi"
    found: dict[str, Scan] = {
        name: lambda tool=tool: tool(folder)  # type: ignore[misc]
        for name, tool in CODE.items()
    }
    if is_canary:
        visits = [("operator", ["/canary/"])]
        addresses, api = asking.CANARY_ADDRESSES, "/canary/openapi.json"
    else:
        visits = [("operator", ["/desk/", "/statistics/", "/fishery/"]), ("", ["/home/"])]
        addresses, api = asking.PRODUCT_ADDRESSES, schemas.DESCRIPTION
        found["pip-audit"] = reading_code.pip_audit
    found["sqlmap"] = lambda: asking.sqlmap(visitor(url, "operator"), addresses)
    found["schemathesis"] = lambda: _described(url, api)
    found["wapiti"] = lambda: _crawled(url, visits)
    return found


def _described(url: str, api: str) -> tuple[list[Finding], str]:
    came = schemas.run(url + api, "nobody", (), examples=60)
    went = f"{came.cases} cases" if came.cases else f"{FAILED}: {came.told[-200:]!r}"
    return list(came.failures), went


def _crawled(url: str, visits: list[tuple[str, list[str]]]) -> tuple[list[Finding], str]:
    found, went = [], []
    for who, starts in visits:
        some, said = asking.wapiti(visitor(url, who), starts)
        found += some
        went.append(f"{said} as {who or 'nobody'}")
    return found, ", ".join(went)


def tell_flaws(found: list[Finding]) -> int:
    """Print who found which planted flaw; returns how many of them the tools found."""
    tools = found_by(found)
    for flaw in FLAWS:
        ours = [OUR_TESTS[flaw]] if flaw in OUR_TESTS else []
        print(f"{flaw:20}{', '.join([*tools[flaw], *ours]) or 'nobody'}")
    caught = sum(bool(by) for by in tools.values())
    print(f"{caught} of {len(FLAWS)} planted flaws were found by the tools; {ENOUGH} are enough")
    return caught


def tell_rest(found: list[Finding], known: list[Accepted]) -> int:
    """Print what is left to look at; returns how much of it is high or medium."""
    left = sorted(
        (one for one in found if is_counted(one, known)),
        key=lambda one: (SEVERITIES.index(one.severity), one.tool, one.where),
    )
    for one in left:
        print(f"{one.severity:7}{one.tool} {one.rule} {one.where}: {one.said[:160]}")
    for line in known:
        if not any(line.covers(one) for one in found):
            print(f"no longer needed in accepted.toml: {line.tool} {line.rule} {line.where}")
    return sum(one.severity != "low" for one in left)


@contextlib.contextmanager
def installation(*, is_canary: bool) -> Iterator[Server]:
    more = CANARY if is_canary else {}
    with tempfile.TemporaryDirectory() as home, serve(Path(home), **more) as server:
        yield server


def main() -> int:
    """Return 0 when the product has no high or medium finding, or enough flaws were found."""
    parser = argparse.ArgumentParser(prog="tests.scanning", description=__doc__)
    parser.add_argument("--canary", action="store_true")
    parser.add_argument("--only", nargs="*", default=[], help="some of the tools")
    chosen = parser.parse_args()
    known = [] if chosen.canary else accepted()
    found: list[Finding] = []
    states: dict[str, str] = {}
    with installation(is_canary=chosen.canary) as server:
        for name, scan in scans(server, is_canary=chosen.canary).items():
            if chosen.only and name not in chosen.only:
                continue
            some, states[name] = scan()
            found += some
            print(f"{name}: {states[name]}", file=sys.stderr, flush=True)
    print(f"load {os.getloadavg()[0]:.1f}\n{table(found, states, known)}\n")
    if chosen.canary:
        return int(tell_flaws(found) < ENOUGH)
    has_failed = any(state.startswith(FAILED) for state in states.values())
    return int(tell_rest(found, known) > 0 or has_failed)


if __name__ == "__main__":
    sys.exit(main())
