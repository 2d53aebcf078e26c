"""GeoReport v2 as we restate it from its published text: the shape of every answer, both forms.

No client that reads the XML of today could be found in the package registries, so this one is our
own and proves less than the others. Runs in the environment of the clients.
"""

from __future__ import annotations

import re
import sys
from typing import Any
from uuid import uuid4

import requests
from lxml import etree

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
ENTRIES = {
    "services": "service", "service_requests": "request", "errors": "error", "values": "value",
    "attributes": "attribute", "endpoints": "endpoint", "formats": "format",
}  # fmt: skip
ANY, SOME = re.compile(r".*", re.DOTALL), re.compile(r".*\S.*", re.DOTALL)
TRUTH, STATE = re.compile("true|false"), re.compile("open|closed")
SHAPES: dict[str, dict[str, re.Pattern[str]]] = {
    "endpoint": {"specification": SOME, "url": SOME, "changeset": MOMENT, "type": SOME},
    "service": {
        "service_code": SOME, "service_name": SOME, "description": SOME, "metadata": TRUTH,
        "type": re.compile("realtime|batch|blackbox"), "keywords": ANY, "group": ANY,
    },
    "attribute": {
        "variable": TRUTH, "code": SOME, "required": TRUTH, "order": re.compile("[1-9][0-9]*"),
        "datatype": re.compile("string|number|datetime|text|singlevaluelist|multivaluelist"),
        "datatype_description": ANY, "description": SOME,
    },
    "value": {"key": SOME, "name": SOME},
    "request": {
        "service_request_id": SOME, "status": STATE, "status_notes": ANY, "service_name": SOME,
        "service_code": SOME, "description": ANY, "agency_responsible": ANY, "service_notice": ANY,
        "requested_datetime": MOMENT, "updated_datetime": MOMENT,
        "expected_datetime": re.compile(f"({MOMENT.pattern})?"), "address": ANY, "address_id": ANY,
        "zipcode": ANY, "lat": NUMBER, "long": NUMBER, "media_url": ANY,
    },
    "filed": {"service_request_id": SOME, "service_notice": ANY},
    "token": {"service_request_id": SOME, "token": SOME},
    "error": {"code": re.compile("[1-5][0-9][0-9]"), "description": SOME},
}  # fmt: skip


class Asking:
    """One program that reads every answer as JSON and as XML, which have to say the same."""

    def __init__(self, url: str) -> None:
        self.root, self.count = f"{url}/open311", 0
        self.session = requests.Session()
        self.session.trust_env = False

    def read(self, path: str, name: str, status: int = 200, **asked: Any) -> Any:
        """Return the content of an answer, whose outermost element is ``name``."""
        told = self._once(f"{path}.json", status, "json", **asked).json()
        answer = self._once(f"{path}.xml", status, "xml", **asked)
        begin = answer.content[:60].lower()
        assert begin.startswith(b"<?xml"), begin
        assert b"utf-8" in begin, begin
        top = etree.fromstring(answer.content)
        assert top.tag == name, f"{path}: {top.tag}"
        assert plain(told) == spark(top), f"{path}: the two forms differ"
        return told

    def _once(self, path: str, status: int, form: str, **asked: Any) -> requests.Response:
        data = asked.get("data")
        way = self.session.get if data is None else self.session.post
        answer = way(f"{self.root}/{path}", timeout=30, **asked)
        kind = answer.headers["Content-Type"]
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:200]}"
        assert kind.startswith({"json": "application/json", "xml": "text/xml"}[form]), kind
        self.count += 1
        return answer

    def refused(self, path: str, status: int, **asked: Any) -> None:
        """Read an error in the shape of the specification."""
        for one in self.read(path, "errors", status, **asked):
            fits(one, "error")
            assert int(one["code"]) == status, one


def plain(told: Any) -> Any:
    """Return JSON with every value as text."""
    if isinstance(told, dict):
        return {key: plain(value) for key, value in told.items()}
    if isinstance(told, list):
        return [plain(one) for one in told]
    if isinstance(told, bool):
        return str(told).lower()
    return "" if told is None else str(told)


def spark(node: Any) -> Any:
    """Return XML as JSON has it: a list loses the names of its entries."""
    if node.tag in ENTRIES:
        assert all(child.tag == ENTRIES[node.tag] for child in node), node.tag
        return [spark(child) for child in node]
    return {child.tag: spark(child) for child in node} if len(node) else node.text or ""


def fits(told: dict[str, Any], shape: str) -> None:
    """Fail where a field is missing, is no text of its kind, or a text is something else."""
    for name, pattern in SHAPES[shape].items():
        assert name in told, f"{shape} without {name}"
        text = plain(told[name])
        assert isinstance(text, str), f"{shape}: {name} is no value"
        assert pattern.fullmatch(text), f"{shape}: {name} is {text!r}"


def main(url: str, secret: str) -> None:
    asking = Asking(url)
    told = asking.read("discovery", "discovery")
    assert MOMENT.fullmatch(told["changeset"]), told
    assert told["contact"], told
    assert told["key_service"], told
    for one in told["endpoints"]:
        fits(one, "endpoint")
        assert "text/xml" in one["formats"], one
    services = asking.read("services", "services")
    for one in services:
        fits(one, "service")
        if one["metadata"]:
            read_definition(asking, one["service_code"])
    number = report(asking, url, secret)
    [one] = asking.read(f"requests/{number}", "service_requests")
    fits(one, "request")
    asking.session.headers["Authorization"] = f"Bearer {secret}"
    listed = asking.read("requests", "service_requests", params={"status": "open"})
    for one in listed:
        fits(one, "request")
    assert number in [one["service_request_id"] for one in listed], "not in the list"
    for path, status, query in (
        ("services/none", 404, {}), ("requests/none", 404, {}), ("tokens/none", 404, {}),
        ("requests", 400, {"status": "lost"}), ("requests", 400, {"start_date": "yesterday"}),
        ("services", 404, {"jurisdiction_id": "elsewhere.example"}),
    ):  # fmt: skip
        asking.refused(path, status, params=query)
    print(f"GeoReport v2, our own restatement: {asking.count} answers, {len(services)} services")


def read_definition(asking: Asking, code: str) -> None:
    told = asking.read(f"services/{code}", "service_definition")
    assert told["service_code"] == code, told
    orders = [one["order"] for one in told["attributes"]]
    assert len(set(orders)) == len(orders), "two questions in one place"
    for one in told["attributes"]:
        fits(one, "attribute")
        for value in one["values"]:
            fits(value, "value")


def report(asking: Asking, url: str, secret: str) -> str:
    """File a report as JSON, then the same as XML; returns its number."""
    where = asking.session.get(
        f"{url}/ogc/collections/cases/items?limit=1", timeout=30,
        headers={"Authorization": f"Bearer {secret}"},
    ).json()  # fmt: skip
    lon, lat = where["features"][0]["geometry"]["coordinates"]
    good = {"api_key": secret, "service_code": "residents.other", "lat": lat, "long": lon,
            "description": f"a lamp is dark {uuid4().hex}"}  # fmt: skip
    [filed] = asking.read("requests", "service_requests", data=good)
    fits(filed, "filed")
    number: str = filed["service_request_id"]
    [token] = asking.read(f"tokens/{number}", "service_requests")
    fits(token, "token")
    for change, status in (
        ({"api_key": "wrong"}, 403), ({"service_code": ""}, 400), ({"service_code": "none"}, 404),
        ({"lat": ""}, 400), ({"lat": 0, "long": 0}, 400), ({"description": "x" * 4001}, 400),
    ):  # fmt: skip
        asking.refused("requests", status, data={**good, **change})
    return number


if __name__ == "__main__":
    main(*sys.argv[1:])
