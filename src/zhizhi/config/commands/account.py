"""Make an account, give it roles, or help somebody who has lost password or second factor."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from typing import Any

from zhizhi.config.boot import boot

HELP = "make an account, give it a role, or reset what was lost"
BY = "cli"
REASONS = ("lost", "stolen", "broken", "replaced")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("username", help="the name that somebody signs in with")
    parser.add_argument("--call-sign", default="", help="the post that pages show; makes it")
    parser.add_argument("--role", help="give this role")
    parser.add_argument("--area", help="where the role counts: code of an area")
    parser.add_argument("--agency", help="for which agency: its code")
    parser.add_argument("--unit", help="for which unit: its code")
    parser.add_argument("--new-password", action="store_true", help="replace the password")
    parser.add_argument(
        "--reset-second-factor", choices=REASONS, help="take the second factor away, and say why"
    )
    parser.add_argument("--close", action="store_true", help="let nobody sign in with it any more")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Change the account and tell how it stands; a password is shown once. 2 when refused."""
    boot()
    from django.core.exceptions import (  # noqa: PLC0415 - settings load in boot()
        ObjectDoesNotExist,
        ValidationError,
    )

    try:
        told = _changed(arguments)
    except ValidationError as refused:
        print(f"zhizhi account: {' '.join(refused.messages)}", file=sys.stderr)
        return 2
    except ObjectDoesNotExist as refused:
        print(f"zhizhi account: {refused}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for name, value in told.items():
            print(f"{name:>13}  {', '.join(value) if isinstance(value, list) else value}")
    return 0


def _changed(arguments: argparse.Namespace) -> dict[str, Any]:
    from django.db import transaction  # noqa: PLC0415 - settings load in boot()
    from django.utils import timezone  # noqa: PLC0415 - as above

    from zhizhi.directory import accounts, second_factor  # noqa: PLC0415 - models load after boot()
    from zhizhi.directory.models import Account  # noqa: PLC0415 - as above

    now, told = timezone.now(), {}
    with transaction.atomic():
        account = Account.objects.filter(username=arguments.username).first()
        if arguments.call_sign and account is None:
            told["password"] = secrets.token_urlsafe(15)
            account = accounts.create_account(
                arguments.username,
                told["password"],
                call_sign=arguments.call_sign,
                by=BY,
                now=now,
            )
        elif account is None:
            message = f"there is no account {arguments.username}; --call-sign makes it"
            raise Account.DoesNotExist(message)
        elif arguments.new_password:
            told["password"] = secrets.token_urlsafe(15)
            accounts.change_password(account, told["password"], by=BY, now=now)
        if arguments.role:
            accounts.grant(account, arguments.role, **_place(arguments), by=BY, now=now)
        if reason := arguments.reset_second_factor:
            second_factor.reset(account, reason=reason, by=BY, now=now)
        if arguments.close:
            accounts.close_account(account, by=BY, now=now)
        return {**_facts(account), **told}


def _place(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what narrows the role; raises DoesNotExist for a code that nobody has."""
    from zhizhi.directory.models import Agency, Area, Unit  # noqa: PLC0415 - as above

    found: dict[str, Any] = {}
    if arguments.area:
        found["area"] = Area.objects.in_force().get(code=arguments.area)
    if arguments.agency:
        found["agency"] = Agency.objects.get(code=arguments.agency)
    if arguments.unit:
        found["unit"] = Unit.objects.get(code=arguments.unit)
    return found


def _facts(account: Any) -> dict[str, Any]:
    from zhizhi.directory import second_factor  # noqa: PLC0415 - as above

    return {
        "username": account.username,
        "call_sign": account.call_sign,
        "active": account.is_active,
        "roles": list(account.roles.order_by("pk").values_list("role", flat=True)),
        "second_factor": list(second_factor.factors(account).values_list("type", flat=True)),
    }
