"""Unfinished reports: only their writer can read them, and not for long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.engine import unfinished
from zhizhi.engine.models import ReportDraft
from zhizhi.engine.tests.building import NOON, later

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_what_was_answered_is_found_by_the_token_alone() -> None:
    draft = unfinished.begin(within=HOUR, now=NOON)
    draft.answers["telling"], draft.photo = "two men", b"jpeg"
    unfinished.keep(draft, within=HOUR, now=NOON)

    found = unfinished.find(draft.token, now=later(minutes=1))

    assert found is not None
    assert (found.answers, found.photo) == ({"telling": "two men"}, b"jpeg")
    assert unfinished.find(draft.token[::-1], now=NOON) is None
    assert unfinished.find("", now=NOON) is None


@pytest.mark.parametrize(("minutes", "there"), [(59.9, True), (60, False), (61, False)])
def test_it_ends_when_it_was_said(minutes: float, *, there: bool) -> None:
    draft = unfinished.begin(within=HOUR, now=NOON)

    assert (unfinished.find(draft.token, now=later(minutes=minutes)) is not None) is there


def test_every_answer_gives_the_whole_time_again() -> None:
    draft = unfinished.begin(within=HOUR, now=NOON)

    unfinished.keep(draft, within=HOUR, now=later(minutes=50))

    assert unfinished.find(draft.token, now=later(minutes=100)) is not None


def test_the_table_gives_nothing_away() -> None:
    draft = unfinished.begin(within=HOUR, now=NOON)
    draft.answers["telling"], draft.photo = "two men", b"a photograph"
    unfinished.keep(draft, within=HOUR, now=NOON)

    row = ReportDraft.objects.get()
    kept = row.digest.encode() + bytes(row.answers) + bytes(row.photo or b"")
    for secret in (draft.token.encode(), b"two men", b"a photograph"):
        assert secret not in kept


def test_a_row_that_was_changed_or_exchanged_counts_as_none() -> None:
    one, other = (unfinished.begin(within=HOUR, now=NOON) for _ in range(2))
    rows = {row.digest: bytes(row.answers) for row in ReportDraft.objects.all()}
    for digest, theirs in zip(rows, reversed(rows.values()), strict=True):
        ReportDraft.objects.filter(digest=digest).update(answers=theirs)

    assert [unfinished.find(draft.token, now=NOON) for draft in (one, other)] == [None, None]


def test_what_is_discarded_is_gone() -> None:
    draft = unfinished.begin(within=HOUR, now=NOON)

    unfinished.discard(draft.token)

    assert unfinished.find(draft.token, now=NOON) is None
    assert ReportDraft.objects.count() == 0
