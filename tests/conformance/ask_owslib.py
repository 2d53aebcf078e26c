"""OWSLib's client for OGC API - Features: conformance, description, collections, items, one item.

Runs in the environment of the clients: ``ask_owslib.py ADDRESS SECRET``.
"""

from __future__ import annotations

import sys

import owslib
from owslib.ogcapi.features import Features

CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"


def main(url: str, secret: str) -> None:
    server = Features(f"{url}/ogc/", headers={"Authorization": f"Bearer {secret}"})
    assert CORE in server.conformance()["conformsTo"], "the core is not claimed"
    assert server.api()["openapi"].startswith("3.0"), "no description"
    names = set(server.feature_collections())
    assert names == {"areas", "zones", "cases", "units", "alerts"}, names
    told = server.collection("cases")
    assert told["id"] == "cases", told
    page = server.collection_items("cases", limit=2)
    assert page["type"] == "FeatureCollection", page["type"]
    assert page["numberReturned"] == len(page["features"]) == 2, "not two cases"
    assert any(link["rel"] == "next" for link in page["links"]), "no next page"
    first = page["features"][0]
    one = server.collection_item("cases", str(first["id"]))
    assert one["properties"] == first["properties"], "an item differs from the list"
    since = first["properties"]["opened_at"]
    then = server.collection_items("cases", datetime_=f"{since}/..", bbox=[-180, -90, 180, 90])
    assert then["features"], "no case since the first"
    print(f"OWSLib {owslib.__version__}: {len(names)} collections, items, a page, an item, a time")


if __name__ == "__main__":
    main(*sys.argv[1:])
