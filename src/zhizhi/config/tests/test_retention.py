"""Every retention class has a job that lets go of it, and no job holds up another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.config import retention, working
from zhizhi.config.retention import Retention, RetentionJob
from zhizhi.engine import pruning
from zhizhi.engine.tests.building import NOON, later
from zhizhi.trust import holding
from zhizhi.trust.holding import Keep, Stored
from zhizhi.web.residents.own_copy import KEEPS

MINUTE = timedelta(minutes=1)


def unenforced(jobs: tuple[RetentionJob, ...]) -> set[Keep]:
    return set(Keep) - {keep for job in jobs for keep in job.keeps}


def test_every_retention_class_has_a_job() -> None:
    assert unenforced(retention.JOBS) == set()


@pytest.mark.parametrize("keep", Keep)
def test_a_class_without_its_job_is_found(keep: Keep) -> None:
    assert unenforced(tuple(job for job in retention.JOBS if keep not in job.keeps)) >= {keep}


def test_every_class_is_used_and_told_to_residents_in_words() -> None:
    assert {label.keep for label in holding.labels().values()} == set(Keep) == set(KEEPS)


def test_the_worker_does_these_jobs() -> None:
    part = working._parts()["keeping"]

    assert isinstance(part.args[0], Retention)  # type: ignore[attr-defined]
    assert part.args[0].jobs == retention.JOBS  # type: ignore[attr-defined]


def test_whatever_is_kept_with_the_raw_records_is_pruned() -> None:
    labels = holding.labels().items()

    assert sorted(pruning.PRUNED) == sorted(n for n, one in labels if one.keep == Keep.JOURNAL)


def test_what_stays_in_logs_for_good_names_people_by_numbers_and_codes() -> None:
    """Two hold words of staff: docs/privacy.md says so, and that nobody is to be named there."""
    words = [
        name for name, label in holding.labels().items()
        if label.keep == Keep.LOG and label.form != Stored.TOKEN
    ]  # fmt: skip

    assert sorted(words) == [
        "engine.Feedback.note",
        "engine.Revisit.outcome",  # one of four
        "engine.TimelineEntry.note",
        "trust.AccessRecord.fields",
        "trust.AccessRecord.post",
        "trust.AccessRecord.purpose",
        "trust.Consent.data",
        "trust.Consent.purpose",
        "trust.Evidence.lat",  # of the units' photos
        "trust.Evidence.lon",
    ]


class Counting:
    """A job that says how often it was asked, and has so much to do."""

    def __init__(self, *left: int) -> None:
        self.left, self.asked = list(left), 0

    def __call__(self, _now: object) -> int:
        self.asked += 1
        return self.left.pop(0) if self.left else 0


def test_a_job_is_done_when_its_time_has_come() -> None:
    verb = Counting()
    jobs = Retention((RetentionJob(verb, (), MINUTE),))

    for seconds in (0, 59, 60, 61):
        jobs(later(seconds=seconds))

    assert verb.asked == 2


def test_what_is_left_over_follows_at_once_and_others_have_their_turn() -> None:
    much, little = Counting(*[5] * 10), Counting()
    jobs = Retention((RetentionJob(much, (), MINUTE), RetentionJob(little, (), MINUTE)))

    done = [jobs(NOON) for _ in range(12)]

    assert (sum(done), little.asked) == (50, 1)


def test_a_job_that_fails_is_tried_again_later_and_stops_no_other() -> None:
    def fails(_now: object) -> int:
        raise RuntimeError

    good = Counting()
    jobs = Retention((RetentionJob(fails, (), MINUTE), RetentionJob(good, (), MINUTE)))

    with pytest.raises(RuntimeError):
        jobs(NOON)
    jobs(NOON)
    assert good.asked == 1
    with pytest.raises(RuntimeError):
        jobs(later(seconds=60))
