"""The checks of an installation that need its database."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from zhizhi.directory import accounts
from zhizhi.directory.models import Account
from zhizhi.trust import append_only, keys, vault

Found = list[CheckMessage]
# Tables that are append-only, each with the columns that may change nevertheless.
GUARDED: dict[str, tuple[str, ...]] = {
    "trust_auditentry": (),
    "trust_accessrecord": (),
    "trust_evidence": ("working_copy",),
    "trust_erasure": (),
    "trust_consent": ("ended_at", "ended_by", "ended_why"),
    "trust_treenode": (),
    "trust_treeroot": (),
    "engine_timelineentry": (),
    "engine_feedback": (),
    "engine_revisit": (),
    "engine_settingchange": (),
    "engine_figurerelease": (),
    "engine_routingversion": ("state", "version", "decided_by_id", "decided_at"),
    "grid_categoryversion": (),
    "engine_reply": (),
    "antifraud_dissuasionattempt": (),
}
_SYNCHRONOUS = {0: "OFF", 1: "NORMAL"}  # 2 is FULL, 3 is EXTRA


def answers() -> Found:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return [
            Error(
                _("The database does not answer: %(reason)s") % {"reason": str(error).strip()},
                hint=_("Start it, or correct ZHIZHI_DATABASE; nothing is accepted until then."),
                id="zhizhi.E020",
            )
        ]
    return []


def durability(database: BaseDatabaseWrapper | None = None) -> Found:
    """An acknowledged commit must survive a power cut: ask the database what is in force."""
    asked = database or connections[DEFAULT_DB_ALIAS]
    try:
        return (
            _sqlite_durability(asked) if asked.vendor == "sqlite" else _postgres_durability(asked)
        )
    except DatabaseError:
        return []  # ``answers`` tells


def _sqlite_durability(database: BaseDatabaseWrapper) -> Found:
    if "mode=memory" in str(database.settings_dict["NAME"]):
        return []
    found: Found = []
    journal = str(_ask(database, "PRAGMA journal_mode"))
    synchronous = int(str(_ask(database, "PRAGMA synchronous")))
    if journal != "wal":
        found.append(
            Error(
                _("SQLite's journal mode is %(mode)s, not WAL.") % {"mode": journal},
                hint=_("Keep the database on a local disk: network folders cannot do WAL."),
                id="zhizhi.E021",
            )
        )
    if synchronous in _SYNCHRONOUS:
        found.append(
            Error(
                _("SQLite runs with synchronous=%(level)s: a power cut loses accepted records.")
                % {"level": _SYNCHRONOUS[synchronous]},
                hint=_("Use the settings that came with Zhizhi: synchronous=FULL."),
                id="zhizhi.E022",
            )
        )
    return found


def _postgres_durability(database: BaseDatabaseWrapper) -> Found:
    level = Error if settings.MODE == "production" else Warning
    return [
        level(
            _("PostgreSQL runs with %(setting)s=off: a crash loses accepted records.")
            % {"setting": setting},
            hint=_("Set %(setting)s = on in postgresql.conf and reload.") % {"setting": setting},
            id="zhizhi.E023",
        )
        for setting in ("synchronous_commit", "fsync", "full_page_writes")
        if _ask(database, f"SHOW {setting}") == "off"
    ]


def migrations() -> Found:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return []
    if not missing:
        return []
    return [
        Error(
            _("%(count)s database migrations have not run.") % {"count": len(missing)},
            hint=_("Type: python -m django migrate --settings zhizhi.config.settings"),
            id="zhizhi.E024",
        )
    ]


def vault_keys() -> Found:
    try:
        lacking = vault.strange_keys()
    except (DatabaseError, keys.KeysMissing):
        return []
    if not lacking:
        return []
    return [
        Error(
            _("People are sealed with vault keys that are not here: %(ids)s.")
            % {"ids": ", ".join(lacking)},
            hint=_("Put the keys folder back from its backup; without it their data is lost."),
            id="zhizhi.E025",
        )
    ]


def guards() -> Found:
    try:
        open_tables = unguarded()
    except DatabaseError:
        return []
    if not open_tables:
        return []
    return [
        Error(
            _("The database would let these logs be changed: %(tables)s.")
            % {"tables": ", ".join(open_tables)},
            hint=_("Find out who dropped the triggers, then: zhizhi doctor --restore-guards"),
            id="zhizhi.E026",
        )
    ]


def unguarded() -> list[str]:
    """Return the append-only tables that the database would let anybody change."""
    existing = set(connection.introspection.table_names())
    return append_only.unguarded([name for name in GUARDED if name in existing])


def demo_accounts() -> Found:
    try:
        count = Account.objects.filter(is_demo=True, is_active=True).count()
    except DatabaseError:
        return []
    if settings.MODE != "production" or not count:
        return []
    return [
        Error(
            _("This production installation has %(count)s demonstration accounts.")
            % {"count": count},
            hint=_("Never turn a demonstration into a production installation: start a new one."),
            id="zhizhi.E027",
        )
    ]


def administrators() -> Found:
    """Three who watch each other are three accounts, also where somebody wrote to the table."""
    try:
        found = list(accounts.holding_two().values_list("pk", flat=True)[:10])
    except DatabaseError:
        return []
    if not found:
        return []
    return [
        Error(
            _("Accounts that hold two of the three administrators’ roles: %(accounts)s.")
            % {"accounts": ", ".join(str(pk) for pk in found)},
            hint=_("Withdraw one of the roles; the audit log says who granted them."),
            id="zhizhi.E028",
        )
    ]


def _ask(database: BaseDatabaseWrapper, statement: str) -> object:
    with database.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None
