"""What an address asks for: a box, a time, how many, and from where on (OGC 17-069r4, 7.15)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from zhizhi.kernel.shapes import Bounds
from zhizhi.web.digits import whole_number
from zhizhi.web.outward.problems import Unanswerable

ITEMS = ("bbox", "datetime", "limit", "after", "f")
USUAL, MOST = 100, 10_000
FLAT, HIGH = 4, 6  # numbers of a box, without and with heights
HALF_ROUND, POLE = 180, 90  # degrees
OPEN = {"", ".."}
MOST_AFTER = 64  # characters of the place from which a page goes on
Moments = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """Which features: in ``box`` (west, south, east, north), at ``during``, ``limit`` of them."""

    limit: int = USUAL
    box: Bounds | None = None
    during: Moments | None = None
    after: str = ""


def asked(request: HttpRequest) -> FeatureQuery:
    """Read the address; raises Unanswerable where it says something that no answer fits."""
    query = known(request, ITEMS)
    return FeatureQuery(
        limit=_limit(query["limit"]) if "limit" in query else USUAL,
        box=_box(query["bbox"]) if "bbox" in query else None,
        during=_during(query["datetime"]) if "datetime" in query else None,
        after=query.get("after", "")[:MOST_AFTER],
    )


def known(request: HttpRequest, names: Iterable[str] = ("f",)) -> dict[str, str]:
    """Return the query; raises Unanswerable when it holds another name, or one name twice."""
    allowed = tuple(names)
    for name, values in request.GET.lists():
        if name not in allowed:
            names = ", ".join(allowed) or "none"
            told = f"“{name}” is no parameter of this address. It knows: {names}."
            raise Unanswerable(400, "unknown-parameter", told)
        if len(values) > 1:
            raise Unanswerable(400, "given-twice", f"“{name}” is given twice. Give it once.")
    query = {name: values[0] for name, values in request.GET.lists()}
    if query.get("f", "json") != "json":
        raise Unanswerable(400, "unknown-form", "Only f=json is answered. Leave f away.")
    return query


def _limit(text: str) -> int:
    """Return how many features; more than there may be means as many as may be (7.15.3)."""
    number = whole_number(text)
    if not number:
        message = f"limit is a whole number from 1 to {MOST}, for example limit={USUAL}."
        raise Unanswerable(400, "limit", message)
    return min(number, MOST)


def _box(text: str) -> Bounds:
    """Return the sides of a box; of one with heights these are left out."""
    parts = text.split(",")
    if len(parts) not in {FLAT, HIGH}:
        raise _no_box(f"bbox has {FLAT} numbers (or {HIGH}), not {len(parts)}.")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)):
        raise _no_box("bbox has something in it that is no number.")
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    if max(abs(west), abs(east)) > HALF_ROUND or max(abs(south), abs(north)) > POLE:
        raise _no_box("bbox leaves the globe: are the axes exchanged?")
    if south > north:
        raise _no_box("The south of bbox lies north of its north.")
    return west, south, east, north


def _no_box(why: str) -> Unanswerable:
    order = "Write west,south,east,north in degrees (CRS84): bbox=107.2,29.5,107.6,29.9"
    return Unanswerable(400, "bbox", f"{why} {order}")


def _during(text: str) -> Moments:
    """Return a moment or a span; None is an open end."""
    first, slash, last = text.partition("/")
    start = _moment(first)
    if not slash:
        if start is None:
            raise _no_time(text)
        return start, start
    end = _moment(last)
    if start is not None and end is not None and end < start:
        raise Unanswerable(
            400, "datetime", "The end of datetime is before its start. Exchange them."
        )
    return start, end


def _moment(text: str) -> datetime | None:
    if text in OPEN:
        return None
    try:
        moment = parse_datetime(text)
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no day of any calendar, or before its first one
        pass
    raise _no_time(text)


def _no_time(text: str) -> Unanswerable:
    told = f"“{text[:40]}” is no time of RFC 3339 with its zone (a + is written %2B): "
    return Unanswerable(400, "datetime", f"{told}2026-03-01T00:00:00Z or …/… or …/..")
