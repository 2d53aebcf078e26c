from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest

from zhizhi.kernel.rules.deciding import Occurrence
from zhizhi.kernel.rules.explaining import explained, replayed
from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.schema import Event
from zhizhi.kernel.rules.tables import table_of
from zhizhi.kernel.rules.tests import random_rules
from zhizhi.kernel.rules.tests.random_rules import SMALL
from zhizhi.kernel.rules.tests.rule_texts import the_rule

HIT: Event = {
    "acct_resold_60d": True, "pwd_reset_24h": 1.0, "new_device_24h": True,
    "bal_out_ratio_2h": 0.8, "acct_resold_days": 12.0, "is_elder": False, "in_amt_24h": None,
}  # fmt: skip
TABLE = table_of(
    (
        the_rule(mode="live"),
        the_rule(id="near", mode="live", when="pwd_reset_24h >= 2 AND new_device_24h"),
        the_rule(id="nearer", mode="live", when="bal_out_ratio_2h > 0.9 AND new_device_24h"),
        the_rule(id="far", mode="live", when="bal_out_ratio_2h > 0.81 AND is_elder"),
        the_rule(id="draft", mode="draft", when="bal_out_ratio_2h > 0.81"),
        the_rule(id="excepted", mode="live", when="bal_out_ratio_2h > 0.81", unless="TRUE"),
    ),
    FRAUD_EVENTS,
)


def record(event: Event, last_told: dict[str, int] | None = None) -> dict[str, Any]:
    told = Occurrence("e1", "account_event", 7, 1_000, event)
    found: dict[str, Any] = orjson.loads(explained(TABLE, told, last_told or {}))
    return found


def test_an_alert_tells_rule_predicates_sentence_and_advice() -> None:
    (verdict,) = record(HIT)["verdicts"]
    (rule,) = verdict["rules"]

    assert (verdict["tier"], verdict["score"], verdict["told"]) == ("high", 70, True)
    assert rule["rule"] == "blindbox.takeover@3"
    assert rule["because"] == "账户 12 天前转让，2 小时内余额转出 80%"
    assert rule["advise"] == ["冻结登录", "联系平台"]
    assert rule["predicates"][-1] == {
        "name": "bal_out_ratio_2h", "test": "bal_out_ratio_2h >= 0.5", "value": 0.8,
        "threshold": 0.5, "windows": {"bal_out_ratio_2h": "2h"}, "answer": True,
    }  # fmt: skip
    assert rule["exception"][0]["answer"] is None


def test_what_was_not_used_and_what_was_unknown_is_told() -> None:
    found = record(HIT)

    assert found["not_used"] == ["acct_resold_days", "in_amt_24h", "is_elder"]
    assert found["unknown"] == ["payee_trusted"]


def test_the_nearest_miss_is_the_rule_that_one_test_kept_back_by_the_least() -> None:
    miss = record(HIT)["nearest_miss"]

    assert (miss["rule"], miss["threshold"], miss["value"]) == ("nearer@3", 0.9, 0.8)
    assert miss["gap"] == pytest.approx(0.1 / 0.9)


def test_a_resting_rule_is_explained_but_not_told() -> None:
    (verdict,) = record(HIT, {"blindbox.takeover": 900, "near": 1})["verdicts"]

    assert verdict["told"] is False
    assert verdict["rules"][0]["resting"] is True


def test_a_value_that_is_unknown_is_told_as_such() -> None:
    (verdict,) = record({**HIT, "acct_resold_days": None})["verdicts"]

    assert verdict["rules"][0]["because"].startswith("账户 未知 天前转让")


@pytest.mark.parametrize("seed", range(30))
def test_replaying_a_record_gives_the_same_bytes(seed: int) -> None:
    draw = Random(seed)  # noqa: S311 - not for secrets
    table = table_of([random_rules.rule(draw, n) for n in range(20)], SMALL)
    told = Occurrence("e", "check", -5, 1, random_rules.event(draw))

    first = explained(table, told, {f"r{n}": draw.randint(-(10**12), 10**12) for n in range(20)})

    assert replayed(first, table) == first
