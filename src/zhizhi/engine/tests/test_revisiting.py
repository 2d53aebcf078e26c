"""Asking the reporter after the end whether it is really solved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import override_settings

from zhizhi.directory.people import PersonalData
from zhizhi.engine import following, rating, reading, reporting, revisiting
from zhizhi.engine.models import Case, Report, Revisit
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import LAT, LON, NOON, later

pytestmark = pytest.mark.django_db

DESK = "account:901"
CONTACT = PersonalData("Wei Xiaohe", "12012345678")


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield tmp_path


def again(report: Report) -> Report:
    return Report.everything.select_related("case", "key", "person__key").get(pk=report.pk)


def closed(*, contact: PersonalData | None = CONTACT) -> Report:
    new = NewReport(
        external_id="a" * 32, kind="fishery.angling", telling="two men", lon=LON, lat=LAT,
        place_by="map", occurred_at=NOON, contact=contact,
    )  # fmt: skip
    report = reporting.file_report(new, now=NOON).report
    Case.everything.update(state="closed", closed_at=later(hours=1))
    return again(report)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("unreached", "closed"), ("reached", "closed"), ("satisfied", "closed"),
     ("unsatisfied", "open")],
)  # fmt: skip
def test_only_who_is_not_satisfied_opens_the_case_again(outcome: str, state: str) -> None:
    report = closed()

    made = revisiting.revisit(report, outcome, note="they came back", by=DESK, now=later(hours=2))

    line = report.case.timeline.get(verb="report.revisit")
    assert again(report).case.state == state
    assert (made.outcome, made.by, made.at) == (outcome, DESK, later(hours=2))
    assert (line.actor, line.note, line.data["outcome"]) == (
        DESK, "they came back", f"revisit-{outcome}",
    )  # fmt: skip


def test_whoever_was_not_reached_is_called_again_until_there_is_a_word() -> None:
    report = closed()
    for hour in (2, 3):
        revisiting.revisit(report, "unreached", by=DESK, now=later(hours=hour))

    assert revisiting.may_ask(again(report))
    revisiting.revisit(report, "satisfied", by=DESK, now=later(hours=4))

    assert not revisiting.may_ask(again(report))
    with pytest.raises(StateConflict) as refused:
        revisiting.revisit(again(report), "reached", by=DESK, now=later(hours=5))
    assert refused.value.code == "asked-already"


def test_after_the_next_end_there_is_a_next_word() -> None:
    report = closed()
    revisiting.revisit(report, "unsatisfied", note="again", by=DESK, now=later(hours=2))
    Case.everything.update(state="closed", closed_at=later(hours=9))

    revisiting.revisit(again(report), "satisfied", by=DESK, now=later(hours=10))

    assert list(Revisit.objects.values_list("outcome", flat=True)) == ["unsatisfied", "satisfied"]


@pytest.mark.parametrize("state", ["open", "handled", "dismissed"])
def test_only_a_closed_case_is_asked_about(state: str) -> None:
    report = closed()
    Case.everything.update(state=state)

    with pytest.raises(StateConflict) as refused:
        revisiting.revisit(again(report), "satisfied", by=DESK, now=later(hours=2))

    assert (refused.value.code, revisiting.may_ask(again(report))) == ("not-closed", False)


def test_whoever_left_no_number_is_not_asked() -> None:
    report = closed(contact=None)

    with pytest.raises(StateConflict) as refused:
        revisiting.revisit(report, "satisfied", by=DESK, now=later(hours=2))

    assert refused.value.code == "no-contact"


def test_nor_is_whoever_was_forgotten() -> None:
    report = closed()
    rating.forget(report, by=DESK, now=later(hours=2))

    assert not revisiting.may_ask(again(report))


def test_it_opens_again_only_with_words() -> None:
    report = closed()

    with pytest.raises(ReasonMissing):
        revisiting.revisit(report, "unsatisfied", note=" ", by=DESK, now=later(hours=2))

    assert again(report).case.state == "closed"
    assert not Revisit.objects.exists()


def test_there_are_four_outcomes() -> None:
    with pytest.raises(ValueError, match="delighted"):
        revisiting.revisit(closed(), "delighted", by=DESK, now=later(hours=2))


def test_the_reporter_reads_what_was_noted() -> None:
    report = closed()
    revisiting.revisit(report, "satisfied", note="said so", by=DESK, now=later(hours=2))

    last = list(following.milestones(report))[-1]

    assert (last.what, last.result) == ("asked", "revisit-satisfied")


def test_what_was_noted_is_never_edited() -> None:
    revisiting.revisit(closed(), "reached", by=DESK, now=later(hours=2))

    with pytest.raises(DatabaseError, match="append"), transaction.atomic():
        Revisit.objects.update(outcome="satisfied")
