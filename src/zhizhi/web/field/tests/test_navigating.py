"""The way in a map app: each app gets the coordinates that it counts in."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import translation
from tests.district_world import World

from zhizhi.web.field.navigating import APPS, links
from zhizhi.web.tests.conftest import Browse, browse, world  # noqa: F401 - fixtures

# Published pairs: what the public converters give for these places in WGS84.
TIANANMEN = (116.404, 39.915)
TIANANMEN_GCJ02 = (116.41024449916938, 39.91640428150164)
SQUARE = (116.403988, 39.914266)
SQUARE_BD09 = (116.41661560068297, 39.92196580126834)
LONDON = (-0.1276, 51.5072)  # there is no offset outside of the mainland


def parameters(code: str, place: tuple[float, float]) -> dict[str, str]:
    found = parse_qs(urlsplit(APPS[code].address(*place)).query)
    return {name: values[0] for name, values in found.items()}


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")[:2]]


def test_amap_gets_gcj02_with_the_longitude_first() -> None:
    told = parameters("amap", TIANANMEN)

    assert numbers(told["to"]) == pytest.approx(TIANANMEN_GCJ02, abs=6e-7)
    assert (told["coordinate"], told["mode"]) == ("gaode", "car")


def test_tencent_gets_gcj02_with_the_latitude_first() -> None:
    told = parameters("tencent", TIANANMEN)

    assert numbers(told["tocoord"]) == pytest.approx(TIANANMEN_GCJ02[::-1], abs=6e-7)


def test_baidu_gets_bd09_with_the_latitude_first_and_says_so() -> None:
    told = parameters("baidu", SQUARE)

    assert numbers(told["location"]) == pytest.approx(SQUARE_BD09[::-1], abs=1e-6)
    assert told["coord_type"] == "bd09ll"


def test_the_phones_own_map_gets_wgs84_as_it_is() -> None:
    with translation.override("en"):
        assert APPS["phone"].address(*TIANANMEN) == (
            "geo:39.915000,116.404000?q=39.915000,116.404000(Destination)"
        )


def test_outside_of_the_mainland_gcj02_is_wgs84() -> None:
    assert numbers(parameters("amap", LONDON)["to"]) == pytest.approx(LONDON, abs=6e-7)


@pytest.mark.parametrize("code", APPS)
def test_a_place_that_needs_few_digits_is_never_written_with_an_exponent(code: str) -> None:
    assert "e-" not in APPS[code].address(0.0000001, 0.0000001)


def test_the_chosen_app_comes_first_and_the_others_follow() -> None:
    found = [link.app.code for link in links(*TIANANMEN, APPS["baidu"])]

    assert found == ["baidu", "phone", "amap", "tencent"]


def test_a_choice_is_remembered_on_the_device(world: World, browse: Browse) -> None:  # noqa: F811
    browser = browse("unit_member")
    first = re.compile(r'class="button navigate" href="(\w+:)')

    before = first.findall(browser.get("/my/").content.decode())
    browser.post(reverse("web:map-app"), {"app": "tencent"})
    browser.post(reverse("web:map-app"), {"app": "somebody's"})
    page = browser.get("/my/").content.decode()

    assert (before, first.findall(page)) == (["geo:"], ["https:"])
    assert 'class="button navigate" href="https://apis.map.qq.com' in page


def test_the_links_tell_a_place_and_nothing_of_the_case(
    world: World,  # noqa: F811
    browse: Browse,  # noqa: F811
) -> None:
    case = world.records["case"]

    page = browse("unit_member").get("/my/").content.decode()

    links = re.findall(r'href="((?:geo|https):[^"]+)"([^>]*)>', page)
    assert len(links) == len(APPS)
    for href, rest in links:
        assert case.code not in href
        assert 'rel="noopener noreferrer"' in rest
