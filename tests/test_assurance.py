"""The claims file says something of every requirement, and names tests that are there."""

from __future__ import annotations

from collections import Counter

import pytest

from tests import assurance
from tests.assurance import CLAIMS, ROOT, Requirement, missing, requirements

# Requirements of levels 1 and 2 in OWASP ASVS 5.0.0, chapter by chapter.
OF_CHAPTER = {
    1: 27,
    2: 11,
    3: 19,
    4: 10,
    5: 9,
    6: 35,
    7: 18,
    8: 7,
    9: 7,
    10: 29,
    11: 14,
    12: 9,
    13: 13,
    14: 9,
    15: 13,
    16: 16,
    17: 7,
}


@pytest.fixture(scope="module")
def known() -> list[Requirement]:
    return requirements(CLAIMS.read_text(encoding="utf-8"))


def test_every_requirement_of_the_first_two_levels_is_there(known: list[Requirement]) -> None:
    counted = Counter(one.chapter for one in known if one.level < 3)

    assert counted == OF_CHAPTER
    assert counted.total() == 253


def test_each_requirement_says_one_thing(known: list[Requirement]) -> None:
    said = {one.number: [k for k in assurance.KINDS if getattr(one, k)] for one in known}
    allowed = (["proof"], ["documented"], ["proof", "documented"], ["absent"], ["gap"])

    assert {number: kinds for number, kinds in said.items() if kinds not in allowed} == {}


def test_every_proof_is_a_test(known: list[Requirement]) -> None:
    assert missing(proof for one in known for proof in one.proof) == []


@pytest.mark.parametrize(
    "proof",
    [
        "tests/test_assurance.py::test_that_is_not_there",
        "tests/test_assurance.py::known",
        "tests/nowhere.py::test_x",
        "tests/assurance.py::*",
    ],
)
def test_a_proof_that_is_none_is_found(proof: str) -> None:
    assert missing([proof]) == [proof]


def test_what_is_said_to_be_documented_is_a_file(known: list[Requirement]) -> None:
    assert [one.number for one in known if not (ROOT / one.documented).exists()] == []


def test_a_word_that_nobody_knows_is_refused() -> None:
    with pytest.raises(TypeError):
        requirements('["1.1.1"]\nlevel = 1\ncompliant = "yes"\n')


def test_nobody_calls_it_compliant() -> None:
    told = CLAIMS.read_text(encoding="utf-8")

    assert told.count("compliant") == 1  # where the head says that it is not the word
