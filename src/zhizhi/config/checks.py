"""What an installation needs, checked one by one: ``zhizhi doctor`` and Django's system checks.

A check returns what is wrong, each with an id that docs/operations.md explains and with the remedy;
nothing means well. Ids are never used for anything else later.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core import checks as django_checks
from django.core.checks import CheckMessage, Error, Tags, Warning
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.config import database_checks as stored
from zhizhi.config import running_checks as running
from zhizhi.trust import ciphers, keys, malware
from zhizhi.web.exporting import paper

Found = list[CheckMessage]
ENOUGH_FREE_BYTES = 1024**3
SHORTEST_SECRET = 32
_LOCAL = {"127.0.0.1", "localhost", "[::1]", "::1"}


@dataclass(frozen=True, slots=True)
class Check:
    """One question about the installation; ``title`` is what the doctor says when all is well."""

    title: Any
    look: Callable[[], Found]
    is_stored: bool = False  # needs the database, or asks what only a running installation has


def secret_key() -> Found:
    try:
        secret = settings.SECRET_KEY
    except ImproperlyConfigured:
        secret = ""
    if settings.MODE == "production" and len(secret) < SHORTEST_SECRET:
        return [
            Error(
                _("The secret key is missing or shorter than 32 characters."),
                hint=_("Unset ZHIZHI_SECRET_KEY: one is then made and kept in the keys folder."),
                id="zhizhi.E001",
            )
        ]
    return []


def data_folder() -> Found:
    try:
        with tempfile.NamedTemporaryFile(dir=settings.DATA, prefix=".doctor-"):
            return []
    except OSError as error:
        return [
            Error(
                _("The data folder %(folder)s cannot be written: %(reason)s.")
                % {"folder": settings.DATA, "reason": error.strerror},
                hint=_("Give it to the user that runs Zhizhi, or set ZHIZHI_DATA."),
                id="zhizhi.E002",
            )
        ]


def free_space() -> Found:
    folder = Path(settings.DATA)
    if not folder.is_dir() or shutil.disk_usage(folder).free >= ENOUGH_FREE_BYTES:
        return []
    return [
        Warning(
            _("Less than 1 GB is free where the data lies."),
            hint=_("Make room: with a full disk nothing is accepted any more."),
            id="zhizhi.W003",
        )
    ]


def key_ring() -> Found:
    try:
        keys.ring()
    except (keys.KeysMissing, OSError) as error:
        return [
            Error(
                _("Keys are missing: %(reason)s") % {"reason": error},
                hint=_(
                    "New installation: zhizhi doctor --make-keys. Old one: restore the keys folder."
                ),
                id="zhizhi.E004",
            )
        ]
    return []


def key_files() -> Found:
    open_files = keys.open_to_others()
    if not open_files:
        return []
    names = ", ".join(path.name for path in open_files)
    return [
        Error(
            _("Other users may read these keys: %(files)s.") % {"files": names},
            hint=_("Type: chmod 600 %(folder)s/*.key") % {"folder": keys.folder()},
            id="zhizhi.E005",
        )
    ]


def cipher_suite() -> Found:
    try:
        sealed = ciphers.suite().encrypt(bytes(32), bytes(12), b"zhizhi", b"")
        ciphers.suite().decrypt(bytes(32), bytes(12), sealed, b"")
        ciphers.sm3(b"zhizhi")
    except Exception as error:  # noqa: BLE001 - OpenSSL builds fail in many ways, all mean the same
        return [
            Error(
                _("The cipher suite %(suite)s does not work here: %(reason)s.")
                % {"suite": settings.CIPHER_SUITE, "reason": error},
                hint=_("Install an OpenSSL with SM3 and SM4, as Debian's is."),
                id="zhizhi.E006",
            )
        ]
    return []


def time_zone() -> Found:
    try:
        ZoneInfo(settings.TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return [
            Error(
                _("There is no data for the time zone %(zone)s.") % {"zone": settings.TIME_ZONE},
                hint=_("Type: apt-get install tzdata, or correct ZHIZHI_TIME_ZONE."),
                id="zhizhi.E007",
            )
        ]
    return []


def transport() -> Found:
    is_public = set(settings.ALLOWED_HOSTS) - _LOCAL
    if settings.MODE != "production" or not is_public or settings.SESSION_COOKIE_SECURE:
        return []
    return [
        Warning(
            _("Pages are served under public names without TLS."),
            hint=_("Put a proxy that ends TLS in front and set ZHIZHI_HTTPS=1."),
            id="zhizhi.W008",
        )
    ]


def carrier_secret() -> Found:
    if settings.CARRIER_SECRET:
        return []
    return [
        Warning(
            _("The telecom operator's gateway has no shared secret: no text message is sent."),
            hint=_("Set ZHIZHI_CARRIER_SECRET_FILE to the file that holds it."),
            id="zhizhi.W009",
        )
    ]


def printing() -> Found:
    try:
        paper.load()
    except paper.PaperMissing as missing:
        return [
            Warning(
                _("Case files cannot be written as PDF: %(reason)s.") % {"reason": missing},
                hint=_(
                    "Type: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0, "
                    "then start Zhizhi again."
                ),
                id="zhizhi.W016",
            )
        ]
    return []


def scanner() -> Found:
    if not settings.CLAMD or malware.answers():
        return []
    return [
        Error(
            _("The scanner for malicious code does not answer: no photograph is taken."),
            hint=_("Start clamd, or unset ZHIZHI_CLAMD to do without it."),
            id="zhizhi.E018",
        )
    ]


def chinese_font() -> Found:
    if paper.has_chinese_font():
        return []
    return [
        Warning(
            _("No Chinese font is installed: PDF files and maps would show boxes."),
            hint=_("Type: apt-get install fontconfig fonts-noto-cjk"),
            id="zhizhi.W017",
        )
    ]


CHECKS: tuple[Check, ...] = (
    Check(gettext_lazy("Secret key"), secret_key),
    Check(gettext_lazy("Data folder"), data_folder),
    Check(gettext_lazy("Free disk space"), free_space),
    Check(gettext_lazy("Key ring"), key_ring),
    Check(gettext_lazy("Key files"), key_files),
    Check(gettext_lazy("Cipher suite"), cipher_suite),
    Check(gettext_lazy("Time zone data"), time_zone),
    Check(gettext_lazy("Transport security"), transport),
    Check(gettext_lazy("Secret of the telecom operator"), carrier_secret),
    Check(gettext_lazy("Scanner for malicious code"), scanner),
    Check(gettext_lazy("PDF files"), printing),
    Check(gettext_lazy("Chinese font"), chinese_font),
    Check(gettext_lazy("Database"), stored.answers, is_stored=True),
    Check(gettext_lazy("Durability of commits"), stored.durability, is_stored=True),
    Check(gettext_lazy("Migrations"), stored.migrations, is_stored=True),
    Check(gettext_lazy("Vault keys of the database"), stored.vault_keys, is_stored=True),
    Check(gettext_lazy("Append-only tables"), stored.guards, is_stored=True),
    Check(gettext_lazy("Demonstration accounts"), stored.demo_accounts, is_stored=True),
    Check(gettext_lazy("Separated administrators"), stored.administrators, is_stored=True),
    Check(gettext_lazy("Key for backups"), running.backup_key, is_stored=True),
    Check(gettext_lazy("Backups"), running.backups, is_stored=True),
    Check(gettext_lazy("Published roots"), running.roots, is_stored=True),
    Check(gettext_lazy("Change of the vault key"), running.vault_key, is_stored=True),
    Check(gettext_lazy("Clock"), running.clock, is_stored=True),
    Check(gettext_lazy("Waiting messages and timers"), running.queues, is_stored=True),
    Check(gettext_lazy("Holiday calendar"), running.calendar, is_stored=True),
    Check(gettext_lazy("Accounts in use"), running.unused_accounts, is_stored=True),
)


def register() -> None:
    """Hand the checks to Django; of those that read the database only durability, on migrate."""
    django_checks.register(_unstored, Tags.security)
    django_checks.register(_durability, Tags.database)


def _unstored(app_configs: Sequence[Any] | None, **kwargs: Any) -> Found:
    return [one for check in CHECKS if not check.is_stored for one in check.look()]


def _durability(app_configs: Sequence[Any] | None, **kwargs: Any) -> Found:
    return stored.durability() if kwargs.get("databases") else []
