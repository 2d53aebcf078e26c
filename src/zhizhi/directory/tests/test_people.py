"""People in the vault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries

from zhizhi.directory import people
from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.directory.models import Person
from zhizhi.directory.people import PersonalData
from zhizhi.trust import access, audit, vault
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.allowances import Rate
from zhizhi.trust.ciphers import SealBroken
from zhizhi.trust.models import AccessRecord, AuditEntry

AT = datetime(2023, 2, 24, 8, tzinfo=UTC)
DATA = PersonalData("Wei Xiaohe", "12012345678", "990001195001010015")


@dataclass(frozen=True)
class ACase:
    id: int = 41
    is_open: bool = True
    is_visible: bool = True


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def add(personal: PersonalData = DATA) -> Person:
    return people.add_person(personal, by="account:1", now=AT)


def look(
    person: Person, *fields: str, purpose: str = "serve-notice", case: ACase | None = ACase()
) -> dict[str, str]:
    return people.open_person(
        person, fields, actor="account:12", purpose=purpose, case=case, now=AT
    )


@pytest.mark.django_db
def test_what_was_sealed_is_read_for_a_purpose_and_an_open_case() -> None:
    person = add()

    read = look(person, "name", "phone", "identity_number")

    assert read == {
        "name": "Wei Xiaohe",
        "phone": "12012345678",
        "identity_number": "990001195001010015",
    }
    assert AccessRecord.objects.get().fields == ["name", "phone", "identity_number"]


@pytest.mark.django_db
def test_only_the_fields_asked_for_are_opened_and_recorded() -> None:
    assert look(add(), "phone") == {"phone": "12012345678"}
    assert AccessRecord.objects.get().fields == ["phone"]


@pytest.mark.django_db
def test_a_field_that_was_never_given_is_empty() -> None:
    assert look(add(PersonalData(phone="12012345678")), "name") == {"name": ""}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "case", "code"),
    [
        ("", ACase(), "no-purpose"),
        ("serve-notice", None, "no-case"),
        ("serve-notice", ACase(is_open=False), "case-closed"),
        ("serve-notice", ACase(is_visible=False), "case-not-visible"),
    ],
)
def test_a_refused_look_opens_nothing_and_stays_on_record(
    purpose: str, case: ACase | None, code: str
) -> None:
    person = add()

    with pytest.raises(AccessRefused) as refused:
        look(person, "phone", purpose=purpose, case=case)

    row = AccessRecord.objects.get()
    assert refused.value.code == code
    assert (row.is_allowed, row.person, row.actor) == (False, f"person:{person.pk}", "account:12")
    assert list(access.verify()) == []


@pytest.mark.django_db(transaction=True)
def test_a_look_inside_another_transaction_is_refused_because_it_could_vanish() -> None:
    person = add()

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        look(person, "phone")

    assert not AccessRecord.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [(), ("faces",), ("phone", "key")])
def test_a_look_at_nothing_or_at_something_else_is_a_mistake(fields: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="a person has name, phone, identity_number"):
        look(add(), *fields)


@pytest.mark.django_db
def test_nothing_readable_lies_in_the_table_or_in_the_log() -> None:
    add()

    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone, identity_number, phone_index FROM directory_person")
        stored = b"|".join(
            bytes(str(c), "utf-8") if isinstance(c, str) else bytes(c) for c in cursor.fetchone()
        )
    logged = str(list(AuditEntry.objects.values()))

    for secret in ("Wei Xiaohe", "12012345678", "990001195001010015"):
        assert secret.encode() not in stored
        assert secret not in logged


@pytest.mark.django_db
def test_a_sealed_column_copied_to_another_person_does_not_open() -> None:
    one, other = add(), add(PersonalData("Xu Qingshan", "12087654321"))

    Person.objects.filter(pk=other.pk).update(phone=one.phone)

    with pytest.raises(SealBroken):
        look(other, "phone")
    assert AccessRecord.objects.count() == 1


@pytest.mark.django_db
def test_even_with_the_other_persons_key_a_copied_column_does_not_open() -> None:
    one, other = add(), add(PersonalData("Xu Qingshan", "12087654321"))

    Person.objects.filter(pk=other.pk).update(phone=one.phone)
    type(one.key).objects.filter(pk=other.pk).update(wrapped=one.key.wrapped)

    with pytest.raises(SealBroken):
        look(other, "phone")


@pytest.mark.django_db
def test_a_person_is_found_by_telephone_however_it_is_written() -> None:
    person = add()

    assert people.find_by_phone("+86 120-1234-5678") == person
    assert people.find_by_phone("12012345679") is None


@pytest.mark.django_db
def test_changed_data_replaces_the_old_and_leaves_the_rest() -> None:
    person = add()

    people.seal_person(person, PersonalData(phone="12087654321"), by="account:1", now=AT)

    assert look(person, "name", "phone") == {"name": "Wei Xiaohe", "phone": "12087654321"}
    assert people.find_by_phone("12012345678") is None
    assert people.find_by_phone("12087654321") == person
    assert AuditEntry.objects.get(verb="person.change").detail == {"fields": ["phone"]}


@pytest.mark.django_db
def test_an_erased_person_is_gone_for_ever() -> None:
    person = add()
    copy = Person.objects.get(pk=person.pk)

    assert people.erase_person(person, by="account:1", now=AT) is True

    assert (person.name, person.phone, person.identity_number, person.phone_index) == (
        None, None, None, "",
    )  # fmt: skip
    assert people.find_by_phone("12012345678") is None
    with pytest.raises(vault.Erased):
        look(person, "name")
    Person.objects.filter(pk=person.pk).update(name=copy.name)  # from a backup
    with pytest.raises(vault.Erased):
        look(person, "name")


@pytest.mark.django_db
def test_erasing_and_every_later_look_stay_on_record() -> None:
    person = add()
    people.erase_person(person, by="account:1", now=AT)
    with pytest.raises(vault.Erased):
        look(person, "name")

    assert people.erase_person(person, by="account:1", now=AT) is False

    verbs = list(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs == ["person.add", "person.erase", "person.read"]
    assert list(audit.verify()) == []


@pytest.mark.django_db
def test_an_erased_person_cannot_be_filled_again() -> None:
    person = add()
    people.erase_person(person, by="account:1", now=AT)

    with pytest.raises(vault.Erased):
        people.seal_person(person, PersonalData(name="Wei"), by="account:1", now=AT)


@pytest.mark.django_db
def test_many_people_are_sealed_with_one_leaf(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = [PersonalData(phone=f"120{number:08d}") for number in range(300)]

    with django_assert_max_num_queries(16):
        added = people.add_people(rows, by="worker", now=AT)

    assert len({person.pk for person in added}) == 300
    assert look(added[299], "phone") == {"phone": "12000000299"}
    assert AuditEntry.objects.get(verb="person.add").detail["count"] == 300


@pytest.mark.django_db
def test_nobody_to_add_leaves_no_leaf() -> None:
    assert people.add_people([], by="worker", now=AT) == []
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_a_demonstration_refuses_a_real_looking_person() -> None:
    with pytest.raises(WrongWorld):
        add(PersonalData(phone="13" + "0" * 9))

    assert not Person.objects.exists()


@pytest.mark.django_db
@override_settings(MODE="production")
def test_a_production_installation_refuses_an_invented_person() -> None:
    with pytest.raises(WrongWorld):
        add()


@pytest.mark.django_db
def test_a_person_known_by_name_alone_belongs_to_the_world_of_the_installation() -> None:
    assert add(PersonalData(name="Wei")).is_synthetic is True


@pytest.mark.django_db
def test_an_invented_person_does_not_become_a_real_one() -> None:
    person = add()
    Person.objects.update(is_synthetic=False)
    person.refresh_from_db()

    with pytest.raises(WrongWorld):
        people.seal_person(person, DATA, by="account:1", now=AT)


@pytest.mark.parametrize("bad", [{"phone": "12"}, {"identity_number": "99"}])
def test_malformed_numbers_are_refused_before_anything_is_sealed(bad: dict[str, str]) -> None:
    with pytest.raises(IdentityInvalid):
        PersonalData(**bad)


def test_personal_data_does_not_show_itself() -> None:
    assert "12012345678" not in repr(DATA)


THREE = Rate(most=3, within=timedelta(hours=1))


def look_at(person: Person, *, minutes: float = 0, actor: str = "account:12") -> bool:
    try:
        people.open_person(
            person, ("phone",), actor=actor, purpose="serve-notice", case=ACase(), rate=THREE,
            now=AT + timedelta(minutes=minutes),
        )  # fmt: skip
    except AccessRefused as refused:
        if refused.code != "too-many":
            raise
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_after_so_many_looks_the_next_is_refused_and_on_record() -> None:
    person, other = add(), add(PersonalData("Xu Qingshan", "12087654321"))

    assert [look_at(one) for one in (person, other, person, other)] == [True, True, True, False]
    assert AccessRecord.objects.filter(is_allowed=False, person=f"person:{other.pk}").count() == 1
    assert AuditEntry.objects.get(verb="person.refused").detail["refusal"] == "too-many"
    assert list(access.verify()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("minutes", "may"), [(19.9, False), (20, True), (20.1, True)])
def test_the_next_look_is_allowed_when_one_has_come_back(minutes: float, may: bool) -> None:
    person = add()
    for _time in range(3):
        look_at(person)

    assert look_at(person, minutes=minutes) is may


@pytest.mark.django_db(transaction=True)
def test_another_actor_and_another_purpose_have_looks_of_their_own() -> None:
    person = add()
    for _time in range(4):
        look_at(person)

    assert look_at(person, actor="account:13")
    assert look(person, "phone", purpose="decide-penalty")


@pytest.mark.django_db(transaction=True)
def test_a_look_without_a_case_uses_nothing_up() -> None:
    person = add()
    for _time in range(5):
        with pytest.raises(AccessRefused, match="case"):
            look(person, "phone", case=None)

    assert [look_at(person) for _time in range(3)] == [True, True, True]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("before", "may"), [(28, True), (29, True), (30, False)])
def test_thirty_looks_an_hour_are_the_rule(before: int, may: bool) -> None:
    person = add()
    for _time in range(before):
        look(person, "phone")

    if may:
        look(person, "phone")
    else:
        with pytest.raises(AccessRefused, match="too-many"):
            look(person, "phone")
