"""The headers that every answer has, whoever gives it: a page, a door beside Django, a failure.

Django's middleware sets them on what passes through it; observations, the desk's door and what a
missing database answers do not. What an answer already says stays as it is (OWASP ASVS 5.0, 3.4).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from csp.utils import build_policy
from django.conf import settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]


def headers() -> dict[str, str]:
    """Return what every answer says, by names in small letters."""
    told = {
        "content-security-policy": str(build_policy()),
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": settings.X_FRAME_OPTIONS,
    }
    if settings.SECURE_HSTS_SECONDS:
        told["strict-transport-security"] = (
            f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
        )
    return told


def secured(application: Application) -> Application:
    """Return ``application`` with these headers wherever an answer lacks them."""
    always = [(name.encode(), value.encode()) for name, value in headers().items()]

    async def answered(scope: Message, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message["headers"])
                known = {name.lower() for name, _value in own}
                own += [pair for pair in always if pair[0] not in known]
                message = {**message, "headers": own}
            await send(message)

        await application(scope, receive, sent if scope["type"] == "http" else send)

    return answered
