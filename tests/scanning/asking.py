"""The tools that ask a running installation: wapiti crawls it, sqlmap sends SQL to parameters."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.scanning.findings import FAILED, Finding
from tests.scanning.tools import say
from tests.scanning.visiting import cookie_line

# Those that ask machines elsewhere (ssrf, log4shell, xxe with an endpoint) are left out.
MODULES = "sql,xss,permanentxss,csp,http_headers,cookieflags,file,crlf,exec,redirect,csrf"
ENDS_THE_VISIT = ("/sign-out/", "/sign-in/demo/", "/account/*", "/events/*")
CRAWL_S, ATTACK_S = 90, 40
EACH_S = 120.0
_LEVELS = {0: "low", 1: "low", 2: "medium", 3: "high", 4: "high"}
# What people ask for in addresses; ``sqlmap`` sends to each parameter that is named here.
PRODUCT_ADDRESSES = (
    "/desk/?state=live&area=1&kind=illegal-fishing",
    "/desk/queue.csv?state=live&q=a",
    "/jump?q=26",
    "/units/?area=1&kind=river_patrol&page=1",
    "/units/check-ins/?day=2026-03-01&unit=1",
    "/statistics/?first=2026-02-01&last=2026-03-01",
    "/fishery/violations/?state=draft&page=1",
    "/fishery/statistics/?first=2026-02-01&last=2026-03-01",
    "/geo/map.svg?size=wide&theme=dark",
    "/replay/then?at=2026-03-01T00:00&case=1",
    "/messages/?newest=1",
)
CANARY_ADDRESSES = ("/canary/sql-injection/?q=a", "/canary/reflected-xss/?q=a")


def wapiti(client: httpx.Client, starts: Sequence[str]) -> tuple[list[Finding], str]:
    """Return what wapiti found where ``client`` may go, and how many addresses it crawled."""
    base = str(client.base_url).rstrip("/")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        words = ["-u", base + starts[0], "--scope", "folder", "-m", MODULES, "-d", "3"]
        words += [word for start in starts[1:] for word in ("-s", base + start)]
        words += [word for path in ENDS_THE_VISIT for word in ("-x", base + path)]
        words += ["--max-links-per-page", "60", "--max-files-per-dir", "20"]
        words += ["--max-scan-time", str(CRAWL_S), "--max-attack-time", str(ATTACK_S)]
        words += ["--store-session", folder, "--store-config", folder, "--no-bugreport", "--color"]
        words += ["-H", f"Cookie: {cookie_line(client)}", "-f", "json", "-o", str(report)]
        told = say("wapiti", *words, within_s=CRAWL_S + ATTACK_S * 14.0)
        if not report.exists():
            return [], f"{FAILED}: {(told.err or told.out)[-200:]!r}"
        document = json.loads(report.read_text(encoding="utf-8"))
    found = list(_reported(document))
    return found, f"{document['infos'].get('crawled_pages_nbr', '?')} addresses"


def _reported(document: dict[str, dict[str, list[dict[str, object]]]]) -> Iterator[Finding]:
    for group in ("vulnerabilities", "anomalies"):
        for rule, rows in document[group].items():
            for row in rows:
                severity = _LEVELS[int(str(row["level"]))]
                said = f"{row.get('parameter') or ''} {row['info']}".strip()
                yield Finding("wapiti", rule, severity, str(row["path"]), said)


def sqlmap(client: httpx.Client, addresses: Sequence[str]) -> tuple[list[Finding], str]:
    """Return the parameters that sqlmap could inject into, and how many it had the time for."""
    base, done, asked = str(client.base_url).rstrip("/"), 0, 0
    found: list[Finding] = []
    for address in addresses:
        with tempfile.TemporaryDirectory() as folder:
            told = say(
                "sqlmap", "-u", base + address, "--batch", "--level", "3", "--risk", "2",
                "--technique", "BEU", "--dbms", "sqlite", "--cookie", cookie_line(client),
                "--skip", "Cookie,User-Agent,Referer", "--output-dir", folder, "--flush-session",
                "--threads", "2", "--disable-coloring", "--timeout", "20", "--retries", "0",
                "--answers", "redirect=N", within_s=EACH_S,
            )  # fmt: skip
        done += not told.is_cut and "injectable" in told.out  # its verdict, either way
        asked += len(urlsplit(address).query.split("&"))
        names = re.findall(r"^Parameter: (\S+) ", told.out, re.MULTILINE)
        found += [Finding("sqlmap", "injectable", "high", address, name) for name in names]
    return found, f"{asked} parameters of {len(addresses)} addresses, {done} to the end"
