"""Parts of pages as template tags."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from zhizhi.web.templatetags import zhizhi as tags


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (30.02, "30.02"),
        (30.0, "30"),
        (0.07, "0.07"),
        (31.5, "31.5"),
        (3, "3"),
        ("", ""),
        ("x", "x"),
    ],
)
def test_a_quantity_is_written_so_that_it_differs_from_its_threshold(
    value: Any, written: str
) -> None:
    assert tags.quantity(value) == written


@pytest.mark.parametrize(
    ("value", "threshold", "is_drawn"),
    [
        (31, 30, True),
        (0.5, 3.0, True),
        ("x", 30, False),
        (31, "", False),
        (True, 1, False),
        (1, 0, False),
    ],
)
def test_only_numbers_are_drawn_against_a_threshold(
    value: Any, threshold: Any, is_drawn: bool
) -> None:
    assert bool(tags.bullet(value, threshold)) is is_drawn


def test_a_severity_is_shape_word_and_colour() -> None:
    with translation.override("en"):
        drawn = tags.severity("urgent")

    assert 'class="shape urgent"' in drawn
    assert "<path" in drawn
    assert "Urgent" in drawn


def test_what_others_wrote_is_escaped() -> None:
    drawn = Template("{% load zhizhi %}{% severity value %}").render(Context({"value": "<script>"}))

    assert "<script>" not in drawn


@pytest.mark.parametrize(("seconds", "shown"), [(0, 1), (29, 1), (90, 2), (600, 10)])
def test_a_span_is_at_least_a_minute(seconds: int, shown: int) -> None:
    assert tags.minutes(timedelta(seconds=seconds)) == shown


def test_metres_are_written_as_kilometres() -> None:
    assert tags.km(1540.0) == "1.5"


def test_a_stored_word_is_shown_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        assert tags.stored("time in the zone") != "time in the zone"
        assert tags.stored(7) == "7"
