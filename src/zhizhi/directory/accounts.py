"""Accounts and their roles: making, granting, withdrawing, and signing in for a demonstration."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext as _

from zhizhi.directory import backends
from zhizhi.directory.models import Account, Agency, Area, RoleAssignment, Unit
from zhizhi.trust import audit
from zhizhi.trust.audit import Leaf
from zhizhi.trust.scoping import Scope, any_of

Role = RoleAssignment.Role
CLOSED = "account.close"
SEPARATED = (Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR)


class AdministratorsSeparated(ValidationError):
    """An account was to hold two of the three administrators' roles (GB/T 22239-2019, 8.1.5)."""


class DemoOnly(PermissionError):
    """One-click sign-in was tried outside a demonstration, or for an account not made for it."""


@transaction.atomic
def create_account(
    username: str,
    password: str | None,
    *,
    call_sign: str,
    is_demo: bool = False,
    by: str,
    now: datetime,
) -> Account:
    """Make an account without any right; raises ValidationError for a weak password.

    Without a password nobody can sign in with it but by one click in demo mode (``is_demo``, which
    production refuses with DemoOnly).
    """
    if is_demo and settings.MODE == "production":
        message = "a production installation has no demonstration accounts"
        raise DemoOnly(message)
    account = Account(username=username, call_sign=call_sign, is_demo=is_demo)
    if password is not None:
        validate_password(password, account)
    account.set_password(password)
    account.full_clean(exclude=["password"])
    account.save(force_insert=True)
    _leaf(account, "account.create", by=by, now=now)
    return account


@transaction.atomic
def change_password(account: Account, password: str, *, by: str, now: datetime) -> None:
    """Set a new password; raises ValidationError for a weak one."""
    validate_password(password, account)
    account.set_password(password)
    account.save(update_fields=["password"])
    _leaf(account, "account.password", by=by, now=now)


@transaction.atomic
def grant(  # noqa: PLR0913 - a role and what narrows it
    account: Account,
    role: str,
    *,
    area: Area | None = None,
    agency: Agency | None = None,
    unit: Unit | None = None,
    by: str,
    now: datetime,
) -> RoleAssignment:
    """Give ``account`` a role, narrowed to an area subtree, an agency or a unit.

    Raises ValidationError when the role lacks what it counts for (a unit member's unit), and
    AdministratorsSeparated.
    """
    _keep_separate(account, role)
    row = RoleAssignment(account=account, role=role, area=area, agency=agency, unit=unit)
    row.full_clean()
    row.save(force_insert=True)
    detail = {
        "role": role,
        "area": area.path if area else None,
        "agency": agency.pk if agency else None,
        "unit": unit.pk if unit else None,
    }
    _leaf(account, "role.grant", by=by, now=now, **detail)
    return row


@transaction.atomic
def withdraw(row: RoleAssignment, *, by: str, now: datetime) -> None:
    """Take a role away; the account's next request does without it."""
    detail = {"role": row.role, "assignment": row.pk}
    _leaf(row.account, "role.withdraw", by=by, now=now, **detail)
    row.delete()


@transaction.atomic
def close_account(account: Account, *, by: str, now: datetime) -> None:
    """Let nobody sign in with ``account`` any more; its past acts keep their actor."""
    account.is_active = False
    account.set_unusable_password()
    account.save(update_fields=["is_active", "password"])
    _leaf(account, CLOSED, by=by, now=now)


def demo_accounts() -> models.QuerySet[Account]:
    """Return the accounts that the sign-in page offers by one click; none outside demo mode."""
    if not settings.DEMO:
        return Account.objects.none()
    return Account.objects.filter(is_demo=True, is_active=True).order_by("pk")


def sign_in_demo(request: HttpRequest, username: str) -> Account:
    """Sign in one of the demonstration's roles without a password; raises DemoOnly."""
    account = demo_accounts().filter(username=username).first()
    if account is None:
        message = "one-click sign-in is for demonstration accounts in demo mode"
        raise DemoOnly(message)
    login(request, account, backend=backends.DEMO)
    return account


def actor(account: Account) -> str:
    """Return how logs name the account: "account:12"."""
    return f"account:{account.pk}"


def person_name(number: int) -> str:
    """Return how logs name the person with this key: "person:7"."""
    return f"person:{number}"


def _keep_separate(account: Account, role: str) -> None:
    """Hold the account until the transaction ends: two grants at once see each other."""
    if role not in SEPARATED:
        return
    Account.objects.select_for_update().get(pk=account.pk)
    others = [one for one in SEPARATED if one != role]
    if account.roles.filter(role__in=others).exists():
        raise AdministratorsSeparated(
            _("System, security and audit administrator have to be three accounts.")
        )


def holding_two() -> models.QuerySet[Account]:
    """Return the accounts that hold two of the three administrators' roles after all."""
    held = models.Count("roles__role", filter=models.Q(roles__role__in=SEPARATED), distinct=True)
    return Account.objects.annotate(held=held).filter(held__gt=1).order_by("pk")


def unused_since(moment: datetime) -> models.QuerySet[Account]:
    """Return the open accounts with which nobody has signed in since ``moment``, oldest first."""
    used_at = Coalesce("last_login", "date_joined")
    rows = Account.objects.filter(is_active=True, is_demo=False).annotate(used_at=used_at)
    return rows.filter(used_at__lt=moment).order_by("used_at", "pk")


def kept_by(scope: Scope) -> models.QuerySet[Account]:
    """Return the accounts that a security administrator looks after: all their roles lie inside.

    One who is there for a town keeps the accounts of that town; an account that also acts
    elsewhere, or has no role, is kept by somebody who is there for the whole installation.
    """
    mine = scope.of(Role.SECURITY_ADMINISTRATOR)
    found = Account.objects.order_by("pk")
    if any(not grant.area_path for grant in mine):
        return found
    inside = any_of(models.Q(area__path__startswith=grant.area_path) for grant in mine)
    outside = RoleAssignment.objects.filter(~inside | models.Q(area=None))
    return found.filter(roles__isnull=False).exclude(pk__in=outside.values("account")).distinct()


def _leaf(account: Account, verb: str, *, by: str, now: datetime, **detail: object) -> None:
    audit.append([Leaf(by, verb, actor(account), now, detail=detail)])
