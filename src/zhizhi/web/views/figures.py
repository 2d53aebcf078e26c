"""What the district tells everybody about its work: a month at a time, without single people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from zhizhi.engine.models import FigureRelease
from zhizhi.web import words
from zhizhi.web.exporting import files, spreadsheets
from zhizhi.web.views.residents import show

SHOWN = 24  # months to choose from; older ones are found by their address


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A place, and how many cases of each kind there were; None where that is withheld."""

    name: str
    cells: list[tuple[str, int | None]]


@require_safe
def figures_page(request: HttpRequest) -> HttpResponse:
    """Show the figures of one month, the latest one unless another is asked for."""
    months = list(FigureRelease.objects.all()[:SHOWN])
    asked = request.GET.get("month", "")
    release = _release(asked) if asked else next(iter(months), None)
    context: dict[str, Any] = {"months": months, "release": release}
    if release is not None:
        context |= {"kinds": _kinds(release), "rows": _rows(release)}
    return show(request, "resident/figures.html", context)


@require_safe
def figures_file(request: HttpRequest, month: str) -> HttpResponse:
    """Send the figures of a month as CSV: a line for each place and kind; empty is withheld."""
    release = _release(month)
    note = files.demo_note()
    mark = [note] if note else []
    lines: list[spreadsheets.Row] = [
        [_("Month"), _("Place"), _("Kind"), _("Cases"), *([_("Data")] if note else [])]
    ]
    for row in _rows(release):
        lines += [[str(release), row.name, *cell, *mark] for cell in row.cells]
    body = spreadsheets.BOM + spreadsheets.csv_lines(lines)
    answer = HttpResponse(body, content_type=spreadsheets.CSV)
    return files.attached(answer, f"{_('Public figures')} {release}", "csv")


def _release(month: str) -> FigureRelease:
    """Return the figures of "2026-03"; raises Http404 for any other text."""
    try:
        first = parse_date(f"{month}-01")
    except ValueError:  # a month that no calendar has
        first = None
    found = FigureRelease.objects.filter(month=first).first() if first else None
    if found is None:
        raise Http404
    return found


def _kinds(release: FigureRelease) -> list[str]:
    return [*map(words.case_kind_name, release.kinds), _("All kinds")]


def _rows(release: FigureRelease) -> list[FigureRow]:
    """Return the places in words, each with its number for each kind, and all places at the end."""
    kinds = _kinds(release)
    names = [*(name or _("Elsewhere") for name in release.places), _("All places")]
    *rows, elsewhere, total = [
        FigureRow(name, list(zip(kinds, numbers, strict=True)))
        for name, numbers in zip(names, release.numbers, strict=True)
    ]
    is_used = any(number != 0 for _kind, number in elsewhere.cells)
    return [*rows, *([elsewhere] if is_used else []), total]
