"""What a wall shows at one moment, scene by scene."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhizhi.directory.models import Area
from zhizhi.trust.scoping import Scope
from zhizhi.web import places
from zhizhi.web.wall import figures
from zhizhi.web.wall.crews import crews
from zhizhi.web.wall.figures import whole
from zhizhi.web.wall.keeping import keeping
from zhizhi.web.wall.trend import trend

SCENES: tuple[tuple[str, str | Promise], ...] = (
    ("map", _("Now, on the map")),
    ("trend", _("Trend")),
    ("units", _("Units")),
    ("limits", _("Time limits")),
)
PARTS = ("figures", "trend", "units", "limits")  # of the page, drawn anew after a change


def facts(scope: Scope, area: Area, *, now: datetime) -> dict[str, Any]:
    """Return everything that the scenes show: numbers, places, shapes and case numbers."""
    return {
        "area": area,
        "now": now,
        "big": figures.big(scope, area, now=now),
        "severities": figures.severities(scope, area, now=now),
        "places": figures.places(scope, area, now=now),
        "trend": trend(scope, area, now=now),
        "crews": crews(scope, area, now=now),
        "keeping": keeping(scope, area, now=now),
    }


def snapshot(scope: Scope, area: Area, *, now: datetime) -> dict[str, Any]:
    """Return the parts of the page and the layers of the map."""
    context = facts(scope, area, now=now)
    return {
        "parts": {name: render_to_string(f"web/wall/{name}.html", context) for name in PARTS},
        "counts": {str(pk): count for pk, count in places.counts(scope).items()},
        "alerts": places.alert_points(scope, whole(area), now=now),
        "areas": places.areas_url("web:wall-areas"),
    }
