"""Nothing sealed is opened without saying what for, and each purpose has a lawful ground."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import zhizhi
from zhizhi.trust import grounds, vault
from zhizhi.trust.grounds import PURPOSES, Basis, Ground, PurposeMissing
from zhizhi.trust.vault import Place

KEY = bytes(range(32))
PLACE = Place("directory_person", "phone", 7)
ROOT = Path(zhizhi.__file__).parent
# Every place of the product that opens sealed columns; each declares its purpose itself. The vault
# does not: it asks for one.
READS = {
    ("directory/factor_secrets.py", "decrypt"),
    ("directory/granting.py", "words"),
    ("directory/look_reviews.py", "words"),
    ("directory/people.py", "open_person"),
    ("directory/people.py", "open_to_check"),
    ("directory/people.py", "own_data"),
    ("directory/texting.py", "open_to_send"),
    ("engine/appealing.py", "words"),
    ("engine/claiming.py", "words"),
    ("engine/patrolling.py", "photo_of"),
    ("engine/reporting.py", "words"),
    ("trust/evidence.py", "_opened"),
}
VAULT = {("trust/vault.py", "unseal"), ("trust/vault.py", "unseal_columns")}


def sealed() -> bytes:
    return vault.seal("12012345678", key=KEY, key_id="7", place=PLACE)


def opened() -> str:
    return vault.unseal(sealed(), key=KEY, place=PLACE)


def functions(of: ast.AST) -> Iterator[ast.FunctionDef]:
    return (one for one in ast.walk(of) if isinstance(one, ast.FunctionDef))


def calls(within: ast.AST, *names: str) -> bool:
    return any(
        isinstance(one, ast.Call) and ast.unparse(one.func).rpartition(".")[2] in names
        for one in ast.walk(within)
    )


def product() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(ROOT.rglob("*.py")):
        if "tests" not in path.parts:
            for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
                yield path.relative_to(ROOT).as_posix(), function


def test_a_raw_read_without_a_purpose_is_refused() -> None:
    for read in (vault.unseal, vault.unseal_bytes):
        with pytest.raises(PurposeMissing):
            read(sealed(), key=KEY, place=PLACE)


def test_a_read_inside_a_declared_purpose_opens_and_the_purpose_ends_with_the_block() -> None:
    with grounds.reading(grounds.by_law("handle-case")):
        assert opened() == "12012345678"

    with pytest.raises(PurposeMissing):
        opened()


def test_a_purpose_ends_also_when_the_block_fails() -> None:
    with pytest.raises(ZeroDivisionError), grounds.reading(grounds.by_law("handle-case")):
        raise ZeroDivisionError

    with pytest.raises(PurposeMissing):
        grounds.demand()


def test_a_reading_inside_a_reading_keeps_the_purpose_that_began_it() -> None:
    with grounds.reading(grounds.by_law("own-copy")):
        with grounds.reading(grounds.by_law("handle-case")):
            assert grounds.demand().purpose == "own-copy"
        assert grounds.demand().purpose == "own-copy"


def test_another_thread_has_declared_nothing() -> None:
    found: list[BaseException] = []

    def read() -> None:
        try:
            opened()
        except PurposeMissing as error:
            found.append(error)

    with grounds.reading(grounds.by_law("handle-case")):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()

    assert len(found) == 1


@pytest.mark.parametrize("purpose", ["", "curiosity", "ask-reporter"])
def test_what_is_not_registered_or_needs_consent_is_no_ground_by_law(purpose: str) -> None:
    with pytest.raises(PurposeMissing):
        grounds.by_law(purpose)


def test_exactly_what_rests_on_consent_names_an_agreement() -> None:
    assert all(bool(one.agreement) == (one.basis == Basis.CONSENT) for one in PURPOSES.values())
    assert [code for code in PURPOSES if grounds.is_emergency(code)] == ["save-life"]
    assert not grounds.is_emergency("curiosity")


@pytest.mark.parametrize(
    ("basis", "codes"),
    [
        (Basis.CONSENT, "ask-reporter tell-result help-reporter bring-home ask-relative"),
        (Basis.EMPLOYMENT, "check-patrol sign-in"),
        (
            Basis.DUTY,
            "handle-case case-file serve-notice decide-penalty answer-claim decide-appeal "
            "decide-access review-looks check-guardian prove-keys dissuade send-code",
        ),
        (Basis.EMERGENCY, "save-life"),
        (Basis.RIGHT, "own-copy"),
    ],
)
def test_each_purpose_rests_on_its_paragraph(basis: Basis, codes: str) -> None:
    assert [code for code, one in PURPOSES.items() if one.basis == basis] == codes.split()


def test_a_ground_is_told_by_its_consent_or_its_law() -> None:
    assert str(Ground("ask-reporter", Basis.CONSENT, 5)) == "consent:5"
    assert str(grounds.by_law("handle-case")) == "duty"


def test_every_place_that_opens_sealed_columns_is_known_and_declares_a_purpose() -> None:
    found = {
        (name, function.name): function
        for name, function in product()
        if calls(function, "unseal", "unseal_bytes", "unseal_columns")
    }

    assert set(found) == READS | VAULT
    for key in READS:
        assert calls(found[key], "reading"), key
