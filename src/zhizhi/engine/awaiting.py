"""Answers that were promised by a time: who owes one is told, and again when the time is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zhizhi.directory.models import LookReview, RoleAssignment
from zhizhi.engine import delivering, timing
from zhizhi.engine.models import Appeal, Case, Claim

Owed = Appeal | Claim | LookReview
Role = RoleAssignment.Role
OVERDUE = "engine.answer_overdue"


@dataclass(frozen=True, slots=True)
class Answer:
    """One kind of answer that the house owes: its rows, the page that lists them, and its texts."""

    rows: type[Owed]
    page: str

    @property
    def word(self) -> str:
        return self.rows.__name__.lower()

    @property
    def wanted(self) -> str:
        return f"engine.{self.word}_made"

    @property
    def overdue(self) -> str:
        return f"engine.{self.word}_overdue"


ANSWERS = {
    one.word: one
    for one in (
        Answer(Appeal, "web:appeals"),
        Answer(Claim, "web:claims"),
        Answer(LookReview, "web:look-reviews"),
    )
}


def begin(row: Owed, *roles: str, case: Case | None, now: datetime) -> None:
    """Tell ``roles`` that ``row`` waits for their answer, and set the timer of its time limit."""
    kind = ANSWERS[type(row).__name__.lower()]
    _tell(row, kind.wanted, roles, case=case, now=now)
    timing.schedule(
        f"answer:{kind.word}:{row.pk}",
        action=OVERDUE,
        arguments={"kind": kind.word, "row": row.pk, "roles": roles, "case": case and case.pk},
        due_at=row.due_at,
    )


def overdue(arguments: Mapping[str, Any], now: datetime) -> None:
    """Timer action: say to those who owe the answer and to the leaders that it has not come."""
    kind = ANSWERS[arguments["kind"]]
    row = kind.rows.everything.get(pk=arguments["row"])
    if row.state != kind.rows.State.OPEN:
        return
    case = Case.everything.filter(pk=arguments["case"]).first()
    _tell(row, kind.overdue, (*arguments["roles"], Role.LEADER), case=case, now=now)


def page_of(template: str) -> str:
    """Return the name of the page on which the matter of such a message is answered, if any."""
    code = template.partition("@")[0]
    pages = (one.page for one in ANSWERS.values() if code in {one.wanted, one.overdue})
    return next(pages, "")


def _tell(
    row: Owed, template: str, roles: tuple[str, ...], *, case: Case | None, now: datetime
) -> None:
    name = type(row).__name__.lower()
    inboxes = [f"role:{Role(role).value}" for role in roles]
    delivering.tell(
        inboxes, template, case=case, key_parts=(name, row.pk), now=now, facts={name: str(row)}
    )
