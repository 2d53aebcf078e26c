"""Identity and telephone numbers, invented and real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.directory import identity
from zhizhi.directory.identity import IdentityInvalid, WrongWorld, check_digit

INVENTED = "990001195001010015"
ASSIGNED = "65" + INVENTED[2:17]  # completed below, so that no real-looking number is written here
REAL_ID = ASSIGNED + check_digit(ASSIGNED)
REAL_PHONE = "1" + "3" + "0" * 9
INVENTED_PHONE = "12012345678"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def oracle_fits(number: str) -> bool:
    """ISO 7064 mod 11-2 by its recurrence, not by the table of weights."""
    rest = 0
    for digit in number[:17]:
        rest = (rest + int(digit)) * 2 % 11
    return (rest + (10 if number[17] == "X" else int(number[17]))) % 11 == 1


@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_check_digit_is_that_of_the_standard(first_17: str) -> None:
    assert oracle_fits(first_17 + check_digit(first_17))


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_mistyped_digit_is_always_found(place: int, shift: int) -> None:
    digits = list(INVENTED)
    digits[place] = str((int(digits[place]) + shift) % 10)

    with pytest.raises(IdentityInvalid):
        identity.identity_number("".join(digits))


def test_an_identity_number_is_normalised() -> None:
    first_17 = next(
        text for text in (f"99000119500101{n:03d}" for n in range(99)) if check_digit(text) == "X"
    )

    assert identity.identity_number(f" {first_17}x ") == f"{first_17}X"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "17 digits"),
        (INVENTED[:-1], "17 digits"),
        (INVENTED + "0", "17 digits"),
        ("99000119500101O015", "17 digits"),
        ("\uff1990001195001010015"[:18], "17 digits"),
        ("990001195013010015", "not a date"),
        ("990001195002290015", "not a date"),
        ("990001195001010016", "check digit"),
    ],
)
def test_an_impossible_identity_number_says_why_without_repeating_it(
    text: str, reason: str
) -> None:
    with pytest.raises(IdentityInvalid, match=reason) as refused:
        identity.identity_number(text)

    assert not text or text not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["12012345678", "+8612012345678", "+86 120-1234-5678", "0086 120 1234 5678"]
)
def test_a_telephone_number_is_normalised(text: str) -> None:
    assert identity.phone_number(text) == "12012345678"


@pytest.mark.parametrize(
    "text", ["", "1201234567", "120123456789", "22012345678", "11012345678", "1201234567x",
             "1201234567\uff18"]
)  # fmt: skip
def test_an_impossible_telephone_number_is_refused(text: str) -> None:
    with pytest.raises(IdentityInvalid):
        identity.phone_number(text)


@pytest.mark.parametrize(
    ("phone", "number", "invented"),
    [
        ("", "", None),
        (INVENTED_PHONE, "", True),
        (REAL_PHONE, "", False),
        ("", INVENTED, True),
        ("", REAL_ID, False),
        (INVENTED_PHONE, INVENTED, True),
        (REAL_PHONE, REAL_ID, False),
    ],
)
def test_invented_people_are_told_by_region_and_prefix(
    phone: str, number: str, invented: bool | None
) -> None:
    assert identity.is_invented(phone=phone, identity=number) is invented


@pytest.mark.parametrize(("phone", "number"), [(INVENTED_PHONE, REAL_ID), (REAL_PHONE, INVENTED)])
def test_half_a_real_person_is_refused(phone: str, number: str) -> None:
    with pytest.raises(WrongWorld):
        identity.is_invented(phone=phone, identity=number)


@pytest.mark.parametrize(
    ("invented", "mode", "admitted"),
    [
        (True, "demo", True),
        (True, "test", True),
        (True, "production", False),
        (False, "demo", False),
        (False, "test", False),
        (False, "production", True),
        (None, "demo", True),
        (None, "production", True),
    ],
)
def test_invented_and_real_people_never_meet(
    invented: bool | None, mode: str, admitted: bool
) -> None:
    if admitted:
        identity.admit(invented, mode=mode)
        return
    with pytest.raises(WrongWorld):
        identity.admit(invented, mode=mode)


@pytest.mark.parametrize(
    ("region", "invented"),
    [("11", False), ("15", False), ("16", True), ("65", False), ("66", True), ("71", False),
     ("83", False), ("84", True), ("91", False), ("99", True)],
)  # fmt: skip
def test_the_assigned_provinces_are_those_of_the_standard(region: str, invented: bool) -> None:
    assert identity.is_invented(identity=region + INVENTED[2:]) is invented
