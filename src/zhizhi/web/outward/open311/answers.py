"""Answers of GeoReport v2: the same content as XML and as JSON (the Spark convention), errors too.

A list becomes an element that holds one element for each entry; JSON leaves the outer name out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from xml.etree import ElementTree

import orjson
from django.http import HttpRequest, HttpResponse

from zhizhi.web.outward.problems import Unanswerable

JSON, XML = "json", "xml"
KINDS: Mapping[str, str] = {JSON: "application/json", XML: "text/xml"}
ENTRIES: Mapping[str, str] = {  # how the entries of a list are called in XML
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}
NO_PASS, NOT_FOR = 401, 403  # the specification knows one word for both: the API key
Told = Mapping[str, Any] | list[Any]
View = Callable[..., HttpResponse]
Node = ElementTree.Element


def answer(form: str, name: str, told: Told, *, status: int = 200) -> HttpResponse:
    """Return ``told`` in one of the two forms; ``name`` is its outermost element."""
    body = orjson.dumps(told) if form == JSON else written(name, told)
    kind = f"{KINDS[form]}; charset=utf-8"
    return HttpResponse(body, status=status, content_type=kind)


def written(name: str, told: Told) -> bytes:
    """Return ``told`` as an XML document."""
    top = Node(name)
    _fill(top, name, told)
    return bytes(ElementTree.tostring(top, encoding="utf-8", xml_declaration=True))


def for_clients(*methods: str) -> Callable[[View], View]:
    """Answer only these methods, problems in the form asked for, and keep answers out of caches."""

    def wrapped(view: View) -> View:
        @wraps(view)
        def told(request: HttpRequest, *arguments: Any, form: str, **named: Any) -> HttpResponse:
            try:
                _check(request, form, methods)
                reply = view(request, *arguments, form=form, **named)
            except Unanswerable as problem:
                reply = _refusal(problem, form)
            reply["Cache-Control"] = "private, no-store"
            return reply

        return told

    return wrapped


def _check(request: HttpRequest, form: str, methods: tuple[str, ...]) -> None:
    if form not in KINDS:
        raise Unanswerable(404, "unknown-form", "There is .json and .xml of everything here.")
    if request.method not in methods:
        allowed = ", ".join(methods)
        message = f"{request.method} is not understood here, but: {allowed}."
        raise Unanswerable(405, "method", message, {"Allow": allowed})


def _refusal(problem: Unanswerable, form: str) -> HttpResponse:
    """Return a problem as a list of errors: code and description."""
    status = NOT_FOR if problem.status == NO_PASS else problem.status
    errors = [{"code": status, "description": str(problem)}]
    reply = answer(form if form in KINDS else XML, "errors", errors, status=status)
    for name, value in problem.headers.items():
        reply[name] = value
    return reply


def _fill(node: Node, name: str, told: Any) -> None:
    if isinstance(told, Mapping):
        for key, value in told.items():
            _fill(ElementTree.SubElement(node, key), key, value)
    elif isinstance(told, list):
        for entry in told:
            _fill(ElementTree.SubElement(node, ENTRIES[name]), ENTRIES[name], entry)
    elif isinstance(told, bool):
        node.text = "true" if told else "false"
    elif told is not None:
        # Characters that XML cannot hold are left out.
        node.text = "".join(one for one in str(told) if one.isprintable()) or None
