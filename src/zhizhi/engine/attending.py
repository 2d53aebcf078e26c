"""Who else has a case open: noted rarely, forgotten soon, told as call signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from zhizhi.engine.models import Case, Presence

BEAT = timedelta(seconds=15)  # how often an open tab gives a sign of life
QUIET = BEAT - timedelta(seconds=1)  # a sign sooner than that is not written
GONE = timedelta(seconds=40)  # after its last sign a tab counts as hidden or closed


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who has one case open: accounts with their call signs, in the order of their numbers."""

    case: int
    area_path: str
    who: tuple[tuple[int, str], ...]

    def others(self, account: int | None) -> list[str]:
        """Return the call signs without the one who asks."""
        return [call_sign for pk, call_sign in self.who if pk != account]


def enter(account: int, tab: str, case: Case, *, now: datetime) -> bool:
    """Note that a tab has ``case`` open; says whether that had to be written.

    The same case in the same tab is written once in ``QUIET``, so that open desks cost little.
    """
    rows = Presence.objects.filter(account=account, tab=tab)
    if rows.filter(case=case, seen_at__gt=now - QUIET).exists():
        return False
    if not rows.update(case=case, seen_at=now):
        forget_gone(now)
        row = Presence(account_id=account, tab=tab, case=case, seen_at=now)
        Presence.objects.bulk_create([row], ignore_conflicts=True)
    return True


def forget_gone(now: datetime) -> int:
    """Forget the tabs that have given no sign of life; returns how many."""
    return Presence.objects.filter(seen_at__lte=now - GONE).delete()[0]


def leave(account: int, tab: str) -> None:
    """Forget a tab that was closed."""
    Presence.objects.filter(account=account, tab=tab).delete()


def attendance(now: datetime) -> dict[int, Attendance]:
    """Return who has which case open, by the case; one query."""
    found: dict[int, dict[int, str]] = {}
    paths: dict[int, str] = {}
    for case, path, account, call_sign in _rows(now):
        found.setdefault(case, {})[account] = call_sign
        paths[case] = path
    return {
        case: Attendance(case, paths[case], tuple(sorted(who.items())))
        for case, who in found.items()
    }


def _rows(now: datetime) -> Iterator[tuple[int, str, int, str]]:
    rows = Presence.objects.filter(seen_at__gt=now - GONE, account__is_active=True)
    names = ("case_id", "case__area_path", "account_id", "account__call_sign")
    yield from rows.values_list(*names).order_by("pk")


def others(case: Case, account: int | None, *, now: datetime) -> list[str]:
    """Return the call signs of the others who have ``case`` open."""
    rows = Presence.objects.filter(case=case, seen_at__gt=now - GONE, account__is_active=True)
    named = rows.exclude(account=account) if account is not None else rows
    signs = named.order_by("account_id").values_list("account__call_sign", flat=True)
    return list(dict.fromkeys(signs))
