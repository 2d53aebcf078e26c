"""Code for America's "three", a client for Open311: services, a definition, a report, its state.

Runs in the environment of the clients: ``ask_three.py ADDRESS SECRET``. It was written for Python 2
and reads JSON alone here; XML is read by ``ask_open311.py``.
"""

from __future__ import annotations

import itertools
import sys
from importlib.metadata import version
from uuid import uuid4

itertools.ifilter = filter  # what the client asks Python 2 for

from three import Three  # noqa: E402

KIND = "residents.other"


def main(url: str, secret: str) -> None:
    city = Three(f"{url}/open311", api_key=secret)
    city.session.trust_env = False
    told = city.discovery()
    assert any("v2" in one["specification"] for one in told["endpoints"]), told
    codes = [one["service_code"] for one in city.services()]
    assert KIND in codes, codes
    definition = city.services(KIND)
    assert definition["service_code"] == KIND, definition
    assert definition["attributes"], "nothing is asked"
    lat, lon = place(city, secret)
    words = f"a lamp is dark {uuid4().hex}"
    [filed] = city.post(KIND, lat=lat, long=lon, description=words)
    assert filed.get("service_request_id"), filed
    number = filed["service_request_id"]
    [again] = city.post(KIND, lat=lat, long=lon, description=words)
    assert again["service_request_id"] == number, "sent twice, it became two"
    [known] = city.token(number)
    assert known["service_request_id"] == number, known
    city.session.headers.pop("Authorization")
    [shown] = city.request(number)
    assert (shown["status"], shown["service_code"]) == ("open", KIND), shown
    assert words not in str(shown), "everybody reads what the reporter wrote"
    [refused] = city.post("nobody.knows", lat=lat, long=lon)
    assert refused["code"] == 404, refused
    [refused] = city.post(KIND, lat=lat, long=lon, api_key="wrong")
    assert refused["code"] == 403, refused
    print(f"three {version('three')}: {len(codes)} services, a definition, a report, its state")


def place(city: Three, secret: str) -> tuple[float, float]:
    """Return where the newest case lies: a place of the district."""
    city.session.headers["Authorization"] = f"Bearer {secret}"
    root = city.endpoint.removesuffix("open311/")
    found = city.session.get(f"{root}ogc/collections/cases/items?limit=1").json()["features"]
    lon, lat = found[0]["geometry"]["coordinates"]
    return lat, lon


if __name__ == "__main__":
    main(*sys.argv[1:])
