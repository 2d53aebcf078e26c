"""Watching how often the staff looks at people: each worked day judged once, and a weekly draw.

Counted are openings of the vault (a name, a number); reading a case with what somebody reported is
what a desk does all day. A day is judged when the time is over within which an act could still
link its looks to a case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from zhizhi.directory import look_reviews
from zhizhi.directory.look_reviews import Found, Kind
from zhizhi.directory.models import Account, LookDay, LookReview
from zhizhi.directory.posts import own_post
from zhizhi.engine import awaiting, settings_in_force
from zhizhi.engine.local_time import midnight
from zhizhi.engine.models import TimelineEntry
from zhizhi.kernel import lookups
from zhizhi.kernel.lookups import LINKED_WITHIN, Judged, Looker, Tally, Totals
from zhizhi.trust import canonical, ciphers
from zhizhi.trust.models import AccessRecord, TreeRoot

A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
LEARNT_FROM = timedelta(days=90)  # when watching begins
KEPT = timedelta(days=180)
AT_ONCE = 10  # days that one round judges
SHOWN = 500  # looks of a review, at most
STRAY = timedelta(hours=1)  # records of one moment need not be numbered in the order of their times
ACCOUNT, PERSON = "account:", "person:"


def watch(now: datetime) -> int:
    """Judge the days that are due and draw last week's looks; returns how much there was to do."""
    done = 0
    while done < AT_ONCE and judge_due(now):
        done += 1
    LookDay.objects.filter(day__lt=timezone.localtime(now - KEPT).date()).delete()
    return done + draw_due(now)


def judge_due(now: datetime) -> int:
    """Judge the earliest worked day that is over and not judged yet; returns how many worked."""
    begin, last = _first_to_judge(now), timezone.localtime(now - LINKED_WITHIN).date() - A_DAY
    if begin > last:
        return 0
    day = _first_worked(begin, last)
    return 0 if day is None else _once(lambda: _judge(day, now))


def draw_due(now: datetime) -> int:
    """Draw the looks of the week before this one that somebody has to ask about; returns how many.

    The first root of the audit log after that week decides: nobody can choose or foresee them, and
    everybody who has the root can draw them again.
    """
    today = timezone.localtime(now).date()
    monday = today - timedelta(days=today.weekday())
    begin, end = midnight(monday - A_WEEK), midnight(monday)
    root = TreeRoot.objects.filter(at__gte=end).order_by("size").first()
    drawn = LookReview.everything.filter(kind=Kind.RANDOM, found_at__gte=end)
    if root is None or drawn.exists():
        return 0
    looks = list(_looks(begin, end))
    count: int = settings_in_force.value("lookups.random_weekly")
    if not looks or not count:
        return 0
    chosen = sorted(looks, key=lambda look: _lot(root.root, look.pk))[:count]
    drawn_from = {"root": root.root, "size": root.size, "looks": len(looks), "drawn": count}
    return _once(lambda: _begin_drawn(chosen, drawn_from, now))


@dataclass(frozen=True, slots=True)
class LookOfStaff:
    """One look of a review, and whether an act on its case followed in time."""

    record: AccessRecord
    is_linked: bool


def looks_of(review: LookReview) -> list[LookOfStaff]:
    """Return the looks that a review is about, the newest first."""
    actor = f"{ACCOUNT}{review.account_id}"
    looks = AccessRecord.objects.filter(actor=actor, person__startswith=PERSON)
    if review.record_id is not None:
        looks = looks.filter(pk=review.record_id)
    else:
        first = date.fromisoformat(review.evidence["days"][0]["day"])
        looks = looks.filter(at__gte=midnight(first), at__lt=midnight(review.day + A_DAY))
    work = _Work(looks=list(looks.order_by("-at", "-pk")[:SHOWN]))
    cases = {look.case for look in work.looks if look.case}
    acts = TimelineEntry.objects.filter(case__in=cases, actor=actor)
    for case, at in acts.values_list("case_id", "at"):
        work.acts[case].append(at)
    return [LookOfStaff(look, work.is_linked(look)) for look in work.looks]


def _once(verb: Callable[[], int]) -> int:
    """Do ``verb`` in one transaction; nothing when another worker has done it at the same time."""
    try:
        with transaction.atomic():
            return verb()
    except IntegrityError:
        return 0


def _first_to_judge(now: datetime) -> date:
    latest: date | None = LookDay.objects.aggregate(latest=Max("day"))["latest"]
    since = timezone.localtime(now - LEARNT_FROM).date()
    return since if latest is None else max(since, latest + A_DAY)


def _first_worked(begin: date, last: date) -> date | None:
    """Return the first day from ``begin`` to ``last`` on which an account did or saw anything."""
    since, until = midnight(begin), midnight(last + A_DAY)
    moments = [look.at for look in _looks(since, until)]
    act = _acts(since, until).order_by("at").values_list("at", flat=True).first()
    moments += [act] if act else []
    return timezone.localtime(min(moments)).date() if moments else None


@dataclass(slots=True)
class _Work:
    """What one account did on a day: its acts by case, and whom it looked at."""

    acts: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    looks: list[AccessRecord] = field(default_factory=list)

    def tally(self) -> Tally:
        linked = {look.person for look in self.looks if self.is_linked(look)}
        people = {look.person for look in self.looks}
        return Tally(unlinked=len(people - linked), looks=len(people))

    def is_linked(self, look: AccessRecord) -> bool:
        acts = self.acts.get(look.case or 0, ())
        return any(look.at <= act <= look.at + LINKED_WITHIN for act in acts)


def _judge(day: date, now: datetime) -> int:
    work = _work_of(day)
    accounts = Account.objects.in_bulk(list(work))
    roles: dict[str, list[Account]] = defaultdict(list)
    for account in accounts.values():
        roles[own_post(account.scope()).role].append(account)
    threshold: float = settings_in_force.value("lookups.threshold")
    for role, those in sorted(roles.items()):
        days = [_days_before(account, role, day) for account in those]
        lookers = [
            Looker(work[account.pk].tally(), [_tally(one) for one in past], _carried(account, day))
            for account, past in zip(those, days, strict=True)
        ]
        for account, past, looker, found in zip(
            those, days, lookers, lookups.judged(lookers, threshold), strict=True
        ):
            row = _kept(account, day, role, looker.day, found, threshold)
            if found.is_alarm:
                _begin_unusual(row, past, now)
    return len(accounts)


def _work_of(day: date) -> dict[int, _Work]:
    begin, end = midnight(day), midnight(day + A_DAY)
    work: dict[int, _Work] = defaultdict(_Work)
    for look in _looks(begin, end):
        work[_number(look.actor)].looks.append(look)
    acts = _acts(begin, end + LINKED_WITHIN).values_list("actor", "case_id", "at")
    for actor, case, at in acts:
        if at < end or _number(actor) in work:
            work[_number(actor)].acts[case].append(at)
    return dict(work)


def _looks(begin: datetime, end: datetime) -> Iterator[AccessRecord]:
    """Yield the looks at people from ``begin`` until ``end``, newest first.

    Their numbers rise with time, so nothing older than the period is read.
    """
    looks = AccessRecord.objects.filter(actor__startswith=ACCOUNT, person__startswith=PERSON)
    for look in looks.order_by("-pk").iterator(chunk_size=500):
        if look.at < begin - STRAY:
            return
        if begin <= look.at < end:
            yield look


def _acts(begin: datetime, end: datetime) -> QuerySet[TimelineEntry]:
    return TimelineEntry.objects.filter(at__gte=begin, at__lt=end, actor__startswith=ACCOUNT)


def _number(actor: str) -> int:
    return int(actor.removeprefix(ACCOUNT))


def _days_before(account: Account, role: str, day: date) -> list[LookDay]:
    rows = LookDay.objects.filter(account=account, role=role, day__lt=day)
    return list(rows.order_by("-day")[: lookups.DAYS_USED])[::-1]


def _tally(row: LookDay) -> Tally:
    return Tally(row.unlinked, row.looks)


def _carried(account: Account, day: date) -> Totals:
    row = LookDay.objects.filter(account=account, day__lt=day).order_by("-day").first()
    return Totals() if row is None else Totals(**row.judged["carried"])


def _kept(
    account: Account, day: date, role: str, counted: Tally, found: Judged, threshold: float
) -> LookDay:
    told = {
        "version": lookups.VERSION, "threshold": threshold, "unlinked": asdict(found.unlinked),
        "looks": asdict(found.looks), "carried": asdict(found.carried),
    }  # fmt: skip
    return LookDay.objects.create(
        account=account, day=day, role=role, unlinked=counted.unlinked, looks=counted.looks,
        judged=canonical.plain(told),
    )  # fmt: skip


def _begin_unusual(row: LookDay, past: Sequence[LookDay], now: datetime) -> None:
    """Open the review of an alarm, with every day that its sums have grown over."""
    days = [row]
    for one in reversed(past):
        if not any(one.judged["carried"].values()):
            break
        days.insert(0, one)
    told = [{"day": str(one.day), "role": one.role, **one.judged} for one in days]
    _begin(Found(Kind.UNUSUAL, row.account, row.day, {"days": told}), now)


def _begin_drawn(
    chosen: Sequence[AccessRecord], drawn_from: Mapping[str, Any], now: datetime
) -> int:
    accounts = Account.objects.in_bulk([_number(look.actor) for look in chosen])
    for look in chosen:
        account, day = accounts[_number(look.actor)], timezone.localtime(look.at).date()
        _begin(Found(Kind.RANDOM, account, day, drawn_from, record=look.pk), now)
    return len(chosen)


def _begin(found: Found, now: datetime) -> None:
    within = timedelta(days=settings_in_force.value("lookups.review_days"))
    review = look_reviews.begin(found, due_at=now + within, now=now)
    awaiting.begin(review, review.watcher, case=None, now=now)


def _lot(root: str, pk: int) -> str:
    """Return the lot of one look: the smallest ones are drawn."""
    return ciphers.suite().digest(f"{root}|{pk}".encode())
