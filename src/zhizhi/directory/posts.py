"""Posts: in which role and for which office somebody acts, and how that is told without a name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from zhizhi.directory.models import Account, Agency, Area, RoleAssignment, Unit
from zhizhi.trust.access import UNTOLD, Post
from zhizhi.trust.scoping import Grant, Scope


def post_for(scope: Scope, area_path: str) -> Post:
    """Return the post that lets ``scope`` deal with what lies in ``area_path``.

    Of several the narrowest: a unit before an agency, an agency before an area.
    """
    return _narrowest([one for one in scope.grants if area_path.startswith(one.area_path)])


def own_post(scope: Scope) -> Post:
    """Return the narrowest post of ``scope``, wherever it counts; for acts outside the own area."""
    return _narrowest(scope.grants)


def desks_of(account: Account) -> frozenset[str]:
    """Return every desk at which somebody works: unit, agency, or role and area without either.

    A unit counts with its agency, so two units of one agency share a desk. Somebody with several
    roles works at several desks.
    """
    rows = RoleAssignment.objects.filter(account=account).select_related("unit", "area")
    return frozenset(desk for row in rows for desk in _desks(row))


def _desks(row: RoleAssignment) -> Iterable[str]:
    agencies = {row.agency_id, row.unit.agency_id if row.unit else None} - {None}
    found = [f"agency:{agency}" for agency in agencies]
    if row.unit is not None:
        found.append(f"unit:{row.unit.pk}")
    path = row.area.path if row.area else ""
    return found or [f"role:{row.role}:{path}"]


def office_names(offices: Iterable[str]) -> dict[str, str]:
    """Return what offices are called, by at most three queries; one that is gone has no name."""
    wanted = sorted({office for office in offices if office})
    agencies = Agency.objects.in_bulk(_keys(wanted, "agency"))
    units = Unit.objects.in_bulk(_keys(wanted, "unit"))
    paths = [office.partition(":")[2] for office in wanted if office.startswith("area:")]
    areas: dict[str, str] = {}
    if paths:
        rows = Area.objects.in_force().filter(path__in=paths).order_by("-kind")
        areas = dict(rows.values_list("path", "name"))
    known = {f"agency:{pk}": row.name for pk, row in agencies.items()}
    known |= {f"unit:{pk}": row.name for pk, row in units.items()}
    known |= {f"area:{path}": name for path, name in areas.items()}
    return {office: known.get(office, "") for office in wanted}


def _narrowest(grants: Collection[Grant]) -> Post:
    if not grants:
        return UNTOLD
    best = max(grants, key=_narrowness)
    return Post(best.role, _office(best))


def _narrowness(grant: Grant) -> tuple[bool, bool, int]:
    return grant.unit is not None, grant.agency is not None, len(grant.area_path)


def _office(grant: Grant) -> str:
    if grant.unit is not None:
        return f"unit:{grant.unit}"
    if grant.agency is not None:
        return f"agency:{grant.agency}"
    return f"area:{grant.area_path}" if grant.area_path else ""


def _keys(offices: Iterable[str], kind: str) -> list[int]:
    parts = (office.partition(":") for office in offices)
    return [int(key) for found, _colon, key in parts if found == kind and key.isdecimal()]
