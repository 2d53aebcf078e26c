"""Every address of the product, asked by everybody: who may and who may not.

tests/authorisation.toml says who may; an address that is not in it fails the first test. Whoever is
not named is refused, changes nothing, and learns nothing but that there is nothing for him.
"""

from __future__ import annotations

import copy
import functools
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client, override_settings
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from tests.district_world import READ, ROLES, World
from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.directory.tests.test_backends import PRODUCTION
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.usefixtures("blank_paper")

TABLE = Path(__file__).with_name("authorisation.toml")
METHODS = ("get", "post", "put", "patch", "delete")
OPTIONS = ("path", "query", "body", "scoped", "leads_to_sign_in", "why")
ANYONE, SIGNED_IN = "anyone", "signed-in"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Endpoint:
    """One pattern of the URLconf: its name, or its route when it has none."""

    name: str
    route: str

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.route)


@dataclass(frozen=True)
class Column:
    """Somebody who asks: "operator", "operator elsewhere", "nobody" (no role), "anonymous"."""

    name: str
    account: Account | None

    def is_named(self, allowed: list[str], *, scoped: bool) -> bool:
        """Say whether the table lets this one in; records of a town are for that town's people."""
        if ANYONE in allowed or (SIGNED_IN in allowed and self.account is not None):
            return True
        role, _, elsewhere = self.name.partition(" ")
        return role in allowed and not (elsewhere and scoped)


def endpoints() -> Iterator[Endpoint]:
    yield from _walk(get_resolver().url_patterns, "", "")


def _walk(patterns: list[Any], route: str, space: str) -> Iterator[Endpoint]:
    for one in patterns:
        path = route + str(one.pattern)
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from _walk(one.url_patterns, path, inner)
        elif isinstance(one, URLPattern):
            yield Endpoint(f"{space}{one.name}" if one.name else f"/{path}", path)


@functools.cache
def table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def columns(world: World) -> list[Column]:
    found = [Column("anonymous", None), Column("nobody", world.nobody)]
    for role in ROLES:
        found.append(Column(role, world.here[role]))
        found.append(Column(f"{role} elsewhere", world.elsewhere[role]))
    return found


def address(endpoint: Endpoint, row: Mapping[str, Any], world: World) -> str:
    """Return the address with its parameters filled: "case.pk" is the world's case, else text."""
    filled = "/" + endpoint.route
    for name, wanted in row.get("path", {}).items():
        record, _, attribute = wanted.partition(".")
        value = READ[attribute](world.records[record]) if attribute in READ else wanted
        filled = re.sub(rf"<(?:\w+:)?{name}>", str(value), filled)
    return f"{filled}{row.get('query', '')}"


def is_refused(response: HttpResponseBase) -> bool:
    if response.status_code in {301, 302, 303}:
        try:
            sign_in = reverse(settings.LOGIN_URL)
        except NoReverseMatch:
            sign_in = "/sign-in"
        return str(response.headers.get("Location", "")).startswith(sign_in)
    return response.status_code in {401, 403, 404, 405}


Cookies = Mapping[str, SimpleCookie]


def signed_in(world: World) -> Cookies:
    """Sign everybody in once; returns what each one's browser keeps, by the name of the column."""
    kept = {}
    for column in columns(world):
        client = Client()
        if column.account is not None:
            backend = "django.contrib.auth.backends.ModelBackend"
            client.force_login(column.account, backend=backend)
        kept[column.name] = client.cookies
    return kept


@pytest.fixture(scope="module")
def cookies(standing: World, django_db_blocker: DjangoDbBlocker) -> Cookies:
    with django_db_blocker.unblock():
        return signed_in(standing)


def browser(cookies: SimpleCookie) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies = copy.copy(cookies)
    return client


def ask(client: Client, method: str, url: str, row: Mapping[str, Any]) -> tuple[bool, int, bool]:
    """Ask once and undo it; returns (refused, status, whether anything was done)."""
    before = _done()
    point = transaction.savepoint()
    body = {} if method == "get" else {"data": row.get("body", {})}
    response = getattr(client, method)(url, **body)
    done = _done() != before
    transaction.savepoint_rollback(point)
    refused = is_refused(response)
    if row.get("leads_to_sign_in") and response.status_code == 302:
        refused = False
    return refused, response.status_code, done


def _done() -> int:
    """Return how much was done, by the audit chain; being refused personal data is no deed."""
    return AuditEntry.objects.exclude(verb="person.refused").count()


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    known = {endpoint.name for endpoint in endpoints()}

    assert known - set(table()) == set(), "declare these in tests/authorisation.toml"
    assert set(table()) - known == set(), "these addresses are gone"


def test_no_two_addresses_share_a_name() -> None:
    names = [endpoint.name for endpoint in endpoints()]

    assert [name for name in names if names.count(name) > 1] == []


@pytest.mark.parametrize("name", sorted(table()))
def test_a_row_names_known_roles_and_fills_every_parameter(name: str) -> None:
    row = table()[name]
    named = {role for method in METHODS for role in row.get(method, [])}
    endpoint = next(one for one in endpoints() if one.name == name)

    assert set(row) <= {*METHODS, *OPTIONS}
    assert named <= {*ROLES, ANYONE, SIGNED_IN}
    assert set(endpoint.parameters) == set(row.get("path", {}))
    assert row.get("why") or ANYONE not in named, "say why anyone may"


def violations(
    endpoint: Endpoint, row: Mapping[str, Any], world: World, cookies: Cookies
) -> list[str]:
    """Return who may at an address and should not, and who should and may not."""
    url = address(endpoint, row, world)
    scoped = row.get("scoped", bool(row.get("path")))
    wrong = []
    for method in ("get", "post"):
        for column in columns(world):
            wanted = column.is_named(row.get(method, []), scoped=scoped)
            refused, status, done = ask(browser(cookies[column.name]), method, url, row)
            if refused is wanted or status >= 500 or (done and not wanted):
                wrong.append(f"{method} {url} as {column.name}: {status}, expected {wanted}")
    return wrong


@pytest.mark.once  # roles are told apart in Python; what scopes ask is in tests/test_scopes.py
@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(table()))
def test_those_whom_the_table_names_may_and_nobody_else(
    name: str, world: World, cookies: Cookies
) -> None:
    endpoint = next(one for one in endpoints() if one.name == name)

    assert violations(endpoint, table()[name], world, cookies) == []


def is_open_to_forgery(url: str) -> bool:
    """Say whether a form without its token is read, as other sites make browsers send it."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.post(url).status_code != 403


@pytest.mark.django_db
def test_no_form_of_another_site_is_read_but_what_is_signed_or_shows_a_token(
    world: World,
) -> None:
    every = {one.name: address(one, table()[one.name], world) for one in endpoints()}

    read = {name for name, url in every.items() if is_open_to_forgery(url)}

    assert read == {"carrier-receipts", "observations"}


DOOR = (
    "web:enter-code", "web:set-up-factor", "web:recovery-codes", "web:passkey-question",
    "web:passkey",
)  # fmt: skip


@pytest.mark.django_db
@override_settings(AUTHENTICATION_BACKENDS=PRODUCTION)
def test_whoever_has_shown_a_password_alone_is_refused_everywhere_but_at_the_door(
    world: World,
) -> None:
    wrong = []
    every = world.here["operator"]
    every.set_password("lantern-7-boats")
    every.save()
    for role in RoleAssignment.objects.filter(account__in=world.here.values()):
        RoleAssignment.objects.create(
            account=every, role=role.role, area=role.area, agency=role.agency, unit=role.unit
        )
    waiting = Client(raise_request_exception=False)
    body = {"username": every.username, "password": "lantern-7-boats"}
    assert waiting.post("/sign-in/", body)["Location"] == "/sign-in/code/"

    for endpoint in endpoints():
        row = table()[endpoint.name]
        url = address(endpoint, row, world)
        for method in ("get", "post"):
            if endpoint.name in DOOR or ANYONE in row.get(method, []):
                continue
            refused, status, done = ask(waiting, method, url, row)
            if not refused or status >= 500 or done:
                wrong.append(f"{method} {url}: {status}")

    assert wrong == []
    assert waiting.get("/sign-in/code/")["Location"] == "/sign-in/second-factor/"  # still waiting


OWN = {
    "web:account-session", "web:account-confirm", "web:account-app", "web:account-codes",
    "web:account-remove", "web:account-passkey", "web:messages-read",
}  # of oneself alone  # fmt: skip
THREE = ("administrator", "security_administrator", "auditor")


def changing(role: str) -> set[str]:
    """Return what the role may change, apart from what is the own."""
    return {name for name, row in table().items() if role in row.get("post", [])} - OWN


def test_the_audit_administrator_answers_and_judges_and_changes_nothing_else() -> None:
    judging = {"web:grant-review", "web:look-review"}

    assert changing("auditor") == {"web:claim-answer"} | judging


def test_the_security_administrator_resets_factors_and_changes_nothing_else() -> None:
    assert changing("security_administrator") == {"web:account-reset"}


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(THREE, 2)))
def test_no_administrator_does_the_work_of_another(one: str, other: str) -> None:
    assert changing(one)
    assert changing(one) & changing(other) == set()
