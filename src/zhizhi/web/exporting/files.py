"""Files that leave the house: each leaves a trace first, and says when it is a demonstration's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from zhizhi.directory import granting
from zhizhi.directory.models import AccessGrant
from zhizhi.engine import timeline
from zhizhi.trust.audit import Leaf
from zhizhi.web.access import account_of, actor_of
from zhizhi.web.digits import whole_number
from zhizhi.web.exporting import spreadsheets
from zhizhi.web.exporting.spreadsheets import Heads, Row

Answer = TypeVar("Answer", bound=HttpResponseBase)
PART = 500  # rows read and sent at a time
MOST_IN_WORKBOOK = 50_000  # rows: a minute on a busy machine; CSV is sent as it is read


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that may be taken out: how many rows, how to read some of them, and what was asked."""

    name: str  # "queue", as the audit log calls it
    title: str
    columns: tuple[str, ...]
    size: int
    read: Callable[[int, int], list[Row]]  # the rows from one number up to another
    wanted: Mapping[str, Any] = field(default_factory=dict)  # the filter, in codes and ids
    told: str = ""  # the filter, in words
    people: int = 0  # whose names, numbers or words the rows hold; above 50 it takes two people


def send(request: HttpRequest, listing: Listing, form: str) -> HttpResponseBase:
    """Answer with ``listing`` as a file of ``form``, after writing down who took it."""
    now = timezone.now()
    if _lacks_second(request, listing, now):
        said = _(
            "The list holds data of {n} people. One person alone takes at most {most} out of the"
            " house; for more, a second person of another office has to agree."
        ).format(n=listing.people, most=granting.MOST_ALONE)
        return render(request, "web/not_written.html", {"said": said}, status=403)
    if form == "xlsx" and listing.size > MOST_IN_WORKBOOK:
        return _too_long(request, listing)
    record(request, f"list:{listing.name}", now=now, form=form, rows=listing.size, **listing.wanted)
    if form == "xlsx":
        heads = Heads(listing.title, _columns(listing), _about(request, listing, now))
        content = spreadsheets.workbook(heads, _rows(listing), size=listing.size)
        return attached(HttpResponse(content, content_type=spreadsheets.XLSX), listing.title, form)
    lines = _lines(listing, translation.get_language())
    answer = StreamingHttpResponse(lines, content_type=spreadsheets.CSV)
    return attached(answer, listing.title, form)


def _lacks_second(request: HttpRequest, listing: Listing, now: datetime) -> bool:
    """Say whether so many people's data would leave the house by one person alone."""
    if not granting.needs_two(listing.people):
        return False
    number, me = whole_number(request.GET.get("grant", "")), account_of(request)
    grant = AccessGrant.objects.visible_to(me.scope()).filter(pk=number).first() if number else None
    return bool(granting.take_list(listing.name, listing.people, by=me, grant=grant, now=now))


def record(
    request: HttpRequest, subject: str, *, now: datetime, form: str, rows: int, **wanted: Any
) -> None:
    """Write down who takes what out of the house; ids and codes only.

    The subject is no "case:", so that other people's pages are not told of a change.
    """
    detail = {"form": form, "rows": rows, **wanted}
    timeline.leave(Leaf(actor_of(request), "export", subject, now, detail=detail))


def attached(answer: Answer, title: str, form: str) -> Answer:
    """Give ``answer`` the name of a file: what, when, and whether it is a demonstration's."""
    parts = [title, f"{timezone.localtime():%Y%m%d-%H%M}"]
    if settings.DEMO:
        parts.append(_("demonstration"))
    name = "-".join(part.replace(" ", "-").replace("/", "-") for part in parts)
    header = content_disposition_header(True, f"{name}.{form}")
    answer["Content-Disposition"] = header or "attachment"
    answer["Cache-Control"] = "private, no-store"
    return answer


def demo_note() -> str:
    """Return what a demonstration's files say about themselves; nothing elsewhere."""
    return _("Demonstration: every place and person is invented.") if settings.DEMO else ""


def _columns(listing: Listing) -> tuple[str, ...]:
    return (*listing.columns, _("Data")) if settings.DEMO else listing.columns


def _marked(rows: list[Row]) -> list[Row]:
    """Say in each row of a demonstration that it is invented: rows are copied out of files."""
    if not settings.DEMO:
        return rows
    mark = _("invented (demonstration)")
    return [[*row, mark] for row in rows]


def _rows(listing: Listing) -> Iterator[Row]:
    for first in range(0, listing.size, PART):
        yield from _marked(listing.read(first, first + PART))


async def _lines(listing: Listing, language: str | None) -> AsyncIterator[str]:
    """Yield the file part by part, each read from the database when its turn comes."""

    def part(first: int) -> str:
        with translation.override(language):
            rows = _marked(listing.read(first, first + PART))
            return spreadsheets.csv_lines(rows)

    with translation.override(language):
        head = spreadsheets.csv_lines([_columns(listing)])
    yield spreadsheets.BOM + head
    for first in range(0, listing.size, PART):
        yield await sync_to_async(part)(first)


def _about(request: HttpRequest, listing: Listing, now: datetime) -> list[tuple[str, str]]:
    rows = [
        (_("List"), listing.title),
        (_("Filter"), listing.told or _("none")),
        (_("Rows"), str(listing.size)),
        (_("Written"), f"{timezone.localtime(now):%Y-%m-%d %H:%M:%S}"),
        (_("By"), str(account_of(request))),
        (_("Times"), timezone.get_current_timezone_name()),
    ]
    return [*rows, (_("Data"), demo_note())] if settings.DEMO else rows


def _too_long(request: HttpRequest, listing: Listing) -> HttpResponse:
    said = _(
        "The list has {rows} rows; a workbook takes {most}. Take CSV, or filter the list first."
    ).format(rows=listing.size, most=MOST_IN_WORKBOOK)
    return render(request, "web/not_written.html", {"said": said}, status=413)
