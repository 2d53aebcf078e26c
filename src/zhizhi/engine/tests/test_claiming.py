"""Objections to looks: made by whom the look was at, answered by somebody else, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from tests.district_world import build

from zhizhi.engine import claiming, rating, settings_in_force
from zhizhi.engine.claiming import AnswerMissing, NotShown, OwnLook
from zhizhi.engine.models import Claim, Report
from zhizhi.engine.states import StateConflict
from zhizhi.trust import access, audit, vault
from zhizhi.trust.access import Look
from zhizhi.trust.models import AccessRecord, AuditEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)


@pytest.fixture
def report() -> Report:
    """A report whose objection of the smallest district was answered and is out of the way."""
    found: Report = build().records["report"]
    return found


def look(subject: str, *, hidden_for: timedelta = timedelta(0)) -> AccessRecord:
    wanted = Look("account:9", subject, ("telling",), "handle-case", None, hidden_for=hidden_for)
    with transaction.atomic():
        return access.record(wanted, refusal="", now=NOW)


def objection(report: Report, *, reason: str = "why me") -> Claim:
    return claiming.object_to(report, look(f"report:{report.pk}").pk, reason=reason, now=NOW)


def test_an_objection_waits_for_an_answer_and_is_in_the_audit_chain(report: Report) -> None:
    claim = objection(report)

    leaf = AuditEntry.objects.latest("seq")
    assert (claim.state, claim.area_path) == ("open", report.case.area_path)
    assert claim.due_at == NOW + timedelta(days=15)
    assert (leaf.actor, leaf.verb, leaf.subject) == ("resident", "claim.make", f"claim:{claim.pk}")
    assert leaf.detail == {"kind": "objection", "report": report.pk, "record": claim.record_id}
    assert list(audit.verify()) == []


def test_reasons_are_sealed_and_can_be_left_out(report: Report) -> None:
    told, silent = objection(report, reason=" why me "), objection(report, reason=" ")

    assert b"why me" not in bytes(told.reason or b"")
    assert claiming.words(told) == {"reason": "why me", "answer": ""}
    assert silent.reason is None
    assert claiming.words(silent) == {"reason": "", "answer": ""}


@pytest.mark.parametrize("length", [499, 500])
def test_as_much_as_fits_is_taken(report: Report, length: int) -> None:
    assert len(claiming.words(objection(report, reason="长" * length))["reason"]) == length


def test_more_is_refused_and_nothing_is_kept(report: Report) -> None:
    with pytest.raises(ValueError, match="500"):
        objection(report, reason="长" * 501)

    assert Claim.everything.count() == 1  # that of the smallest district


def test_nobody_objects_to_a_look_at_somebody_else(report: Report) -> None:
    for subject in ("report:999999", "person:999999"):
        with pytest.raises(NotShown):
            claiming.object_to(report, look(subject).pk, now=NOW)


@pytest.mark.parametrize("early", [A_TICK, timedelta(0)])
def test_a_look_is_objected_to_from_when_it_is_shown(report: Report, early: timedelta) -> None:
    row = look(f"report:{report.pk}", hidden_for=timedelta(days=1))
    now = NOW + timedelta(days=1) - early

    if early:
        with pytest.raises(NotShown):
            claiming.object_to(report, row.pk, now=now)
    else:
        assert claiming.object_to(report, row.pk, now=now).record_id == row.pk


def test_a_look_at_the_person_is_one_at_the_report(report: Report) -> None:
    row = look(f"person:{report.person_id}")

    assert claiming.object_to(report, row.pk, now=NOW).record_id == row.pk
    assert claiming.subjects_of(report) == (f"report:{report.pk}", f"person:{report.person_id}")


def test_a_look_is_objected_to_once(report: Report) -> None:
    claim = objection(report)

    with pytest.raises(StateConflict) as conflict:
        claiming.object_to(report, claim.record_id or 0, now=NOW)

    assert conflict.value.code == "claimed-already"


@pytest.mark.parametrize(("is_upheld", "state"), [(True, "upheld"), (False, "refused")])
def test_an_answer_ends_it(report: Report, state: str, *, is_upheld: bool) -> None:
    claim = objection(report)

    answered = claiming.answer(
        claim, " it was needed ", is_upheld=is_upheld, by="account:5", now=NOW
    )

    assert answered == claim
    leaf = AuditEntry.objects.latest("seq")
    assert (claim.state, claim.answered_by, claim.answered_at) == (state, "account:5", NOW)
    assert claiming.words(claim)["answer"] == "it was needed"
    assert (leaf.actor, leaf.verb) == ("account:5", f"claim.{state}")
    assert leaf.detail == {"kind": "objection", "report": report.pk, "record": claim.record_id}


def test_it_is_answered_once(report: Report) -> None:
    claim = objection(report)
    other = Claim.everything.get(pk=claim.pk)
    claiming.answer(claim, "no", is_upheld=False, by="account:5", now=NOW)

    with pytest.raises(StateConflict):
        claiming.answer(other, "yes", is_upheld=True, by="account:6", now=NOW)

    assert claiming.words(Claim.everything.get(pk=claim.pk))["answer"] == "no"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_answer_has_words(report: Report, text: str) -> None:
    with pytest.raises(AnswerMissing):
        claiming.answer(objection(report), text, is_upheld=False, by="account:5", now=NOW)


def test_whoever_looked_does_not_answer(report: Report) -> None:
    claim = objection(report)

    with pytest.raises(OwnLook):
        claiming.answer(claim, "it was fine", is_upheld=False, by="account:9", now=NOW)

    assert Claim.everything.get(pk=claim.pk).state == "open"


def test_destroyed_words_are_empty_and_the_decision_stays(report: Report) -> None:
    claim = objection(report)
    claiming.answer(claim, "no", is_upheld=False, by="account:5", now=NOW)
    vault.destroy(claim.key, now=NOW)

    [again] = [one for one in claiming.claims_of(report) if one.pk == claim.pk]

    assert claiming.words(again) == {"reason": "", "answer": ""}
    assert again.state == "refused"


def test_the_claims_of_a_report_are_its_own_the_newest_first(report: Report) -> None:
    first = claiming.claims_of(report)
    newer = objection(report)

    assert claiming.claims_of(report) == [newer, *first]
    assert claiming.claims_of(Report(pk=report.pk + 1)) == []


def test_who_was_forgotten_may_still_object(report: Report) -> None:
    rating.forget(report, by="account:1", now=NOW)

    assert claiming.words(objection(report))["reason"] == "why me"


@pytest.mark.parametrize(
    ("late", "is_late"), [(-A_TICK, False), (A_TICK * 0, False), (A_TICK, True)]
)
def test_an_answer_is_late_after_its_day(report: Report, late: timedelta, *, is_late: bool) -> None:
    settings_in_force.change("residents.answer_days", 3, by="account:1", now=NOW)
    claim = objection(report)
    moment = NOW + timedelta(days=3) + late

    assert claim.is_late(moment) is is_late
    claiming.answer(claim, "no", is_upheld=False, by="account:5", now=NOW)
    assert not claim.is_late(moment)
