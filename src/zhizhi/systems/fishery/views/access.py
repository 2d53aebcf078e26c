"""Which roles may open which of the fishery's pages."""

from __future__ import annotations

from zhizhi.web.access import Role, account_of, actor_of, scope_for

__all__ = [
    "MASKERS",
    "OFFICERS",
    "READERS",
    "REVIEWERS",
    "SENDERS",
    "WORD_READERS",
    "WRITERS",
    "account_of",
    "actor_of",
    "scope_for",
]

READERS = (
    Role.OPERATOR,
    Role.INSPECTOR,
    Role.LEADER,
    Role.ADMINISTRATOR,
    Role.TECHNICAL_REVIEWER,
    Role.LEGAL_REVIEWER,
    Role.AGENCY_OFFICER,
)
MASKERS = (Role.OPERATOR, Role.TECHNICAL_REVIEWER)
SENDERS = (Role.OPERATOR, Role.LEGAL_REVIEWER)
WRITERS = (Role.ADMINISTRATOR,)
REVIEWERS = {"technical": Role.TECHNICAL_REVIEWER, "legal": Role.LEGAL_REVIEWER}
OFFICERS = (Role.AGENCY_OFFICER,)
WORD_READERS = tuple(role for role in READERS if role != Role.AGENCY_OFFICER)
