"""What the map interface says of itself: its first page, what it conforms to, its collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Max, Min
from django.http import HttpRequest
from django.urls import reverse

from zhizhi.directory.models import Area
from zhizhi.web.outward.asking import MOST, USUAL
from zhizhi.web.outward.catalogue import COLLECTIONS, PUBLIC_AREAS, FeatureCollection
from zhizhi.web.outward.reader import OutsideReader

JSON, GEOJSON = "application/json", "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CLASSES = ("core", "oas30", "geojson")
MEANING = (
    "Areas, zones, cases, units and alerts of the district, as far as the reader may see them."
)
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
_STRING = {"type": "string"}
Named = Mapping[str, Any]


def link(request: HttpRequest, rel: str, path: str, title: str, kind: str = JSON) -> dict[str, str]:
    """Return one link with a whole address."""
    href = request.build_absolute_uri(path)
    return {"rel": rel, "href": href, "type": kind, "title": title}


def landing(request: HttpRequest) -> dict[str, Any]:
    """Return the first page."""
    at = {name: reverse(f"web:ogc{name}") for name in ("", "-api", "-conformance", "-collections")}
    return {
        "title": "Zhizhi",
        "description": MEANING,
        "links": [
            link(request, "self", at[""], "This page"),
            link(request, "service-desc", at["-api"], "The interface, described", OPENAPI),
            link(request, "conformance", at["-conformance"], "What it conforms to"),
            link(request, "data", at["-collections"], "The collections"),
        ],
    }


def conformance() -> dict[str, Any]:
    """Return the classes of the standard that are kept."""
    stem = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
    return {"conformsTo": [stem + name for name in CLASSES]}


def collections(request: HttpRequest, reader: OutsideReader) -> dict[str, Any]:
    """Return the collections that the reader may read."""
    extent = _extent()
    own = reverse("web:ogc-collections")
    mine = (one for one in COLLECTIONS.values() if one.is_for(reader))
    return {
        "links": [link(request, "self", own, "The collections")],
        "collections": [described(request, one, extent) for one in mine],
    }


def described(
    request: HttpRequest, one: FeatureCollection, extent: Named | None = None
) -> dict[str, Any]:
    """Return what one collection is."""
    own = reverse("web:ogc-collection", args=[one.key])
    items = reverse("web:ogc-items", args=[one.key])
    return {
        "id": one.key,
        "title": one.title,
        "description": one.description,
        "itemType": "feature",
        "crs": [CRS84],
        "extent": _extent() if extent is None else extent,
        "links": [
            link(request, "self", own, one.title),
            link(request, "items", items, one.title, GEOJSON),
        ],
    }


def _extent() -> dict[str, Any]:
    """Return the box around what everybody may know of."""
    areas = Area.objects.in_force().filter(kind__in=PUBLIC_AREAS)
    box = areas.aggregate(w=Min("min_lon"), s=Min("min_lat"), e=Max("max_lon"), n=Max("max_lat"))
    if box["w"] is None:
        return {}
    return {"spatial": {"bbox": [[box[side] for side in "wsen"]], "crs": CRS84}}


def api(request: HttpRequest) -> dict[str, Any]:
    """Return the OpenAPI document."""
    root = reverse("web:ogc").rstrip("/")
    name = {"name": "collection", "in": "path", "required": True,
            "schema": {**_STRING, "enum": list(COLLECTIONS)}}  # fmt: skip
    feature = {"name": "feature", "in": "path", "required": True, "schema": _STRING}
    item = "/collections/{collection}/items"
    return {
        "openapi": "3.0.3",
        "info": {"title": "Zhizhi", "version": "1", "description": MEANING},
        "servers": [{"url": request.build_absolute_uri(root)}],
        "paths": {
            "/": _get("landing", JSON, [_FORM], "400"),
            "/conformance": _get("conformance", JSON, [_FORM], "400"),
            "/collections": _get("collections", JSON, [_FORM], "400", "401"),
            "/collections/{collection}": _get("collection", JSON, [name, _FORM], *_NAMED),
            item: _get("items", GEOJSON, [name, *_ITEMS, _FORM], *_NAMED, "429"),
            item + "/{feature}": _get("item", GEOJSON, [name, feature, _FORM], *_NAMED, "429"),
        },
        "components": {
            "schemas": {"problem": {"type": "object", "required": ["status", "detail", "code"]}},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
        "security": [{}, {"bearer": []}, {"basic": []}],
    }


def _get(name: str, kind: str, parameters: list[Named], *refusals: str) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {"description": "Found", "content": {kind: {"schema": {"type": "object"}}}}
    }
    for status in refusals:
        # What reaches no view (a NUL, a line break in the address) is answered with a page.
        is_page = status in {"400", "404"}
        kinds = _PROBLEM | ({"text/html": {"schema": _STRING}} if is_page else {})
        answers[status] = {"description": "Refused", "content": kinds}
    return {"get": {"operationId": name, "parameters": parameters, "responses": answers}}


def _query(name: str, schema: Named) -> Named:
    told = {"name": name, "in": "query", "required": False, "schema": schema}
    return {**told, "style": "form", "explode": False}


_NAMED = ("400", "401", "403", "404")
_FORM = _query("f", {**_STRING, "enum": ["json"]})
_NUMBERS = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
_LIMIT = {
    "type": "integer",
    "minimum": 1,
    "default": USUAL,
    "description": f"More than {MOST} means {MOST}.",
}
_ITEMS = (
    _query("bbox", _NUMBERS),
    _query("datetime", _STRING),
    _query("limit", _LIMIT),
    _query("after", _STRING),
)
