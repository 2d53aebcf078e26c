"""What every page says to the browser beside itself, and the cookies that it gives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.http import HttpResponseBase
from django.test import Client

from tests.district_world import World
from tests.test_authorisation import Endpoint, address, endpoints, table

pytestmark = pytest.mark.usefixtures("blank_paper")

ROOT = Path(__file__).resolve().parents[1]
COOKIES = """
from zhizhi.config.boot import boot
boot()
from django.conf import settings
from django.test import Client
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)
print(settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE)
print(settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN)
print(settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS)
"""


def answers(world: World) -> list[tuple[Endpoint, HttpResponseBase]]:
    """Ask every address as the operator, as an administrator and as nobody."""
    found: list[tuple[Endpoint, HttpResponseBase]] = []
    for who in ("operator", "administrator", ""):
        client = Client(raise_request_exception=False)
        if who:
            client.force_login(world.here[who], backend="django.contrib.auth.backends.ModelBackend")
        found += [(one, client.get(address(one, table()[one.name], world))) for one in endpoints()]
    return found


def is_text(kind: str) -> bool:
    """Say whether a kind needs its encoding told; that of event streams is UTF-8 by definition."""
    return kind.startswith("text/") and kind != "text/event-stream"


def lacks(name: str, answer: HttpResponseBase) -> list[str]:
    """Return what an answer does not say of itself and should."""
    wrong, kind = [], answer.headers.get("Content-Type", "")
    has_body = answer.status_code not in {204, 301, 302, 303, 304}
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        wrong.append(f"{name}: kinds may be guessed")
    if has_body and (not kind or (is_text(kind) and "charset=" not in kind)):
        wrong.append(f"{name}: of kind {kind!r}")
    if "frame-ancestors 'none'" not in answer.headers.get("Content-Security-Policy", ""):
        wrong.append(f"{name}: no policy")
    if answer.headers.get("Referrer-Policy") != "same-origin":
        wrong.append(f"{name}: tells others where it was")
    if "camera=()" not in answer.headers.get("Permissions-Policy", ""):
        wrong.append(f"{name}: may ask for the camera")
    if "Access-Control-Allow-Origin" in answer.headers:
        wrong.append(f"{name}: open to other sites")
    return wrong


def test_every_page_says_what_it_is_and_what_it_may(world: World) -> None:
    assert [line for one, answer in answers(world) for line in lacks(one.name, answer)] == []


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_no_address_takes_a_method_that_nobody_needs(method: str, world: World) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(world.here["operator"], backend="django.contrib.auth.backends.ModelBackend")

    wrong = [
        one.name
        for one in endpoints()
        if client.generic(method, address(one, table()[one.name], world)).status_code < 300
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("https", "wanted"),
    [
        ("1", ["__Host-sessionid __Host-csrftoken", "True True", "True Lax", "/ None",
               "31536000 True"]),
        ("0", ["sessionid csrftoken", "False False", "True Lax", "/ None", "0 False"]),
    ],
)  # fmt: skip
def test_behind_tls_cookies_belong_to_this_host_over_tls_alone(
    https: str, wanted: list[str], tmp_path: Path
) -> None:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ZHIZHI_")},
        "ZHIZHI_MODE": "production",
        "ZHIZHI_DATA": str(tmp_path),
        "ZHIZHI_SECRET": "x" * 50,
        "ZHIZHI_HTTPS": https,
    }
    done = subprocess.run(
        [sys.executable, "-c", COOKIES], env=environment, cwd=ROOT, check=False,
        capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-5:] == wanted
