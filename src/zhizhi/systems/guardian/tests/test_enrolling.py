"""Enrolling needs an agreement in force; pausing, ending and tags are on record, without names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from zhizhi.directory import guarding, people
from zhizhi.directory.people import PersonalData
from zhizhi.engine.tests.building import refusal
from zhizhi.systems.guardian import enrolling, keeping, placing, tagging
from zhizhi.systems.guardian.models import Companion, Enrolment, Tag, TagReader
from zhizhi.systems.guardian.placing import ReaderInvalid, Spot
from zhizhi.systems.guardian.tests.street import (
    CODE,
    LAT,
    LON,
    NINE,
    OTHER_CODE,
    PATH,
    Street,
    after,
    agree,
    agree_in_person,
    bound,
    journaled,
    name,
)
from zhizhi.trust import audit, consenting
from zhizhi.trust.consenting import ConsentMissing
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.scoping import Grant, Scope

DAY = timedelta(days=1)


def another(street: Street) -> Any:
    """A second ward with the same guardian, who has agreed to nothing yet."""
    person = people.add_person(PersonalData("Shen Bo"), by="account:1", now=NINE)
    return person, bound(person, street.daughter, street.operator, street.second)


def fresh(street: Street) -> Enrolment:
    return Enrolment.everything.get(pk=street.enrolment.pk)


def verbs() -> list[str]:
    rows = AuditEntry.objects.filter(verb__startswith="guardian.").order_by("seq")
    return list(rows.values_list("verb", flat=True))


def test_nobody_is_enrolled_without_an_agreement(street: Street) -> None:
    person, bond = another(street)
    reasons = []
    for step in ("nothing", "name", "tags"):
        if step != "nothing":
            agree(bond, step, now=NINE)
        try:
            enrolling.enrol(person, area_path=PATH, by="account:1", now=after(1))
        except ConsentMissing as missing:
            reasons.append(missing.reason)

    assert reasons == ["never", "other-data"]
    assert Enrolment.everything.filter(ward=person).count() == 1


def test_an_agreement_that_is_over_enrols_nobody(street: Street) -> None:
    person, _bond = another(street)
    agree_in_person(person, until=after(1))

    with pytest.raises(ConsentMissing):
        enrolling.enrol(person, area_path=PATH, by="account:1", now=after(1))


def test_a_ward_is_enrolled_once(street: Street) -> None:
    def again() -> object:
        return enrolling.enrol(street.ward, area_path=PATH, by="account:1", now=NINE)

    assert refusal(again) == "enrolled-already"
    enrolling.end(street.enrolment, by="account:1", now=NINE)
    assert refusal(again) == ""


def test_everything_is_on_record_and_names_nobody(street: Street) -> None:
    by = name(street.operator)
    enrolling.pause(street.enrolment, by=by, now=after(1))
    enrolling.resume(street.enrolment, by=by, now=after(2))
    tagging.unbind(street.tags[CODE], by=by, now=after(3))
    enrolling.remove_companion(Companion.objects.get(), by=by, now=after(4))
    enrolling.end(street.enrolment, by=by, now=after(5))

    assert verbs() == [
        "guardian.enrol", "guardian.companion", "guardian.bind", "guardian.bind",
        *["guardian.reader"] * 7, "guardian.pause", "guardian.resume", "guardian.unbind",
        "guardian.companion_out", "guardian.end",
    ]  # fmt: skip
    texts = str(list(AuditEntry.objects.values_list("detail", "subject")))
    assert all(one not in texts for one in (CODE, "Shen", "129123"))
    assert list(audit.verify()) == []


@pytest.mark.parametrize(
    ("moves", "code"),
    [
        (["pause", "pause"], "state-conflict"),
        (["resume"], "state-conflict"),
        (["end", "end"], "state-conflict"),
        (["end", "resume"], "state-conflict"),
        (["pause", "end"], ""),
    ],
)
def test_of_two_moves_the_second_is_refused(street: Street, moves: list[str], code: str) -> None:
    verbs_of = {"pause": enrolling.pause, "resume": enrolling.resume, "end": enrolling.end}

    def play() -> None:
        for move in moves:
            verbs_of[move](street.enrolment, by="account:1", now=NINE)

    assert refusal(play) == code


def test_nobody_resumes_without_an_agreement(street: Street) -> None:
    enrolling.pause(street.enrolment, by="account:1", now=NINE)
    guarding.object_for(street.ward, by="account:1", now=NINE)

    with pytest.raises(ConsentMissing):
        enrolling.resume(street.enrolment, by="account:1", now=after(1))

    assert fresh(street).state == "paused"


def test_what_has_ended_is_not_changed_any_more(street: Street) -> None:
    enrolling.end(street.enrolment, by="account:1", now=NINE)

    for change in (
        lambda: enrolling.allow(street.enrolment, enrolling.Habit(), by="account:1", now=NINE),
        lambda: enrolling.add_companion(street.enrolment, street.daughter, by="a", now=NINE),
    ):
        assert refusal(change) == "ended-already"


def test_a_companion_agrees_in_person(street: Street) -> None:
    son = people.add_person(PersonalData("Shen An"), by="account:1", now=NINE)
    with pytest.raises(ConsentMissing):
        enrolling.add_companion(street.enrolment, son, by="account:1", now=NINE)
    enrolling.agree_as_companion(son, by="account:1", now=NINE)
    enrolling.add_companion(street.enrolment, son, by="account:1", now=after(1))

    consent = consenting.of(people.subject(son)).get()
    assert (consent.guardian, consent.data) == ("", ["tags"])
    assert consent.expires_at == NINE + timedelta(days=365)
    assert street.enrolment.companions.count() == 2


def test_nobody_is_the_own_companion_or_one_twice(street: Street) -> None:
    row = street.enrolment
    with pytest.raises(ValueError, match="own companion"):
        enrolling.add_companion(row, street.ward, by="account:1", now=NINE)

    def again() -> object:
        return enrolling.add_companion(row, street.daughter, by="account:1", now=NINE)

    assert refusal(again) == "companion-already"


def test_a_tag_is_carried_by_one_person(street: Street) -> None:
    def bind() -> object:
        return tagging.bind(street.daughter, CODE, "qr", by="account:1", now=NINE)

    assert refusal(bind) == "tag-bound"
    tagging.unbind(street.tags[CODE], by="account:1", now=NINE)
    assert refusal(bind) == ""
    assert refusal(lambda: tagging.unbind(street.tags[CODE], by="account:1", now=NINE)) == (
        "tag-unbound"
    )


@pytest.mark.parametrize("code", ["", "  ", "x" * 65])
def test_a_code_that_no_reader_could_send_is_refused(street: Street, code: str) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        tagging.bind(street.ward, code, "qr", by="account:1", now=NINE)


def test_only_wards_and_companions_get_tags(street: Street) -> None:
    stranger = people.add_person(PersonalData("Li"), by="account:1", now=NINE)

    with pytest.raises(ValueError, match="neither"):
        tagging.bind(stranger, "x", "qr", by="account:1", now=NINE)
    assert tagging.bind(street.ward, "x" * 64, "qr", by="account:1", now=NINE).pk


def test_with_the_enrolment_its_tags_are_let_go_of(street: Street) -> None:
    person, bond = another(street)
    agree(bond, now=NINE)
    other = enrolling.enrol(person, area_path=PATH, by="account:1", now=NINE)
    enrolling.add_companion(other, street.daughter, by="account:1", now=NINE)

    enrolling.end(street.enrolment, by="account:1", now=after(1))
    live = Tag.objects.filter(unbound_at=None)
    left = {tag.holder_id for tag in live}
    enrolling.end(other, by="account:1", now=after(2))

    assert left == {street.daughter.pk}
    assert not live.all().exists()


def test_whoever_has_no_agreement_is_paused_ended_and_deleted(street: Street) -> None:
    guarding.object_for(street.ward, by="account:1", now=NINE)
    states = []
    for moment in (after(1), after(2), after(1) + 30 * DAY, after(1) + 31 * DAY):
        keeping.forget_old(moment)
        states.append(fresh(street).state)
    keeping.forget_old(after(1) + 62 * DAY)

    assert states == ["paused", "paused", "paused", "ended"]
    assert not Enrolment.everything.exists()
    assert not Tag.objects.exists()
    assert not Companion.objects.exists()


def test_with_an_agreement_nothing_is_let_go_of(street: Street) -> None:
    assert keeping.forget_old(after(1) + 100 * DAY) == 0
    assert fresh(street).state == "active"


def test_a_paused_ward_with_an_agreement_stays_paused(street: Street) -> None:
    enrolling.pause(street.enrolment, by="account:1", now=NINE)

    keeping.forget_old(after(1) + 100 * DAY)

    assert fresh(street).state == "paused"
    assert [row["zone"] for row in journaled()] == ["stopped"]


def test_only_the_staff_of_the_area_see_an_enrolment(street: Street) -> None:
    def seen(role: str, path: str) -> int:
        return Enrolment.objects.visible_to(Scope(1, (Grant(role, path),))).count()

    assert [seen("operator", PATH), seen("operator", "/other/"), seen("unit_member", PATH)] == [
        1, 0, 0,
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["", "a@b", " a", "x" * 33])
def test_a_reader_needs_a_code_that_rows_can_name(street: Street, code: str) -> None:
    with translation.override("en"), pytest.raises(ReaderInvalid, match="no code"):
        placing.place(code, Spot("x", LON, LAT), by="account:1", now=NINE)


def test_a_reader_hangs_inside_of_the_district(street: Street) -> None:
    with translation.override("en"), pytest.raises(ReaderInvalid, match="outside"):
        placing.place("R-7", Spot("x", 10.0, 10.0), by="account:1", now=NINE)


def test_a_reader_can_be_moved_and_reads_again(street: Street) -> None:
    row = TagReader.objects.get(code="R-1")
    placing.take_down(row, by="account:1", now=NINE)
    placing.place("R-1", Spot("moved", LON, LAT, is_dangerous=True), by="account:2", now=after(1))

    moved = TagReader.objects.get(code="R-1")
    assert (moved.pk, moved.name, moved.is_dangerous, moved.is_active) == (
        row.pk, "moved", True, True,
    )  # fmt: skip


def test_the_codes_of_two_tags_become_two_numbers(street: Street) -> None:
    assert street.tags[CODE].token != street.tags[OTHER_CODE].token
    assert tagging.token_of(f" {CODE} ") == street.tags[CODE].token
