"""What the fishery's notices tell of a case, and when they may be issued."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from zhizhi.engine.models import Case, Zone
from zhizhi.systems.fishery.apps import RECTIFICATION
from zhizhi.systems.fishery.models import Stay, Violation


def facts(case: Case) -> Mapping[str, str]:
    """Return when and where the last stay was; hours and minutes are local."""
    stay = Stay.everything.filter(case=case).order_by("found_at").last()
    since = timezone.localtime(stay.started_at if stay else case.opened_at)
    until = timezone.localtime(stay.found_at if stay else case.opened_at)
    zone = Zone.objects.filter(key=case.zone).order_by("-version").first()
    return {
        "since": _moment(since.year, since.month, since.day, f"{since:%H:%M}"),
        "until": _moment(until.year, until.month, until.day, f"{until:%H:%M}"),
        "minutes": str((until - since) // timedelta(minutes=1)),
        "zone": zone.name if zone else case.zone,
        "place": f"{case.lon:.5f}, {case.lat:.5f}",
    }


def _moment(year: int, month: int, day: int, clock: str) -> str:
    return _("{clock} on {year}-{month}-{day}").format(clock=clock, year=year, month=month, day=day)


def refusal(case: Case, code: str) -> str:
    """Return why ``code`` cannot be issued: a correction needs a record that passed reviews."""
    if code != RECTIFICATION:
        return ""
    confirmed = Violation.everything.filter(case=case, state__in=Violation.OFFENCE)
    if confirmed.exists():
        return ""
    return _("A correction can be ordered once a violation record has passed both reviews.")
