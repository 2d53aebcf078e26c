"""What a viewer looks at again and again leaves one line of the audit in a while, not hundreds."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest

TRACED = timedelta(minutes=10)  # one line of the audit for each record and viewer in that time


def is_new_look(request: HttpRequest, kind: str, pk: int, now: datetime) -> bool:
    """Say whether this viewer's look at a record has to be written down, and remember that it is.

    Only the newest record of a kind is remembered: whoever goes to and fro is written down again.
    """
    looks = request.session.get(f"{kind}_looks", {})
    if now.timestamp() - looks.get(str(pk), 0) <= TRACED.total_seconds():
        return False
    request.session[f"{kind}_looks"] = {str(pk): now.timestamp()}
    return True
