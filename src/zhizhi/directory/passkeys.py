"""Passkeys: what the browser is asked, and whether its answer is right (WebAuthn, level 2).

A question is answered once: it leaves the session before the answer is looked at. Attestation is
not asked for: which maker's key somebody carries is nothing that we need to know.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from fido2 import cbor
from fido2.cose import UnsupportedKey
from fido2.utils import websafe_decode

from zhizhi.directory import second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.second_factor import CodeWrong

# What fido2 and its CBOR reader raise for an answer that is no answer.
UNREADABLE = (
    ValidationError, ValueError, TypeError, LookupError, AttributeError, AssertionError,
    ArithmeticError, NotImplementedError, RecursionError, struct.error,
)  # fmt: skip
MOST = 10  # passkeys of one account
OUTER = ("id", "rawId", "type")
INNER = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


class TooManyPasskeys(ValueError):
    """An account has as many passkeys as it may have."""


def ask_new(request: HttpRequest, account: Account) -> dict[str, Any]:
    """Return what ``navigator.credentials.create`` is given, as JSON."""
    with context.request_context(request):
        told: dict[str, Any] = plain(auth.begin_registration(account, passwordless=False))
    return told


def keep(
    request: HttpRequest,
    account: Account,
    answer: Mapping[str, Any],
    *,
    is_first: bool,
    now: datetime,
) -> None:
    """Keep a new passkey; raises CodeWrong, FactorExists, TooManyPasskeys."""
    with context.request_context(request):
        state = request.session.pop(auth.STATE_SESSION_KEY, None)
        try:
            told = _texts(answer)
            made = auth.get_server().register_complete(state, told).credential_data
        except UNREADABLE as error:
            raise CodeWrong from error
    if made is None or isinstance(made.public_key, UnsupportedKey):
        raise CodeWrong
    with transaction.atomic():
        second_factor.may_add(account, is_first=is_first)
        if _of(account).count() >= MOST:
            raise TooManyPasskeys
        row = Authenticator.objects.create(
            user=account,
            type=second_factor.Type.WEBAUTHN,
            data={"credential": told, "name": "passkey"},
            created_at=now,
        )
        second_factor.added(account, row, now=now)


def ask(request: HttpRequest, account: Account) -> dict[str, Any]:
    """Return what ``navigator.credentials.get`` is given, as JSON."""
    with context.request_context(request):
        told: dict[str, Any] = plain(auth.begin_authentication(account))
    return told


def prove(
    request: HttpRequest, account: Account, answer: Mapping[str, Any], *, now: datetime
) -> None:
    """Take the answer of one of the account's passkeys; raises CodeWrong and TooManyCodes."""
    with context.request_context(request), transaction.atomic():
        second_factor.take_try(account, now=now)
        shown = _shown(request, account, answer)
        if shown is not None:
            Authenticator.objects.filter(pk=shown.pk).update(last_used_at=now)
        second_factor.settle_try(account, shown, now=now)
    if shown is None:
        raise CodeWrong


def _shown(
    request: HttpRequest, account: Account, answer: Mapping[str, Any]
) -> Authenticator | None:
    state = request.session.pop(auth.STATE_SESSION_KEY, None)
    if not state:
        return None
    try:
        known = auth.get_credentials(account)
        right = auth.get_server().authenticate_complete(state, known, _texts(answer))
        found: Authenticator | None
        found = auth.get_authenticator_by_credential_id(account, right.credential_id)
    except UNREADABLE:
        return None
    return found


def _texts(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is read of an answer: texts of base64 alone; raises what UNREADABLE names.

    Where fido2 expects bytes and finds a number, it makes so many zero bytes: one number in an
    answer of a few letters would take all memory. Nothing but texts reaches it, and bytes in the
    one place where it reads on in what it has unpacked.
    """
    told = {name: answer[name] for name in OUTER}
    inner = answer["response"]
    response = {name: inner[name] for name in INNER if inner.get(name) is not None}
    if not all(isinstance(one, str) for one in (*told.values(), *response.values())):
        raise TypeError
    if made := response.get("attestationObject"):
        unpacked: Any = cbor.decode(websafe_decode(made))
        if not isinstance(unpacked["authData"], bytes):
            raise TypeError
    return {**told, "response": response}


def _of(account: Account) -> Any:
    return Authenticator.objects.filter(user=account, type=second_factor.Type.WEBAUTHN)


def plain(value: Any) -> Any:
    """Return what fido2 made as the dicts, lists and texts that JSON knows."""
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in value}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
