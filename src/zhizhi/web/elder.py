"""Elder mode 长辈版: larger letters and targets, fewer words; kept on the device by a cookie.

The figures are those of the ministry (MIIT 移动互联网应用适老化通用设计规范): main text from 18 px,
up to 30 px as the reader chooses, targets of 60 and 44 px; assets/css/elder.css holds them.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

COOKIE = "elder"
A_YEAR_S = 31_536_000
STEPS: tuple[tuple[str, str | Promise], ...] = (
    ("", pgettext_lazy("letters", "Usual")),
    ("1", pgettext_lazy("letters", "Large")),
    ("2", pgettext_lazy("letters", "Larger")),
    ("3", pgettext_lazy("letters", "Largest")),
)
OFF, FIRST = STEPS[0][0], STEPS[1][0]
NAME = gettext_lazy("Elder mode")


def step_of(request: HttpRequest) -> str:
    """Return how large the reader wants it: "1" to "3", or nothing for the usual pages."""
    wanted = request.COOKIES.get(COOKIE, OFF)
    return wanted if wanted in dict(STEPS) else OFF


def keep(response: HttpResponse, step: str) -> None:
    """Keep the choice on the device for a year; an unknown one changes nothing."""
    if step == OFF:
        response.delete_cookie(COOKIE, samesite="Lax")
    elif step in dict(STEPS):
        response.set_cookie(COOKIE, step, max_age=A_YEAR_S, samesite="Lax", httponly=True)
