"""Nothing acknowledged is lost and nobody is told twice, whatever is killed and whenever."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.chaos.harness import Trial, trial
from tests.postgres import PostgresMissing, programs

pytestmark = pytest.mark.chaos

KILLS, WAVES, SEED = 6, 10, 4


@pytest.fixture(scope="module")
def trials() -> dict[str, Trial]:
    """Play on both databases at the same time: most of it is waiting."""
    try:
        programs()
    except PostgresMissing as missing:
        pytest.fail(str(missing))
    with ThreadPoolExecutor(2) as runs:
        started = {
            kind: runs.submit(trial, kind, kills=KILLS, waves=WAVES, seed=SEED)
            for kind in ("sqlite", "pg")
        }
        return {kind: one.result() for kind, one in started.items()}


@pytest.fixture(params=["sqlite", "pg"])
def came(request: pytest.FixtureRequest, trials: dict[str, Trial]) -> Trial:
    return trials[request.param]


def test_an_undisturbed_run_finds_the_truth(came: Trial) -> None:
    assert came.calm.faults == []


def test_killing_processes_loses_nothing_and_tells_nobody_twice(came: Trial) -> None:
    assert came.killed.faults == []
    assert sum(came.killed.kills.values()) == KILLS
    assert all(came.killed.kills.values())


def test_a_killed_run_ends_like_an_undisturbed_one(came: Trial) -> None:
    assert came.is_equal


def test_the_naive_worker_fails_the_same_test(came: Trial) -> None:
    assert came.has_power, came.naive
