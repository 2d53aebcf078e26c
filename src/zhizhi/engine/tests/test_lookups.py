"""Watching the staff's looks: each worked day once, what was unlinked, and the weekly draw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from zhizhi.directory.models import Account, LookDay, LookReview, RoleAssignment
from zhizhi.engine import lookups, settings_in_force, timeline
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.local_time import midnight
from zhizhi.engine.models import Case
from zhizhi.engine.tests.building import case
from zhizhi.engine.tests.racing import race
from zhizhi.kernel.lookups import LOOKS, UNLINKED
from zhizhi.trust import access, ciphers, tree
from zhizhi.trust.access import Look
from zhizhi.trust.models import AccessRecord, AuditEntry, TreeRoot

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)
A_DAY, A_SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


def at(day: int, hour: float = 10) -> datetime:
    return midnight(MONDAY + day * A_DAY) + timedelta(hours=hour)


def hired(name: str = "seller", role: str = "operator") -> Account:
    account = Account.objects.create(username=name)
    RoleAssignment.objects.create(account=account, role=role)
    return account


def look(
    who: Account, person: int, when: datetime, of: Case | None = None, *, kind: str = "person"
) -> AccessRecord:
    found = CaseInHand.of(of) if of else None
    asked = Look(f"account:{who.pk}", f"{kind}:{person}", ("phone",), "ask-reporter", found)
    with transaction.atomic():
        return access.record(asked, refusal="", now=when)


def act(who: Account, of: Case, when: datetime) -> None:
    timeline.record(of, verb="case.note", actor=f"account:{who.pk}", at=when)


def sold(who: Account, day: int, count: int) -> list[AccessRecord]:
    return [look(who, 1000 * day + n, at(day, 9) + timedelta(minutes=n)) for n in range(count)]


def judged(now: datetime) -> list[tuple[int, int]]:
    """Judge what is due; returns looks and unlinked ones of each day."""
    while lookups.watch(now):
        pass
    return list(LookDay.objects.order_by("day").values_list("looks", "unlinked"))


@pytest.mark.parametrize(
    ("after", "unlinked"),
    [(-A_SECOND, 1), (timedelta(0), 0), (A_DAY, 0), (A_DAY + A_SECOND, 1)],
)
def test_an_act_on_the_same_case_within_a_day_links_a_look(after: timedelta, unlinked: int) -> None:
    who, of = hired(), case()
    look(who, 7, at(0), of)
    act(who, of, at(0) + after)

    assert judged(at(2, 0))[0] == (1, unlinked)


def test_an_act_of_somebody_else_or_on_another_case_links_nothing() -> None:
    who, of = hired(), case()
    look(who, 7, at(0), of)
    act(hired("other"), of, at(0, 11))
    act(who, case(key="another"), at(0, 11))

    judged(at(2, 0))

    assert LookDay.objects.get(account=who).unlinked == 1


def test_one_person_counts_once_a_day_and_is_linked_by_one_act() -> None:
    who, of = hired(), case()
    look(who, 7, at(0, 9))
    look(who, 7, at(0), of)
    act(who, of, at(0, 11))

    assert judged(at(2, 0)) == [(1, 0)]


def test_reading_a_case_with_a_report_is_no_look_at_a_person() -> None:
    who = hired()
    look(who, 7, at(0), kind="report")

    assert judged(at(2, 0)) == []


@pytest.mark.parametrize(("late", "days"), [(-A_SECOND, 0), (timedelta(0), 1), (A_SECOND, 1)])
def test_a_day_is_judged_when_no_act_can_link_its_looks_any_more(
    late: timedelta, days: int
) -> None:
    sold(hired(), 0, 2)

    assert len(judged(at(2, 0) + late)) == days


def test_a_day_of_acts_without_looks_is_a_worked_day() -> None:
    who, of = hired(), case()
    act(who, of, at(0))

    assert judged(at(2, 0)) == [(0, 0)]
    assert not LookDay.objects.get().judged["carried"]["looks"]


def test_days_off_are_no_worked_days() -> None:
    who = hired()
    sold(who, 0, 1)
    sold(who, 4, 2)

    assert judged(at(6, 0)) == [(1, 1), (2, 2)]


def test_a_seller_gets_one_review_with_its_whole_explanation() -> None:
    who = hired()
    sold(who, 0, 3)
    sold(who, 1, 18)

    judged(at(3, 0))

    review = LookReview.everything.get()
    assert (review.kind, review.account, review.day) == ("unusual", who, MONDAY + A_DAY)
    assert (review.watcher, review.due_at) == ("auditor", at(3, 0) + timedelta(days=7))
    first, second = review.evidence["days"]
    assert (first["day"], first["unlinked"]["count"]) == ("2026-03-02", 3)
    assert (second["day"], second["unlinked"]["count"]) == ("2026-03-03", 18)
    assert second["unlinked"]["is_over"]
    assert second["threshold"] == 7.0
    assert LookDay.objects.latest("day").judged["carried"] == {"unlinked": 0, "looks": 0}


def test_every_sum_of_a_review_can_be_worked_out_again_from_its_evidence() -> None:
    who = hired()
    for day, count in enumerate((3, 2, 3, 18)):
        sold(who, day, count)
    judged(at(5, 0))

    days = LookReview.everything.get().evidence["days"]

    for name, cusum in (("unlinked", UNLINKED), ("looks", LOOKS)):
        total = 0.0
        for step in (day[name] for day in days):
            total = max(0.0, total + cusum.gain(step["count"], step["expected"], step["sought"]))
            assert total == step["total"]


def test_judging_again_and_by_two_workers_changes_nothing() -> None:
    who = hired()
    sold(who, 0, 20)
    judged(at(2, 0))
    before = list(LookDay.objects.values()), list(LookReview.everything.values("pk", "evidence"))

    judged(at(2, 1))
    judged(at(2, 2))

    assert before == (
        list(LookDay.objects.values()), list(LookReview.everything.values("pk", "evidence"))
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_judges_a_day() -> None:
    sold(hired(), 0, 20)

    results = race(*[lambda: lookups.judge_due(at(2, 0))] * 2)

    assert LookDay.objects.count() == LookReview.everything.count() == 1
    assert 1 in results or connection.vendor == "sqlite"


def test_the_same_log_always_leads_to_the_same_judgement() -> None:
    for number in range(3):
        who = hired(f"seller-{number}")
        for day in range(5):
            sold(who, day, 1 + number * day)
    judged(at(6, 0))
    before = list(LookDay.objects.order_by("account", "day").values("judged"))

    LookReview.everything.all().delete()
    LookDay.objects.all().delete()
    judged(at(6, 0))

    assert list(LookDay.objects.order_by("account", "day").values("judged")) == before


def test_the_threshold_is_a_setting() -> None:
    settings_in_force.change("lookups.threshold", 40, by="account:1", now=at(0))
    sold(hired(), 0, 20)

    judged(at(2, 0))

    assert not LookReview.everything.exists()


def test_a_new_role_begins_with_the_days_of_its_peers() -> None:
    who = hired()
    for day in range(12):
        sold(who, day, 1)
    judged(at(13, 0))
    who.roles.update(role="inspector")
    sold(who, 12, 1)

    judged(at(14, 0))

    *_days, before, now = LookDay.objects.order_by("day")
    assert before.judged["unlinked"]["expected"] > UNLINKED.prior
    assert now.judged["unlinked"]["expected"] == pytest.approx(UNLINKED.prior)


def test_watching_begins_with_the_last_ninety_days() -> None:
    who = hired()
    sold(who, 0, 1)
    sold(who, 5, 2)

    assert judged(midnight(MONDAY + timedelta(days=95))) == [(2, 2)]


def test_days_are_forgotten_after_half_a_year() -> None:
    sold(hired(), 0, 1)
    judged(at(2, 0))

    lookups.watch(at(180, 12))
    assert LookDay.objects.count() == 1
    lookups.watch(at(181, 12))

    assert not LookDay.objects.exists()


def rooted(when: datetime) -> TreeRoot:
    """Publish a root of the audit log."""
    tree.grow(when)
    return TreeRoot.objects.get(at=when)


def drawn() -> list[int]:
    rows = LookReview.everything.filter(kind="random").order_by("pk")
    return list(rows.values_list("record", flat=True))


def test_the_first_root_after_a_week_draws_its_looks() -> None:
    looks = sold(hired(), 0, 12)
    sold(hired("next week"), 7, 3)
    rooted(midnight(MONDAY + timedelta(days=7)) - A_SECOND)
    assert lookups.draw_due(at(7, 1)) == 0
    sold(hired("later"), 7, 1)
    root = rooted(at(7, 1))

    assert lookups.draw_due(at(7, 2)) == 5

    lots = {ciphers.suite().digest(f"{root.root}|{one.pk}".encode()): one.pk for one in looks}
    assert drawn() == [lots[lot] for lot in sorted(lots)[:5]]
    evidence = LookReview.everything.first().evidence  # type: ignore[union-attr]
    assert evidence == {"root": root.root, "size": root.size, "looks": 12, "drawn": 5}


def test_a_week_is_drawn_once_whatever_is_published_later() -> None:
    sold(hired(), 0, 12)
    rooted(at(7, 1))
    lookups.draw_due(at(7, 2))
    before = drawn()

    sold(hired("later"), 7, 1)
    rooted(at(7, 3))

    assert lookups.draw_due(at(7, 4)) == lookups.draw_due(at(13, 23)) == 0
    assert drawn() == before


@pytest.mark.parametrize(("wanted", "count"), [(0, 0), (1, 1), (3, 3), (4, 3)])
def test_how_many_are_drawn_is_a_setting(wanted: int, count: int) -> None:
    settings_in_force.change("lookups.random_weekly", wanted, by="account:1", now=at(0))
    sold(hired(), 0, 3)
    rooted(at(7, 1))

    assert lookups.draw_due(at(7, 2)) == count
    assert len(drawn()) == count


def test_the_auditors_own_looks_are_found_for_the_security_administrator() -> None:
    sold(hired(role="auditor"), 0, 20)

    judged(at(2, 0))

    assert LookReview.everything.get().watcher == "security_administrator"


def test_what_was_found_is_in_the_audit_log_without_a_name() -> None:
    who = hired()
    sold(who, 0, 20)

    judged(at(2, 0))

    leaf = AuditEntry.objects.latest("seq")
    assert (leaf.verb, leaf.actor) == ("looks.found", "worker")
    assert set(leaf.detail) == {"account", "kind", "digest", "day"}
    assert timezone.localtime(leaf.at) == at(2, 0)
