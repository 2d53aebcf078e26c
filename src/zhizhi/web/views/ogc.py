"""Features for maps: OGC API - Features, Part 1 (OGC 17-069r4), in GeoJSON and CRS84."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from zhizhi.web.outward import describing, paging
from zhizhi.web.outward.asking import asked, known
from zhizhi.web.outward.catalogue import COLLECTIONS, FeatureCollection
from zhizhi.web.outward.describing import GEOJSON, JSON, OPENAPI, link
from zhizhi.web.outward.problems import Unanswerable, for_programs
from zhizhi.web.outward.reader import OutsideReader, counted, reader_of


@for_programs
def landing(request: HttpRequest) -> HttpResponse:
    """Show where everything is."""
    known(request)
    return _answer(describing.landing(request))


@for_programs
def api(request: HttpRequest) -> HttpResponse:
    """Describe the interface for programs."""
    known(request)
    return _answer(describing.api(request), OPENAPI)


@for_programs
def conformance(request: HttpRequest) -> HttpResponse:
    """Say which parts of the standard are kept."""
    known(request)
    return _answer(describing.conformance())


@for_programs
def collections(request: HttpRequest) -> HttpResponse:
    """List the collections that the reader may read."""
    known(request)
    return _answer(describing.collections(request, reader_of(request)))


@for_programs
def collection(request: HttpRequest, collection: str) -> HttpResponse:
    """Describe one collection."""
    known(request)
    wanted, _reader = _wanted(request, collection)
    return _answer(describing.described(request, wanted))


@for_programs
def items(request: HttpRequest, collection: str) -> HttpResponse:
    """Return a page of features, with a link to the next one."""
    wanted, reader = _wanted(request, collection)
    question = asked(request)
    counted(reader)
    page = paging.page(wanted, reader, question)
    path = reverse("web:ogc-items", args=[wanted.key])
    links = [
        link(request, "self", request.get_full_path(), wanted.title, GEOJSON),
        link(request, "collection", path.removesuffix("/items"), wanted.title),
    ]
    if page.after:
        query = request.GET.copy()
        query["after"] = page.after
        links.append(link(request, "next", f"{path}?{query.urlencode()}", "Next page", GEOJSON))
    told = {
        "type": "FeatureCollection",
        "timeStamp": timezone.now(),
        "numberReturned": len(page.features),
        "links": links,
        "features": page.features,
    }
    return _answer(told, GEOJSON)


@for_programs
def item(request: HttpRequest, collection: str, feature: str) -> HttpResponse:
    """Return one feature."""
    known(request)
    wanted, reader = _wanted(request, collection)
    counted(reader)
    own = reverse("web:ogc-collection", args=[wanted.key])
    links = [
        link(request, "self", request.path, wanted.title, GEOJSON),
        link(request, "collection", own, wanted.title),
    ]
    return _answer({**paging.one(wanted, reader, feature), "links": links}, GEOJSON)


def _wanted(request: HttpRequest, key: str) -> tuple[FeatureCollection, OutsideReader]:
    """Return the collection and who asks for it; raises Unanswerable where it is not theirs."""
    reader, wanted = reader_of(request), COLLECTIONS.get(key)
    if wanted is None:
        names = ", ".join(one.key for one in COLLECTIONS.values() if one.is_for(reader))
        raise Unanswerable(404, "no-collection", f"There is no collection “{key}”, but: {names}.")
    if wanted.readers:
        reader.having(*wanted.readers)
    return wanted, reader


def _answer(told: dict[str, Any], kind: str = JSON) -> HttpResponse:
    return HttpResponse(orjson.dumps(told, option=orjson.OPT_UTC_Z), content_type=kind)
