"""The checks of an installation that runs: backups, roots, keys, clock, and what waits too long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from zhizhi.config.backing_up import latest
from zhizhi.directory import accounts
from zhizhi.engine import settings_in_force, spans, vitals
from zhizhi.engine.clock_settings import COUNTED, ELAPSED
from zhizhi.trust import keys, rotating, tree
from zhizhi.trust.models import AuditEntry

Found = list[CheckMessage]
BACKED_UP_WITHIN = timedelta(hours=36)  # one night may fail
PUBLISHED_WITHIN = timedelta(minutes=10)  # the worker does it once a minute
CLOCKS_AGREE_WITHIN = timedelta(seconds=5)
WAITS_AT_MOST = timedelta(minutes=15)
CALENDAR_AHEAD = timedelta(days=30)
USED_WITHIN = timedelta(days=90)
MOST_NAMED = 10


def _while_it_answers(look: Callable[[], Found]) -> Callable[[], Found]:
    """Find nothing without a database: the check of the database tells."""

    @wraps(look)
    def looking() -> Found:
        try:
            return look()
        except DatabaseError:
            return []

    return looking


def backup_key() -> Found:
    try:
        is_there = bool(keys.ring().of(keys.BACKUP))
    except (keys.KeysMissing, OSError):
        return []  # the check of the key ring tells
    if is_there:
        return []
    return [
        Warning(
            _("There is no key for backups: none can be made."),
            hint=_("Type: zhizhi doctor --make-keys"),
            id="zhizhi.W040",
        )
    ]


def backups() -> Found:
    if settings.MODE != "production":
        return []
    newest = latest.newest()
    if newest is not None and timezone.now() - newest.at <= BACKED_UP_WITHIN:
        return []
    said = _("never") if newest is None else f"{timezone.localtime(newest.at):%Y-%m-%d %H:%M}"
    return [
        Warning(
            _("The last backup was made: %(when)s.") % {"when": said},
            hint=_("Every day: zhizhi backup FOLDER, then replace the copy of the keys folder."),
            id="zhizhi.W041",
        )
    ]


@_while_it_answers
def roots() -> Found:
    """Whatever was written ten minutes ago lies under a published root by now."""
    newest = tree.newest()
    waiting = AuditEntry.objects.filter(seq__gt=newest.size if newest else 0).order_by("seq")
    oldest: datetime | None = waiting.values_list("at", flat=True).first()
    if oldest is None or timezone.now() - oldest <= PUBLISHED_WITHIN:
        return []
    return [
        Warning(
            _("Entries of the audit log have waited for a published root for over 10 minutes."),
            hint=_("Start it: zhizhi worker; it publishes once a minute."),
            id="zhizhi.W042",
        )
    ]


@_while_it_answers
def vault_key() -> Found:
    try:
        is_unfinished = rotating.is_unfinished()
    except keys.KeysMissing:
        return []
    if not is_unfinished:
        return []
    return [
        Warning(
            _("A change of the vault key was begun and not ended."),
            hint=_("It goes on where it stood. Type: zhizhi rotate-keys"),
            id="zhizhi.W043",
        )
    ]


@_while_it_answers
def clock() -> Found:
    """The clock agrees with the database server's, and no entry comes from the future."""
    now, served = timezone.now(), None
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            served = cursor.fetchone()[0]
    newest = AuditEntry.objects.order_by("-seq").values_list("at", flat=True).first()
    return clock_beside(now, served=served, newest=newest)


def clock_beside(now: datetime, *, served: datetime | None, newest: datetime | None) -> Found:
    """Compare this machine's clock with the database server's and with the newest entry."""
    distance = max(
        abs(served - now) if served else timedelta(0), newest - now if newest else timedelta(0)
    )
    if distance <= CLOCKS_AGREE_WITHIN:
        return []
    return [
        Warning(
            _("This machine's clock is off by %(seconds)d seconds.")
            % {"seconds": distance.total_seconds()},
            hint=_("Let it follow a time server: timedatectl set-ntp true"),
            id="zhizhi.W044",
        )
    ]


@_while_it_answers
def queues() -> Found:
    now = timezone.now()
    waiting = [row["oldest"] for row in vitals.outbox()["waiting"]]
    due = vitals.timers(now)["oldest"]
    oldest = min([*waiting, *([due] if due else [])], default=now)
    if now - oldest <= WAITS_AT_MOST:
        return []
    minutes = (now - oldest) // timedelta(minutes=1)
    return [
        Warning(
            _("A message or timer has waited for %(minutes)d minutes.") % {"minutes": minutes},
            hint=_("Start it: zhizhi worker; /health/ says which channel takes nothing."),
            id="zhizhi.W045",
        )
    ]


@_while_it_answers
def unused_accounts() -> Found:
    """A forgotten account is a door that nobody watches (GB/T 22239 level 3, 8.1.4.2 c)."""
    unused = accounts.unused_since(timezone.now() - USED_WITHIN)
    named = list(unused.values_list("pk", flat=True)[:MOST_NAMED])
    if not named:
        return []
    numbers = ", ".join(str(pk) for pk in named)
    said = {"count": unused.count(), "days": USED_WITHIN.days, "accounts": numbers}
    return [
        Warning(
            _("%(count)d accounts were not used for %(days)d days, first these: %(accounts)s.")
            % said,
            hint=_("Ask whoever has them, then: zhizhi account NAME --close"),
            id="zhizhi.W046",
        )
    ]


@_while_it_answers
def calendar() -> Found:
    """Where limits count days, the announced days reach a month ahead at least."""
    in_force = settings_in_force.snapshot()
    if all(in_force[f"engine.{kind}_unit"] == ELAPSED for kind in COUNTED):
        return []
    until = spans.calendar().known_until
    if until >= timezone.localdate() + CALENDAR_AHEAD:
        return []
    return [
        Warning(
            _("The holiday calendar ends on %(day)s: limits beyond count around the clock.")
            % {"day": until},
            hint=_("Enter the announced days on the settings page, and until when they count."),
            id="zhizhi.W047",
        )
    ]
