"""Looks at one record are written down once in a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.test import RequestFactory

from zhizhi.web.looking import TRACED, is_new_look

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)


def viewer() -> HttpRequest:
    request: HttpRequest = RequestFactory().get("/")
    request.session = SessionBase()
    return request


@pytest.mark.parametrize(
    ("later", "is_new"), [(TRACED - A_SECOND, False), (TRACED, False), (TRACED + A_SECOND, True)]
)
def test_the_same_record_is_a_new_look_after_a_while(later: timedelta, is_new: bool) -> None:
    request = viewer()

    assert is_new_look(request, "voice", 7, NOON)
    assert is_new_look(request, "voice", 7, NOON + later) is is_new


def test_another_record_or_kind_or_viewer_is_a_new_look() -> None:
    request = viewer()

    assert is_new_look(request, "voice", 7, NOON)
    assert is_new_look(request, "replay", 7, NOON)
    assert is_new_look(request, "voice", 8, NOON)
    assert is_new_look(viewer(), "voice", 8, NOON)


def test_whoever_goes_to_and_fro_is_written_down_again() -> None:
    request = viewer()

    assert [is_new_look(request, "voice", pk, NOON) for pk in (7, 8, 7, 7)] == [True] * 3 + [False]
