"""Whatever is joined, taken out, ended and opened again, in whatever order: a plain oracle agrees.

The oracle is a forest of numbers: who was joined with whom. It knows nothing of links.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhizhi.engine import closing, merging
from zhizhi.engine.models import Case, CaseLink
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import later
from zhizhi.engine.tests.test_merging import again, told, visible, word

pytestmark = pytest.mark.django_db

COUNT = 5
OPERATOR = "account:1"
number = st.integers(0, COUNT - 1)
act = st.one_of(
    st.tuples(st.just("merge"), number, number),
    st.tuples(st.just("merge"), number, number),
    st.tuples(st.just("unmerge"), number, number),
    st.tuples(st.sampled_from(["close", "reopen"]), number, number),
)


@dataclass
class Forest:
    """Who was joined with whom, and who has ended."""

    above: dict[int, int] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)

    def root(self, one: int) -> int:
        return self.root(self.above[one]) if one in self.above else one

    def may(self, verb: str, one: int, other: int) -> bool:
        if verb == "merge":
            root = self.root(other)
            rests = one in self.above or one in self.ended
            return not rests and root != one and root not in self.ended
        if verb == "unmerge":
            return one in self.above
        if verb == "close":
            return one not in self.above and one not in self.ended
        return one in self.ended

    def do(self, verb: str, one: int, other: int) -> None:
        if verb == "merge":
            self.above[one] = self.root(other)
        elif verb == "unmerge":
            del self.above[one]
        elif verb == "close":
            self.ended.add(one)
        else:
            self.ended.discard(one)


def perform(verb: str, one: Case, other: Case, minute: int) -> None:
    now = later(minutes=minute)
    if verb == "merge":
        merging.merge(one, other, by=OPERATOR, now=now)
    elif verb == "unmerge":
        merging.unmerge(one, by=OPERATOR, now=now)
    elif verb == "close":
        closing.close_unneeded(one, why="gone", by=OPERATOR, now=now)
    else:
        closing.reopen(one, by=OPERATOR, now=now)


def tried(verb: str, one: Case, other: Case, minute: int) -> bool:
    try:
        perform(verb, one, other, minute)
    except StateConflict:
        return False
    return True


def check(cases: list[Case], forest: Forest) -> None:
    """The house tells of every case what the forest does."""
    place = {one.pk: here for here, one in enumerate(cases)}
    for here, one in enumerate(cases):
        fresh = again(one)
        assert place[merging.root_of(fresh).pk] == forest.root(here)
        state = "merged" if here in forest.above else "closed" if here in forest.ended else "open"
        assert fresh.state == state
        if here not in forest.above:
            family = [other for other in range(COUNT) if forest.root(other) == here]
            assert sorted(place[pk] for pk in merging.family_of(fresh)) == family
    live = CaseLink.everything.filter(ended_at=None)
    assert {place[link.case_id]: place[link.to_id] for link in live} == forest.above


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(act, min_size=4, max_size=14))
def test_every_order_of_acts_keeps_the_forest(acts: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        cases, forest = [told(here) for here in range(COUNT)], Forest()
        for here in range(COUNT):
            word(cases[here], str(here))
        before: dict[int, Any] = {}

        for minute, (verb, one, other) in enumerate(acts):
            is_right = forest.may(verb, one, other)
            if verb == "merge" and is_right:
                before[one] = visible(cases[one])
            assert tried(verb, cases[one], cases[other], minute) is is_right, (verb, one, other)
            if is_right:
                forest.do(verb, one, other)
            if verb == "unmerge" and is_right:
                assert visible(cases[one]) == before.pop(one)
            check(cases, forest)

        transaction.set_rollback(True)


@pytest.mark.parametrize("order", list(permutations([(0, 1), (1, 2), (3, 1)])))
def test_the_order_of_joining_does_not_matter(order: tuple[tuple[int, int], ...]) -> None:
    cases = [told(here) for here in range(COUNT)]

    for minute, (one, other) in enumerate(order):
        perform("merge", cases[one], cases[other], minute)

    family = merging.family_of(again(cases[0]))
    assert (family[0], set(family)) == (cases[2].pk, {one.pk for one in cases[:4]})
