"""Identity numbers and telephone numbers: are they well formed, and are they invented?

Identity numbers follow GB 11643: region 6, birth date 8, order 3 and a check digit (ISO 7064
mod 11-2). A demonstration may hold invented people only, a production installation real ones only:
invented are regions that were never assigned (such as 99) and telephone numbers that begin with 12.
"""

from __future__ import annotations

import re
from datetime import date

from django.utils.translation import gettext as _

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (81, 83))
    for code in range(first, last + 1)
) | {"71", "91"}
_MOBILE = re.compile(r"^1[2-9]\d{9}$")
_FILLING = re.compile(r"[\s()-]")


class IdentityInvalid(ValueError):
    """A number that nobody can have; the message says what is wrong, without the number."""


class WrongWorld(ValueError):
    """An invented person in production, or a real-looking one in a demonstration."""


def check_digit(first_17: str) -> str:
    """Return the last character of the identity number that begins with these 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_17, strict=True))
    return _CHECKS[total % 11]


def identity_number(text: str) -> str:
    """Return the 18 characters of an identity number; raises IdentityInvalid."""
    number = text.strip().upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        message = _("An identity number has 17 digits and then a digit or X.")
        raise IdentityInvalid(message)
    try:
        date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError as error:
        message = _("Digits 7 to 14 of the identity number are not a date.")
        raise IdentityInvalid(message) from error
    if check_digit(number[:17]) != number[17]:
        message = _("The check digit of the identity number does not fit: is a digit mistyped?")
        raise IdentityInvalid(message)
    return number


def phone_number(text: str) -> str:
    """Return the 11 digits of a mobile number, without +86 and blanks; raises IdentityInvalid."""
    digits = _FILLING.sub("", text)
    digits = digits.removeprefix("+86").removeprefix("0086")
    if not (digits.isascii() and _MOBILE.match(digits)):
        message = _("A mobile number has 11 digits and begins with 1.")
        raise IdentityInvalid(message)
    return digits


def is_invented(*, phone: str = "", identity: str = "") -> bool | None:
    """Say whether these checked numbers are invented; None when there is no number to tell.

    Raises WrongWorld when one is invented and the other is not.
    """
    signs = set()
    if phone:
        signs.add(phone.startswith("12"))
    if identity:
        signs.add(identity[:2] not in _PROVINCES)
    if len(signs) > 1:
        message = _("One of the numbers is invented and the other is not.")
        raise WrongWorld(message)
    return signs.pop() if signs else None


def admit(invented: bool | None, *, mode: str) -> None:  # noqa: FBT001 - the verdict itself
    """Raise WrongWorld when such a person has no place in an installation of this mode."""
    if invented is True and mode == "production":
        message = _("Invented people have no place in a production installation.")
        raise WrongWorld(message)
    if invented is False and mode != "production":
        message = _("Real people have no place in a demonstration: use region 99 and prefix 12.")
        raise WrongWorld(message)
