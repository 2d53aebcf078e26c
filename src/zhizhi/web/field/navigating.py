"""The way to a case in a map app of the phone: links only, followed by whoever presses them.

Each app gets the coordinates that it counts in; everything inside is WGS84. A link tells the app
a place and the word "destination", nothing of the case and nothing of people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.kernel.crs import from_wgs84

COOKIE = "map_app"
A_YEAR_S = 31_536_000
DIGITS = 6


@dataclass(frozen=True, slots=True)
class MapApp:
    """A map app: its name, the coordinate system it counts in, and how it is called."""

    code: str
    name: str | Promise
    crs: str
    link: Callable[[str, str, str], str]  # longitude, latitude, what the place is called there

    def address(self, lon: float, lat: float) -> str:
        """Return the link that leads to a place given in WGS84."""
        x, y = (f"{float(value):.{DIGITS}f}" for value in from_wgs84(lon, lat, self.crs))
        return self.link(x, y, _("Destination"))


def _own(lon: str, lat: str, name: str) -> str:
    return f"geo:{lat},{lon}?q={lat},{lon}({quote(name)})"  # RFC 5870; q sets a pin on Android


def _amap(lon: str, lat: str, name: str) -> str:
    told = {"to": f"{lon},{lat},{name}", "mode": "car", "coordinate": "gaode"}
    return _written("https://uri.amap.com/navigation", {**told, "callnative": "1", "src": "zhizhi"})


def _baidu(lon: str, lat: str, name: str) -> str:
    told = {"location": f"{lat},{lon}", "title": name, "content": name, "coord_type": "bd09ll"}
    return _written("https://api.map.baidu.com/marker", {**told, "output": "html", "src": "zhizhi"})


def _tencent(lon: str, lat: str, name: str) -> str:
    told = {"type": "drive", "to": name, "tocoord": f"{lat},{lon}", "referer": "zhizhi"}
    return _written("https://apis.map.qq.com/uri/v1/routeplan", told)


def _written(address: str, told: dict[str, str]) -> str:
    return f"{address}?{urlencode(told, quote_via=quote, safe=',')}"


APPS = {
    app.code: app
    for app in (
        MapApp("phone", gettext_lazy("The phone's own map"), "WGS84", _own),
        MapApp("amap", gettext_lazy("Amap"), "GCJ-02", _amap),
        MapApp("baidu", gettext_lazy("Baidu Maps"), "BD-09", _baidu),
        MapApp("tencent", gettext_lazy("Tencent Maps"), "GCJ-02", _tencent),
    )
}


@dataclass(frozen=True, slots=True)
class MapLink:
    """The link that leads to a place in one map app."""

    app: MapApp
    href: str


def chosen_app(request: HttpRequest) -> MapApp:
    """Return the map app that was chosen on this device; before, the phone's own."""
    return APPS.get(request.COOKIES.get(COOKIE, ""), APPS["phone"])


def links(lon: float, lat: float, first: MapApp) -> list[MapLink]:
    """Return the links to a place, the one in the chosen app first."""
    ordered = [first, *(app for app in APPS.values() if app is not first)]
    return [MapLink(app, app.address(lon, lat)) for app in ordered]


def keep(response: HttpResponse, code: str) -> None:
    """Keep the choice on the device for a year; an unknown one changes nothing."""
    if code in APPS:
        response.set_cookie(COOKIE, code, max_age=A_YEAR_S, samesite="Lax", httponly=True)
