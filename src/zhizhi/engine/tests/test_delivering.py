import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from zhizhi.engine import announcing, closing, delivering, timeline
from zhizhi.engine.delivering import DeliveryFailed, Receipt, Relay
from zhizhi.engine.leasing import claim
from zhizhi.engine.models import Case, Message, Subscriber, Template
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import NOON, case, later
from zhizhi.engine.tests.racing import race
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Grant, Scope

pytestmark = pytest.mark.django_db


@dataclass
class Pigeon:
    """A way out that remembers what it carried and fails when told to."""

    code: str = "pigeon"
    policy: str = ""
    is_local: bool = False
    is_shared: bool = True
    lease: timedelta = timedelta(seconds=60)
    attempts: int = 3
    carried: list[str] = field(default_factory=list)
    fate: Callable[[Message], Receipt] = lambda message: Receipt(f"r-{message.pk}")

    def send(self, message: Message) -> Receipt:
        receipt = self.fate(message)
        self.carried.append(message.key)
        return receipt


@pytest.fixture
def pigeon(monkeypatch: pytest.MonkeyPatch) -> Pigeon:
    bird = Pigeon()
    monkeypatch.setattr(delivering, "channels", lambda: {"pigeon": bird})
    return bird


def fail(reason: str = "storm", *, permanent: bool = False) -> Callable[[Message], Receipt]:
    def fate(message: Message) -> Receipt:
        raise DeliveryFailed(reason, permanent=permanent)

    return fate


def message(part: object = 1, **also: Any) -> Message:
    given: dict[str, Any] = {
        "channel": "pigeon", "recipient": "token:7", "template": "t", "payload": {},
        "key_parts": (part,), "now": NOON, **also,
    }  # fmt: skip
    return delivering.enqueue(**given)


def fresh(row: Message) -> Message:
    return Message.everything.get(pk=row.pk)


def test_the_same_message_twice_is_one_row() -> None:
    first, again = message(), message(payload={"other": 1})

    assert first == again
    assert fresh(first).payload == {}


@pytest.mark.parametrize("other", [
    {"channel": "inbox"}, {"recipient": "token:8"}, {"template": "u"}, {"key_parts": (2,)},
])  # fmt: skip
def test_channel_recipient_template_and_cause_make_a_message_another(other: dict[str, Any]) -> None:
    message()
    message(**other)

    assert Message.everything.count() == 2


def test_an_edited_template_does_not_make_a_sent_message_new() -> None:
    Template.objects.create(code="t", version=1, text="a", created_at=NOON, created_by="x")
    first = message()
    Template.objects.create(code="t", version=2, text="b", created_at=NOON, created_by="x")

    again = message()

    assert (first.template, again) == ("t@1", first)


def test_a_message_is_sent_once_and_keeps_its_receipt(pigeon: Pigeon) -> None:
    row = message()

    counts = [delivering.relay(NOON), delivering.relay(later(hours=1))]

    sent = fresh(row)
    assert counts == [1, 0]
    assert (sent.state, sent.sent_at, sent.receipt) == ("sent", NOON, f"r-{row.pk}")
    assert pigeon.carried == [row.key]


@pytest.mark.parametrize(("seconds", "count"), [(7.9, 0), (8, 1), (8.1, 1)])
def test_a_held_message_waits_eight_seconds(pigeon: Pigeon, seconds: float, count: int) -> None:
    message(hold=timedelta(seconds=8))

    assert delivering.relay(later(seconds=seconds)) == count


def test_a_held_message_can_be_taken_back_until_it_is_sent(pigeon: Pigeon) -> None:
    row = message(hold=timedelta(seconds=8))

    delivering.cancel_held(row, now=NOON)
    delivering.relay(later(hours=1))

    assert fresh(row).state == "cancelled"
    assert pigeon.carried == []
    with pytest.raises(StateConflict):
        delivering.cancel_held(row, now=NOON)


def test_urgent_messages_go_first(pigeon: Pigeon) -> None:
    message("calm")
    urgent = message("urgent", is_urgent=True)

    delivering.relay(NOON, limit=1)

    assert pigeon.carried == [urgent.key]


def test_a_failed_message_is_tried_again_later(pigeon: Pigeon) -> None:
    row = message()
    pigeon.fate = fail()
    delivering.relay(NOON)
    failed = fresh(row)
    pigeon.fate = lambda message: Receipt()

    too_early, in_time = delivering.relay(later(seconds=0.9)), delivering.relay(later(seconds=1))

    assert (failed.state, failed.failure, failed.attempts) == ("queued", "storm", 1)
    assert (too_early, in_time) == (0, 1)


@pytest.mark.parametrize(("tries", "state"), [(2, "queued"), (3, "failed"), (4, "failed")])
def test_a_message_is_given_up_after_the_channels_attempts(
    pigeon: Pigeon, tries: int, state: str
) -> None:
    row = message(case=case())
    pigeon.fate = fail()

    for hour in range(tries):
        delivering.relay(later(hours=hour))

    assert fresh(row).state == state
    assert fresh(row).attempts == min(tries, 3)
    given_up = [line.note for line in timeline.history(Case.everything.get())]
    assert len(given_up) == (state == "failed")


def test_a_permanent_failure_is_not_tried_again(pigeon: Pigeon) -> None:
    row = message()
    pigeon.fate = fail("no such token", permanent=True)

    delivering.relay(NOON)

    assert (fresh(row).state, fresh(row).failure) == ("failed", "no such token")


def test_a_gateway_that_is_down_is_asked_once_a_round(pigeon: Pigeon) -> None:
    rows = [message(n) for n in range(5)]
    pigeon.fate = fail()

    delivering.relay(NOON)

    assert [fresh(row).attempts for row in rows] == [1, 0, 0, 0, 0]
    assert not Message.everything.exclude(lease_until=None).exists()


def test_one_bad_message_does_not_stop_the_others(pigeon: Pigeon) -> None:
    bad, good = message("bad"), message("good")

    def fate(row: Message) -> Receipt:
        if row.key == bad.key:
            raise DeliveryFailed("no such token", permanent=True)
        return Receipt()

    pigeon.fate = fate
    delivering.relay(NOON)

    assert (fresh(bad).state, fresh(good).state) == ("failed", "sent")


def test_a_receiver_that_is_down_does_not_hold_up_another(pigeon: Pigeon) -> None:
    pigeon.is_shared = False
    down, up = message(recipient="a"), message(recipient="b")

    def fate(row: Message) -> Receipt:
        if row.recipient == "a":
            raise DeliveryFailed("down")
        return Receipt()

    pigeon.fate = fate
    delivering.relay(NOON)

    assert (fresh(down).state, fresh(up).state) == ("queued", "sent")


@pytest.mark.parametrize(("seconds", "is_asked"), [(0.9, False), (1, True), (1.1, True)])
def test_a_receiver_that_failed_twice_in_a_row_rests(
    pigeon: Pigeon, seconds: float, is_asked: bool
) -> None:
    for number in range(4):
        message(number)
    relay, asked = Relay(pigeon), list[int]()

    def storm(row: Message) -> Receipt:
        asked.append(row.pk)
        raise DeliveryFailed("storm")

    pigeon.fate = storm
    for _time in range(2):
        relay.send_due(NOON)
    relay.send_due(later(seconds=seconds))

    assert len(asked) == 2 + is_asked


def test_a_receiver_that_answers_again_is_not_spared_any_more(pigeon: Pigeon) -> None:
    rows = [message(number) for number in range(6)]
    relay = Relay(pigeon)
    pigeon.fate = fail()
    relay.send_due(NOON)
    pigeon.fate = lambda row: Receipt()
    relay.send_due(NOON)
    extra = message("extra")
    pigeon.fate = fail()
    relay.send_due(NOON)
    pigeon.fate = lambda row: Receipt()

    relay.send_due(later(seconds=1))

    assert {fresh(row).state for row in [*rows, extra]} == {"sent"}


def test_a_resting_receiver_does_not_hold_up_another(pigeon: Pigeon) -> None:
    pigeon.is_shared = False
    for number in range(3):
        message(number, recipient="down")
    relay = Relay(pigeon)
    pigeon.fate = fail()
    for _time in range(2):
        relay.send_due(NOON)
    up = message(recipient="up")
    pigeon.fate = lambda row: Receipt()

    assert relay.send_due(NOON) == 1
    assert fresh(up).state == "sent"


def test_the_longest_rest_is_half_a_minute(pigeon: Pigeon) -> None:
    for number in range(12):
        message(number)
    relay = Relay(pigeon)
    pigeon.fate = fail()
    for hour in range(10):
        relay.send_due(later(hours=hour))
    pigeon.fate = lambda row: Receipt()

    early, late = (relay.send_due(later(hours=9, seconds=s)) for s in (29.9, 30))

    assert (early, late > 0) == (0, True)


def test_a_channel_that_breaks_is_a_failure_like_any_other(pigeon: Pigeon) -> None:
    row = message()

    def fate(_message: Message) -> Receipt:
        raise ZeroDivisionError

    pigeon.fate = fate
    delivering.relay(NOON)

    assert (fresh(row).state, fresh(row).failure) == ("queued", "channel error")


def test_a_message_that_another_worker_holds_is_left_alone(pigeon: Pigeon) -> None:
    message()
    Message.everything.update(lease_until=Now() + timedelta(seconds=30))

    assert delivering.relay(NOON) == 0


def test_a_message_whose_worker_died_is_sent_after_its_lease(pigeon: Pigeon) -> None:
    row = message()
    claim(Message.everything.all(), limit=1, lease=timedelta(seconds=-1))

    assert delivering.relay(NOON) == 1
    assert fresh(row).attempts == 2


def test_a_worker_that_slept_through_its_lease_cannot_mark(pigeon: Pigeon) -> None:
    row = message(case=case())

    def overtaken(sent: Message) -> Receipt:
        Message.everything.filter(pk=sent.pk).update(fence=sent.fence + 1)
        return Receipt("mine")

    pigeon.fate = overtaken
    delivering.relay(NOON)

    assert (fresh(row).state, fresh(row).receipt) == ("queued", "")
    assert not Case.everything.get().timeline.exists()


def test_a_worker_whose_lease_ran_out_does_not_send_the_rest(pigeon: Pigeon) -> None:
    pigeon.lease = timedelta(0)  # half of it is always gone
    rows = [message(n) for n in range(2)]

    def taken_over(sent: Message) -> Receipt:
        Message.everything.filter(pk=rows[1].pk).update(fence=99)
        return Receipt()

    pigeon.fate = taken_over
    delivering.relay(NOON)

    assert pigeon.carried == [rows[0].key]


def test_a_sent_message_is_a_line_of_its_case(pigeon: Pigeon) -> None:
    row = message(case=case())

    delivering.relay(NOON)

    line = Case.everything.get().timeline.get()
    told = {name: line.data[name] for name in ("message", "channel")}
    assert (line.verb, told) == ("message.sent", {"message": row.pk, "channel": "pigeon"})


# Receipts


@pytest.mark.parametrize(("is_delivered", "state"), [(True, "delivered"), (False, "failed")])
def test_a_receipt_ends_a_sent_message_once(pigeon: Pigeon, is_delivered: bool, state: str) -> None:
    row = message(case=case())
    delivering.relay(NOON)

    changes = [
        delivering.confirm(row.key, is_delivered=is_delivered, reason="", now=NOON)
        for _time in range(2)
    ]

    assert (fresh(row).state, changes) == (state, [True, False])
    assert Case.everything.get().timeline.latest("seq").verb == f"message.{state}"


def test_a_receipt_may_overtake_the_workers_own_mark(pigeon: Pigeon) -> None:
    row = message()

    def fast(sent: Message) -> Receipt:
        delivering.confirm(sent.key, is_delivered=True, reason="", now=NOON)
        return Receipt("late")

    pigeon.fate = fast
    delivering.relay(NOON)

    assert fresh(row).state == "delivered"


def test_a_receipt_for_an_unknown_message_changes_nothing() -> None:
    assert delivering.confirm("x" * 64, is_delivered=True, reason="", now=NOON) is False


# In-app messages


def test_in_app_messages_are_shown_and_leave_a_leaf_each() -> None:
    row = message(channel="inbox", recipient="unit:3", case=case())

    assert delivering.relay(NOON) == 1

    leaf = AuditEntry.objects.get()
    assert fresh(row).state == "delivered"
    assert (leaf.verb, leaf.subject, leaf.area_path) == (
        "message.show", f"message:{row.pk}", "/990100000000000/",
    )  # fmt: skip
    assert leaf.detail["recipient"] == "unit:3"


def test_reading_a_message_counts_once() -> None:
    row = message(channel="inbox", recipient="unit:3")
    its = Message.everything.filter(pk=row.pk)

    assert delivering.mark_read(its, now=NOON) == 1
    assert delivering.mark_read(its, now=later(hours=1)) == 0
    assert fresh(row).read_at == NOON


@pytest.mark.parametrize(("grant", "count"), [
    (Grant("unit_member", unit=3), 1), (Grant("unit_member", unit=4), 0),
    (Grant("agency_officer", agency=2), 1), (Grant("agency_officer", agency=5), 0),
    (Grant("inspector"), 0), (Grant("auditor"), 0), (Grant("leader"), 0),
])  # fmt: skip
def test_an_inbox_shows_what_was_sent_to_its_owner(grant: Grant, count: int) -> None:
    for recipient in ("unit:3", "agency:2", "role:operator"):
        message(channel="inbox", recipient=recipient, case=case(key=recipient))
    delivering.relay(NOON)

    assert Message.objects.visible_to(Scope(1, (grant,))).count() == count


@pytest.mark.parametrize(
    ("path", "count"), [("", 3), ("/990100000000000/", 3), ("/99", 3), ("/11", 0)]
)
def test_an_operator_sees_the_messages_of_the_cases_of_the_own_area(path: str, count: int) -> None:
    for recipient in ("unit:3", "agency:2", "role:operator"):
        message(channel="inbox", recipient=recipient, case=case(key=recipient))
    delivering.relay(NOON)

    assert Message.objects.visible_to(Scope(1, (Grant("operator", path),))).count() == count


def test_a_held_message_is_not_in_the_inbox() -> None:
    message(channel="inbox", recipient="unit:3", hold=timedelta(seconds=8))
    delivering.relay(NOON)

    assert not Message.objects.visible_to(Scope(1, (Grant("unit_member", unit=3),))).exists()


# Subscribers


def subscriber(code: str = "city", **also: Any) -> Subscriber:
    return Subscriber.objects.create(code=code, url="https://a.example/", created_at=NOON, **also)


@pytest.mark.parametrize(("also", "count"), [
    ({}, 1), ({"area_path": "/990100000000000/"}, 1), ({"area_path": "/11/"}, 0),
    ({"kinds": ["illegal-fishing"]}, 1), ({"kinds": ["noise"]}, 0), ({"is_active": False}, 0),
])  # fmt: skip
def test_a_subscriber_hears_of_its_own_area_and_kinds(also: dict[str, Any], count: int) -> None:
    subscriber(**also)

    assert announcing.announce(case(), "case.opened", now=NOON) == count


def test_what_subscribers_hear_names_no_subject() -> None:
    subscriber()

    closing.close_unneeded(case(subject=987654), why="left", by="worker", now=NOON)

    row = Message.everything.get()
    assert (row.template, row.recipient) == ("case.closed", "city")
    assert "987654" not in str(row.payload)


def test_a_case_to_which_somebody_was_sent_does_not_close_itself() -> None:
    with pytest.raises(StateConflict):
        closing.close_unneeded(case(state="dispatched"), why="left", by="worker", now=NOON)


# Several workers


@pytest.mark.django_db(transaction=True)
def test_several_workers_send_each_message_once(pigeon: Pigeon) -> None:
    for n in range(40):
        message(n)
    lock = threading.Lock()

    def carry(row: Message) -> Receipt:
        with lock:
            return Receipt(row.key[:8])

    pigeon.fate = carry

    def work() -> int:
        count = 0
        while Message.everything.filter(state="queued", lease_until=None).exists():
            count += delivering.relay(NOON, limit=3)
        return count

    counts = race(*[work] * 4)

    assert sum(counts) == 40
    assert len(pigeon.carried) == len(set(pigeon.carried)) == 40


@pytest.mark.django_db(transaction=True)
def test_the_same_message_queued_at_once_is_one_row() -> None:
    results = race(*[message] * 4)

    assert len({row.pk for row in results}) == 1
    assert Message.everything.count() == 1


@pytest.mark.django_db(transaction=True)
def test_receipts_and_marks_at_the_same_moment_do_not_wait_for_each_other(pigeon: Pigeon) -> None:
    keys = [message(n, case=case(key=str(n))).key for n in range(8)]
    told = threading.Barrier(2, timeout=60)

    def carry(row: Message) -> Receipt:
        told.wait()  # the gateway calls back while the worker marks
        return Receipt()

    def receive() -> list[bool]:
        changed = []
        for key in keys:
            told.wait()
            changed.append(delivering.confirm(key, is_delivered=True, reason="", now=NOON))
        return changed

    pigeon.fate = carry
    sent, changed = race(lambda: delivering.relay(NOON), receive)

    assert (sent, changed) == (8, [True] * 8)
    assert set(Message.everything.values_list("state", flat=True)) == {"delivered"}
    assert list(timeline.verify()) == []


@pytest.mark.parametrize("channel", delivering.channels().values(), ids=str)
def test_a_lease_is_five_times_the_slowest_send(channel: Any) -> None:
    slowest_s = getattr(channel, "timeout_s", 0.0)

    assert channel.is_local or slowest_s > 0
    assert channel.lease.total_seconds() >= 5 * slowest_s
