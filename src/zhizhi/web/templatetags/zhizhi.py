"""Parts of pages as template tags: icons, severity shapes, states, ages, names, comparisons."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.engine.models import Case, Severity, Task
from zhizhi.web import charts, places, words
from zhizhi.web.icons import FACES, ICONS, RINGS, SHAPES
from zhizhi.web.queue import QueueFilter

register = template.Library()

HOLDERS = {  # icon, text, link, columns
    "p": '<p class="empty">{0}{1}{2}</p>',
    "li": '<li class="empty">{0}{1}{2}</li>',
    "td": '<td colspan="{3}" class="empty">{0}{1}{2}</td>',
}
SHORT_STATES: dict[str, str | Promise] = {
    Case.State.HANDLED: gettext_lazy("To inspect"),
    Case.State.DISMISSED: gettext_lazy("False alarm"),
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon; the words beside it say what it means.

    Its size stands in it, so that it stays small where the style sheet does not arrive.
    """
    drawn = mark_safe(ICONS[name])  # noqa: S308 - our own drawings
    return format_html(
        '<svg class="icon" width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">{}</svg>',
        drawn,
    )


@register.simple_tag
def face(value: str) -> SafeString:
    """Draw the face of a rating from 1 to 5; the word stands beside it."""
    drawn = mark_safe(FACES[value])  # noqa: S308 - our own drawings
    return format_html(
        '<svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', drawn
    )


@register.simple_tag
def severity(value: str) -> SafeString:
    """Draw a severity as shape, word and colour."""
    label = Severity(value).label if value in Severity.values else value
    return format_html(
        '<span class="shape {}"><svg width="16" height="16" viewBox="0 0 16 16" '
        'aria-hidden="true"><path d="{}"/></svg>{}</span>',
        value,
        SHAPES.get(value, SHAPES["normal"]),
        label,
    )


@register.simple_tag
def mark(value: str) -> SafeString:
    """Draw the shape of a severity alone, for a map's key."""
    return format_html(
        '<svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>',
        SHAPES[value],
    )


@register.simple_tag
def state(case: Case, *, is_short: bool = False) -> SafeString:
    """Draw how far a case has come, as a ring that fills and a word; a list has little room."""
    ring = mark_safe(RINGS.get(case.state, RINGS["open"]))  # noqa: S308 - our own drawings
    return format_html(
        '<span class="state ring"><svg width="16" height="16" viewBox="0 0 16 16" '
        'aria-hidden="true">{}</svg>{}</span>',
        ring,
        (is_short and SHORT_STATES.get(case.state)) or case.get_state_display(),
    )


@register.simple_tag
def bullet(value: Any, threshold: Any) -> SafeString:
    """Draw a measured value against its threshold; nothing when they are not numbers."""
    if not _is_number(value) or not _is_number(threshold) or threshold <= 0:
        return SafeString("")
    most = max(value, threshold) * 1.15
    reach, limit = 100 * max(value, 0) / most, 100 * threshold / most
    return format_html(
        '<svg class="bullet" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="8"/>'
        '<rect class="reach" y="2" width="{}" height="4"/>'
        '<rect class="limit" x="{}" width=".7" height="8"/></svg>',
        f"{reach:.1f}",
        f"{limit:.1f}",
    )


@register.simple_tag
def bar(part: int, whole: int) -> SafeString:
    """Draw a part of a whole; the number beside it says how much."""
    reach = 100 * min(part, whole) / whole if whole else 0
    return format_html(
        '<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="8"/>'
        '<rect class="reach" width="{}" height="8"/></svg>',
        f"{reach:.1f}",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@register.inclusion_tag("web/parts/queue_row.html")
def queue_row(row: dict[str, Any], chosen: int | None, now: datetime, wanted: QueueFilter) -> Any:
    """Draw one case of the queue; its address keeps the filter."""
    address = f"{wanted.address()}&case={row['case'].pk}"
    is_chosen = row["case"].pk == chosen
    return {"row": row, "now": now, "address": address, "is_chosen": is_chosen}


@register.inclusion_tag("web/parts/why.html", takes_context=True)
def why_panel(context: template.Context) -> Any:
    """Draw why there is this alert, from the facts of its case."""
    return context.flatten()


@register.inclusion_tag("web/parts/timeline.html")
def timeline(lines: list[dict[str, Any]]) -> Any:
    """Draw a case's history."""
    return {"lines": lines}


@register.inclusion_tag("web/parts/map.html", name="map")
def map_of(
    bounds: str = "",
    areas_url: str = "",
    *,
    case: Case | None = None,
    zones_url: str = "",
    picture_of: str = "",
) -> Any:
    """Draw the map that a page's script fills.

    Around one ``case``, or showing ``bounds``. With ``picture_of`` it is only looked at, and this
    is what a reader hears of it.
    """
    return {
        "bounds": bounds,
        "areas_url": areas_url,
        "case": case,
        "zones_url": zones_url,
        "picture_of": picture_of,
    }


@register.simple_tag
def empty_state(
    text: str,
    drawing: str = "calm",
    *,
    href: str = "",
    action: str = "",
    element: str = "p",
    columns: int = 1,
) -> SafeString:
    """Say that there is nothing, and where to go on; ``element`` is p, li, or td of a table."""
    shown = icon(drawing) if drawing else ""
    further = format_html('<br><a href="{}">{}</a>', href, action) if href else ""
    return format_html(HOLDERS[element], shown, text, further, columns)


@register.simple_tag
def notice(text: str, kind: str = "", role: str = "status") -> SafeString:
    """Tell something above the content; kinds are error, warning, success or none."""
    return format_html('<p class="notice {}" role="{}">{}</p>', kind, role, text)


@register.simple_tag
def stat(label: str, value: Any, href: str = "") -> SafeString:
    """Draw one figure with its label, for a ``dl.stats``."""
    shown = format_html('<a href="{}">{}</a>', href, value) if href else value
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, shown)


@register.simple_tag
def light(state: str, said: str) -> SafeString:
    """Draw whether something is well: good, wait or bad, as icon, word and colour."""
    drawn = icon({"good": "check", "wait": "clock"}.get(state, "warn"))
    return format_html('<strong class="light {}">{}{}</strong>', state, drawn, said)


@register.inclusion_tag("web/parts/failure.html")
def failure_state(
    drawing: str, heading: str, text: str, href: str = "/", action: str = "", level: int = 1
) -> Any:
    """Say what went wrong and what to do, in place of a page."""
    return {
        "drawing": drawing,
        "heading": heading,
        "text": text,
        "href": href,
        "action": action,
        "level": level,
    }


@register.inclusion_tag("web/parts/chart.html", name="chart")
def chart_of(chart: charts.Columns, *, has_table: bool = True) -> Any:
    """Draw a chart over time with its key, its values, and the same as a table."""
    drawn = charts.svg(chart)
    return {"chart": chart, "drawn": drawn, "key": charts.key(), "has_table": has_table}


@register.inclusion_tag("web/parts/task.html", takes_context=True)
def task_card(context: template.Context, row: dict[str, Any]) -> Any:
    """Draw one task of a unit with its steps and forms, for the telephone."""
    return {**context.flatten(), "row": row}


@register.inclusion_tag("web/parts/tabs.html")
def queue_tabs(tabs: list[Any], severities: list[Any], wanted: QueueFilter) -> Any:
    """Draw what the queue can be narrowed to, with how many cases each holds."""
    return {"tabs": tabs, "severities": severities, "wanted": wanted}


@register.inclusion_tag("web/parts/connection.html")
def connection_line(state: str = "connecting") -> Any:
    """Draw whether the page hears of changes: connecting, online or offline."""
    return {"state": state}


@register.inclusion_tag("web/parts/keys.html")
def keys_dialog(*, is_open: bool = False) -> Any:
    """Draw the list of keys."""
    return {"is_open": is_open}


@register.inclusion_tag("web/parts/menu.html", takes_context=True)
def account_menu(context: template.Context, *, is_open: bool = False) -> Any:
    """Draw the menu with brightness and signing out."""
    return {**context.flatten(), "is_open": is_open}


@register.inclusion_tag("web/parts/field.html")
def form_field(field: BoundField, unit: object = "") -> Any:
    """Draw a field of a form with its label, what is wrong with it, its unit and its help."""
    return {"field": field, "unit": unit}


@register.inclusion_tag("web/parts/error_summary.html")
def error_summary(form: BaseForm) -> Any:
    """Draw what is wrong with a form, each line leading to its field; nothing when all is well."""
    return {"form": form}


@register.inclusion_tag("web/parts/zone_legend.html")
def zone_legend(
    *, has_draft: object = None, has_trial: object = None, has_difference: object = None
) -> Any:
    """Draw the key of a map of zones; a dry run adds what it found, a comparison what changed."""
    return {"has_draft": has_draft, "has_trial": has_trial, "has_difference": has_difference}


@register.inclusion_tag("web/parts/tried.html")
def tried_on_yesterday(tried: dict[str, Any]) -> Any:
    """Draw what a dry run found: counts by rule and zone, and the stays behind them."""
    return {"tried": tried}


@register.simple_tag
def areas_url() -> str:
    """Return the address of the area shapes."""
    return places.areas_url()


@register.simple_tag
def age(since: datetime | None, now: datetime) -> str:
    """Say how long ago something was."""
    return words.age(since, now) if since else "–"


@register.filter
def actor(value: str) -> str:
    """Name the post behind an actor."""
    return words.actor_name(value)


@register.filter
def work(task: Task) -> str:
    """Say what a task is about; most tasks of units are the case itself."""
    return words.task_name(task.kind) if task.agency_id else words.unit_task_name(task.kind)


@register.filter
def outcome(value: str) -> str:
    """Name a result."""
    return words.outcome_name(value)


@register.filter
def part(value: str) -> str:
    """Name the system or channel behind a code."""
    return words.part_name(value)


@register.filter
def reason(value: str) -> str:
    """Name why a row was refused."""
    return words.reason_name(value)


@register.filter
def stored(value: Any) -> str:
    """Write a word that a record stores in English in the reader's language."""
    return _(value) if isinstance(value, str) and value else str(value)


@register.filter
def quantity(value: Any) -> str:
    """Write a number without needless decimals, and a stored word in the reader's language."""
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return stored(value)


@register.filter
def km(metres: float) -> str:
    """Write metres as kilometres."""
    return f"{metres / 1000:.1f}"


@register.filter
def minutes(span: timedelta) -> int:
    """Write a span in whole minutes, at least one."""
    return max(1, round(span.total_seconds() / 60))
