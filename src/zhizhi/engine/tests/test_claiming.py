"""Objections to looks: made by whom the look was at, answered by somebody else, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from tests.district_world import World, build

from zhizhi.directory import guarding
from zhizhi.directory.accounts import person_name
from zhizhi.directory.models import Guardianship
from zhizhi.engine import claiming, erasing, parting, personal, rating, settings_in_force
from zhizhi.engine.claiming import AnswerMissing, NotShown, OwnLook
from zhizhi.engine.models import Case, Claim, Report
from zhizhi.engine.states import StateConflict
from zhizhi.trust import access, audit, vault
from zhizhi.trust.access import Look
from zhizhi.trust.models import AccessRecord, AuditEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)


@pytest.fixture
def small() -> World:
    return build()


@pytest.fixture
def report(small: World) -> Report:
    """A report whose objection of the smallest district was answered and is out of the way."""
    found: Report = small.records["report"]
    return found


@pytest.fixture
def bound(small: World) -> Guardianship:
    found: Guardianship = small.records["bound"]
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


def about(row: Guardianship) -> Claim:
    """The objection of a guardian to a look at the ward."""
    record = look(person_name(row.ward_id))
    return claiming.object_to(row, record.pk, reason="why her", now=NOW)


def test_a_guardian_objects_to_looks_at_the_ward_alone(bound: Guardianship) -> None:
    claim, leaf = about(bound), AuditEntry.objects.latest("seq")

    assert (claim.whose, claim.area_path) == (bound, bound.area_path)
    assert leaf.detail == {
        "kind": "objection", "guardianship": bound.pk, "record": claim.record_id
    }  # fmt: skip
    assert claiming.claims_of(bound) == [claim]
    with pytest.raises(StateConflict):
        claiming.object_to(bound, claim.record_id or 0, now=NOW)
    for subject in (person_name(bound.guardian_id), "report:1"):
        with pytest.raises(NotShown):
            claiming.object_to(bound, look(subject).pk, now=NOW)


def test_an_auditor_answers_a_guardian(bound: Guardianship) -> None:
    claim = about(bound)

    with pytest.raises(OwnLook):
        claiming.answer(claim, "no", is_upheld=False, by="account:9", now=NOW)
    claiming.answer(claim, "It should not have been.", is_upheld=True, by="account:8", now=NOW)

    assert AuditEntry.objects.latest("seq").detail["guardianship"] == bound.pk
    assert claiming.words(claim)["answer"] == "It should not have been."


def test_a_claim_hangs_on_a_report_or_on_a_guardianship(bound: Guardianship) -> None:
    claim = about(bound)

    for wrong in ({"guardianship": None}, {"report": Report.everything.get()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Claim.everything.filter(pk=claim.pk).update(**wrong)


@pytest.mark.parametrize("who", ["ward", "guardian"])
def test_what_a_guardian_wrote_goes_with_the_data_of_either(
    who: str, bound: Guardianship, report: Report
) -> None:
    claim = about(bound)
    Report.everything.filter(pk=report.pk).update(person=getattr(bound, who))
    report.refresh_from_db(from_queryset=Report.everything.select_related("case"))
    Case.everything.update(state="closed")

    held = erasing.erase(report, by="owner", now=NOW)
    assert held is not None
    assert [f"claim:{claim.pk}", "open-claim"] in held.held
    claiming.answer(claim, "no", is_upheld=False, by="account:8", now=NOW)
    gone = erasing.erase(report, by="owner", now=NOW)

    assert gone is not None
    assert f"claim:{claim.pk}" in gone.destroyed
    claim.refresh_from_db(from_queryset=Claim.everything.all())
    assert (claim.reason, claim.answer) == (None, None)


def test_a_copy_of_the_own_data_holds_what_was_written_as_a_guardian(
    bound: Guardianship, report: Report
) -> None:
    about(bound)
    told = {}
    for who in ("ward", "guardian"):
        subject = replace(erasing.subject_of(report), person=getattr(bound, who).pk)
        told[who] = [one.value for one in personal.told(subject, NOW)]

    assert "why her" in told["guardian"]
    assert "why her" not in told["ward"]


@pytest.mark.parametrize(("after", "count"), [(-A_TICK, 1), (timedelta(0), 1), (A_TICK, 0)])
def test_a_guardianship_is_forgotten_after_its_objections(
    bound: Guardianship, after: timedelta, count: int
) -> None:
    claim = about(bound)
    guarding.end(bound, guarding.Ended.OVER, by="account:5", now=NOW)
    long = settings_in_force.value("engine.review_days")
    parting.forget_reviewed(NOW + timedelta(days=long + 99))
    assert guarding.wards_of([bound.pk]).count() == 1  # the guardian waits for an answer
    answered = NOW + timedelta(days=9)
    claiming.answer(claim, "no", is_upheld=False, by="account:8", now=answered)

    parting.forget_reviewed(answered + timedelta(days=long) + after)

    assert Claim.everything.filter(guardianship__isnull=False).count() == count
    assert guarding.wards_of([bound.pk]).count() == count
    claim.key.refresh_from_db()
    assert (claim.key.destroyed_at is None) is bool(count)
    assert list(audit.verify()) == []
