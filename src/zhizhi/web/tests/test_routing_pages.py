"""The pages of the routing rules: drafting, trying, the second person."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.district_world import World

from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.engine.models import Case, RoutingVersion
from zhizhi.engine.routing_rules import versions
from zhizhi.engine.routing_rules.keeping import MOST_LETTERS
from zhizhi.kernel.routing import checking, problems, reading
from zhizhi.web.routing_facts import PROBLEMS, problem_facts
from zhizhi.web.tests.conftest import Browse

pytestmark = pytest.mark.django_db
TEXT = """\
rules:
  - code: anglers
    name: Anglers
    order: 5
    when: {category: illegal-fishing}
    to: {level: town, agency: none}
  - {code: rest, name: Everything else, order: 9}
"""
GIVEN = {"text": TEXT, "reason": "markets have grown", "seen": 1}


def chief() -> Client:
    """A browser of a leader of the whole district."""
    account = Account.objects.create(username="chief", call_sign="chief")
    RoleAssignment.objects.create(account=account, role="leader")
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def test_the_rules_in_force_are_shown_in_words(world: World, browse: Browse) -> None:
    page = browse("leader").get("/routing/")

    text = page.content.decode()
    assert "In force: version 1" in text
    assert "Smallest responsible unit" in text
    assert "everything else" in text
    assert str(world.records["routing_version"]) in text


def test_other_rules_are_tried_on_the_last_cases_before_anything_is_kept(
    world: World, browse: Browse
) -> None:
    before = RoutingVersion.objects.count()

    page = browse("administrator").post("/routing/draft/", GIVEN)

    assert page.status_code == 200
    tried = page.context["tried"]
    row = next(one for one in tried["rows"] if one["case"] == world.records["case"])
    assert row["was"].startswith("Fishery · ")
    assert row["will"].startswith("no agency · ")
    assert (tried["count"], tried["changed"]) == (
        Case.everything.count(), Case.everything.filter(kind="illegal-fishing").count(),
    )  # fmt: skip
    assert RoutingVersion.objects.count() == before
    assert TEXT.strip() in page.content.decode().replace("&#x27;", "'")


def test_nobody_sees_cases_of_another_town_in_a_trial(world: World, browse: Browse) -> None:
    page = browse("administrator", elsewhere=True).post("/routing/draft/", GIVEN)

    assert (page.context["tried"]["count"], page.context["tried"]["rows"]) == (0, [])


def test_a_draft_is_handed_in_and_put_in_force_by_a_leader_of_the_district(
    world: World, browse: Browse
) -> None:
    answer = browse("administrator").post("/routing/draft/", {**GIVEN, "keep": "1"})
    row = RoutingVersion.objects.latest("pk")
    assert answer.headers["Location"] == f"/routing/{row.pk}/"
    second = chief()
    page = second.get(answer.headers["Location"])
    assert page.context["may_publish"]
    assert page.context["tried"]["changed"] > 0

    second.post(f"/routing/{row.pk}/publish/")

    row.refresh_from_db()
    assert (row.state, row.version, versions.in_force().version) == ("published", 2, 2)
    assert row.drafted_by == world.here["administrator"]


@pytest.mark.parametrize("role", ["leader", "administrator"])
def test_who_may_not_be_the_second_person_is_not_offered_it_and_changes_nothing(
    role: str, world: World, browse: Browse
) -> None:
    row = world.records["routing_version"]
    client = browse(role)

    page = client.get(f"/routing/{row.pk}/")
    client.post(f"/routing/{row.pk}/publish/")

    row.refresh_from_db()
    assert (page.context["may_publish"], row.state) == (False, "waiting")
    assert page.context["denied"]


def test_a_draft_on_an_older_version_is_told_so_and_can_be_given_up(
    world: World, browse: Browse
) -> None:
    row, second = world.records["routing_version"], chief()
    browse("administrator").post("/routing/draft/", {**GIVEN, "keep": "1"})
    second.post(f"/routing/{RoutingVersion.objects.latest('pk').pk}/publish/")

    page = second.get(f"/routing/{row.pk}/")
    second.post(f"/routing/{row.pk}/drop/")

    row.refresh_from_db()
    assert (page.context["is_older"], page.context["may_publish"]) == (True, False)
    assert row.state == "dropped"
    late = browse("administrator").post("/routing/draft/", {**GIVEN, "keep": "1"})
    assert late.status_code == 422


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("rules: [", "This cannot be read as YAML."),
        (TEXT.replace("order: 9", "order: 5"),
         "It has the same order as rule 1, and a case can match both."),
        (TEXT.replace("agency: none", "agency: navy"), "“navy” is not known here."),
        (TEXT.replace("  - {code: rest", "#"), "No rule takes what the others leave."),
        (TEXT.replace("order: 5", "order: 5\n    then: anglers"),
         "The rules pass a case on in a circle: 1 → 1."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("button", ["try", "keep"])
def test_rules_that_cannot_be_right_are_refused_with_rule_field_and_remedy(
    button: str, text: str, what: str, world: World, browse: Browse
) -> None:
    before = RoutingVersion.objects.count()
    client = browse("administrator")

    page = client.post("/routing/draft/", {**GIVEN, "text": text, button: "1"})

    assert page.status_code == 422
    assert [one["what"] for one in page.context["problems"]] == [what]
    assert all(one["remedy"] for one in page.context["problems"])
    assert RoutingVersion.objects.count() == before


def test_a_text_or_a_reason_that_is_missing_or_too_long_stands_at_its_field(
    world: World, browse: Browse
) -> None:
    given: dict[str, Any] = {"text": "#" * (MOST_LETTERS + 1), "reason": "", "seen": 1}

    page = browse("administrator").post("/routing/draft/", given)

    assert page.status_code == 422
    assert set(page.context["form"].errors) == {"text", "reason"}


@pytest.mark.parametrize(("letters", "status"), [(199, 302), (200, 302), (201, 422)])
def test_a_reason_has_at_most_two_hundred_letters(
    letters: int, status: int, world: World, browse: Browse
) -> None:
    given = {**GIVEN, "reason": "a" * letters, "keep": "1"}

    assert browse("administrator").post("/routing/draft/", given).status_code == status


def test_every_kind_of_problem_has_a_sentence_and_a_remedy() -> None:
    sources = [Path(str(one.__file__)).read_text() for one in (checking, reading)]
    named = set(re.findall(r'(?:wrong|_problem|RoutingProblem)\(\s*"([a-z-]+)"', " ".join(sources)))

    assert named | {"too-long-text"} == set(PROBLEMS)
    for kind in PROBLEMS:
        [told] = problem_facts([problems.RoutingProblem(kind, 3, "order", 7, "5", ("a", "b"))])
        assert "{" not in told["what"] + told["remedy"]


def test_a_list_of_what_may_be_written_is_cut() -> None:
    known = tuple(f"k{number}" for number in range(13))
    [told] = problem_facts([problems.RoutingProblem("unknown", 1, "area", 2, "x", known)])

    assert re.search(r"k11 …[.。]$", told["remedy"])
