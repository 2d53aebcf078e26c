"""Planted flaws that no scanner looks for are found by our own tests."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import clear_url_caches

from tests.district_world import World, build
from tests.scanning import schemas
from tests.scanning.__main__ import FLAG
from tests.scanning.findings import (
    FAILED,
    NOT_CHECKED,
    Accepted,
    Finding,
    is_counted,
    table,
)
from tests.scanning.flaws import FLAWS, found_by, spans
from tests.test_authorisation import Endpoint, is_open_to_forgery, signed_in, violations
from tests.test_headers import lacks

# As tests/authorisation.toml would say it, were these addresses of the product.
WHO = ["operator", "inspector", "leader", "administrator"]
ROWS: dict[str, dict[str, Any]] = {
    "idor-read/<int:pk>/": {"path": {"pk": "case.pk"}, "get": WHO},
    "idor-write/<int:pk>/": {"path": {"pk": "case.pk"}, "post": WHO},
}


@pytest.fixture
def canary(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve the canary's addresses, which cannot even be imported without its flag."""
    monkeypatch.setenv("CANARY", FLAG)
    importlib.import_module("tests.scanning.canary.urls")
    with override_settings(ROOT_URLCONF="tests.scanning.canary.urls"):
        clear_url_caches()
        yield
    clear_url_caches()


def endpoint(route: str) -> Endpoint:
    return Endpoint(f"canary:{route}", f"canary/{route}")


@pytest.mark.parametrize("route", ROWS)
def test_the_matrix_finds_records_of_others(route: str, canary: None) -> None:
    world: World = build()
    row: Mapping[str, Any] = ROWS[route]

    wrong = violations(endpoint(route), row, world, signed_in(world))

    assert any("as nobody: 200" in line for line in wrong)
    assert any("as operator elsewhere: 200" in line for line in wrong)
    assert not any("as operator: " in line for line in wrong)


def test_a_view_that_reads_the_forms_of_other_sites_is_found(canary: None) -> None:
    assert is_open_to_forgery("/canary/missing-csrf/")
    assert not is_open_to_forgery("/canary/mass-assignment/")


def test_the_headers_test_finds_a_page_without_a_policy(canary: None) -> None:
    client = Client()

    assert lacks("it", client.get("/canary/missing-csp/")) == ["it: no policy"]
    assert lacks("it", client.get("/canary/reflected-xss/")) == []


@pytest.mark.parametrize(
    ("mode", "flag", "may"),
    [("demo", FLAG, True), ("demo", "", False), ("demo", "1", False), ("production", FLAG, False),
     ("", FLAG, False)],
)  # fmt: skip
def test_the_canary_is_refused_in_production_and_without_its_flag(
    mode: str, flag: str, *, may: bool
) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"ZHIZHI_MODE", "CANARY"}}
    environment |= {"CANARY": flag, **({"ZHIZHI_MODE": mode} if mode else {})}
    command = [sys.executable, "-c", "import tests.scanning.canary"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)

    assert (done.returncode == 0) is may
    assert may or "CanaryForbidden" in done.stderr


def test_every_planted_flaw_has_a_view() -> None:
    assert len(FLAWS) >= 12
    assert set(FLAWS) <= set(spans())


def finding(tool: str, rule: str, where: str) -> Finding:
    return Finding(tool, rule, "high", where, "words")


def test_a_flaw_is_found_by_a_finding_of_its_kind_at_its_place_alone() -> None:
    first, last = spans()["ssrf"]
    place = "tests/scanning/canary/views.py"
    at = [f"{place}:{line}" for line in (first - 1, first, last, last + 1)]

    by = [
        found_by([finding("semgrep", "address-of-request", where)])["ssrf"]
        for where in (*at, f"other.py:{first}")
    ]

    assert by == [[], ["semgrep"], ["semgrep"], [], []]
    assert found_by([finding("semgrep", "raw-sql", at[1])])["ssrf"] == []
    assert found_by([finding("sqlmap", "injectable", "/canary/sql-injection/?q=a")])[
        "sql-injection"
    ] == ["sqlmap"]


def test_what_was_accepted_counts_no_more_and_nothing_else_is() -> None:
    line = Accepted("bandit", "B608", "src/a.py", "a constant", holds="words")
    same, other = finding("bandit", "B608", "src/a.py:3"), finding("bandit", "B608", "src/b.py:3")
    third = finding("bandit", "B609", "src/a.py:3")

    assert [is_counted(one, [line]) for one in (same, other, third)] == [False, True, True]
    assert table([same, other, third], {"bandit": "all"}, [line]).splitlines()[1].split() == [
        "bandit", "2", "0", "0", "1", "all",
    ]  # fmt: skip


@pytest.mark.parametrize("state", [f"{NOT_CHECKED}: all skipped", f"{FAILED}: no report"])
def test_a_tool_that_did_not_run_shows_no_zero(state: str) -> None:
    assert table([], {"pip-audit": state}, []).splitlines()[1].split()[1:5] == ["–"] * 4
    assert table([], {"pip-audit": "ran"}, []).splitlines()[1].split()[1:5] == ["0"] * 4


REPORT = """
_________________________ TRACE /canary/sql-injection/ _________________________
1. Test Case ID: nOHEiQ

- ST204 Wrong response to undeclared method
    - ST101 not at the beginning of a line
____________________________ GET /canary/ssrf/ _____________________________
- ST101 Server error
"""


def test_a_failure_belongs_to_the_operation_above_it() -> None:
    found = [(one.where, one.rule) for one in schemas.failures_in(REPORT)]

    assert found == [
        ("/canary/sql-injection/", "ST204 Wrong response to undeclared method"),
        ("/canary/ssrf/", "ST101 Server error"),
    ]
