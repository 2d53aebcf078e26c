"""The second factor of an account: setting it up, showing it at the door, losing it.

django-allauth keeps the factors and knows their arithmetic (RFC 6238, WebAuthn); here is what it
leaves open: a code counts once in the whole installation, guessing ends after a few, and each step
is one entry of the audit chain, in the transaction that it records.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth import login
from django.db import models, transaction
from django.db.models import F, Q
from django.http import HttpRequest

from zhizhi.directory import backends, factor_secrets
from zhizhi.directory.accounts import actor
from zhizhi.directory.models import Account
from zhizhi.trust import allowances, audit, vault
from zhizhi.trust.allowances import Rate
from zhizhi.trust.audit import Leaf

TRIES = Rate(most=5, within=timedelta(minutes=15))
TRIED = "second factor"
DRIFT = 1  # steps of 30 s by which a telephone's clock may be wrong
REASONS = ("lost", "stolen", "broken", "replaced")
Type = Authenticator.Type


class CodeWrong(PermissionError):
    """The code or the key's answer is not right, or was used before."""


class TooManyCodes(PermissionError):
    """Too many wrong codes; ``again_at`` is when the next one will be looked at."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__(f"no more codes before {again_at.isoformat()}")
        self.again_at = again_at


class FactorExists(PermissionError):
    """A first factor was to be set up for an account that has one: it has to be shown instead."""


class LastFactor(ValueError):
    """The only factor of an account cannot be taken away, it can be replaced."""


def factors(account: Account) -> models.QuerySet[Authenticator]:
    """Return what the account can show: its app and its passkeys, oldest first."""
    rows: models.QuerySet[Authenticator] = Authenticator.objects.filter(user=account)
    return rows.exclude(type=Type.RECOVERY_CODES).order_by("pk")


def has_one(account: Account) -> bool:
    """Say whether the account has a factor; recovery codes alone are none."""
    return factors(account).exists()


def having_one(accounts: Iterable[Account]) -> set[int]:
    """Return which of ``accounts`` have a factor, by their keys."""
    rows = Authenticator.objects.filter(user__in=[one.pk for one in accounts])
    return set(rows.exclude(type=Type.RECOVERY_CODES).values_list("user_id", flat=True))


def app_secret(account: Account, seed: str) -> str:
    """Return the secret that an authenticator app is about to be given, in base 32.

    It follows from the installation's secret and ``seed`` (random, kept in the session), so that
    it lies nowhere before it is confirmed.
    """
    key = settings.SECRET_KEY.encode()
    text = f"zhizhi.totp|{account.pk}|{seed}".encode()
    return base64.b32encode(hmac.new(key, text, hashlib.sha256).digest()[:20]).decode()


def prove(account: Account, code: str, *, now: datetime) -> None:
    """Take a code of the account's app or one of its recovery codes; each counts once.

    Raises CodeWrong and TooManyCodes.
    """
    with transaction.atomic():
        take_try(account, now=now)
        shown = _app_code(account, code, now) or _recovery_code(account, code)
        settle_try(account, shown, now=now)
    if shown is None:
        raise CodeWrong


def take_try(account: Account, *, now: datetime) -> None:
    """Count one try of a code or key; raises TooManyCodes. Comes before looking at it."""
    if not allowances.take(TRIED, actor(account), rate=TRIES, now=now):
        raise TooManyCodes(allowances.again_at(TRIED, actor(account), rate=TRIES, now=now))


def settle_try(account: Account, shown: Authenticator | None, *, now: datetime) -> None:
    """Put a try on record: which factor was shown, or that it was wrong."""
    if shown is None:
        leave(account, "factor.wrong", now=now)
        return
    allowances.fill(TRIED, actor(account))
    leave(account, "factor.prove", now=now, kind=str(shown.type), factor=shown.pk)


def add_app(account: Account, secret: str, code: str, *, is_first: bool, now: datetime) -> None:
    """Keep ``secret`` for the app that shows ``code``; it replaces an app that was there.

    Raises CodeWrong, TooManyCodes, and FactorExists when ``is_first`` is not so.
    """
    with transaction.atomic():
        may_add(account, is_first=is_first)
        take_try(account, now=now)
        step = _step_of(secret, code, now)
        if step is None:
            leave(account, "factor.wrong", now=now)
        else:
            allowances.fill(TRIED, actor(account))
            _drop(Authenticator.objects.filter(user=account, type=Type.TOTP), now)
            row = TOTP.activate(account, secret).instance
            Authenticator.objects.filter(pk=row.pk).update(last_used_at=step, created_at=now)
            added(account, row, now=now)
    if step is None:
        raise CodeWrong


def may_add(account: Account, *, is_first: bool) -> None:
    """Hold the account's row until the transaction ends; raises FactorExists."""
    Account.objects.select_for_update().get(pk=account.pk)
    if is_first and has_one(account):
        raise FactorExists


def added(account: Account, row: Authenticator, *, now: datetime) -> None:
    """Record a new factor, make recovery codes where there are none, end the other sessions."""
    RecoveryCodes.activate(account)
    leave(account, "factor.add", now=now, kind=str(row.type), factor=row.pk)
    end_sessions(account)


def recovery_codes(account: Account) -> list[str]:
    """Return the recovery codes that have not been used."""
    row = Authenticator.objects.filter(user=account, type=Type.RECOVERY_CODES).first()
    try:
        return list(row.wrap().get_unused_codes()) if row else []
    except vault.Erased:  # of a backup from before they were renewed
        return []


@transaction.atomic
def renew_codes(account: Account, *, now: datetime) -> list[str]:
    """Make ten new recovery codes; the older ones are worth nothing from now on."""
    may_add(account, is_first=False)
    _drop(Authenticator.objects.filter(user=account, type=Type.RECOVERY_CODES), now)
    codes = list(RecoveryCodes.activate(account).generate_codes())
    leave(account, "factor.codes", now=now)
    return codes


@transaction.atomic
def remove(account: Account, factor: int, *, now: datetime) -> None:
    """Take one of several factors away; raises LastFactor, Authenticator.DoesNotExist."""
    may_add(account, is_first=False)
    row = factors(account).get(pk=factor)
    if factors(account).count() == 1:
        raise LastFactor
    leave(account, "factor.remove", now=now, kind=str(row.type), factor=row.pk)
    _drop([row], now)
    end_sessions(account)


@transaction.atomic
def reset(account: Account, *, reason: str, by: str, now: datetime) -> None:
    """Take all factors away, for whoever has lost them; the next sign-in sets one up anew.

    ``reason`` is one of REASONS. Ends the account's sessions.
    """
    if reason not in REASONS:
        message = f"{reason} is no reason: {', '.join(REASONS)}"
        raise ValueError(message)
    may_add(account, is_first=False)
    allowances.fill(TRIED, actor(account))  # first: whoever shows a code holds it before the factor
    _drop(Authenticator.objects.filter(user=account), now)
    end_sessions(account)
    audit.append([Leaf(by, "factor.reset", actor(account), now, detail={"reason": reason})])


def drop_all(account: Account, *, now: datetime) -> None:
    """Destroy whatever an account has shown itself with; for one that was closed."""
    _drop(Authenticator.objects.filter(user=account), now)


def enter(request: HttpRequest, account: Account) -> None:
    """Sign in somebody who has shown password and second factor: the only such place."""
    account.refresh_from_db()
    login(request, account, backend=backends.SECOND_FACTOR)


def end_sessions(account: Account) -> None:
    """End every session of the account, open pages' streams at their next beat."""
    Account.objects.filter(pk=account.pk).update(sessions_ended=F("sessions_ended") + 1)
    account.refresh_from_db(fields=["sessions_ended"])


def leave(account: Account, verb: str, *, now: datetime, **detail: object) -> None:
    """Write down what the account did with its own factors."""
    audit.append([Leaf(actor(account), verb, actor(account), now, detail=detail)])


def _app_code(account: Account, code: str, now: datetime) -> Authenticator | None:
    """Return the account's app when the code is its own and of a later step than the last."""
    row: Authenticator | None = Authenticator.objects.filter(user=account, type=Type.TOTP).first()
    if row is None:
        return None
    try:
        secret = factor_secrets.FactorSecrets().decrypt(row.data["secret"])
    except vault.Erased:  # as in recovery_codes: it opens nothing until it is reset
        return None
    step = _step_of(secret, code, now)
    if step is None:
        return None
    earlier = Q(last_used_at=None) | Q(last_used_at__lt=step)
    used = Authenticator.objects.filter(earlier, pk=row.pk).update(last_used_at=step)
    return row if used else None


def _recovery_code(account: Account, code: str) -> Authenticator | None:
    row: Authenticator | None
    row = Authenticator.objects.filter(user=account, type=Type.RECOVERY_CODES).first()
    try:
        return row if row is not None and row.wrap().validate_code(code) else None
    except vault.Erased:  # as in recovery_codes
        return None


def _step_of(secret: str, code: str, now: datetime) -> datetime | None:
    """Return the beginning of the 30 s whose code this is, among now and one step around it."""
    period = app_settings.TOTP_PERIOD
    current = int(now.timestamp()) // period
    for step in range(current - DRIFT, current + DRIFT + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return datetime.fromtimestamp(step * period, UTC)
    return None


def _drop(rows: Iterable[Authenticator], now: datetime) -> None:
    """Delete factors and destroy the keys of their secrets."""
    for row in rows:
        for name in ("secret", "seed"):
            if sealed := row.data.get(name):
                vault.destroy(factor_secrets.key_of(sealed), now=now)
        row.delete()
