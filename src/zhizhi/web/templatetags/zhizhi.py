"""Parts of pages as template tags: severity shapes, ages, names of actors and outcomes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from zhizhi.engine.models import Severity
from zhizhi.web import words

register = template.Library()

SHAPES = {
    "urgent": "M8 0 16 8 8 16 0 8z",
    "important": "M8 1 16 15 0 15z",
    "normal": "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1z",
}


@register.simple_tag
def severity(value: str) -> SafeString:
    """Draw a severity as shape, word and colour."""
    label = Severity(value).label if value in Severity.values else value
    return format_html(
        '<span class="shape {}"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>'
        "{}</span>",
        value,
        SHAPES.get(value, SHAPES["normal"]),
        label,
    )


@register.simple_tag
def age(since: datetime | None, now: datetime) -> str:
    """Say how long ago something was."""
    return words.age(since, now) if since else ""


@register.filter
def actor(value: str) -> str:
    """Name the post behind an actor."""
    return words.actor_name(value)


@register.filter
def outcome(value: str) -> str:
    """Name a result."""
    return words.outcome_name(value)


@register.filter
def quantity(value: Any) -> str:
    """Write a number without needless decimals, and a stored word in the reader's language."""
    if isinstance(value, float):
        return f"{value:.1f}".rstrip("0").rstrip(".")
    return _(value) if isinstance(value, str) and value else str(value)


@register.filter
def km(metres: float) -> str:
    """Write metres as kilometres."""
    return f"{metres / 1000:.1f}"


@register.filter
def minutes(span: timedelta) -> int:
    """Write a span in whole minutes, at least one."""
    return max(1, round(span.total_seconds() / 60))
