"""Reports as other programs name and list them: by a number that nobody can guess."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import QuerySet

from zhizhi.engine import settings_in_force
from zhizhi.engine.intake import KeyReused
from zhizhi.engine.models import Report
from zhizhi.trust import vault

EVERYBODY = "everybody"  # of the setting
MARK = 16  # hexadecimal digits
SAME_WITHIN = timedelta(hours=1)
NUMBER = re.compile(r"([0-9]{1,17})-[0-9a-f]{16}")


def request_id(pk: int) -> str:
    """Return how a report is called: nobody can guess one from another, or from a case."""
    return f"{pk}-{vault.blind_index(str(pk), column='engine_report.request')[:MARK]}"


def pk_of(number: str) -> int | None:
    """Return the key of the report that is called so, if it is really called so."""
    parts = NUMBER.fullmatch(number)
    return int(parts[1]) if parts and request_id(int(parts[1])) == number else None


def named(numbers: Collection[str]) -> QuerySet[Report]:
    """Return the reports that are called so, for whoever knows their numbers."""
    keys = [pk for number in numbers if (pk := pk_of(number)) is not None]
    return Report.everything.filter(pk__in=keys)


def listed_for_everybody() -> QuerySet[Report] | None:
    """Return all reports where the district lists them for everybody, else None."""
    is_open = settings_in_force.value("residents.requests_listed_for") == EVERYBODY
    return Report.everything.all() if is_open else None


def external_id(source: str, key: str, content: str, *, now: datetime) -> str:
    """Return under which external id a report of a program arrives once.

    With a ``key`` of the program's own that is for good; raises KeyReused when it came with other
    content. Without one the same content is the same report for an hour.
    """
    stem, what = _digest(key or content), _digest(content)
    before = Report.everything.filter(source__code=source, external_id__startswith=f"{stem}.")
    if not key:
        before = before.filter(received_at__gt=now - SAME_WITHIN)
        what = str(int(now.timestamp() // SAME_WITHIN.total_seconds()))
    known = before.order_by("-pk").values_list("external_id", flat=True).first()
    if key and known not in {None, f"{stem}.{what}"}:
        raise KeyReused(key)
    return known or f"{stem}.{what}"


def _digest(text: str) -> str:
    """Return a keyed digest: from a plain one a number could be guessed."""
    return vault.blind_index(text, column="engine_report.content")[:31]
