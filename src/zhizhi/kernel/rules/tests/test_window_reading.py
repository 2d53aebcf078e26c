"""Windows in the files of rules: what they mean, and where they are wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.kernel.rules.loading import RuleSet
from zhizhi.kernel.rules.tests.rule_texts import read, rule_text
from zhizhi.kernel.rules.windows import span_text

GOOD = "windows:\n  paid_2h: {of: transfer_alert, take: sum, value: amount, over: 2h}\n"
RULE = rule_text(when="paid_2h >= 5000", unless=None, let=None, because='"{paid_2h:.0f}"')


def error(declared: str, text: str = "") -> str:
    found = read(f"windows:\n  paid_2h: {declared}\n{text}")
    assert found.features == ()
    return str(found.errors[0])


def read_together(*texts: str) -> RuleSet:
    return read("\n---\n".join(texts))


@pytest.mark.parametrize("texts", [(GOOD, RULE), (RULE, GOOD)])
def test_rules_ask_for_windows_by_name_wherever_in_the_files_they_stand(
    texts: tuple[str, ...],
) -> None:
    for found in (read_together(*texts), read(*texts)):
        assert found.errors == ()
        assert [rule.id for rule in found.rules] == ["blindbox.takeover"]
        assert [feature.name for feature in found.features] == ["paid_2h"]
        assert found.schema.columns["paid_2h"].window == "2h"


def test_a_window_has_all_that_was_declared() -> None:
    (found,) = read(
        "windows:\n  payers: {of: [check, report], take: distinct, value: entity, by: payee, "
        "over: 30d, where: payee_is_new, earlier: true, meaning: Who named the payee.}"
    ).features

    assert (found.by, found.value, found.on) == ("payee", "entity", frozenset({"check", "report"}))
    assert (found.span, found.is_earlier) == (timedelta(days=30), True)
    assert found.columns == {"payee", "entity", "payee_is_new"}
    assert found.meaning == "Who named the payee."


def test_a_name_that_is_neither_column_nor_window_has_line_and_column() -> None:
    found = read_together(GOOD, rule_text(when="paid_3h >= 5000", unless=None, let=None))

    (wrong,) = found.errors
    assert (wrong.place.line, wrong.place.column) == (14, 7)
    assert "paid_3h is no column of fraud_events.v1: did you mean paid_2h?" in str(wrong)


@pytest.mark.parametrize(
    ("declared", "place", "words"),
    [
        ("count", "2:3", "A window is a mapping"),
        ("{take: count, over: 1h}", "2:3", "of is missing"),
        ("{of: transfer, take: count, over: 1h}", "2:17", "'transfer' is not a kind of event"),
        ("{of: [], take: count, over: 1h}", "2:17", "of is empty"),
        ("{of: check, take: median, over: 1h}", "2:30", "'median' is not a way"),
        ("{of: check, take: count, over: 1w}", "2:43", "over cannot be '1w'"),
        ("{of: check, take: count, over: 0s}", "2:43", "over cannot be '0s'"),
        ("{of: check, take: count, over: 401d}", "2:43", "over cannot be '401d'"),
        ("{of: check, take: count, over: 1h, by: amount}", "2:51", "'amount' is not a key"),
        ("{of: check, take: count, over: 1h, value: amount}", "2:54", "count takes no value"),
        ("{of: check, take: sum, over: 1h}", "2:12", "value is missing"),
        ("{of: check, take: sum, over: 1h, value: amuont}", "2:52", "did you mean amount?"),
        ("{of: check, take: sum, over: 1h, value: payee}", "2:52", "no column of numbers"),
        ("{of: check, take: distinct, over: 1h, value: amount}", "2:57", "is not a key"),
        ("{of: check, take: count, over: 1h, where: amont > 1}", "2:54", "did you mean amount?"),
        ("{of: check, take: count, over: 1h, where: payee = 1}", "2:54", "payee is no column"),
        ("{of: check, take: count, over: 1h, earlier: perhaps}", "2:56", "true or false"),
        ("{of: check, take: count, over: 1h, per: day}", "2:47", "per is no part of a window"),
    ],
)
def test_what_is_wrong_with_a_window_is_told_with_its_place(
    declared: str, place: str, words: str
) -> None:
    found = error(declared)

    assert found.startswith(f"1.yaml:{place}: ")
    assert words in found


@pytest.mark.parametrize("name", ["and", "Paid", "payee", "call_origin"])
def test_a_window_cannot_take_such_a_name(name: str) -> None:
    found = read(f"windows:\n  {name}: {{of: check, take: count, over: 1h}}")

    assert found.errors[0].place.line == 2


def test_a_window_is_declared_once_and_does_not_look_at_windows() -> None:
    again = read(GOOD, GOOD)
    chained = read(GOOD, GOOD.replace("paid_2h", "more").replace("amount", "out_amt_24h"),
                   GOOD.replace("paid_2h", "out_amt_24h"))  # fmt: skip

    assert "paid_2h stands in 1.yaml:2:12 already" in str(again.errors[0])
    assert "more looks at out_amt_24h, which is a window" in str(chained.errors[0])
    assert [feature.name for feature in chained.features] == ["paid_2h", "out_amt_24h"]


def test_a_rule_beside_its_windows_in_one_document_is_refused() -> None:
    assert "id does not belong beside windows" in error(
        "{of: check, take: count, over: 1h}", "id: a"
    )


@pytest.mark.parametrize(
    ("span", "text"), [(90, "90s"), (120, "2m"), (7200, "2h"), (86400, "1d"), (90000, "25h")]
)
def test_spans_are_told_as_they_are_written(span: int, text: str) -> None:
    assert span_text(timedelta(seconds=span)) == text
