"""How many wrong passwords and codes one address may send, whatever names it tries.

Five guesses at one name are stopped by the lock of that name, five at one account's codes by the
account's own allowance (directory/second_factor.py). Here is what stops one guess at each of many
names. Right ones are given back, so an office behind one address signs in at a change of shifts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhizhi.trust import allowances
from zhizhi.trust.allowances import Rate
from zhizhi.web.residents.drafts import sender

FROM_ADDRESS = Rate(most=30, within=timedelta(minutes=15))
GUESSED = "guesses at the door"


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Why somebody is not let on; ``again_at`` when it is too early for the next try."""

    text: str
    again_at: datetime | None = None

    @property
    def status(self) -> int:
        """Return 429 when it is too early, else 422 as for any other answer that is wrong."""
        return 429 if self.again_at else 422

    def told(self, answer: HttpResponse) -> HttpResponse:
        """Say in the answer's headers for how many seconds to wait (RFC 9110, 10.2.3)."""
        if self.again_at is not None:
            left = (self.again_at - timezone.now()).total_seconds()
            answer["Retry-After"] = str(max(1, math.ceil(left)))
        return answer


def counted(request: HttpRequest, step: Callable[[], TurnedAway | None]) -> TurnedAway | None:
    """Take a step that may be a guess; a wrong one counts against the address that it came from."""
    now, address = timezone.now(), sender(request)
    if not allowances.take(GUESSED, address, rate=FROM_ADDRESS, now=now):
        at = allowances.again_at(GUESSED, address, rate=FROM_ADDRESS, now=now)
        text = _("Too many wrong tries from this address. The next one counts from {time} on.")
        return TurnedAway(text.format(time=f"{timezone.localtime(at):%H:%M:%S}"), at)
    refused = step()
    if refused is None:
        allowances.give_back(GUESSED, address, rate=FROM_ADDRESS, now=now)
    return refused
