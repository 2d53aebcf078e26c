"""Reviewing looks of the staff: opening a review, its verdict, and what the account says to it.

A review changes nothing for the account by itself. Every step is a conditional UPDATE and a leaf of
the audit chain that holds numbers and a digest of what was found; the words are sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import transaction

from zhizhi.directory.accounts import actor
from zhizhi.directory.granting import delete_sealed, seal_words
from zhizhi.directory.models import Account, LookReview, RoleAssignment
from zhizhi.trust import canonical, ciphers, grounds, vault
from zhizhi.trust.audit import Leaf
from zhizhi.trust.evidence import append_now
from zhizhi.trust.states import StateConflict, move

Role = RoleAssignment.Role
Kind, State = LookReview.Kind, LookReview.State
TABLE = "directory_lookreview"
WORKER = "worker"
AT_ONCE = 100  # reviews that one round forgets


class NotReviewer(PermissionError):
    """Somebody may not review these looks; ``code`` says why: self or no-role."""

    def __init__(self, code: str) -> None:
        super().__init__(f"not the reviewer: {code}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Found:
    """What a review is about: looks of an account on a day, or one of them, and why."""

    kind: LookReview.Kind
    account: Account
    day: date
    evidence: Mapping[str, Any]
    record: int | None = None


def watcher_of(account: Account) -> str:
    """Return the role that reviews the looks of ``account``: nobody watches himself."""
    is_auditor = account.roles.filter(role=Role.AUDITOR).exists()
    return Role.SECURITY_ADMINISTRATOR if is_auditor else Role.AUDITOR


def area_of(account: Account) -> str:
    """Return the area that all roles of ``account`` lie in; "" is the whole district."""
    paths = sorted(account.roles.values_list("area__path", flat=True), key=lambda one: one or "")
    first = (paths[0] or "") if paths else ""
    return first if all((path or "").startswith(first) for path in paths) else ""


def begin(found: Found, *, due_at: datetime, now: datetime) -> LookReview:
    """Open a review inside the caller's transaction; fails where there is one already."""
    [(key, _opened)] = vault.make_keys(1, now=now)
    row = LookReview.everything.create(
        kind=found.kind, account=found.account, day=found.day, record_id=found.record,
        watcher=watcher_of(found.account), area_path=area_of(found.account),
        evidence=found.evidence, key=key, found_at=now, due_at=due_at,
    )  # fmt: skip
    digest = ciphers.suite().digest(canonical.encode(canonical.plain(found.evidence)))
    append_now(_leaf(row, "looks.found", WORKER, now, digest=digest, day=str(row.day)))
    return row


def decide(row: LookReview, words: str, *, is_explained: bool, by: Account, now: datetime) -> None:
    """Say for good, in words, whether the looks are explained or go to discipline.

    Raises ReasonMissing, NotReviewer for the own looks and for another role (on record as well),
    StateConflict when they were reviewed.
    """
    code = may_decide(row, by)
    if code:
        with transaction.atomic():
            append_now(_leaf(row, "looks.denied", actor(by), now, why=code))
        raise NotReviewer(code)
    to = State.EXPLAINED if is_explained else State.HANDED_OVER
    told = _sealed(row, "reason", words)
    with transaction.atomic():
        move(row, to, allowed=LookReview.MOVES, decided_by=by, decided_at=now, reason=told)
        append_now(_leaf(row, f"looks.{to.value}", actor(by), now))


def answer(row: LookReview, words: str, *, by: Account, now: datetime) -> None:
    """Let the account concerned say once, in words, what it has to say to the verdict.

    Raises ReasonMissing, NotReviewer for anybody else, StateConflict before the verdict and when it
    was answered.
    """
    if by.pk != row.account_id:
        raise NotReviewer("not-yours")
    told = _sealed(row, "answer", words)
    with transaction.atomic():
        waiting = LookReview.everything.exclude(state=State.OPEN).filter(answered_at=None)
        if not waiting.filter(pk=row.pk).update(answer=told, answered_at=now):
            message = f"{name_of(row)} is open or was answered"
            raise StateConflict(message, code="answered-already", record=row)
        append_now(_leaf(row, "looks.answered", actor(by), now))
    row.refresh_from_db(from_queryset=LookReview.everything.all())


def may_decide(row: LookReview, by: Account) -> str:
    """Return why ``by`` may not review: self or no-role; else nothing."""
    if by.pk == row.account_id:
        return "self"
    held = by.scope().of(row.watcher)
    return "" if any(row.area_path.startswith(one.area_path) for one in held) else "no-role"


def words(row: LookReview) -> dict[str, str]:
    """Return verdict and answer in the clear."""
    key = vault.unwrap(row.key)
    with grounds.reading(grounds.by_law("review-looks")):
        return vault.unseal_columns(row, ("reason", "answer"), table=TABLE, key=key)


def forget_old(before: datetime, *, now: datetime) -> int:
    """Delete the reviews that were decided before a moment, with their words; returns how many."""
    rows = LookReview.everything.exclude(state=State.OPEN).filter(decided_at__lt=before)
    leaf = partial(_leaf, verb="looks.forget", by=WORKER, now=now)
    return delete_sealed(rows.order_by("pk"), leaf, most=AT_ONCE, now=now)


def name_of(row: LookReview) -> str:
    """Return how logs name it: "looks:3"."""
    return f"looks:{row.pk}"


def _leaf(row: LookReview, verb: str, by: str, now: datetime, **more: object) -> Leaf:
    detail = {"account": row.account_id, "kind": str(row.kind), **more}
    return Leaf(by, verb, name_of(row), now, row.area_path, detail)


def _sealed(row: LookReview, name: str, text: str) -> bytes:
    return seal_words(TABLE, name, text, pk=row.key_id, key=vault.unwrap(row.key))
