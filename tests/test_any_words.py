"""Whatever words are sent to any address, the product answers; it never breaks.

The names are those that the view and what it imports ask for, the values are what people, programs
and attackers send. ``ANY_WORDS=500 python -m pytest tests/test_any_words.py`` sends more of them.
"""

from __future__ import annotations

import inspect
import json
import os
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve

from tests.district_world import World
from tests.test_authorisation import ANYONE, SIGNED_IN, address, endpoints, table

pytestmark = pytest.mark.usefixtures("blank_paper")

ASKED = re.compile(
    r"(?:GET|POST|params|data|query)(?:\.get|\.getlist)?[\(\[]\s*[\"'](\w+)[\"']"
    r"|^    (\w+) = forms\.",
    re.MULTILINE,
)
EACH = int(os.environ.get("ANY_WORDS", "10"))  # requests to an address
SHARE = 0.4  # of the names in a request
SEED = 20_260_301
NO_DATABASE = 503
VALUES = (
    "",
    " ",
    "0",
    "-1",
    "1",
    "2",
    "17",
    "99999999999999999999",
    "-9223372036854775809",
    "1e309",
    "nan",
    "inf",
    "1.5",
    "٣",
    "½",
    "true",
    "on",
    "null",
    "None",
    "undefined",
    "all",
    "open",
    "\x00",
    "a\x00b",
    "\ud7ff",
    "\ufffe",
    "'",
    '"',
    "';--",
    "%",
    "%00",
    "%s",
    "{0.__class__}",
    "{{7*7}}",
    "${7*7}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "/",
    "//evil.example",
    "http://evil.example",
    "javascript:alert(1)",
    "\r\nX: y",
    "2026-03-01",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31",
    "2026-03-01T00:00",
    "2026-03-01T00:00:00+99:99",
    "24:61",
    "107.4,29.7",
    "181,91",
    "-181",
    "91",
    "[]",
    "{}",
    "[[[[",
    '{"type":"Polygon","coordinates":[[[0,0]]]}',
    '{"type": "Point", "coordinates": ["a", null]}',
    "河" * 300,
    "x" * 5000,
    "🚤",
    "\u202e",
    "é",
    "=1+1",
    "reach-1",
    "fishery.limit_minutes",
    "engine.road_factor",
    "/990101000000000/",
    "mon",
    "asc",
    "-id",
)


def asked_in(module: Any) -> set[str]:
    """Return every name of a parameter or field that a module's code asks for."""
    text = Path(module.__file__).read_text(encoding="utf-8")
    return {one[1] or one[2] for one in ASKED.finditer(text)}


def names_for(url: str) -> list[str]:
    """Return the names that the view of an address and what it imports ask for."""
    module = sys.modules[inspect.unwrap(resolve(url.partition("?")[0]).func).__module__]
    known = vars(module).values()
    beside = {getattr(one, "__module__", None) or "" for one in known}
    beside |= {one.__name__ for one in known if inspect.ismodule(one)}
    ours = [sys.modules[name] for name in sorted(beside) if name.startswith("zhizhi.")]
    return sorted(asked_in(module).union(*map(asked_in, ours)))


def asker(row: dict[str, Any], world: World) -> Client:
    """Return the browser of somebody whom the table lets in, so that the words come to be read."""
    roles = [role for method in ("get", "post") for role in row.get(method, [])]
    known = [role for role in roles if role not in {ANYONE, SIGNED_IN}]
    who = known[0] if known else ("operator" if SIGNED_IN in roles else "")
    client = Client(raise_request_exception=False)
    if who:
        client.force_login(world.here[who], backend="django.contrib.auth.backends.ModelBackend")
    return client


def ways(row: dict[str, Any]) -> list[str]:
    """Return how an address may be asked."""
    posting = ["form", "json", "raw"] if "post" in row else []
    return [*(["get"] if "get" in row else []), *posting] or ["get"]


def send(client: Client, way: str, url: str, told: dict[str, str], other: str) -> int:
    """Send one request, undo it, and return the state of its answer."""
    point = transaction.savepoint()
    if way == "get":
        answer = client.get(url.partition("?")[0], told)
    elif way == "form":
        answer = client.post(url, told)
    elif way == "json":
        answer = client.post(url, json.dumps(told), content_type="application/json")
    else:
        answer = client.post(url, other, content_type="application/x-www-form-urlencoded")
    transaction.savepoint_rollback(point)
    return answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(table()))
def test_no_words_break_an_address(name: str, world: World) -> None:
    row, choice = table()[name], random.Random(f"{SEED} {name}")  # noqa: S311
    one = next(endpoint for endpoint in endpoints() if endpoint.name == name)
    url, client = address(one, row, world), asker(row, world)
    names, broken = names_for(url), []
    for _time in range(EACH):
        way, other = choice.choice(ways(row)), choice.choice(VALUES)
        told = {name: choice.choice(VALUES) for name in names if choice.random() < SHARE}
        status = send(client, way, url, told, other)
        if status >= 500 and status != NO_DATABASE:
            broken.append(f"{status} {way} {url} {told!r:.400}")

    assert broken == []


def test_the_names_that_pages_ask_for_are_found() -> None:
    assert {"area", "state", "q"} <= set(names_for("/desk/"))
    assert {"username", "password"} <= set(names_for("/sign-in/"))
    assert "month" in names_for("/home/figures/")
