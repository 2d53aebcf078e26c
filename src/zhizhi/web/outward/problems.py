"""What a program is told that asked for something it cannot have (RFC 9457, OGC exception)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

KIND = "application/problem+json"
CHALLENGE = 'Bearer realm="zhizhi", Basic realm="zhizhi", charset="UTF-8"'
View = Callable[..., HttpResponse]


class Unanswerable(Exception):
    """The request is refused; ``message`` says what to do, ``code`` is a stable word."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}

    def answer(self) -> HttpResponse:
        """Return it as the answer to the request."""
        told = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": str(self),
            "code": self.code,
            "description": str(self),
        }
        answer = HttpResponse(orjson.dumps(told), status=self.status, content_type=KIND)
        if self.status == HTTPStatus.UNAUTHORIZED:
            answer["WWW-Authenticate"] = CHALLENGE
        for name, value in self.headers.items():
            answer[name] = value
        return answer


def for_programs(view: View) -> View:
    """Let a view be read only, answer its problems as such, and keep its answers out of caches."""

    @wraps(view)
    def told(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        try:
            answer = view(request, *arguments, **named)
        except Unanswerable as problem:
            answer = problem.answer()
        answer["Cache-Control"] = "private, no-store"
        return answer

    return require_safe(told)
