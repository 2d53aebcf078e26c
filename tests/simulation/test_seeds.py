"""Whatever point a process dies at, nothing acknowledged is lost and nobody is told twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.simulation import sweeping, template
from tests.simulation.naive import CONTROLS
from tests.simulation.plan import of_every_story, plan
from tests.simulation.playing import Stage, stage

SEEDS = range(1, 41)  # `make simulate` plays more
RECORDED = of_every_story(1)
CONTROLLED = (2, 5, 7, 10)


@pytest.fixture(scope="module")
def played(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:  # fmt: skip
    """Give a stage on copies of the test's own database."""
    home: Path = tmp_path_factory.mktemp("simulation")
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        assert connection.vendor == "sqlite"
        template.make(home)
        with stage(home) as made:
            yield made


def test_random_troubles_lose_nothing_and_tell_nobody_twice(played: Stage) -> None:
    came = sweeping.run_seeds(played, SEEDS)

    assert came.faults == []
    assert came.strikes > 2 * len(SEEDS)


def test_a_process_may_die_at_every_point_that_there_is(played: Stage) -> None:
    came = sweeping.strike_all(played, RECORDED)

    assert came.faults == []
    assert came.missed == []
    assert len(came.ways) > 200


@pytest.mark.parametrize("name", CONTROLS)
def test_a_naive_installation_fails_the_same_seeds(played: Stage, name: str) -> None:
    with CONTROLS[name](played) as more:
        came = sweeping.run_seeds(played, CONTROLLED, **more)

    assert came.failed > 0


def test_a_seed_is_the_same_run_whenever_it_is_played(played: Stage) -> None:
    truth = sweeping.Truth(played)
    first, second = (played.play(plan(3), truth.troubles(3)) for _time in range(2))

    assert first.points.struck == second.points.struck != []
    assert list(first.points.seen.items()) == list(second.points.seen.items())
    assert first.ends == second.ends
