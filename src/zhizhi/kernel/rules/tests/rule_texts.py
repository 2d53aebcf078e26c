"""Texts of rules for tests: one that is right, and the same with lines put in its place."""

from __future__ import annotations

from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.loading import RuleSet, nothing_beside, read_rules
from zhizhi.kernel.rules.rule import WarningRule

TAKEOVER = {
    "id": "blindbox.takeover",
    "version": "3",
    "typology": "account_resale",
    "mode": "shadow",
    "on": "account_event",
    "level": "high",
    "score": "70",
    "cooldown": "6h",
    "expires": "2027-01-01",
    "let": "{drained: bal_out_ratio_2h >= 0.5}",
    "when": "acct_resold_60d = 1 AND pwd_reset_24h >= 1 AND new_device_24h = 1 AND drained",
    "unless": "payee_trusted = 1",
    "because": '"账户 {acct_resold_days} 天前转让，2 小时内余额转出 {bal_out_ratio_2h:.0%}"',
    "basis": "[反电信网络诈骗法 31, 反电信网络诈骗法 34]",
    "owner": "刑侦支队",
    "advise": "[冻结登录, 联系平台]",
}


def rule_text(**lines: str | None) -> str:
    """Return the rule with these lines instead; None leaves a line out."""
    merged = TAKEOVER | lines
    return "\n".join(f"{name}: {value}" for name, value in merged.items() if value is not None)


def read(*texts: str) -> RuleSet:
    sources = [(f"{n}.yaml", text, nothing_beside) for n, text in enumerate(texts, 1)]
    return read_rules(sources, FRAUD_EVENTS)


def the_rule(**lines: str | None) -> WarningRule:
    found = read(rule_text(**lines))
    assert found.errors == ()
    return found.rules[0]


def the_error(**lines: str | None) -> str:
    found = read(rule_text(**lines))
    assert found.rules == ()
    return str(found.errors[0])
