"""The claims files say something of every requirement, and name tests that are there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests import assurance
from tests.assurance import ASVS, CLAIMS, DENGBAO, ROOT, Requirement, missing, requirements

# Requirements of levels 1 and 2 in OWASP ASVS 5.0.0, chapter by chapter.
OF_CHAPTER = {
    "1": 27,
    "2": 11,
    "3": 19,
    "4": 10,
    "5": 9,
    "6": 35,
    "7": 18,
    "8": 7,
    "9": 7,
    "10": 29,
    "11": 14,
    "12": 9,
    "13": 13,
    "14": 9,
    "15": 13,
    "16": 16,
    "17": 7,
}


# Clauses of each part of GB/T 22239-2019, level 3, secure computing and management centre.
OF_PART = {
    "8.1.4.1": 4,
    "8.1.4.2": 7,
    "8.1.4.3": 4,
    "8.1.4.4": 6,
    "8.1.4.5": 1,
    "8.1.4.6": 1,
    "8.1.4.7": 2,
    "8.1.4.8": 2,
    "8.1.4.9": 3,
    "8.1.4.10": 2,
    "8.1.4.11": 2,
    "8.1.5.1": 2,
    "8.1.5.2": 2,
    "8.1.5.3": 2,
    "8.1.5.4": 6,
}


def said_in(file: Path) -> list[Requirement]:
    return requirements(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=CLAIMS, ids=lambda file: file.stem)
def known(request: pytest.FixtureRequest) -> list[Requirement]:
    return said_in(request.param)


def test_every_requirement_of_the_first_two_levels_is_there() -> None:
    counted = Counter(one.chapter for one in said_in(ASVS) if one.level < 3)

    assert counted == OF_CHAPTER
    assert counted.total() == 253


def test_every_clause_of_the_application_layer_is_there_and_says_what_it_is_about() -> None:
    clauses = said_in(DENGBAO)

    assert Counter(one.number.rpartition(".")[0] for one in clauses) == OF_PART
    assert [one.number for one in clauses if not one.about or one.level != 3] == []


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
    told = [file.read_text(encoding="utf-8").count("compliant") for file in CLAIMS]

    assert told == [1, 1]  # where the head says that it is not the word
