"""What exists here that routing rules may name."""

from __future__ import annotations

from zhizhi.directory.models import Agency, Area, Team
from zhizhi.directory.models.area_query import PRECEDENCE
from zhizhi.engine import reporting
from zhizhi.engine.models import Severity, Source
from zhizhi.engine.routing import codes_of
from zhizhi.engine.system import detector_codes, systems
from zhizhi.kernel.routing.checking import RoutingNames


def names() -> RoutingNames:
    """Return every system, category, area, door, agency, team and level that there is now."""
    areas = Area.objects.filter(valid_to=None).values_list("kind", "path")
    return RoutingNames(
        categories=tuple(_categories()),
        areas=tuple((kind, codes_of(path)) for kind, path in areas),
        severities=tuple(Severity.values),
        sources=tuple(sorted(_sources())),
        agencies=tuple(Agency.objects.order_by("code").values_list("code", flat=True)),
        teams=tuple(Team.Kind.values),
        levels=PRECEDENCE,
    )


def _categories() -> list[tuple[str, tuple[str, ...]]]:
    other = reporting.CATCH_ALL
    found: list[tuple[str, tuple[str, ...]]] = [(other.system, (other.case_kind,))]
    for system in systems():
        found += [(system.label, (kind, *system.kinds_above(kind))) for kind in system.kind_names]
    return found


def _sources() -> set[str]:
    """Return the doors, and the detectors for what no door brought."""
    doors = Source.objects.values_list("code", flat=True)
    return {reporting.PAGE, *doors, *detector_codes()}
