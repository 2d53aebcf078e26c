from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel.rules.checking import Checker
from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.parsing import parsed
from zhizhi.kernel.rules.schema import Event, Scalar
from zhizhi.kernel.rules.syntax import MOST_DEPTH, ConditionWrong, written
from zhizhi.kernel.rules.weighing import value_of

SIX: Event = {"out_n_1h": 6.0, "is_minor": True, "call_origin": "foreign", "amount_bucket": 0.0}


def worth(text: str, event: Event = SIX) -> Scalar:
    return value_of(Checker(FRAUD_EVENTS, {}).condition(parsed(text)).node, event)


def refused(text: str) -> ConditionWrong:
    with pytest.raises(ConditionWrong) as caught:
        Checker(FRAUD_EVENTS, {}).condition(parsed(text))
    return caught.value


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("out_n_1h > 5", True),
        ("out_n_1h > 6", False),
        ("out_n_1h >= 6 and not out_n_1h > 7", True),
        ("FALSE AND FALSE OR TRUE", True),
        ("FALSE AND (FALSE OR TRUE)", False),
        ("NOT FALSE AND FALSE", False),
        ("NOT (FALSE AND FALSE)", True),
        ("1 + 2 * 3 = 7", True),
        ("(1 + 2) * 3 = 9", True),
        ("10 - 2 - 3 = 5", True),
        ("12 / 3 / 2 = 2", True),
        ("-out_n_1h + 7 = 1 AND - -2 = 2 AND 3 - -1 = 4", True),
        ("out_n_1h BETWEEN 6 AND 7 AND out_n_1h BETWEEN 5 AND 6", True),
        ("out_n_1h BETWEEN 7 AND 8 OR out_n_1h NOT BETWEEN 5 AND 6", False),
        ("out_n_1h IN (1, 6) AND out_n_1h NOT IN (1, -6)", True),
        ("call_origin IN ('foreign', \"virtual\") AND call_origin <> 'domestic'", True),
        ("is_minor AND is_minor = 1 AND is_minor <> 0 AND is_minor = TRUE", True),
        ("is_minor IS NULL OR is_elder IS NOT NULL", False),
        ("is_minor = (out_n_1h > 5)", True),
        (".5 + 1. = 15e-1", True),
    ],
)
def test_a_condition_means_what_it_says(text: str, answer: bool) -> None:
    assert worth(text) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("is_elder", None),
        ("NOT is_elder", None),
        ("is_elder AND FALSE", False),
        ("is_elder AND TRUE", None),
        ("is_elder OR TRUE", True),
        ("is_elder OR FALSE", None),
        ("out_amt_24h + 1 > 0", None),
        ("out_amt_24h = out_amt_24h", None),
        ("out_amt_24h IN (1, 2)", None),
        ("out_amt_24h BETWEEN 1 AND 2", None),
        ("out_n_1h BETWEEN 7 AND out_amt_24h", False),
        ("out_n_1h BETWEEN 6 AND out_amt_24h", None),
        ("out_amt_24h IS NULL", True),
        ("out_n_1h / amount_bucket > 1", None),
        ("out_n_1h / amount_bucket IS NULL", True),
        ("amount_bucket / out_n_1h = 0", True),
    ],
)
def test_unknown_is_neither_true_nor_false(text: str, answer: bool | None) -> None:
    assert worth(text) is answer


@pytest.mark.parametrize(
    ("wide", "plain"),
    [
        ("（out_n_1h \uff1e 5）", "(out_n_1h > 5)"),
        ("out_n_1h ≥ 6 AND out_n_1h ≤ 6 AND out_n_1h ≠ 7", "out_n_1h = 6"),
        ("out_n_1h IN （5，6）", "out_n_1h IN (5, 6)"),
        ("out_n_1h × 2 ÷ 3 − 4 \uff1d 0\u3000", "out_n_1h * 2 / 3 - 4 = 0"),
    ],
)  # fmt: skip
def test_full_width_punctuation_is_read_as_meant(wide: str, plain: str) -> None:
    assert worth(wide) is worth(plain) is True


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("out_n_1h == 6", 9, "Write = for equal"),
        ("out_n_1h = “6”", 11, "straight quotes"),
        ("call_origin = 'foreign", 14, "Close the quote"),
        ("out_n_1h > 5；", 12, "Leave it out"),
        ("out_n_1h > 50%", 13, "0.5 for 50 %"),
        ("转账 > 5", 0, "Use the names of columns"),
        ("1 < out_n_1h < 9", 13, "b BETWEEN a AND c"),
        ("out_n_1h > 5 is_minor", 13, "Put AND or OR"),
        ("(out_n_1h > 5", 0, "never closed"),
        ("out_n_1h > 5)", 12, "never opened"),
        ("out_n_1h = NULL", 11, "IS NULL"),
        ("out_n_1h IN (1 2)", 15, "comma"),
        ("out_n_1h IN (1, is_minor)", 16, "Only numbers and quoted words"),
        ("out_n_1h IN (1, 'a')", 16, "is not a number"),
        ("is_minor IN (1)", 9, "yes or no already"),
        ("out_n_1h NOT 5", 13, "NOT IN"),
        ("SELECT 1", 0, "Sub-queries"),
        ("out_n_1h > 1e16", 11, "too large or too small"),
        ("out_n_1h > 1e-16", 11, "too large or too small"),
        ("call_origin + 1 = 2", 0, "where a number is needed"),
        ("call_origin > 'foreign'", 12, "puts numbers in order"),
        ("call_origin = 'mars'", 14, "Use one of domestic"),
        ("'mars' = call_origin", 0, "Use one of domestic"),
        ("call_origin IN ('mars')", 16, "Use one of domestic"),
        ("is_minor = 2", 9, "yes or no with a number"),
        ("NOT out_n_1h", 4, "not a condition"),
        ("out_n_1h AND is_minor", 0, "not a condition"),
        ("", 0, "missing before the end"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(text: str, at: int, words: str) -> None:
    error = refused(text)

    assert (error.at, words in str(error)) == (at, True), str(error)


@pytest.mark.parametrize("more", [0, 1, 960])
@pytest.mark.parametrize("shape", ["({})", "NOT {}", "-({})"])
def test_nesting_has_a_bound_with_a_clear_error(shape: str, more: int) -> None:
    inner = "1" if shape.startswith("-") else "is_minor"
    opening, closing = shape.split("{}")
    text = opening * (MOST_DEPTH + more) + inner + closing * (MOST_DEPTH + more)
    text += " = 1" if inner == "1" else ""

    if more:
        assert f"more than {MOST_DEPTH} levels" in str(refused(text))
    else:
        assert worth(text) is not None


@pytest.mark.parametrize("text", [
    "1" + " + 1" * 61 + " > 0", "1" + " + 1" * 1000 + " > 0", " AND ".join(["is_minor"] * 500),
    "(is_minor OR " * 40 + "is_minor" + ") AND is_minor" * 40, "1 * " * 60 + "1 / 1 > 0",
])  # fmt: skip
def test_long_conditions_have_a_bound_with_a_clear_error(text: str) -> None:
    assert "Make several rules of it" in str(refused(text))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("out_amt_24h" + " * out_amt_24h" * 18 + " > 0", True),
        ("out_amt_24h" + " * out_amt_24h" * 19 + " > 0", False),
        ("1 / (out_amt_24h - 1) > 0", True),
        ("0 * out_amt_24h / out_n_1h = 0", True),
    ],
)
def test_what_may_leave_the_range_of_numbers_is_refused(text: str, fits: bool) -> None:
    if fits:
        assert worth(text, {}) is None
    else:
        assert "too large or too small" in str(refused(text))


@given(st.text(alphabet="ab_1. ()<>=,+-*/'\"ANDORTIS", max_size=60) | st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    found: object = None
    try:
        found = written(parsed(text))
    except ConditionWrong as error:
        at = error.at
        found = None
    else:
        at = 0

    assert 0 <= at <= len(text)
    assert found is None or written(parsed(str(found))) == found
