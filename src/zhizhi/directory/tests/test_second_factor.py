"""The second factor: codes that count once, guesses that end, and factors that are lost."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection

from zhizhi.directory import accounts, second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.second_factor import CodeWrong, FactorExists, LastFactor, TooManyCodes
from zhizhi.directory.tests.authenticating import app_code
from zhizhi.trust import audit, rotating, vault
from zhizhi.trust.models import AuditEntry, SubjectKey

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = base64.b32encode(b"a secret of 20 bytes").decode()
WRONG = "000000"


def person(username: str = "desk-1") -> Account:
    return accounts.create_account(
        username, "river-lantern-7-boats", call_sign=username, by="account:1", now=NOON
    )


def with_app(account: Account | None = None, *, at: datetime = NOON) -> Account:
    account = account or person()
    code = app_code(SECRET, at)
    second_factor.add_app(account, SECRET, code, is_first=True, now=at)
    return account


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)


def show(account: Account, code: str, now: datetime) -> bool:
    try:
        second_factor.prove(account, code, now=now)
    except CodeWrong:
        return False
    return True


def test_rfc_6238s_own_example_is_met() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    at = datetime.fromtimestamp(1_111_111_109, UTC)  # its table: 07081804

    assert app_code(secret, at) == "081804"
    second_factor.add_app(person(), secret, "081804", is_first=True, now=at)


def test_an_account_has_no_factor_until_the_apps_code_was_shown() -> None:
    account = person()

    with pytest.raises(CodeWrong):
        second_factor.add_app(account, SECRET, WRONG, is_first=True, now=NOON)
    assert not second_factor.has_one(account)
    with_app(account)

    assert second_factor.has_one(account)
    assert len(set(second_factor.recovery_codes(account))) == 10


@pytest.mark.parametrize(("steps", "is_right"), [
    (-2, False), (-1, True), (0, True), (1, True), (2, False),
])  # fmt: skip
def test_a_telephones_clock_may_be_wrong_by_one_step(steps: int, is_right: bool) -> None:
    account, now = with_app(), later(minutes=10)

    assert show(account, app_code(SECRET, now, steps=steps), now) is is_right


def test_a_code_is_not_taken_twice_nor_an_older_one_after_it() -> None:
    account, now = with_app(), later(minutes=10)
    code, before = app_code(SECRET, now), app_code(SECRET, now, steps=-1)

    assert [show(account, one, now) for one in (code, code, before)] == [True, False, False]
    assert show(account, app_code(SECRET, now, steps=1), now)


def test_the_code_that_set_the_app_up_does_not_open_the_door_as_well() -> None:
    account = with_app()

    assert not show(account, app_code(SECRET, NOON), later(seconds=5))
    assert show(account, app_code(SECRET, later(seconds=30)), later(seconds=30))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_show_one_code_at_once_one_is_let_in() -> None:
    account, now = with_app(), later(minutes=10)
    code = app_code(SECRET, now)

    def once(_number: int) -> bool:
        try:
            return show(account, code, now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(once, range(4))).count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_who_show_one_recovery_code_at_once_one_is_let_in() -> None:
    account = with_app()
    code = second_factor.recovery_codes(account)[0]

    def once(_number: int) -> bool:
        try:
            return show(account, code, later(minutes=10))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(once, range(4))).count(True) == 1
    assert len(second_factor.recovery_codes(account)) == 9


def test_a_recovery_code_works_once_also_as_it_stands_on_paper() -> None:
    account = with_app()
    first, second = second_factor.recovery_codes(account)[:2]

    assert show(account, f"{first[:4]} {first[4:]}", later(minutes=10))
    assert not show(account, first, later(minutes=10))
    assert show(account, second, later(minutes=10))
    assert len(second_factor.recovery_codes(account)) == 8


@pytest.mark.parametrize(("wrong", "is_looked_at"), [(4, True), (5, False), (6, False)])
def test_after_five_wrong_codes_not_even_a_right_one_is_looked_at(
    wrong: int, is_looked_at: bool
) -> None:
    account, now = with_app(), later(minutes=10)
    for _time in range(min(wrong, 5)):
        with pytest.raises(CodeWrong):
            second_factor.prove(account, WRONG, now=now)
    if wrong == 6:
        with pytest.raises(TooManyCodes):
            second_factor.prove(account, WRONG, now=now)

    right = app_code(SECRET, now)
    if is_looked_at:
        second_factor.prove(account, right, now=now)
    else:
        with pytest.raises(TooManyCodes) as refused:
            second_factor.prove(account, right, now=now)
        assert refused.value.again_at == now + timedelta(minutes=3)


@pytest.mark.parametrize(("seconds", "is_looked_at"), [(179, False), (180, True), (181, True)])
def test_the_next_code_counts_three_minutes_later(seconds: int, is_looked_at: bool) -> None:
    account, now = with_app(), later(minutes=10)
    for _time in range(5):
        show(account, WRONG, now)
    then = now + timedelta(seconds=seconds)

    if is_looked_at:
        second_factor.prove(account, app_code(SECRET, then), now=then)
    else:
        with pytest.raises(TooManyCodes):
            second_factor.prove(account, app_code(SECRET, then), now=then)


def test_a_right_code_forgets_the_wrong_ones_before_it() -> None:
    account, now = with_app(), later(minutes=10)
    for _time in range(4):
        show(account, WRONG, now)
    show(account, app_code(SECRET, now), now)

    assert [show(account, WRONG, now) for _time in range(5)] == [False] * 5
    with pytest.raises(TooManyCodes):
        second_factor.prove(account, WRONG, now=now)


def test_guesses_while_setting_up_are_counted_too() -> None:
    account = person()
    for _time in range(5):
        with pytest.raises(CodeWrong):
            second_factor.add_app(account, SECRET, WRONG, is_first=True, now=NOON)

    with pytest.raises(TooManyCodes):
        with_app(account)


def test_one_accounts_guesses_do_not_hinder_another() -> None:
    first, second = with_app(), with_app(person("desk-2"))
    for _time in range(5):
        show(first, WRONG, later(minutes=10))

    assert show(second, app_code(SECRET, later(minutes=10)), later(minutes=10))


def test_a_first_factor_is_not_set_up_beside_one_that_is_there() -> None:
    account = with_app()
    another = base64.b32encode(b"somebody else's key!").decode()

    with pytest.raises(FactorExists):
        second_factor.add_app(account, another, app_code(another, NOON), is_first=True, now=NOON)
    assert show(account, app_code(SECRET, later(minutes=1)), later(minutes=1))


def test_a_new_app_replaces_the_old_one_and_its_key_is_destroyed() -> None:
    account, now = with_app(), later(minutes=10)
    another = base64.b32encode(b"the same person, new").decode()
    sealed = Authenticator.objects.get(user=account, type="totp").data["secret"]

    second_factor.add_app(account, another, app_code(another, now), is_first=False, now=now)

    soon = later(minutes=11)
    assert not show(account, app_code(SECRET, soon), soon)
    assert show(account, app_code(another, soon), soon)
    assert SubjectKey.objects.get(pk=int(sealed.partition(":")[0])).wrapped is None


def test_neither_secret_nor_recovery_code_lies_open_in_the_database() -> None:
    account = with_app()
    codes = second_factor.recovery_codes(account)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))

    assert SECRET not in kept
    assert not any(code in kept for code in codes)


def test_secrets_stay_readable_when_vault_keys_are_rotated() -> None:
    account = with_app()

    rotating.rotate(by="cli", now=NOON)

    now = later(minutes=10)
    assert vault.strange_keys() == []
    assert show(account, app_code(SECRET, now), now)
    assert len(second_factor.recovery_codes(account)) == 10


def test_secrets_whose_keys_are_gone_open_nothing_until_they_are_reset() -> None:
    account, now = with_app(), later(minutes=10)
    code = second_factor.recovery_codes(account)[0]
    for key in SubjectKey.objects.all():
        vault.destroy(key, now=NOON)

    assert not show(account, app_code(SECRET, now), now)
    assert not show(account, code, now)
    assert second_factor.recovery_codes(account) == []
    second_factor.reset(account, reason="lost", by="account:1", now=now)
    with_app(account, at=now)

    assert len(second_factor.recovery_codes(account)) == 10


def test_new_recovery_codes_make_the_old_ones_worthless() -> None:
    account = with_app()
    old = second_factor.recovery_codes(account)

    new = second_factor.renew_codes(account, now=NOON)

    assert not set(old) & set(new)
    assert not show(account, old[0], later(minutes=10))
    assert show(account, new[0], later(minutes=10))


def test_the_last_factor_stays() -> None:
    account = with_app()
    [app] = second_factor.factors(account)
    other = Authenticator.objects.create(user=account, type="webauthn", data={})

    second_factor.remove(account, app.pk, now=NOON)
    with pytest.raises(LastFactor):
        second_factor.remove(account, other.pk, now=NOON)

    assert list(second_factor.factors(account)) == [other]


def test_nobody_removes_the_factor_of_another_account() -> None:
    first, second = with_app(), with_app(person("desk-2"))
    Authenticator.objects.create(user=first, type="webauthn", data={})

    with pytest.raises(Authenticator.DoesNotExist):
        second_factor.remove(first, second_factor.factors(second).get().pk, now=NOON)


def test_a_reset_takes_everything_away_and_ends_the_sessions() -> None:
    account = with_app()
    before = account.get_session_auth_hash()

    second_factor.reset(account, reason="lost", by="account:9", now=NOON)

    account.refresh_from_db()
    assert not Authenticator.objects.filter(user=account).exists()
    assert account.get_session_auth_hash() != before
    assert not SubjectKey.objects.filter(wrapped__isnull=False).exists()


def test_a_reset_wants_one_of_the_reasons() -> None:
    account = with_app()

    with pytest.raises(ValueError, match="no reason"):
        second_factor.reset(account, reason="because", by="account:9", now=NOON)
    assert second_factor.has_one(account)


def test_a_reset_lets_codes_be_looked_at_again() -> None:
    account = with_app()
    for _time in range(5):
        show(account, WRONG, later(minutes=1))
    second_factor.reset(account, reason="broken", by="account:9", now=later(minutes=1))

    with_app(account, at=later(minutes=1))


def test_every_step_is_on_record_by_numbers_alone() -> None:
    account = with_app()
    app = second_factor.factors(account).get().pk
    show(account, WRONG, later(minutes=10))
    show(account, app_code(SECRET, later(minutes=10)), later(minutes=10))
    second_factor.renew_codes(account, now=later(minutes=11))
    second_factor.reset(account, reason="stolen", by="account:9", now=later(minutes=12))

    told = AuditEntry.objects.filter(verb__startswith="factor").order_by("seq")
    assert list(told.values_list("verb", "detail")) == [
        ("factor.add", {"kind": "totp", "factor": app}), ("factor.wrong", {}),
        ("factor.prove", {"kind": "totp", "factor": app}), ("factor.codes", {}),
        ("factor.reset", {"reason": "stolen"}),
    ]  # fmt: skip
    assert set(told.values_list("subject", flat=True)) == {f"account:{account.pk}"}
    assert list(audit.verify()) == []


def test_a_secret_not_yet_kept_follows_from_account_and_seed() -> None:
    first, second = person(), person("desk-2")
    made = {second_factor.app_secret(account, seed) for account in (first, second) for seed in "ab"}

    assert len(made) == 4
    assert second_factor.app_secret(first, "a") in made
    assert all(len(base64.b32decode(secret)) == 20 for secret in made)
