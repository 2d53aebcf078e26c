"""The schema ``fraud_events.v1``: what is known of an event and of what came before it.

Events, never content: buckets, keyed hashes, counts and shares. A name that ends in a span such as
``_24h`` is counted over the span before the event, of one protected person unless it says more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from zhizhi.kernel.rules.schema import BOOLEAN, INTEGER, NUMBER, TEXT, Column, Schema

EVENT_KINDS = (
    "check", "report", "call_alert", "transfer_alert", "account_event", "officer_finding",
)  # fmt: skip
_WINDOW = re.compile(r"_(\d+)(s|m|h|d)$")
_FLAGS = {
    "is_minor": "The person is under 18.",
    "is_elder": "The person is 60 or older.",
    "payee_trusted": "The payee is a counterparty that the person trusts.",
    "payee_is_new": "The person never paid this payee before.",
    "known_bad_hit": "Number, account, address or app is on a list with enough evidence.",
    "screen_share_2h": "A screen was shared or a remote helper ran.",
    "reset_contact_is_current_holder": "The reset went to a contact of the present holder.",
    "new_device_24h": "The account was opened on a device never seen before.",
    "acct_resold_60d": "The account changed hands.",
    "payer_is_new": "The person never got money from this payer before.",
    "from_lender": "The payer is a lender.",
    "caller_is_new": "The number never called the person before.",
    "call_is_risky": "The operator marked the call as risky.",
    "line_busy": "The person's line was engaged.",
    "app_is_risky": "The app that was checked or reported is risky.",
}  # fmt: skip
_WHOLE = {
    "amount_bucket": "Size of the transfer, 0 (under 100 yuan) to 9 (1 million and more).",
    "out_n_1h": "Transfers out.",
    "out_new_payee_n_24h": "Transfers out to payees never paid before.",
    "in_distinct_payers_24h": "Different payers into the account.",
    "in_small_new_24h": "Small transfers in from payers never seen before.",
    "payee_reports_30d": "Reports that name the payee, by different people.",
    "number_reports_30d": "Reports that name the caller, by different people.",
    "callee_busy_n_1h": "Attempts to reach the person that met an engaged line.",
    "call_unknown_n_24h": "Calls from numbers never seen before.",
    "pwd_reset_24h": "Password resets of the account.",
    "pwd_reset_minutes": "Minutes since the last password reset.",
    "reset_actor_accounts_30d": "Different accounts that this actor reset, over all people.",
    "reset_actor_sold_accounts_90d": "Resold accounts that this actor reset, over all people.",
    "acct_resold_days": "Days since the account changed hands.",
    "acct_idle_d_before": "Days that the account lay idle before today.",
    "apps_risky_installed_7d": "Risky apps that were checked or reported.",
}
_SIZES = {
    "amount": "Money moved, in yuan.",
    "call_s": "Length of the call, in seconds.",
    "url_risk": "Risk of the address that was checked, 0 to 1.",
    "call_unknown_max_s_2h": "Longest call from a number never seen before, in seconds.",
    "call_risk_max_s_24h": "Longest call that the operator marked as risky, in seconds.",
    "contact_age_h": "Hours since the person first had to do with this contact.",
    "url_risk_max_7d": "Highest risk of an address that was checked, 0 to 1.",
    "url_age_d": "Age of the address's domain in days.",
    "in_loan_2h": "Money in from lenders, in yuan.",
    "in_loan_24h": "Money in from lenders, in yuan.",
    "in_loan_amt_24h": "Money in from lenders, in yuan, without what went back to them.",
    "in_amt_24h": "Money in, in yuan.",
    "out_amt_24h": "Money out, in yuan.",
    "out_new_payee_amt_24h": "Money out to payees never paid before, in yuan.",
    "out_new_payee_amt_7d": "Money out to payees never paid before, in yuan.",
    "out_in_ratio_30m": "Money out as a share of the money in.",
    "out_step_ratio_24h": "The largest transfer out as a multiple of the one before.",
    "bal_out_ratio_2h": "Share of the balance that went out.",
    "gift_cards_amt_24h": "Face value of gift and game cards bought, in yuan.",
    "txt_score": "How much the checked text reads like fraud, 0 to 1.",
    "txt_brush": "How much it reads like paid clicks and orders, 0 to 1.",
    "txt_service": "How much it reads like a shop's or courier's service desk, 0 to 1.",
    "txt_invest": "How much it reads like an investment tip, 0 to 1.",
    "txt_loan": "How much it reads like a loan offer, 0 to 1.",
    "txt_credit": "How much it reads like repairing a credit record, 0 to 1.",
    "txt_shop": "How much it reads like goods or services sold outside a platform, 0 to 1.",
    "txt_police": "How much it reads like police, court or prosecution, 0 to 1.",
    "txt_leader": "How much it reads like a superior or acquaintance, 0 to 1.",
    "txt_game": "How much it reads like trade in game goods or accounts, 0 to 1.",
    "txt_romance": "How much it reads like courting, 0 to 1.",
    "txt_sex": "How much it reads like paid encounters or naked chat, 0 to 1.",
    "txt_army": "How much it reads like an order of the army or police, 0 to 1.",
    "txt_flight": "How much it reads like a changed flight or train, 0 to 1.",
    "txt_account_trade": "How much it reads like buying or selling accounts or cards, 0 to 1.",
}
_WORDS = {
    "direction": ("Whether money left the person or came in.", ("in", "out")),
    "call_origin": ("Where the call came from.", ("domestic", "foreign", "virtual", "spoofed")),
    "call_class": ("The operator's class.", ("police", "service", "loan", "invest", "other")),
    "party_kind": ("Who the protected party is.", ("person", "merchant", "unit")),
    "account_action": (
        "What happened to the account.",
        ("login", "pwd_reset", "contact_change", "ownership_transfer", "transfer"),
    ),
}

_KEYS = {
    "payee": "Who was paid, or is named as payee in a report, as a keyed hash.",
    "payer": "Who paid, as a keyed hash.",
    "number": "The number that called or is named in a report, as a keyed hash.",
    "account": "The account, as a keyed hash.",
    "actor": "Who acted on the account, as a keyed hash.",
}


def _columns() -> Iterable[Column]:
    for kind, meanings in ((BOOLEAN, _FLAGS), (INTEGER, _WHOLE), (NUMBER, _SIZES)):
        for name, meaning in meanings.items():
            window = _WINDOW.search(name)
            yield Column(name, kind, meaning, window.group()[1:] if window else "")
    for name, (meaning, words) in _WORDS.items():
        yield Column(name, TEXT, meaning, words=words)


FRAUD_EVENTS = Schema(
    "fraud_events.v1", EVENT_KINDS, {column.name: column for column in _columns()}, _KEYS
)
