"""Passkeys, answered by a key made of software: right ones, forged ones, and nonsense."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from fido2 import cbor
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.django import TestCase
from tests.software_key import SoftwareKey, text

from zhizhi.directory import passkeys, second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.passkeys import TooManyPasskeys
from zhizhi.directory.second_factor import CodeWrong, FactorExists, TooManyCodes
from zhizhi.directory.tests.test_second_factor import person, with_app
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def browser(host: str = "localhost") -> HttpRequest:
    made = RequestFactory().post("/sign-in/passkey/", headers={"host": host})
    made.session = SessionStore()
    return made


def registered(account: Account, key: SoftwareKey | None = None, *, is_first: bool = True) -> Any:
    key, asking = key or SoftwareKey(), browser()
    answer = key.make(passkeys.ask_new(asking, account))
    passkeys.keep(asking, account, answer, is_first=is_first, now=NOON)
    return key


def show(account: Account, key: SoftwareKey, asking: HttpRequest | None = None) -> bool:
    asking = asking or browser()
    answer = key.sign(passkeys.ask(asking, account))
    try:
        passkeys.prove(asking, account, answer, now=NOON + timedelta(minutes=1))
    except CodeWrong:
        return False
    return True


def test_a_passkey_is_a_factor_and_opens_the_door() -> None:
    account = person()
    key = registered(account)

    assert second_factor.has_one(account)
    assert len(second_factor.recovery_codes(account)) == 10
    assert show(account, key)
    told = AuditEntry.objects.filter(verb__startswith="factor").order_by("seq")
    assert [(one.verb, one.detail["kind"]) for one in told] == [
        ("factor.add", "webauthn"), ("factor.prove", "webauthn"),
    ]  # fmt: skip


def test_what_the_browser_is_asked_is_json_and_names_no_mail_address() -> None:
    account = person()
    Account.objects.filter(pk=account.pk).update(email="clerk@example.org")
    account.refresh_from_db()

    with override_settings(ALLOWED_HOSTS=["desk.example.gov"]):
        asked = passkeys.ask_new(browser("desk.example.gov:8443"), account)

    told = json.dumps(asked)
    assert asked["publicKey"]["rp"] == {"id": "desk.example.gov", "name": "Zhizhi 智治"}
    assert "example.org" not in told
    assert asked["publicKey"]["user"]["name"] == "desk-1"


def test_another_key_is_not_recognised() -> None:
    account = person()
    key = registered(account)
    forged = SoftwareKey(id=key.id)

    assert not show(account, SoftwareKey())
    assert not show(account, forged)


def test_the_key_of_another_account_is_not_recognised() -> None:
    first, second = person(), person("desk-2")
    key = registered(first)
    registered(second)

    assert not show(second, key)


@pytest.mark.parametrize(("site", "origin"), [
    ("evil.example", "https://evil.example"), ("localhost", "https://evil.example"),
    ("localhost", "http://localhost.evil.example"), ("evil.example", "http://localhost"),
    ("localhost", "ftp://localhost"),
])  # fmt: skip
def test_an_answer_that_was_given_to_another_site_is_refused(site: str, origin: str) -> None:
    account = person()
    key = registered(account)

    assert not show(account, SoftwareKey(site, origin, key.id, key.secret))


def test_an_answer_counts_once() -> None:
    account, asking = person(), browser()
    key = registered(account)
    answer = key.sign(passkeys.ask(asking, account))
    passkeys.prove(asking, account, answer, now=NOON)

    with pytest.raises(CodeWrong):
        passkeys.prove(asking, account, answer, now=NOON)


def test_an_answer_to_another_question_is_refused_and_the_question_is_gone() -> None:
    account, asking = person(), browser()
    key = registered(account)
    old = key.sign(passkeys.ask(asking, account))
    new = key.sign(passkeys.ask(asking, account))

    for answer in (old, new):
        with pytest.raises(CodeWrong):
            passkeys.prove(asking, account, answer, now=NOON)


def test_a_device_where_nobody_touched_the_key_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = person()
    key = registered(account)
    monkeypatch.setattr("tests.software_key.PRESENT", 0)

    assert not show(account, key)


def test_wrong_answers_are_counted_together_with_wrong_codes() -> None:
    account = person()
    key = registered(account)
    for _time in range(5):
        show(account, SoftwareKey())

    with pytest.raises(TooManyCodes):
        show(account, key)


def test_a_first_passkey_is_not_set_up_beside_a_factor() -> None:
    account = with_app()

    with pytest.raises(FactorExists):
        registered(account)


@pytest.mark.parametrize(("before", "is_kept"), [(8, True), (9, True), (10, False)])
def test_an_account_has_at_most_ten_passkeys(before: int, is_kept: bool) -> None:
    account = person()
    for _key in range(before):
        registered(account, is_first=False)

    if is_kept:
        registered(account, is_first=False)
    else:
        with pytest.raises(TooManyPasskeys):
            registered(account, is_first=False)
    assert Authenticator.objects.filter(type="webauthn").count() == min(before + 1, 10)


def test_a_registration_without_a_question_is_refused() -> None:
    account, asking = person(), browser()
    answer = SoftwareKey().make(passkeys.ask_new(asking, account))

    with pytest.raises(CodeWrong):
        passkeys.keep(browser(), account, answer, is_first=True, now=NOON)
    assert not second_factor.has_one(account)


@pytest.mark.parametrize("made", [
    b"\x81" * 40_000, b"\xff", b"", b"\x5b" + b"\xff" * 8, cbor.encode({"fmt": "none"}),
    cbor.encode({"fmt": "none", "attStmt": {}, "authData": b""}),
    cbor.encode({"fmt": "none", "attStmt": {}, "authData": sha256(b"localhost").digest()
                 + b"\x05" + bytes(4)}),
])  # fmt: skip
def test_a_registration_that_cannot_be_read_is_refused(made: bytes) -> None:
    account, asking = person(), browser()
    answer = SoftwareKey().make(passkeys.ask_new(asking, account))
    answer["response"]["attestationObject"] = text(made)

    with pytest.raises(CodeWrong):
        passkeys.keep(asking, account, answer, is_first=True, now=NOON)


def test_a_key_of_a_kind_that_nobody_can_check_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account, asking = person(), browser()
    monkeypatch.setattr("tests.software_key.KIND", -65_000)
    answer = SoftwareKey().make(passkeys.ask_new(asking, account))

    with pytest.raises(CodeWrong):
        passkeys.keep(asking, account, answer, is_first=True, now=NOON)


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(),
    lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner),
)
HUGE = 2**62  # so many bytes no machine has, and asking for them fails at once


@pytest.mark.parametrize("where", ["id", "rawId", "type"])
def test_a_number_in_place_of_a_text_takes_no_memory(where: str) -> None:
    account = person()
    key, asking = registered(account), browser()

    with pytest.raises(CodeWrong):
        passkeys.prove(
            asking, account, {**key.sign(passkeys.ask(asking, account)), where: HUGE}, now=NOON
        )
    with pytest.raises(CodeWrong):
        passkeys.keep(
            asking, account, {**SoftwareKey().make(passkeys.ask_new(asking, account)), where: HUGE},
            is_first=False, now=NOON,
        )  # fmt: skip


@pytest.mark.parametrize("where", ["clientDataJSON", "authenticatorData", "signature"])
def test_a_number_in_an_answer_to_be_checked_takes_no_memory(where: str) -> None:
    account = person()
    key, asking = registered(account), browser()
    answer = key.sign(passkeys.ask(asking, account))
    answer["response"][where] = HUGE

    with pytest.raises(CodeWrong):
        passkeys.prove(asking, account, answer, now=NOON)


@pytest.mark.parametrize(("where", "told"), [
    ("clientDataJSON", HUGE), ("attestationObject", HUGE),
    ("attestationObject", text(cbor.encode({"fmt": "none", "attStmt": {}, "authData": HUGE}))),
])  # fmt: skip
def test_a_number_in_a_new_key_takes_no_memory(where: str, told: object) -> None:
    account, asking = person(), browser()
    answer = SoftwareKey().make(passkeys.ask_new(asking, account))
    answer["response"][where] = told

    with pytest.raises(CodeWrong):
        passkeys.keep(asking, account, answer, is_first=True, now=NOON)


def test_a_browser_that_tells_no_user_and_more_than_is_read_is_recognised() -> None:
    account = person()
    asking, key = browser(), SoftwareKey()
    answer = key.make(passkeys.ask_new(asking, account))
    answer["response"] |= {"transports": ["usb"], "publicKeyAlgorithm": -7, "userHandle": None}
    passkeys.keep(asking, account, answer, is_first=True, now=NOON)

    kept = Authenticator.objects.get(type="webauthn").data["credential"]["response"]
    assert set(kept) == {"clientDataJSON", "attestationObject"}
    answer = key.sign(passkeys.ask(asking, account))
    answer["response"]["userHandle"] = None
    passkeys.prove(asking, account, answer, now=NOON)


PARTS = ("id", "rawId", "type", "response", "clientExtensionResults")
INNER = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


class NonsenseTest(TestCase):
    """Whatever a browser sends is refused in words, never with a failure of ours."""

    @settings(max_examples=30)
    @given(
        some.dictionaries(some.sampled_from(PARTS), JSON),
        some.dictionaries(some.sampled_from(INNER), JSON | some.binary().map(text)),
    )
    def test_nonsense_is_refused(self, outer: dict[str, Any], inner: dict[str, Any]) -> None:
        account, asking = Account.objects.create(username="fuzz"), browser()
        key = registered(account)
        for wrong in (outer, {**outer, "response": inner}, _mixed(key, asking, account, inner)):
            asking = browser()
            passkeys.ask(asking, account)
            with pytest.raises((CodeWrong, TooManyCodes)):
                passkeys.prove(asking, account, wrong, now=NOON)
            passkeys.ask_new(asking, account)
            with pytest.raises(CodeWrong):
                passkeys.keep(asking, account, wrong, is_first=False, now=NOON)


def _mixed(
    key: SoftwareKey, asking: HttpRequest, account: Account, inner: dict[str, Any]
) -> dict[str, Any]:
    """A right answer of which parts are nonsense."""
    answer = key.sign(passkeys.ask(asking, account))
    answer["response"] |= inner
    return answer
