"""One view for each planted flaw; its name says which."""

from __future__ import annotations

import csv
import logging
from io import StringIO
from pathlib import Path

import httpx
from django.contrib.auth import login
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.safestring import mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from PIL import Image

from zhizhi.directory.models import Account
from zhizhi.engine.models import Case

LOG = logging.getLogger(__name__)
NOTES: list[str] = []
FORMS = {
    "sql-injection": "q", "reflected-xss": "q", "open-redirect": "next", "path-traversal": "name",
    "ssrf": "address", "formula-injection": "cell", "log-injection": "q", "personal-log": "person",
}  # what is asked for with GET  # fmt: skip
POSTED = {"stored-xss": "note", "missing-csrf": "note", "mass-assignment": "call_sign"}
FILLED = {"path-traversal": "apps.py", "sql-injection": "a", "open-redirect": "/desk/"}


def index(request: HttpRequest) -> HttpResponse:
    """Lead a crawler to every flaw that has a form."""
    get = "".join(
        f'<a href="{name}/?{field}={FILLED.get(name, "1")}">{name}</a>'
        f'<form action="{name}/"><input name="{field}" value="{FILLED.get(name, "1")}"></form>'
        for name, field in FORMS.items()
    )
    posted = "".join(
        f'<form method="post" action="{name}/"><input name="{field}"><button>go</button></form>'
        for name, field in POSTED.items()
    )
    more = '<a href="missing-csp/">missing-csp</a><a href="stored-xss/">stored-xss</a>'
    return HttpResponse(f"<!doctype html><title>canary</title><body>{get}{posted}{more}</body>")


def description(request: HttpRequest) -> JsonResponse:
    """Describe two of the flaws as an API would, without what they answer when they break."""
    answers = {"200": {"description": "found"}}
    asked = [{"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}]
    named = [{"name": "name", "in": "query", "required": True, "schema": {"type": "string"}}]
    paths = {
        "/canary/sql-injection/": {"get": {"parameters": asked, "responses": answers}},
        "/canary/path-traversal/": {"get": {"parameters": named, "responses": answers}},
    }
    facts = {"title": "canary", "version": "1"}
    return JsonResponse({"openapi": "3.1.0", "info": facts, "paths": paths})


def sql_injection(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM directory_area WHERE name = '{request.GET.get('q', '')}'")
        return HttpResponse(f"{len(cursor.fetchall())} places", content_type="text/plain")


@csrf_exempt  # also shows the flaw of the next one; scripts of others may post here
def stored_xss(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        NOTES.append(request.POST.get("note", ""))
    kept = mark_safe("".join(f"<li>{note}</li>" for note in NOTES[-30:]))
    return HttpResponse(f"<!doctype html><title>notes</title><ul>{kept}</ul>")


def reflected_xss(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "")
    return HttpResponse(f"<!doctype html><title>found</title><p>Nothing for {asked}</p>")


@require_GET
def idor_read(request: HttpRequest, pk: int) -> HttpResponse:
    case = Case.everything.get(pk=pk)
    return HttpResponse(case.code, content_type="text/plain")


@require_POST
def idor_write(request: HttpRequest, pk: int) -> HttpResponse:
    Case.everything.filter(pk=pk).update(severity="minor")
    return HttpResponse("changed", content_type="text/plain")


def mass_assignment(request: HttpRequest) -> HttpResponse:
    account = Account(username="draft")
    for name, value in request.POST.items():
        setattr(account, name, value)
    return HttpResponse(account.call_sign, content_type="text/plain")


@csrf_exempt
def missing_csrf(request: HttpRequest) -> HttpResponse:
    NOTES.append(str(len(request.POST.get("note", ""))))
    return HttpResponse("kept", content_type="text/plain")


def open_redirect(request: HttpRequest) -> HttpResponse:
    return redirect(request.GET.get("next", "/"))


def path_traversal(request: HttpRequest) -> HttpResponse:
    path = Path(__file__).parent / request.GET.get("name", "")
    return HttpResponse(open(path).read(), content_type="text/plain")


def ssrf(request: HttpRequest) -> HttpResponse:
    answer = httpx.get(request.GET.get("address", ""), timeout=2)
    return HttpResponse(answer.content, content_type="text/plain")


def formula_injection(request: HttpRequest) -> HttpResponse:
    out = StringIO()
    csv.writer(out).writerow([request.GET.get("cell", "")])
    return HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")


def pixel_bomb(request: HttpRequest) -> HttpResponse:
    picture = Image.open(request.FILES["picture"])
    picture.load()
    return HttpResponse(str(picture.size), content_type="text/plain")


def weak_lockout(request: HttpRequest) -> HttpResponse:
    account = Account.objects.filter(username=request.POST.get("username", "")).first()
    if account and check_password(request.POST.get("password", ""), account.password):
        login(request, account, backend="django.contrib.auth.backends.ModelBackend")
        return HttpResponse("in", content_type="text/plain")
    return HttpResponse("again", status=422, content_type="text/plain")


def log_injection(request: HttpRequest) -> HttpResponse:
    LOG.warning(f"nothing was found for {request.GET.get('q', '')}")
    return HttpResponse("written", content_type="text/plain")


def missing_csp(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse("<!doctype html><title>open</title><p>Anything may run here</p>")
    answer.headers["Content-Security-Policy"] = "default-src * 'unsafe-inline' 'unsafe-eval'"
    return answer


def personal_log(request: HttpRequest) -> HttpResponse:
    account = Account.objects.filter(username=request.GET.get("person", "")).first()
    LOG.info("looked at %s", account.email if account else "")
    return HttpResponse("written", content_type="text/plain")
