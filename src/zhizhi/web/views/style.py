"""The living style page: every part that pages are made of, in both themes, side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from zhizhi.trust.scoping import Scope
from zhizhi.web import samples
from zhizhi.web.access import EVERYBODY, for_roles

# The template of the sample, what the part is called, and what makes it.
PARTS = (
    ("colours", gettext_noop("Colours"), "tokens.css"),
    ("sizes", gettext_noop("Sizes of text"), "tokens.css"),
    ("icons", gettext_noop("Icons"), "{% icon %} {% face %}"),
    ("severity", gettext_noop("Severity and state"), "{% severity %} {% state %} {% light %}"),
    ("buttons", gettext_noop("Buttons"), "button, .button"),
    ("notices", gettext_noop("Notices"), "{% notice %}"),
    ("fields", gettext_noop("Fields of a form"), "{% error_summary %} {% form_field %}"),
    ("table", gettext_noop("Table"), ".scrolls > table"),
    ("tabs", gettext_noop("Tabs"), "{% queue_tabs %}"),
    ("stats", gettext_noop("Figures"), "{% stat %} {% bar %}"),
    ("chart", gettext_noop("Chart"), "{% chart %}"),
    ("queue", gettext_noop("Row of the queue"), "{% queue_row %}"),
    ("why", gettext_noop("Why this alert"), "{% why_panel %} {% bullet %}"),
    ("timeline", gettext_noop("History"), "{% timeline %}"),
    ("task", gettext_noop("Task on the telephone"), "{% task_card %}"),
    ("map", gettext_noop("Map"), "{% map %}"),
    ("menu", gettext_noop("Menu"), "{% account_menu %}"),
    ("dialog", gettext_noop("Dialog"), "{% keys_dialog %}"),
    ("connection", gettext_noop("Connection"), "{% connection_line %}"),
    ("empty", gettext_noop("Nothing there"), "{% empty_state %}"),
    ("failure", gettext_noop("Something went wrong"), "{% failure_state %}"),
)
IDENTITY = re.compile(r'\b(id|for|aria-labelledby|aria-describedby|aria-controls)="([^"]+)"')
LABEL = re.compile(r'\baria-label="([^"]+)"')
ANCHOR = re.compile(r'href="#([\w-]+)"')


@require_safe
def style(request: HttpRequest) -> HttpResponseBase:
    """Show the parts: to everybody who works here, and in a demonstration to anybody."""
    return _page(request) if settings.DEMO else _for_staff(request)


@for_roles(*EVERYBODY)
def _for_staff(request: HttpRequest, scope: Scope) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest) -> HttpResponse:
    columns = {"light": _("Light"), "dark": _("Dark")}
    parts = list(_parts(request, columns))
    return render(request, "web/style.html", {"parts": parts, "shapes": samples.shapes()})


def _parts(request: HttpRequest, columns: dict[str, str]) -> Iterator[dict[str, Any]]:
    facts = {theme: samples.facts(theme) for theme in columns}
    for key, name, made_by in PARTS:
        shown = [
            {"theme": theme, "label": label, "sample": _sample(request, key, facts[theme], label)}
            for theme, label in columns.items()
        ]
        yield {"key": key, "name": _(name), "made_by": made_by, "columns": shown}


def _sample(request: HttpRequest, key: str, facts: dict[str, Any], label: str) -> SafeString:
    """Render one part; both columns hold it, so what must be unique carries the column's name."""
    rendered = render_to_string(f"web/style/{key}.html", facts, request)
    return mark_safe(apart(rendered, facts["theme"], label))  # noqa: S308 - our own template


def apart(rendered: str, theme: str, label: str) -> str:
    """Return a part whose ids, references and spoken labels name the column as well.

    What an element is called by others is followed by the heading of the column.
    """

    def named(found: re.Match[str]) -> str:
        name = found[1]
        told = " ".join(f"{one}-{theme}" for one in found[2].split())
        return f'{name}="{told} {theme}"' if name == "aria-labelledby" else f'{name}="{told}"'

    rendered = IDENTITY.sub(named, rendered)
    rendered = LABEL.sub(lambda found: f'aria-label="{found[1]} ({label})"', rendered)
    return ANCHOR.sub(lambda found: f'href="#{found[1]}-{theme}"', rendered)
