"""Evidence with decay, what the staff decided, and that nobody lists anything alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from zhizhi.engine.states import StateConflict
from zhizhi.engine.system import systems
from zhizhi.engine.tests.building import NOON, later
from zhizhi.kernel import identifiers
from zhizhi.kernel.identifiers import Identifier
from zhizhi.systems.antifraud import listing
from zhizhi.systems.antifraud.apps import AntifraudConfig
from zhizhi.systems.antifraud.listing import Stance, Standing
from zhizhi.systems.antifraud.models import Clue, ListEntry
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
BY, END = "account:1", NOON + timedelta(days=30)


def link(written: str) -> Identifier:
    found = identifiers.link(written)
    assert found
    return found


PAGE = "shop.example.com/pay"


def noted(written: str, *who: str, days_ago: float = 0) -> Identifier:
    thing = link(written)
    for one in who:
        listing.note(thing, reporter=one, by="resident", now=NOON - timedelta(days=days_ago))
    return thing


def standing(written: str, **later_by: float) -> Standing:
    thing = link(written)
    return listing.standings([thing], later(**later_by))[thing]


def decided(written: str, stance: str, *, seen: int | None = None, name: str = "") -> ListEntry:
    return listing.decide(
        link(written), stance, reason="looked at", name=name, expires_at=END, seen=seen,
        by=BY, now=NOON,
    )  # fmt: skip


@pytest.mark.parametrize(("last", "is_listed"), [(59, True), (60, True), (60.01, False)])
def test_two_fresh_reporters_and_one_of_a_half_life_ago_are_just_enough(
    last: float, *, is_listed: bool
) -> None:
    noted(PAGE, "a", "b")
    noted(PAGE, "c", days_ago=last)

    assert standing(PAGE).is_listed is is_listed


def test_a_hundred_reports_of_one_reporter_weigh_as_one() -> None:
    for _again in range(100):
        noted(PAGE, "a")

    found = standing(PAGE)

    assert (found.reporters, found.weight, found.is_listed) == (1, 1, False)


def test_no_setting_lets_one_reporter_list_anything() -> None:
    declared = next(s for s in AntifraudConfig.settings if s.key == "antifraud.listed_from")

    assert declared.minimum is not None
    assert declared.minimum > 1


def test_evidence_fades_until_the_thing_is_listed_no_more() -> None:
    noted(PAGE, "a", "b", "c")

    assert standing(PAGE, days=15).is_listed
    assert not standing(PAGE, days=16).is_listed


def test_neither_the_thing_nor_the_reporter_is_in_the_database_or_the_audit_chain() -> None:
    noted(PAGE, "10.20.30.40")
    noted("other.example", "10.20.30.40")
    decided("other.example", Stance.DENY)

    kept = [*Clue.objects.values_list(), *ListEntry.objects.values_list()]
    written = repr([*kept, *AuditEntry.objects.values_list("actor", "verb", "subject", "detail")])
    assert "example" not in written
    assert "10.20.30.40" not in written
    assert Clue.objects.values("reporter").distinct().count() == 2  # not to be joined


def test_what_is_denied_is_denied_without_evidence_until_its_last_moment() -> None:
    decided(PAGE, Stance.DENY)

    assert standing(PAGE).is_denied
    assert standing(PAGE, days=29.999).is_denied
    assert not standing(PAGE, days=30).is_denied


def test_what_is_verified_is_not_listed_whatever_was_reported() -> None:
    noted(PAGE, *"abcdef")
    decided(PAGE, Stance.ALLOW, name="A bank")

    found = standing(PAGE)

    assert (found.is_allowed, found.is_listed, found.reporters) == (True, False, 6)


def test_a_decision_for_a_host_holds_below_it_and_the_nearest_one_counts() -> None:
    decided("example.com", Stance.DENY)
    decided("shop.example.com", Stance.ALLOW, name="A shop")

    assert standing("www.example.com/x").is_denied
    assert standing(PAGE).is_allowed
    assert standing("example.org").entry is None


def test_evidence_against_a_page_says_nothing_of_its_host() -> None:
    noted(PAGE, "a", "b", "c")

    assert not standing("shop.example.com").is_listed
    assert not standing("shop.example.com/about").is_listed


def test_an_address_that_looks_like_a_verified_one_is_said_to_imitate_it() -> None:
    entry = decided("paypal.com", Stance.ALLOW, name="A payment service")

    assert standing("http://paypa1.com").imitates == entry
    assert (
        standing("http://\u0440\u0430\u0443\u0440\u0430l.com").imitates == entry
    )  # Cyrillic letters
    assert standing("paypal.com").imitates is None
    assert standing("paypals.com").imitates is None


def test_an_objection_that_is_upheld_ends_the_entry_and_what_was_said_before() -> None:
    noted(PAGE, "a", "b", "c")
    denied = decided(PAGE, Stance.DENY)

    decided(PAGE, Stance.CLEAR, seen=denied.pk)

    found = standing(PAGE)
    assert (found.is_denied, found.is_listed, found.reporters) == (False, False, 0)
    denied.refresh_from_db()
    assert (denied.ended_at, denied.ended_by) == (NOON, BY)


def test_what_is_said_after_an_objection_counts_anew() -> None:
    decided(PAGE, Stance.CLEAR)

    listing.note(link(PAGE), reporter="a", by="resident", now=later(seconds=1))

    assert standing(PAGE, hours=1).reporters == 1


def test_whoever_decides_second_without_having_seen_the_first_is_refused() -> None:
    first = decided(PAGE, Stance.DENY)

    with pytest.raises(StateConflict):
        decided(PAGE, Stance.ALLOW, name="A bank")

    assert ListEntry.objects.filter(ended_at=None).get() == first


def test_an_entry_ends_once() -> None:
    entry = decided(PAGE, Stance.DENY)
    listing.end(entry, by=BY, now=later(hours=1))

    with pytest.raises(StateConflict):
        listing.end(entry, by=BY, now=later(hours=2))

    assert not standing(PAGE, hours=1).is_denied
    verbs = AuditEntry.objects.order_by("seq").values_list("verb", flat=True)
    assert list(verbs) == ["list.deny", "list.end"]


def test_an_expired_entry_makes_room_for_the_next() -> None:
    decided(PAGE, Stance.DENY)

    listing.decide(
        link(PAGE), Stance.ALLOW, reason="sold", name="A shop", expires_at=END + timedelta(days=9),
        seen=None, by=BY, now=END,
    )  # fmt: skip

    assert standing(PAGE, days=31).is_allowed


@pytest.mark.parametrize(
    ("reason", "name", "days"), [(" ", "A bank", 30), ("seen", "", 30), ("seen", "A bank", 0)]
)
def test_a_verified_entry_needs_a_reason_a_name_and_an_end(
    reason: str, name: str, days: int
) -> None:
    with pytest.raises(ValueError, match="an entry needs"):
        listing.decide(
            link(PAGE), Stance.ALLOW, reason=reason, name=name, seen=None, by=BY, now=NOON,
            expires_at=NOON + timedelta(days=days),
        )  # fmt: skip


def test_what_is_too_old_is_deleted_and_no_sooner() -> None:
    noted(PAGE, "a", days_ago=365)
    noted(PAGE, "b", days_ago=364.999)
    listing.end(decided(PAGE, Stance.DENY), by=BY, now=NOON)

    [system] = [one for one in systems() if one.label == "antifraud"]

    assert system.forget_old(NOON) == 1
    assert standing(PAGE).reporters == 1
    assert system.forget_old(later(days=365)) == 2
    assert not ListEntry.objects.exists()


def test_many_things_are_looked_up_with_few_queries(
    django_assert_max_num_queries: object,
) -> None:
    things = [link(f"shop{n}.example.com/a") for n in range(50)]

    with django_assert_max_num_queries(6, connection=connection):  # type: ignore[operator]
        listing.standings(things, NOON)
