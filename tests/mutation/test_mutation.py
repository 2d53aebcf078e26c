"""The tool that plants mutants: it must find what is untested, or its scores say nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation import planting

SAMPLE = Path(__file__).parent / "sample" / "targets.toml"


@pytest.fixture(scope="module")
def sample_run() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.mutation", "--targets", str(SAMPLE)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def changes(source: str) -> list[str]:
    return [mutant.change for mutant in planting.mutants(source)]


def test_a_line_that_no_test_reaches_is_told(sample_run):
    told = [line.strip() for line in sample_run.stdout.splitlines()[1:]]

    assert told == [
        "ageing.py:19: return years + 1",
        "returns None",
        "ageing.py:19: return years + 1",
        "years + 1 → years - 1",
        "ageing.py:19: return years + 1",
        "1 → 2",
        "ageing.py:19: return years + 1",
        "1 → 0",
    ]


def test_the_score_counts_what_was_noticed(sample_run):
    assert sample_run.stdout.startswith("tests.mutation.sample.ageing: 71.4 % of 14 of 14 mutants")


def test_a_wrong_line_about_equivalents_is_an_error(sample_run):
    assert sample_run.returncode == 1
    assert "not there: if years > 21: (years > 21 → years >= 21)" in sample_run.stderr
    assert "killed: if years >= 18: (years >= 18 → years > 18)" in sample_run.stderr


def test_a_state_left_out_of_a_table_is_a_mutant():
    table = "MOVES = {'open': frozenset({'closed', 'sent'}), 'sent': frozenset({'closed'})}"

    assert changes(table) == [
        "without 'open'",
        "without 'sent'",
        "without 'closed'",
        "without 'sent'",
        "without 'closed'",
    ]


def test_a_condition_left_out_of_a_query_is_a_mutant():
    assert changes("rows = Row.objects.filter(pk=number, state='open')") == [
        "filter → exclude",
        "filter without pk=number",
        "filter without state='open'",
    ]


def test_a_limit_is_shifted_turned_and_moved_by_one():
    assert changes("late = minutes > 30") == [
        "minutes > 30 → minutes >= 30",
        "minutes > 30 → minutes < 30",
        "30 → 31",
        "30 → 29",
    ]


def test_types_columns_and_words_for_people_are_left_alone():
    source = '''"""A module."""
import logging

log = logging.getLogger()


class Row(models.Model):
    """A row."""

    name = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["name"]


def told(name: tuple[int, int]) -> None:
    """Say it."""
    log.info("told", 1)
'''

    assert changes(source) == []
