"""Runs the tests of a module inside pytest: sees which statements each reaches, or runs a few.

A test that does not reach the statement of a mutant cannot see it. What is reached while modules
are imported, or by a fixture that several tests share, counts for every test.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class Watching:
    """A plugin of pytest: ``notes`` is where it writes what is reached, ``only`` what it runs."""

    def __init__(self) -> None:
        self.notes: Path | None = None
        self.everywhere: set[int] = set()
        self.reached: dict[str, list[int]] = {}
        self.took: dict[str, float] = {}
        self.only: list[str] = []
        self._now = self.everywhere

    def probe(self, line: int) -> None:
        """Note that a statement is reached."""
        self._now.add(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        if self.only:
            session.config.args = list(dict.fromkeys(name.split("::")[0] for name in self.only))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.only:
            place = {name: number for number, name in enumerate(self.only)}
            items[:] = [item for item in items if item.nodeid in place]
            items.sort(key=lambda item: place[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        begun, self._now = time.perf_counter(), set()
        try:
            return (yield)
        finally:
            self.took[item.nodeid] = time.perf_counter() - begun
            self.reached[item.nodeid] = sorted(self._now)
            self._now = self.everywhere

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before = self._now
        if fixturedef.scope != "function":
            self._now = self.everywhere
        try:
            return (yield)
        finally:
            self._now = before

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Leave at once: nobody reads what pytest would still say."""
        if self.notes is not None:
            notes = {"passed": exitstatus == 0, "everywhere": sorted(self.everywhere),
                     "reached": self.reached, "took": self.took}  # fmt: skip
            self.notes.write_text(json.dumps(notes))
        os._exit(exitstatus)
