"""The small district for whole files of tests."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

if TYPE_CHECKING:
    from tests.district_world import World


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """The small district, built once for the tests of a file."""
    from tests.district_world import build  # noqa: PLC0415 - models load after Django

    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture
def world(standing: World, db: None) -> World:
    """The small district as it was built; what a test does to it is rolled back."""
    return copy.deepcopy(standing)


@pytest.fixture
def blank_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay no file out: who gets one is asked a hundred times, what is in it elsewhere."""
    from zhizhi.web.exporting.press import Presses  # noqa: PLC0415 - models load after Django

    monkeypatch.setattr(Presses, "pdf", lambda *_asked: b"%PDF-1.7 blank")
