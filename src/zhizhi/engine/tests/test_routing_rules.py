"""Versions of the routing rules: two people, one in force, and the old ones as they were."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from zhizhi.directory.granting import NotSecond
from zhizhi.engine.models import RoutingVersion
from zhizhi.engine.routing_rules import keeping, versions
from zhizhi.engine.routing_rules.naming import names
from zhizhi.engine.tests.building import NOON, agency, area, later, refusal
from zhizhi.engine.tests.routing_people import draft, put_in_force, rules, staff
from zhizhi.kernel.routing.checking import problems
from zhizhi.kernel.routing.problems import RoutingWrong
from zhizhi.trust import append_only, audit
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db
URGENT = "code: urgent, name: Urgent, order: 10, when: {severity: urgent}, to: {agency: police}"


def told(text: str) -> list[tuple[str, int, str]]:
    with pytest.raises(RoutingWrong) as wrong:
        draft(text)
    return [(one.kind, one.rule, one.field) for one in wrong.value.problems]


def test_until_somebody_publishes_the_packaged_rules_are_in_force_and_right() -> None:
    area()

    found = versions.in_force()

    assert (found.version, [rule.code for rule in found.rules.rules]) == (
        1, ["smallest-responsible-unit"],
    )  # fmt: skip
    assert problems(found.rules, names()) == []
    assert versions.of_version(1) == found.rules
    assert versions.of_version(2) is None


def test_a_draft_decides_nothing_and_a_second_person_puts_it_in_force() -> None:
    agency("police")
    row = draft(rules(URGENT))
    assert versions.in_force().version == 1

    leader = staff("leader")
    keeping.publish(row, by=leader, now=later(hours=1))

    found = versions.in_force()
    assert (found.version, [rule.code for rule in found.rules.rules]) == (2, ["urgent", "rest"])
    assert (row.state, row.version, row.decided_by, row.decided_at) == (
        "published", 2, leader, later(hours=1),
    )  # fmt: skip
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["routing.draft", "routing.publish"]


def test_each_version_can_be_read_after_the_next_and_its_number_is_one_more() -> None:
    put_in_force("code: a, name: A, order: 1, when: {severity: urgent}")
    third = put_in_force("code: b, name: B, order: 1, when: {severity: normal}")

    assert (third.version, versions.in_force().version) == (3, 3)
    assert [
        found.rules[0].code if (found := versions.of_version(number)) else ""
        for number in (1, 2, 3)
    ] == ["smallest-responsible-unit", "a", "b"]


def test_nobody_is_the_second_person_to_the_own_draft_or_without_the_post() -> None:
    home, other = area(), area("town", "990102000000000")
    author = staff("leader", home)
    row = draft(rules(), by=author)
    refused = {}
    for who in (author, staff("administrator"), staff("leader", other), staff("leader", home)):
        with pytest.raises(NotSecond) as denied:
            keeping.publish(row, by=who, now=NOON)
        refused[who.pk] = denied.value.code

    assert list(refused.values()) == ["self", "no-role", "no-role", "same-office"]
    assert versions.in_force().version == 1
    assert AuditEntry.objects.filter(verb="routing.denied").count() == 4


def test_a_draft_on_an_older_version_cannot_be_published_any_more() -> None:
    one, other = draft(rules()), draft(rules(rest="  - {code: all, name: All, order: 1}\n"))
    keeping.publish(one, by=staff("leader"), now=NOON)

    code = refusal(lambda: keeping.publish(other, by=staff("leader"), now=NOON))

    assert code == "overtaken"
    assert versions.in_force().rules.rules[0].code == "rest"
    author = staff("administrator")
    late = refusal(lambda: keeping.draft(rules(), "why", seen=1, by=author, now=NOON))
    assert late == "overtaken"


def test_a_draft_is_decided_once() -> None:
    row = draft(rules())
    keeping.drop(row, by=staff("leader"), now=NOON)

    assert row.state == "dropped"
    assert refusal(lambda: keeping.publish(row, by=staff("leader"), now=NOON)) != ""
    assert refusal(lambda: keeping.drop(row, by=staff("leader"), now=NOON)) != ""
    assert versions.in_force().version == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rules: [", [("unreadable", 0, "")]),
        (rules("code: a, name: A, order: 900"), [("tie", 2, "order")]),
        (rules("code: a, name: A, order: 1, when: {severity: urgent}, then: b",
               "code: b, name: B, order: 2, when: {severity: normal}, then: a"),
         [("ring", 1, "then")]),
        (rules("code: a, name: A, order: 1, when: {severity: urgent}", rest=""),
         [("no-catch-all", 0, "")]),
        (rules("code: a, name: A, order: 1, when: {severity: urgent}, to: {agency: navy}"),
         [("unknown", 1, "agency")]),
        (rules("code: a, name: A, order: 901"), [("unreachable", 1, "order")]),
        ("#" * 60_001, [("too-long-text", 0, "")]),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_not_even_kept_as_a_draft(
    text: str, found: list[tuple[str, int, str]]
) -> None:
    assert told(text) == found
    assert not RoutingVersion.objects.exists()


def test_a_name_that_is_gone_since_the_draft_stops_its_publication() -> None:
    police = agency("police")
    row = draft(rules(URGENT))
    police.delete()

    with pytest.raises(RoutingWrong):
        keeping.publish(row, by=staff("leader"), now=NOON)

    assert versions.in_force().version == 1


def test_rules_may_name_what_the_systems_and_the_district_have() -> None:
    home = area()
    area("grid_cell", "990101001001001", half=0.01, parent=home)
    agency("police")

    known = names().known()

    assert {"fishery", "residents"} <= known["system"]
    assert {"illegal-fishing", "resident-report"} <= known["category"]
    assert known["area"] == {"990100000000000", "990101001001001"}
    assert known["area_kind"] == {"district", "grid_cell"}
    assert {"resident-page", "fishery.dwell"} <= known["source"]
    assert "police" in known["agency"]
    assert {"grid_cell", "district", "smallest"} <= known["level"]


def test_a_text_cannot_be_changed_and_whoever_does_it_nevertheless_is_found() -> None:
    row = put_in_force()
    changed = RoutingVersion.objects.filter(pk=row.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        changed.update(text=rules(URGENT))
    assert list(versions.verify()) == []

    with append_only.lifted():
        changed.update(text=rules(URGENT))

    assert [(one.table, one.reason) for one in versions.verify()] == [
        ("engine_routingversion", "changed")
    ]
    assert list(audit.verify()) == []


def test_the_database_refuses_a_version_that_only_one_person_saw() -> None:
    row = draft(rules())
    mine = {"state": "published", "version": 2, "decided_by": row.drafted_by}
    for given in (mine, {**mine, "decided_by": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            RoutingVersion.objects.filter(pk=row.pk).update(**given)

    assert connection.is_usable()
