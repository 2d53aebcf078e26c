"""WMO's capvalidator: every message of the feed against the schema of CAP 1.2.

Runs in the environment of the clients: ``ask_cap.py ADDRESS SECRET``.
"""

from __future__ import annotations

import sys
from collections import Counter
from importlib.metadata import version

import requests
from capvalidator import validate_cap_message
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
CAP = "{urn:oasis:names:tc:emergency:cap:1.2}"


def main(url: str, secret: str) -> None:
    with requests.Session() as asking:
        asking.trust_env = False
        asking.headers["Authorization"] = f"Bearer {secret}"
        feed = etree.fromstring(_read(asking, f"{url}/cap/"))
        entries = feed.iterfind(f"{ATOM}entry/{ATOM}link")
        addresses = [link.attrib["href"] for link in entries]
        kinds: Counter[str] = Counter()
        for address in addresses[:60]:  # of 120 that may be read in a minute
            message = _read(asking, address)
            judged = validate_cap_message(message, strict=False)  # not signed: see the interfaces
            assert judged.passed, f"{address}: {judged.message}"
            kinds[etree.fromstring(message).findtext(f"{CAP}msgType")] += 1
    assert kinds, "no message in the feed"
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"capvalidator {version('capvalidator')}: {told}")


def _read(asking: requests.Session, address: str) -> bytes:
    answer = asking.get(address, timeout=20)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return answer.content


if __name__ == "__main__":
    main(*sys.argv[1:])
