"""Erasing a resident: what goes, what stays and why, and when it follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.district_world import World, build, photo, review_offences

from zhizhi.directory import people
from zhizhi.engine import claiming, closing, erasing, rating, reporting
from zhizhi.engine.erasing import AGAIN
from zhizhi.engine.models import Case, Claim, Report
from zhizhi.trust import audit, evidence, holding, vault
from zhizhi.trust import erasing as receipts
from zhizhi.trust.erasing import Hold
from zhizhi.trust.models import Evidence, SubjectKey

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)


@pytest.fixture
def world() -> World:
    """The smallest district without the violation, which would hold every picture of the case."""
    made = build()
    review_offences("rejected")
    return made


@pytest.fixture
def report(world: World) -> Report:
    """A report with words and a photo, whose objection is answered."""
    found: Report = world.records["report"]
    [(key, _opened)] = vault.make_keys(1, now=NOW)
    row = evidence.seal(photo(), case=found.case_id, kind="photo", media_type="image/jpeg",
                        by="resident", now=NOW, under=key)  # fmt: skip
    evidence.set_working_copy(row, photo())
    Report.everything.filter(pk=found.pk).update(evidence=[row.pk])
    claiming.answer(world.records["claim"], "no", is_upheld=False, by="account:5", now=NOW)
    return fresh(found)


def fresh(report: Report) -> Report:
    rows = Report.everything.select_related("case", "person__key", "key")
    return rows.get(pk=report.pk)


def ended(report: Report) -> Report:
    closing.dismiss(report.case, reason="nobody", by="account:1", now=NOW)
    return fresh(report)


def names(report: Report) -> dict[str, str]:
    [claim] = Claim.everything.filter(report=report)
    return {
        "report": f"report:{report.pk}", "person": f"person:{report.person_id}",
        "photo": f"evidence:{report.evidence[0]}", "claim": f"claim:{claim.pk}",
    }  # fmt: skip


def test_after_the_end_everything_goes_and_the_receipt_says_so(report: Report) -> None:
    name = names(ended(report))

    receipt = erasing.erase(fresh(report), by="resident", now=NOW)

    assert receipt is not None
    assert (receipt.destroyed, receipt.held) == (sorted(name.values()), [])
    gone = fresh(report)
    assert (gone.forgotten_at, gone.erase_again_at) == (NOW, None)
    assert set(reporting.words(gone).values()) == {""}
    assert gone.person is not None
    assert gone.person.key.destroyed_at == NOW
    with pytest.raises(evidence.EvidenceErased):
        evidence.original(Evidence.objects.get(pk=report.evidence[0]))
    assert list(receipts.verify()) == list(evidence.verify_evidence()) == list(audit.verify()) == []


def test_while_the_case_is_open_name_and_number_go_and_the_rest_is_told(report: Report) -> None:
    name = names(report)

    receipt = erasing.erase(report, by="resident", now=NOW)

    assert receipt is not None
    assert receipt.destroyed == sorted([name["person"], name["claim"]])
    assert receipt.held == sorted([[name["report"], "open-case"], [name["photo"], "open-case"]])
    kept = fresh(report)
    assert (kept.forgotten_at, kept.erase_again_at) == (None, NOW + AGAIN)
    assert reporting.words(kept)["telling"] == "two men with rods"


@pytest.mark.parametrize(
    ("state", "is_held"),
    [
        ("recorded", True),
        ("technically_reviewed", True),
        ("legally_reviewed", True),
        ("transferred", True),
        ("rejected", False),
    ],
)
def test_evidence_of_an_offence_stays_and_is_told(
    state: str, report: Report, *, is_held: bool
) -> None:
    review_offences(state)

    receipt = erasing.erase(ended(report), by="resident", now=NOW)

    assert receipt is not None
    photo_name = names(report)["photo"]
    assert receipt.held == ([[photo_name, "offence"]] if is_held else [])
    assert (photo_name in receipt.destroyed) is not is_held
    if is_held:
        assert evidence.original(Evidence.objects.get(pk=report.evidence[0])) == photo()


def test_a_claim_stays_until_it_is_answered(report: Report) -> None:
    Claim.everything.update(state="open")

    receipt = erasing.erase(ended(report), by="resident", now=NOW)

    assert receipt is not None
    assert receipt.held == [[names(report)["claim"], "open-claim"]]


def test_asking_again_destroys_nothing_and_gives_no_second_receipt(report: Report) -> None:
    erasing.erase(ended(report), by="resident", now=NOW)

    assert erasing.erase(fresh(report), by="resident", now=NOW) is None
    assert len(receipts.receipts_of(f"report:{report.pk}")) == 1


@pytest.mark.parametrize(("early", "is_gone"), [(A_TICK, False), (A_TICK * 0, True)])
def test_what_had_to_stay_follows_by_itself(
    report: Report, early: timedelta, *, is_gone: bool
) -> None:
    erasing.erase(report, by="resident", now=NOW)
    ended(report)

    rating.sweep(NOW + AGAIN - early)

    assert (fresh(report).forgotten_at is not None) is is_gone
    assert len(receipts.receipts_of(f"report:{report.pk}")) == 1 + is_gone


def test_what_is_still_held_is_looked_at_the_next_day_again(report: Report) -> None:
    erasing.erase(report, by="resident", now=NOW)

    rating.sweep(NOW + AGAIN)

    assert fresh(report).erase_again_at == NOW + AGAIN * 2
    assert len(receipts.receipts_of(f"report:{report.pk}")) == 1


@pytest.mark.parametrize(
    ("late", "is_gone"), [(-A_TICK, False), (A_TICK * 0, False), (A_TICK, True)]
)
def test_after_its_time_everything_goes_without_being_asked(
    report: Report, late: timedelta, *, is_gone: bool
) -> None:
    ended(report)

    rating.sweep(NOW + timedelta(days=365) + late)

    assert (fresh(report).forgotten_at is not None) is is_gone


def test_the_district_itself_may_lift_the_hold_of_an_open_case(report: Report) -> None:
    assert rating.forget(report, by="account:1", now=NOW)

    [receipt] = receipts.receipts_of(f"report:{report.pk}")
    assert receipt.by == "account:1"
    assert names(report)["photo"] in receipt.destroyed
    assert Case.everything.get(pk=report.case_id).state == "dispatched"


def test_whatever_fails_leaves_everything_as_it_was(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError(NOW)

    monkeypatch.setattr(receipts, "receipt", broken)
    before = SubjectKey.objects.filter(wrapped=None).count()

    with pytest.raises(RuntimeError, match="2026"):
        erasing.erase(ended(report), by="resident", now=NOW)

    assert SubjectKey.objects.filter(wrapped=None).count() == before
    assert fresh(report).forgotten_at is None


def test_holds_name_what_and_why(report: Report) -> None:
    review_offences("recorded")
    name = names(report)

    assert holding.holds(erasing.subject_of(report)) == [
        Hold(name["report"], "open-case"), Hold(name["photo"], "open-case"),
        Hold(name["photo"], "offence"),
    ]  # fmt: skip


def test_an_erased_person_cannot_be_called(report: Report) -> None:
    erasing.erase(report, by="resident", now=NOW)
    person = fresh(report).person
    assert person is not None

    with pytest.raises(vault.Erased):
        people.own_data(person, now=NOW)
