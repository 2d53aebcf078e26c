"""The fishery's lists for files: what became of the stays, and the violation records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from zhizhi.systems.fishery.counting import COLUMNS, DEFINITIONS, HEADINGS, Figures, Statistics
from zhizhi.systems.fishery.models import Violation, ViolationReview
from zhizhi.trust.scoping import Scope
from zhizhi.web.charts import Columns, Series, buckets, span_text
from zhizhi.web.exporting.files import Listing
from zhizhi.web.exporting.report import FigureReport, FigureTable
from zhizhi.web.exporting.spreadsheets import Row
from zhizhi.web.spans import Span


def statistics_listing(
    found: Statistics, names: Mapping[str, str], asked: Mapping[str, Any]
) -> Listing:
    """Return one row for each day and zone, and the total; ``asked`` is the span and the zone."""
    rows = table(found, names)
    span = f"{asked['first']} – {asked['last']}"
    zone = asked["zone"]
    return Listing(
        name="fishery.statistics",
        title=_("Statistics of the fishery watch"),
        columns=(_("Day"), _("Zone"), *(str(heading) for heading in HEADINGS)),
        size=len(rows),
        read=lambda first, last: rows[first:last],
        wanted={"first": str(asked["first"]), "last": str(asked["last"]), "zone": zone},
        told=f"{span} · {names.get(zone, zone)}" if zone else span,
    )


def table(found: Statistics, names: Mapping[str, str]) -> list[Row]:
    """Return one row for each day and zone, and the total."""
    rows: list[Row] = [
        [day, names.get(zone, zone), *figures.values()]
        for (day, zone), figures in sorted(found.cells.items())
    ]
    return [*rows, [_("Total"), "", *found.total.values()]]


def chart(found: Statistics, asked: Mapping[str, Any]) -> Columns:
    """Return stays found and reminded over the days that were asked for."""
    parts = buckets(Span(asked["first"].isoformat(), asked["last"].isoformat()))
    sums = [_sum(found, part) for part in parts]
    return Columns(
        _("Stays found and reminded"),
        parts,
        Series(str(HEADINGS[0]), [one.found for one in sums]),
        Series(str(HEADINGS[1]), [one.reminded for one in sums]),
    )


def _sum(found: Statistics, span: Span) -> Figures:
    total = Figures()
    for day, figures in found.by_day.items():
        if span.first <= day.isoformat() <= span.last:
            total.add(figures)
    return total


def report(found: Statistics, names: Mapping[str, str], asked: Mapping[str, Any]) -> FigureReport:
    """Return the figures for paper: what the page shows, in the same order."""
    zone, drawn = asked["zone"], chart(found, asked)
    span = Span(asked["first"].isoformat(), asked["last"].isoformat())
    heads = [str(heading) for heading in HEADINGS]
    zones = [(names.get(key, key), *row.values()) for key, row in sorted(found.by_zone.items())]
    parts = [(span_text(part), *_sum(found, part).values()) for part in drawn.spans]
    total = (_("Total"), *found.total.values())
    return FigureReport(
        title=_("Statistics of the fishery watch"),
        told=[(_("Days"), span_text(span)), (_("Zone"), names.get(zone, zone) or _("All zones"))],
        figures=list(zip(heads, found.total.values(), strict=True)),
        charts=[drawn],
        tables=[
            FigureTable(_("By zone"), (_("Zone"), *heads), [*zones, total], has_total=True),
            FigureTable(_("By day"), (_("Day"), *heads), [*parts, total], has_total=True),
        ],
        definitions=[(HEADINGS[at], DEFINITIONS[key]) for at, key in enumerate(COLUMNS)],
    )


def violation_listing(scope: Scope, state: str, names: Mapping[str, str]) -> Listing:
    """Return the violation records of a state (all without one), newest first."""
    records = Violation.objects.visible_to(scope)
    wanted = records.filter(state=state) if state else records
    ids = list(wanted.order_by("-recorded_at", "-pk").values_list("pk", flat=True))

    def read(first: int, last: int) -> list[Row]:
        return _records(scope, ids[first:last], names)

    return Listing(
        name="fishery.violations",
        title=_("Violation records"),
        columns=(
            _("Record"),
            _("Case"),
            _("Zone"),
            _("Recorded"),
            _("State"),
            _("Photos"),
            *(str(label) for label in ViolationReview.Step.labels),
            _("Changed"),
        ),
        size=len(ids),
        read=read,
        wanted={"state": state},
        told=str(Violation.State(state).label) if state else "",
    )


def _records(scope: Scope, ids: list[int], names: Mapping[str, str]) -> list[Row]:
    rows = Violation.objects.visible_to(scope).filter(pk__in=ids).select_related("case")
    found = {row.pk: row for row in rows.prefetch_related("reviews")}
    counted = Violation.objects.visible_to(scope).filter(pk__in=ids)
    photos = dict(counted.annotate(n=Count("photos", distinct=True)).values_list("pk", "n"))
    return [_record(found[pk], photos.get(pk, 0), names) for pk in ids if pk in found]


def _record(row: Violation, photos: int, names: Mapping[str, str]) -> Row:
    made = {review.step: review for review in row.reviews.all()}
    return [
        str(row),
        row.case.code,
        names.get(row.case.zone, row.case.zone),
        row.recorded_at,
        row.get_state_display(),
        photos,
        *(_review(made.get(step)) for step in ViolationReview.Step.values),
        row.changed_at,
    ]


def _review(review: ViolationReview | None) -> str | datetime:
    """Return when a review passed, or that it did not."""
    if review is None:
        return ""
    return review.at if review.is_accepted else _("Rejected")
