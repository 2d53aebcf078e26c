"""Consent: given for a while, asked for at every use, ended at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from zhizhi.trust import append_only, audit, consenting
from zhizhi.trust.audit import Leaf
from zhizhi.trust.consenting import Agreement, ConsentMissing, Guardian, GuardianMissing
from zhizhi.trust.grounds import Basis, PurposeMissing
from zhizhi.trust.models import AuditEntry, Consent
from zhizhi.trust.states import StateConflict

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
UNTIL = AT + 10 * DAY
PARENT = Guardian("person:9", "parent")
CONTACT = Agreement("person:7", "contact", ("name", "phone"), "resident-page", "contact@2")


def give(now: datetime = AT, until: datetime = UNTIL, **other: Any) -> Consent:
    return consenting.give(replace(CONTACT, **other), until=until, by="resident", now=now)


def withdraw(consent: Consent, now: datetime = AT) -> Consent:
    return consenting.withdraw(consent, by="resident", now=now)


def reason(
    subject: str = "person:7", data: tuple[str, ...] = ("phone",), now: datetime = AT
) -> str:
    """Return why ``require`` refuses; nothing when it does not."""
    try:
        found = consenting.require(subject, "contact", data, now=now)
    except ConsentMissing as missing:
        assert consenting.agreed(subject, "contact", data, now=now) is None
        return missing.reason
    assert consenting.agreed(subject, "contact", data, now=now) == found
    assert found.is_in_force(now)
    return ""


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("seq").values_list("verb", flat=True))


def test_no_row_no_processing() -> None:
    assert reason() == "never"


def test_an_agreement_covers_its_person_purpose_and_data_alone() -> None:
    give()

    assert reason() == reason(data=("name", "phone")) == reason(data=()) == ""
    assert reason(data=("phone", "identity_number")) == "other-data"
    assert reason("person:70") == "never"
    with pytest.raises(ConsentMissing):
        consenting.require("person:7", "recording", ("phone",), now=AT)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (AT - A_TICK, "not-yet"), (AT, ""), (AT + A_TICK, ""),
        (UNTIL - A_TICK, ""), (UNTIL, "expired"), (UNTIL + A_TICK, "expired"),
    ],
)  # fmt: skip
def test_it_counts_from_when_it_was_given_until_its_time_is_over(
    now: datetime, expected: str
) -> None:
    give()

    assert reason(now=now) == expected
    assert Consent.objects.get().is_in_force(now) is not bool(expected)


def test_a_withdrawal_counts_at_once() -> None:
    consent = give()

    withdraw(consent, AT + DAY)

    assert reason(now=AT + DAY) == "withdrawn"
    assert reason(now=AT + DAY + A_TICK) == "withdrawn"


def test_what_has_ended_does_not_end_again() -> None:
    consent = withdraw(give())

    with pytest.raises(StateConflict):
        consenting.withdraw(consent, by="account:3", now=AT + DAY)

    consent.refresh_from_db()
    assert (consent.ended_at, consent.ended_by) == (AT, "resident")
    assert verbs() == ["consent.give", "consent.end"]


def test_who_agrees_again_after_a_withdrawal_has_agreed() -> None:
    withdraw(give())

    give(AT + DAY)

    assert reason(now=AT + DAY) == ""


def test_a_newer_agreement_takes_the_place_of_the_older() -> None:
    first = give()

    second = give(AT + DAY, UNTIL + DAY, data=("phone",))

    first.refresh_from_db()
    assert (first.ended_why, first.ended_at) == ("replaced", AT + DAY)
    assert reason(now=UNTIL) == ""
    assert reason(data=("name",), now=UNTIL) == "other-data"
    withdraw(second, AT + DAY)
    assert reason(now=AT + DAY) == "withdrawn"  # the older does not come back


def test_only_one_agreement_for_the_same_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    give()
    monkeypatch.setattr(consenting, "_live", lambda **which: Consent.objects.none())

    with pytest.raises(StateConflict, match="at the same time"):
        give()

    assert Consent.objects.count() == 1


@pytest.mark.parametrize(("until", "data"), [(AT, ("name",)), (AT - A_TICK, ("name",)),
                                             (AT + A_TICK, ())])  # fmt: skip
def test_nobody_agrees_to_nothing_or_for_no_time(until: datetime, data: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="agrees to nothing"):
        give(until=until, data=data)


def test_for_a_child_only_a_guardian_agrees() -> None:
    with pytest.raises(GuardianMissing):
        give(is_child=True)

    row = give(is_child=True, guardian=PARENT)

    assert (row.guardian, row.relation) == ("person:9", "parent")
    assert reason() == ""


def test_the_end_of_a_guardians_authority_ends_what_that_guardian_agreed_to() -> None:
    give(guardian=PARENT)
    give(subject="person:8", guardian=PARENT)
    give(subject="person:6", guardian=Guardian("person:90", "parent"))

    ended = consenting.end_guardian("person:9", of="person:7", by="account:3", now=AT)

    assert ended == 1
    assert reason() == "guardian-ended"
    assert reason("person:8") == reason("person:6") == ""


def test_everything_of_one_person_ends_together() -> None:
    give()
    give(purpose="recording")
    give(subject="person:8")

    assert consenting.end_all("person:7", Consent.Ended.ERASED, by="worker", now=AT) == 2

    assert reason() == "erased"
    assert reason("person:8") == ""
    assert consenting.end_all("person:7", Consent.Ended.ERASED, by="worker", now=AT) == 0


def test_every_change_leaves_a_leaf_that_names_nobody() -> None:
    consent = give(guardian=PARENT)
    consenting.end_guardian("person:9", of="person:7", by="account:3", now=AT)

    given, ended = AuditEntry.objects.order_by("seq")
    assert (given.verb, given.actor, given.subject) == ("consent.give", "resident", "person:7")
    assert given.detail == {
        "consent": consent.pk, "purpose": "contact", "data": ["name", "phone"],
        "channel": "resident-page", "text": "contact@2", "guardian": "person:9",
        "relation": "parent", "until": "2026-03-11T05:00:00.000000Z",
    }  # fmt: skip
    assert (ended.verb, ended.actor) == ("consent.end", "account:3")
    assert ended.detail == {
        "consent": consent.pk, "purpose": "contact", "why": "guardian-ended"
    }  # fmt: skip
    assert list(audit.verify()) == []


@pytest.mark.parametrize(
    "change", ["purpose = 'recording'", "expires_at = '2036-03-01'", "given_by = 'x'"]
)
def test_what_was_agreed_never_changes(change: str) -> None:
    give()

    for statement in (f"UPDATE trust_consent SET {change}", "DELETE FROM trust_consent"):  # noqa: S608
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_purpose_that_needs_consent_rests_on_its_row() -> None:
    with pytest.raises(ConsentMissing):
        consenting.ground("ask-reporter", "person:7", ("phone",), now=AT)
    consent = give()

    ground = consenting.ground("ask-reporter", "person:7", ("phone",), now=AT)

    assert (ground.basis, ground.consent) == (Basis.CONSENT, consent.pk)
    with pytest.raises(ConsentMissing):
        consenting.ground("ask-reporter", "person:7", ("identity_number",), now=AT)


def test_a_duty_needs_no_consent_and_what_nobody_registered_has_no_ground() -> None:
    assert str(consenting.ground("serve-notice", "person:7", ("phone",), now=AT)) == "duty"
    assert str(consenting.ground("save-life", "person:7", ("phone",), now=AT)) == "emergency"
    with pytest.raises(PurposeMissing):
        consenting.ground("curiosity", "person:7", ("phone",), now=AT)


PEOPLE, GUARDIANS = ("person:1", "person:2"), ("person:8", "person:9")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("give"), st.sampled_from(PEOPLE), st.sampled_from(("", *GUARDIANS)),
                  st.integers(1, 6)),
        st.tuples(st.just("withdraw"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("guardian"), st.sampled_from(PEOPLE), st.sampled_from(GUARDIANS)),
        st.tuples(st.just("erase"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("wait"), st.integers(1, 4)),
    ),
    max_size=25,
)  # fmt: skip


@dataclass
class Oracle:
    """What plain thinking says: of each person who agreed for whom, and until when."""

    now: datetime = AT
    known: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def step(self, verb: str, *told: Any) -> None:
        if verb == "wait":
            self.now += told[0] * DAY
        elif verb == "give":
            self.known[told[0]] = (told[1], self.now + told[2] * DAY)
        elif verb != "guardian" or self.known.get(told[0], ("",))[0] == told[1]:
            self.known.pop(told[0], None)

    def agrees(self, who: str, now: datetime) -> bool:
        return who in self.known and now < self.known[who][1]


def act(verb: str, now: datetime, *told: Any) -> None:
    """Do with the registry what the oracle was told."""
    by: dict[str, Any] = {"by": "worker", "now": now}
    if verb == "give":
        guardian = Guardian(told[1], "parent") if told[1] else None
        give(now, now + told[2] * DAY, subject=told[0], guardian=guardian)
    elif verb == "withdraw":
        for row in consenting.of(told[0]).filter(ended_at=None):
            consenting.withdraw(row, **by)
    elif verb == "guardian":
        consenting.end_guardian(told[1], of=told[0], **by)
    elif verb == "erase":
        consenting.end_all(told[0], Consent.Ended.ERASED, **by)


def moments(oracle: Oracle) -> Iterator[datetime]:
    """Yield now, and the moments around each end that is still to come."""
    yield oracle.now
    for _guardian, until in oracle.known.values():
        for at in (until - A_TICK, until, until + A_TICK):
            if at >= oracle.now:
                yield at


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_whatever_was_given_and_ended_only_what_is_in_force_is_answered(steps: list[Any]) -> None:
    oracle = Oracle()
    with transaction.atomic():
        for verb, *told in steps:
            act(verb, oracle.now, *told)
            oracle.step(verb, *told)
            for who in PEOPLE:
                for at in moments(oracle):
                    assert (reason(who, now=at) == "") is oracle.agrees(who, at)
        given = sum(verb == "give" for verb, *_told in steps)
        assert AuditEntry.objects.filter(verb="consent.give").count() == given
        ended = Consent.objects.exclude(ended_at=None).count()
        assert AuditEntry.objects.filter(verb="consent.end").count() == ended
        transaction.set_rollback(True)


def reasons() -> list[str]:
    return [found.reason for found in consenting.verify()]


def tamper(statement: str) -> None:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_whole_register_has_no_break() -> None:
    withdraw(give())
    give(subject="person:8", guardian=PARENT, is_child=True)
    give(subject="person:8", data=("name",))  # replaces the one before
    give(subject="person:9")
    consenting.end_all("person:9", Consent.Ended.ERASED, by="worker", now=AT, leave=ignored)
    with transaction.atomic():
        audit.append([Leaf("worker", "person.erase", "person:9", AT)])

    assert reasons() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE trust_consent SET expires_at = '2099-01-01 00:00:00'", "changed"),
        ("UPDATE trust_consent SET given_at = '2020-01-01 00:00:00'", "changed"),
        ("UPDATE trust_consent SET subject = 'person:8'", "changed"),
        ("UPDATE trust_consent SET data = '[\"identity_number\"]'", "changed"),
        ("UPDATE trust_consent SET ended_at = NULL, ended_why = ''",
         "its end is not that of the audit chain"),
        ("UPDATE trust_consent SET ended_why = 'replaced'",
         "its end is not that of the audit chain"),
        ("DELETE FROM trust_consent", "missing"),
    ],
)  # fmt: skip
def test_what_was_done_to_a_consent_is_found(change: str, expected: str) -> None:
    withdraw(give())
    assert reasons() == []

    tamper(change)

    assert reasons() == [expected]


def test_a_consent_that_nobody_gave_is_found_also_when_it_names_the_upgrade() -> None:
    told = give()
    for by in ("resident", consenting.UPGRADE):
        values = {**vars(told), "id": None, "subject": f"person:{by}", "given_by": by}
        Consent.objects.create(**{k: v for k, v in values.items() if k != "_state"})

    assert reasons() == ["is not in the audit chain"] * 2


def test_what_the_upgrade_wrote_down_comes_before_all_others_and_needs_no_leaf() -> None:
    told = Consent(
        subject="person:1", purpose="contact", data=["name"], channel="page", given_at=AT,
        given_by=consenting.UPGRADE, expires_at=UNTIL,
    )  # fmt: skip
    told.save()
    assert reasons() == []

    give()
    assert reasons() == []
    withdraw(told)
    assert reasons() == []


def upgraded(number: int = 1) -> Consent:
    """An agreement as the upgrade wrote it down."""
    return Consent.objects.create(
        subject=f"person:{number}", purpose="contact", data=["name"], channel="page",
        given_at=AT - timedelta(days=90), given_by=consenting.UPGRADE, expires_at=UNTIL,
    )  # fmt: skip


def test_what_the_upgrade_wrote_down_gets_its_leaves_once() -> None:
    told = [upgraded(1), upgraded(2)]
    give()

    assert [consenting.adopt(AT) for _ in range(2)] == [2, 0]

    leaves = AuditEntry.objects.filter(verb=consenting.ADOPTED).order_by("seq")
    assert [(one.subject, one.at) for one in leaves] == [("person:1", AT), ("person:2", AT)]
    assert leaves[0].detail["consent"] == told[0].pk
    assert reasons() == []
    assert list(audit.verify()) == []
    withdraw(told[0])
    assert reasons() == []


def test_where_there_was_no_upgrade_nothing_is_adopted() -> None:
    assert consenting.adopt(AT) == 0
    give()
    assert consenting.adopt(AT) == 0
    assert not AuditEntry.objects.filter(verb=consenting.ADOPTED).exists()


@pytest.mark.parametrize(
    ("column", "value"),
    [("purpose", "other"), ("data", ["name", "phone"]), ("given_at", AT), ("subject", "person:3"),
     ("expires_at", UNTIL + timedelta(days=1))],
)  # fmt: skip
def test_an_adopted_consent_that_was_changed_is_found(column: str, value: Any) -> None:
    told = upgraded()
    consenting.adopt(AT)

    with append_only.lifted():
        Consent.objects.filter(pk=told.pk).update(**{column: value})

    assert reasons() == ["changed"]


def test_an_adopted_consent_that_was_removed_is_found() -> None:
    told = upgraded()
    consenting.adopt(AT)

    with append_only.lifted():
        Consent.objects.filter(pk=told.pk).delete()

    assert reasons() == ["missing"]


def test_what_names_the_upgrade_after_it_was_adopted_is_found_and_never_adopted() -> None:
    upgraded(5)
    consenting.adopt(AT)
    upgraded(6)

    assert consenting.adopt(AT) == 0
    assert reasons() == ["is not in the audit chain"]


def test_what_names_the_upgrade_behind_a_consent_that_was_given_is_not_adopted() -> None:
    upgraded(1)
    give()
    upgraded(9)

    assert consenting.adopt(AT) == 1
    assert reasons() == ["is not in the audit chain"]


def test_whoever_was_destroyed_agrees_to_nothing_any_more() -> None:
    give()
    with transaction.atomic():
        audit.append([Leaf("worker", "person.erase", "person:7", AT)])

    assert reasons() == ["its end is not that of the audit chain"]


def ignored(_leaf: Leaf) -> None:
    """Leave nothing, as where the receipt of an erasure says it."""
