from __future__ import annotations

from datetime import date, timedelta

import pytest

from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.loading import read_rules
from zhizhi.kernel.rules.tests.rule_texts import read, rule_text, the_error, the_rule

FIRES = {
    "acct_resold_60d": True, "pwd_reset_24h": 1.0, "new_device_24h": True, "bal_out_ratio_2h": 0.5,
}  # fmt: skip


def test_a_rule_is_read_with_all_its_parts() -> None:
    rule = the_rule()

    assert rule.reference == "blindbox.takeover@3"
    assert rule.on == {"account_event"}
    assert (rule.mode, rule.level, rule.score) == ("shadow", "high", 70)
    assert rule.cooldown == timedelta(hours=6)
    assert rule.expires == date(2027, 1, 1)
    assert rule.basis == ("反电信网络诈骗法 31", "反电信网络诈骗法 34")
    assert len(rule.conjuncts) == 4


@pytest.mark.parametrize(("share", "fires"), [(0.49, False), (0.5, True), (0.51, True)])
def test_what_let_defines_takes_part(share: float, fires: bool) -> None:
    assert the_rule().holds(FIRES | {"bal_out_ratio_2h": share}) is fires


@pytest.mark.parametrize(("trusted", "fires"), [(True, False), (False, True), (None, True)])
def test_only_a_true_exception_holds_a_rule_back(trusted: bool | None, fires: bool) -> None:
    assert the_rule().holds(FIRES | {"payee_trusted": trusted}) is fires


@pytest.mark.parametrize("name", FIRES)
def test_a_rule_stays_silent_on_what_is_unknown(name: str) -> None:
    assert not the_rule().holds(FIRES | {name: None})


def test_a_rule_is_asked_until_its_last_day_begins_in_china() -> None:
    begins_us = 1_798_732_800_000_000  # 2026-12-31T16:00Z
    rule = the_rule()

    asked = [rule.is_asked("account_event", begins_us + more) for more in (-1, 0, 1)]

    assert asked == [True, False, False]
    assert not rule.is_asked("check", begins_us - 1)


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        ({"when": "acct_resold_60 = 1"}, "11:7", "did you mean acct_resold_60d?"),
        ({"when": "pwd_reset_24h >= 1 AND foo = 2"}, "11:30", "foo is no column"),
        ({"when": "'pwd_reset_24h >= 1 AND foo = 2'"}, "11:31", "foo is no column"),
        ({"when": '"pwd_reset_24h >= 1 AND call_origin = \\"x\\""'}, "11:46", "not a value"),
        ({"when": ">\n  pwd_reset_24h >= 1\n  AND foo = 2"}, "13:7", "foo is no column"),
        ({"when": "pwd_reset_24h = 'a'"}, "11:21", "compares a number with a word"),
        ({"when": "is_minor > 1"}, "11:16", "puts numbers in order"),
        ({"when": "pwd_reset_24h + 1"}, "11:21", "not a condition"),
        ({"when": "pwd_reset_24h = 1 AND"}, "11:28", "missing before the end"),
        ({"when": "pwd_reset_24h / 0 > 1"}, "11:21", "divides by zero"),
        ({"when": "pwd_reset_24h IN (SELECT 1)"}, "11:25", "Sub-queries"),
        ({"when": "abs(pwd_reset_24h) > 1"}, "11:7", "as a function"),
        ({"when": "pwd_reset_24h \uff1d \uff11"}, "11:23", "Write 1 instead"),
        ({"unless": "payee_trusted == 1"}, "12:23", "Write = for equal"),
        ({"let": "{a: b = 1}"}, "10:10", "b is no column"),
        ({"let": "{is_minor: pwd_reset_24h = 1}"}, "10:7", "a column already"),
        ({"let": "{and: pwd_reset_24h = 1}"}, "10:7", "cannot be a name"),
        ({"because": "{foo} 天"}, "13:16", "quote texts"),
        ({"because": '"共 {foo} 天"'}, "13:13", "foo is no column"),
        ({"because": '"{is_minor:.1f}"'}, "13:11", "has no format"),
        ({"because": '"{is_minor.real}"'}, "13:11", "no place for a value"),
        ({"version": "0"}, "2:10", "version"),
        ({"score": "101"}, "7:8", "whole number 1–100"),
        ({"mode": "on"}, "4:7", "not a mode"),
        ({"on": "payment"}, "5:5", "not a kind of event"),
        ({"on": "[]"}, "5:5", "on is empty"),
        ({"cooldown": "6"}, "8:11", "Write 30m"),
        ({"expires": "2027-02-30"}, "9:10", "Write a day"),
        ({"owner": None}, "1:1", "owner is missing"),
        ({"colour": "red"}, "17:1", "no part of a rule"),
        ({"tests": "[{event: {pwd_reset_24h: 1}, expect: fire}]"}, "17:9", "should fire"),
        ({"tests": "[{event: {pwd_reset_24h: one}, expect: fire}]"}, "17:17", "is a number"),
        ({"tests": "[{event: {foo: 1}, expect: silent}]"}, "17:17", "no column 'foo'"),
        ({"tests": "[{event: gone.json, expect: fire}]"}, "17:17", "no readable file"),
        ({"tests": "[{event: {}, expect: maybe}]"}, "17:29", "'maybe' is not"),
        ({"owner": "&a x"}, "15:8", "Anchors"),
        ({"owner": "[[[[[[[[1]]]]]]]]"}, "15:15", "Nested more than"),
        ({"owner": "[" * 1000}, "15:15", "Nested more than"),
        ({"owner": "a: b"}, "15:9", "not YAML"),
    ],
)  # fmt: skip
def test_an_error_is_told_with_line_and_column(
    lines: dict[str, str | None], place: str, words: str
) -> None:
    assert the_error(**lines).startswith(f"1.yaml:{place}: ")
    assert words in the_error(**lines)


def test_a_name_that_is_given_twice_is_refused() -> None:
    found = read(rule_text() + "\nversion: 4")

    assert [str(error) for error in found.errors] == [
        "1.yaml:17:1: version is given twice. Keep one of them."
    ]


def test_two_rules_with_one_id_and_version_are_a_tie() -> None:
    found = read(rule_text(), rule_text(when="pwd_reset_24h > 3"))

    assert len(found.rules) == 1
    assert "blindbox.takeover@3 stands in 1.yaml:1:5 already" in str(found.errors[0])


def test_two_versions_of_one_rule_are_not_live_at_once() -> None:
    one, next_one = rule_text(mode="live"), rule_text(mode="live", version="4")

    assert "is live as well" in str(read(one, next_one).errors[0])
    assert read(one, rule_text(version="4")).errors == ()


def test_each_document_of_a_file_is_a_rule_and_a_wrong_one_leaves_the_others() -> None:
    found = read("\n---\n".join([rule_text(), rule_text(id="b", when="x"), rule_text(id="c")]))

    assert [rule.id for rule in found.rules] == ["blindbox.takeover", "c"]
    assert len(found.errors) == 1


def test_the_event_of_a_test_may_lie_beside_the_rule() -> None:
    text = rule_text(tests="[{event: event.json, expect: fire}]")
    event = (
        b'{"acct_resold_60d": 1, "pwd_reset_24h": 2, "new_device_24h": true, "bal_out_ratio_2h": 1}'
    )

    right = read_rules([("a.yaml", text, {"event.json": event}.__getitem__)], FRAUD_EVENTS)
    wrong = read_rules([("a.yaml", text, {"event.json": b"{"}.__getitem__)], FRAUD_EVENTS)

    assert right.errors == ()
    assert "a.yaml:17:17: event.json is not JSON" in str(wrong.errors[0])


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "a\\b.json"])
def test_no_other_folder_is_read(name: str) -> None:
    asked: list[str] = []

    def beside(name: str) -> bytes:
        asked.append(name)
        return b"{}"

    text = rule_text(tests=f"[{{event: '{name}', expect: silent}}]")

    assert len(read_rules([("a.yaml", text, beside)], FRAUD_EVENTS).errors) == 1
    assert asked == []


@pytest.mark.parametrize("text", ["", "# nothing", "- a", "word", "\x00", "a: [", "a\tb:\n\t- c"])
def test_what_is_no_rule_is_told_and_never_raised(text: str) -> None:
    assert len(read(text).errors) == 1


def test_a_file_that_is_too_large_is_refused() -> None:
    assert "Split it" in str(read("#" * 1_000_001).errors[0])
