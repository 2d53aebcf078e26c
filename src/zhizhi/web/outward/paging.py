"""One page of a collection, and where the next one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely
from django.db.models import Q, QuerySet

from zhizhi.kernel.shapes import Bounds
from zhizhi.web.outward.asking import FeatureQuery, Moments
from zhizhi.web.outward.catalogue import FeatureCollection
from zhizhi.web.outward.problems import Unanswerable
from zhizhi.web.outward.reader import OutsideReader


@dataclass(frozen=True, slots=True)
class FeaturePage:
    """Some features, and after which primary key more of them follow ("" = that was all)."""

    features: list[dict[str, Any]]
    after: str = ""


def page(collection: FeatureCollection, reader: OutsideReader, asked: FeatureQuery) -> FeaturePage:
    """Return the features that are asked for, in the order of their primary keys.

    A page goes on after a key and not after a count: what comes or changes meanwhile shifts
    nothing, so whatever is there all the time is on exactly one page.
    """
    rows = _from(collection, collection.read_by(reader), asked)
    found: list[Any] = []
    while len(found) <= asked.limit:
        wanted = asked.limit + 1 - len(found)
        some = list(rows[:wanted])
        found += [row for row in some if _touches(collection, row, asked.box)]
        if len(some) < wanted:
            break
        rows = rows.filter(pk__gt=some[-1].pk)
    shown = found[: asked.limit]
    after = str(shown[-1].pk) if len(found) > asked.limit else ""
    return FeaturePage([feature(collection, row) for row in shown], after)


def one(collection: FeatureCollection, reader: OutsideReader, name: str) -> dict[str, Any]:
    """Return a single feature; raises Unanswerable when there is none, or none for this reader."""
    row = collection.find(reader, name)
    if row is None:
        told = f"No feature of “{collection.key}” has this id. Look at its items."
        raise Unanswerable(404, "no-feature", told)
    return feature(collection, row)


def feature(collection: FeatureCollection, row: Any) -> dict[str, Any]:
    """Return one row as GeoJSON."""
    geometry, properties = collection.told(row)
    name = getattr(row, collection.named_by)
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": properties}


def _from(collection: FeatureCollection, rows: QuerySet[Any], asked: FeatureQuery) -> QuerySet[Any]:
    if asked.after:
        rows = rows.filter(pk__gt=_place(collection, asked.after))
    if asked.box is not None and collection.near is not None:
        rows = rows.filter(collection.near(asked.box))
    if asked.during is not None and collection.begins:
        rows = rows.filter(_during(collection, asked.during))
    return rows


def _place(collection: FeatureCollection, text: str) -> int | str:
    key = collection.place(text)
    if key is None:
        raise Unanswerable(
            400, "after", "after belongs to a link “next” and is taken from there as is."
        )
    return key


def _during(collection: FeatureCollection, during: Moments) -> Q:
    """Return the condition that a feature was there in a span; what has no end is still there."""
    start, end = during
    found = Q()
    if end is not None:
        found &= Q(**{f"{collection.begins}__lte": end})
    if start is not None and collection.ends:
        found &= Q(**{f"{collection.ends}__gte": start}) | Q(**{collection.ends: None})
    return found


def _touches(collection: FeatureCollection, row: Any, box: Bounds | None) -> bool:
    if box is None or collection.shape is None:
        return True
    west, south, east, north = box
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    shape = collection.shape(row)
    boxes = [shapely.box(left, south, right, north) for left, right in parts]
    return any(shapely.intersects(shape, box) for box in boxes)
