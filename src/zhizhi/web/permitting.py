"""What a page may ask of the device: a place where one is told, the microphone on the phone alone.

The header is the W3C's Permissions Policy; what is not named there is as the browser has it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

NEVER = ("camera", "display-capture", "payment", "usb", "serial", "hid", "bluetooth", "midi")
SPEAKING = ("/my/",)  # where a voice note is recorded
LOCATING = ("/my/", "/home/report/")


class PermissionsMiddleware:
    """Says on every page what its scripts may ask of the device."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        allowed = {"microphone": SPEAKING, "geolocation": LOCATING}
        told = [f"{name}=()" for name in NEVER]
        told += [
            f"{name}=(self)" if request.path.startswith(pages) else f"{name}=()"
            for name, pages in allowed.items()
        ]
        response.headers.setdefault("Permissions-Policy", ", ".join(told))
        return response
