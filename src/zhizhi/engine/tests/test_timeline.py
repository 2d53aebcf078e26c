from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from zhizhi.engine import timeline
from zhizhi.engine.models import TimelineEntry
from zhizhi.engine.tests.building import NOON, case, later
from zhizhi.trust import append_only, audit
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.tests.damage import damage

pytestmark = pytest.mark.django_db


def test_the_second_line_is_chained_to_the_first() -> None:
    one = case()

    first = timeline.record(one, verb="case.open", actor="worker", at=NOON)
    second = timeline.record(one, verb="case.acknowledge", actor="account:1", at=later(minutes=1))

    assert (first.seq, second.seq) == (1, 2)
    assert first.previous == timeline.GENESIS
    assert second.previous == first.digest


def test_each_line_leaves_one_leaf_in_the_audit_chain() -> None:
    one = case()

    entry = timeline.record(one, verb="case.open", actor="worker", at=NOON)

    leaf = AuditEntry.objects.get()
    assert (leaf.verb, leaf.subject, leaf.area_path) == (
        "case.open", f"case:{one.pk}", "/990100000000000/",
    )  # fmt: skip
    assert leaf.detail == {"seq": 1, "digest": entry.digest}


def test_lines_of_one_transaction_keep_their_order_over_several_cases() -> None:
    one, two = case(), case(key="other")

    with timeline.writing():
        timeline.record(one, verb="first", actor="worker", at=NOON)
        timeline.record(two, verb="second", actor="worker", at=NOON)
        timeline.record(one, verb="third", actor="worker", at=NOON)

    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["first", "second", "third"]
    assert [line.verb for line in timeline.history(one)] == ["first", "third"]
    assert list(timeline.verify()) == []


def test_a_block_that_fails_leaves_no_line_and_no_leaf() -> None:
    one = case()

    with timeline.writing():
        timeline.record(one, verb="kept", actor="worker", at=NOON)
        with pytest.raises(ZeroDivisionError), timeline.writing():  # noqa: PT012 - the block is the act
            timeline.record(one, verb="lost", actor="worker", at=NOON)
            raise ZeroDivisionError

    assert [line.verb for line in timeline.history(one)] == ["kept"]
    assert AuditEntry.objects.count() == 1


def test_a_line_says_when_the_case_changed() -> None:
    one = case()

    timeline.record(one, verb="case.open", actor="worker", at=later(hours=2))

    one.refresh_from_db(from_queryset=type(one).everything.all())
    assert one.changed_at == NOON + timedelta(hours=2)
    assert one.lock_version == 1


@pytest.mark.parametrize(
    "data", [{"x": 1.0, "y": 1e-7}, {"at": NOON}, {"名": ["鱼", None, True]}, {"deep": {"n": 0.1}}]
)
def test_a_line_verifies_after_a_round_through_the_database(data: dict[str, object]) -> None:
    timeline.record(case(), verb="note", actor="worker", at=NOON, note="说明", data=data)

    assert list(timeline.verify()) == []


@pytest.mark.parametrize("statement", [
    "UPDATE engine_timelineentry SET note = 'x'", "DELETE FROM engine_timelineentry",
])  # fmt: skip
def test_a_line_cannot_be_edited_or_removed(statement: str) -> None:
    timeline.record(case(), verb="case.open", actor="worker", at=NOON)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def tamper(statement: str) -> list[str]:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement)
    return [str(found) for found in timeline.verify()]


def three_lines() -> int:
    one = case()
    for verb in ("case.open", "case.dispatch", "case.close"):
        timeline.record(one, verb=verb, actor="worker", at=NOON, note="as it was")
    return one.pk


@pytest.mark.parametrize(
    "change", ["note = 'forged'", "actor = 'account:9'", "verb = 'case.dismiss'", "note = ''"]
)
def test_a_changed_line_is_named(change: str) -> None:
    pk = three_lines()

    found = tamper(f"UPDATE engine_timelineentry SET {change} WHERE seq = 2")  # noqa: S608 - the forgery

    assert found == [f"engine_timelineentry case {pk} line 2: changed"]


def test_a_line_that_cannot_be_read_is_named_and_the_walk_goes_on() -> None:
    pk = three_lines()

    damage("engine_timelineentry", "at", "seq = 2")

    found = [str(one) for one in timeline.verify()]
    assert found == [f"engine_timelineentry case {pk} line 2: cannot be read"]


def test_a_leaf_that_cannot_be_read_does_not_end_the_walk_over_the_histories() -> None:
    pk = three_lines()

    damage("trust_auditentry", "at", "seq = 2")
    damage("engine_timelineentry", "at", "seq = 3")

    found = [str(one) for one in timeline.verify()]
    assert found == [f"engine_timelineentry case {pk} line 3: cannot be read"]


def test_a_removed_line_is_named() -> None:
    pk = three_lines()

    found = tamper("DELETE FROM engine_timelineentry WHERE seq = 2")

    assert found == [f"engine_timelineentry case {pk} line 2: missing"]


def test_a_removed_tail_is_named_by_the_audit_chain() -> None:
    pk = three_lines()

    found = tamper("DELETE FROM engine_timelineentry WHERE seq >= 2")

    assert found == [f"engine_timelineentry case {pk} line 2-3: missing"]


def test_a_line_that_was_chained_anew_differs_from_the_audit_chain() -> None:
    pk = three_lines()
    last = TimelineEntry.objects.get(seq=3)
    last.note = "forged"
    digest = timeline.seal(last)

    found = tamper(
        f"UPDATE engine_timelineentry SET note = 'forged', digest = '{digest}' WHERE seq = 3"  # noqa: S608 - the forgery
    )

    assert found == [f"engine_timelineentry case {pk} line 3: differs from the audit chain"]
    assert list(audit.verify()) == []
