"""What a case says about people goes when its time is over; its course and its proof stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.district_world import World, build, review_offences
from zhizhi.engine import closing, merging, rating, settings_in_force, thinning, timeline
from zhizhi.engine.models import (
    Alert,
    Appeal,
    Case,
    CaseLink,
    Claim,
    Message,
    Notice,
    Report,
    Supervision,
    Task,
    Timer,
)
from zhizhi.engine.tests.racing import race
from zhizhi.systems.fishery.models import ViolationReview
from zhizhi.trust import audit, erasing, evidence, holding
from zhizhi.trust.holding import Keep
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)
THREE_YEARS = timedelta(days=1095)
WORDS = "Wei Xiaohe was there"


@pytest.fixture
def world() -> World:
    """The smallest district; its case has ended and nothing of it is open any more."""
    found = build()
    case = found.records["case"]
    Appeal.everything.update(state=Appeal.State.REFUSED)
    Claim.everything.update(state=Claim.State.REFUSED)
    Message.everything.create(
        key="told", channel="carrier_sms", recipient="token:7", template="t", case=case,
        payload={}, not_before=NOW, queued_at=NOW,
    )  # fmt: skip
    Message.everything.update(state=Message.State.SENT, payload={"text": WORDS})
    Message.everything.filter(case=case).update(recipient="token:7")
    Case.everything.filter(pk=case.pk).update(lon=107.41234, lat=29.71789)
    Task.everything.update(state=Task.State.DONE, note=WORDS)
    Alert.everything.update(explanation={"inputs": [WORDS]})
    Case.everything.filter(pk=case.pk).update(state=Case.State.CLOSED, closed_at=NOW)
    Supervision.everything.create(case=case, instruction=WORDS, answer=WORDS, at=NOW, by="a")
    ViolationReview.objects.create(
        violation=found.records["violation"], step="legal", by="account:1", at=NOW,
        is_accepted=False, note=WORDS,
    )  # fmt: skip
    review_offences("rejected")
    rating.sweep(NOW + THREE_YEARS)  # words, name, number and party have gone before
    return found


def case_of(world: World) -> Case:
    return Case.everything.get(pk=world.records["case"].pk)


@pytest.mark.parametrize(("late", "goes"), [(-A_TICK, False), (A_TICK * 0, False), (A_TICK, True)])
def test_a_case_is_thinned_three_years_after_its_end(
    world: World, late: timedelta, *, goes: bool
) -> None:
    thinning.thin_due(NOW + THREE_YEARS + late)

    assert (case_of(world).thinned_at is not None) is goes
    assert (Task.everything.filter(note=WORDS).count() == 0) is goes


def test_another_number_of_days_counts_at_once(world: World) -> None:
    settings_in_force.change("engine.case_days", 2000, by="account:1", now=NOW)

    assert thinning.thin_due(NOW + timedelta(days=1999)) == 0


def test_whatever_was_said_about_people_is_gone_and_the_rest_is_as_it_was(world: World) -> None:
    before = case_of(world)

    thinning.thin_due(NOW + THREE_YEARS + A_TICK)

    after = case_of(world)
    assert (after.lon, after.lat) == (107.41, 29.72)
    assert (after.subject, after.key) == (None, f"thinned:{after.pk}")
    same = ("kind", "system", "state", "severity", "area_path", "opened_at", "closed_at")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    alert = Alert.everything.get(case=after)
    assert (alert.explanation, alert.subject) == ({}, 0)
    assert not Notice.everything.exclude(text={}).exists()
    sent = Message.everything.filter(case=after)
    assert set(sent.values_list("recipient", flat=True)) == {""}
    assert {str(one) for one in sent.values_list("payload", flat=True)} == {"{'text': ''}"}
    assert {one.instruction + one.answer for one in Supervision.everything.all()} == {""}
    assert {one.note for one in ViolationReview.objects.all()} == {""}


def test_its_pictures_are_destroyed_with_a_receipt_and_every_log_still_holds(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    sealed = world.records["evidence"]

    with django_capture_on_commit_callbacks(execute=True):
        thinning.thin_due(NOW + THREE_YEARS + A_TICK)

    sealed.refresh_from_db()
    with pytest.raises(evidence.EvidenceDamaged):
        evidence.original(sealed)
    [receipt] = erasing.receipts_of(f"case:{sealed.case}")
    assert evidence.name_of(sealed) in receipt.destroyed
    for verify in (audit.verify, timeline.verify, erasing.verify, evidence.verify_evidence):
        assert list(verify()) == [], verify
    leaf = AuditEntry.objects.get(verb="case.thin")
    assert (leaf.subject, leaf.actor) == (f"case:{sealed.case}", "worker")
    assert leaf.detail == {"pictures": len(receipt.destroyed)}


def test_the_second_round_finds_nothing(world: World) -> None:
    later = NOW + THREE_YEARS + A_TICK

    assert thinning.thin_due(later) > 0
    assert thinning.thin_due(later) == 0
    assert AuditEntry.objects.filter(verb="case.thin").count() == 1


def open_appeal(world: World) -> None:
    Appeal.everything.update(state=Appeal.State.OPEN)


def open_objection(world: World) -> None:
    Claim.everything.update(state=Claim.State.OPEN)


def words_left(world: World) -> None:
    Report.everything.update(forgotten_at=None)


def words_held(world: World) -> None:
    Report.everything.update(erase_again_at=NOW + THREE_YEARS * 2)


def message_waits(world: World) -> None:
    Message.everything.update(state=Message.State.QUEUED)


def under_review(world: World) -> None:
    review_offences("technically_reviewed")


def established(world: World) -> None:
    review_offences("transferred")


def reopened(world: World) -> None:
    Case.everything.update(state=Case.State.OPEN, closed_at=None)


@pytest.mark.parametrize(
    "still",
    [open_appeal, open_objection, words_left, words_held, message_waits, under_review,
     established, reopened],
)  # fmt: skip
def test_a_case_stays_whole_while_anything_of_it_is_needed(
    world: World, still: Callable[[World], None]
) -> None:
    still(world)

    thinning.thin_due(NOW + THREE_YEARS + A_TICK)

    assert case_of(world).thinned_at is None
    assert Task.everything.filter(note=WORDS).exists()


def test_a_held_case_stands_in_nobodys_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "CHUNK", 1)
    first = case_of(world)
    second = Case.everything.get(pk=first.pk)
    second.pk, second.key, second.closed_at = None, "another", NOW + A_TICK
    second.save(force_insert=True)
    open_appeal(world)

    thinning.thin_due(NOW + THREE_YEARS + A_TICK * 2)

    second.refresh_from_db(from_queryset=Case.everything.all())
    assert (case_of(world).thinned_at, second.thinned_at is not None) == (None, True)


def test_a_joined_case_goes_with_the_one_that_stands_for_it(world: World) -> None:
    root = case_of(world)
    joined = Case.everything.get(pk=root.pk)
    joined.pk, joined.key, joined.state, joined.closed_at = None, "joined", "merged", None
    joined.save(force_insert=True)
    CaseLink.everything.create(
        case=joined, to=root, root=root, made_at=NOW, made_by="account:1", why=WORDS
    )

    thinning.thin_due(NOW + THREE_YEARS + A_TICK)

    joined.refresh_from_db(from_queryset=Case.everything.all())
    assert joined.thinned_at is not None
    assert CaseLink.everything.get().why == ""
    assert merging.root_of(joined) == root


def test_a_round_that_was_killed_goes_on_where_it_stood(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_given: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    later = NOW + THREE_YEARS + A_TICK
    with monkeypatch.context() as patched:
        patched.setattr(erasing, "receipt", killed)
        with pytest.raises(KeyboardInterrupt):
            thinning.thin_due(later)
    assert (case_of(world).thinned_at, Task.everything.filter(note=WORDS).exists()) == (None, True)

    assert thinning.thin_due(later) > 0
    assert case_of(world).thinned_at == later


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_thins(world: World) -> None:
    later = NOW + THREE_YEARS + A_TICK

    race(*[lambda: thinning.thin_due(later)] * 3)

    assert AuditEntry.objects.filter(verb="case.thin").count() == 1
    assert list(audit.verify()) == list(erasing.verify()) == []


def test_a_thinned_case_can_still_be_opened_again(world: World) -> None:
    thinning.thin_due(NOW + THREE_YEARS + A_TICK)

    closing.reopen(case_of(world), by="account:1", now=NOW + THREE_YEARS + timedelta(days=1))

    assert (case_of(world).state, case_of(world).thinned_at) == (Case.State.OPEN, None)


@pytest.mark.parametrize(("late", "left"), [(A_TICK * 0, 1), (A_TICK, 0)])
def test_messages_of_no_case_and_timers_that_fired_go_as_well(
    world: World, late: timedelta, left: int
) -> None:
    sent: dict[str, Any] = {
        "channel": "inbox", "recipient": "role:leader", "template": "t", "payload": {},
        "not_before": NOW, "queued_at": NOW,
    }  # fmt: skip
    Message.everything.create(key="gone", state=Message.State.SENT, **sent)
    Message.everything.create(key="waits", state=Message.State.QUEUED, **sent)
    Timer.objects.create(key="fired", action="x", due_at=NOW, fired_at=NOW)
    Timer.objects.create(key="ahead", action="x", due_at=NOW)

    thinning.thin_due(NOW + THREE_YEARS + late)

    assert Message.everything.filter(key="gone").count() == left
    assert Timer.objects.filter(key="fired").count() == left
    assert Message.everything.filter(key="waits").exists()
    assert Timer.objects.filter(key="ahead").exists()


def test_every_field_that_goes_with_its_case_is_thinned_or_says_why_it_stays() -> None:
    holders = holding.holders().values()
    known = [name for one in holders for name in (*one.thinned, *one.staying)]

    wanted = [name for name, label in holding.labels().items() if label.keep == Keep.CASE]
    assert sorted(known) == sorted(wanted)
