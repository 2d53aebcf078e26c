"""Reading the environment: the only place in the product that does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit


class SettingInvalid(ValueError):
    """An environment variable holds something the product cannot use."""


def text(name: str, default: str = "") -> str:
    """Return variable ``name``; with ``name_FILE`` set, the content of that file (for secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """Return variable ``name`` as yes or no; raises SettingInvalid on anything else."""
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off", ""}:
        return False
    message = f"{name} must be 1 or 0, not {value!r}"
    raise SettingInvalid(message)


def kept(path: Path) -> str:
    """Return what an earlier command wrote into ``path``, empty when none did."""
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def number(name: str, default: int, *, lowest: int, highest: int) -> int:
    """Return variable ``name`` as a whole number; raises SettingInvalid outside of the range."""
    value = text(name, str(default))
    if value.isdecimal() and lowest <= int(value) <= highest:
        return int(value)
    message = f"{name} must be a whole number from {lowest} to {highest}, not {value!r}"
    raise SettingInvalid(message)


def service(name: str) -> str:
    """Return variable ``name``, "unix:/path" or "tcp://host:port"; raises SettingInvalid."""
    value = text(name)
    parts = urlsplit(value)
    is_local = parts.scheme == "unix" and parts.path.startswith("/")
    is_remote = parts.scheme == "tcp" and parts.hostname and _port(parts) and not parts.path
    if not value or is_local or is_remote:
        return value
    message = f"{name} must be unix:/path/of/the/socket or tcp://host:port, not {value!r}"
    raise SettingInvalid(message)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return None


def database(url: str, data: Path) -> dict[str, Any]:
    """Return Django's DATABASES entry for ``url``.

    Empty means the embedded SQLite file below ``data``; else ``sqlite:///path`` or
    ``postgresql://user:password@host:port/name`` (``?host=/socket/dir`` for a socket).
    SQLite runs WAL with synchronous=FULL: Django's own default lost acknowledged commits in
    simulated power cuts (research/trust.md, section 2).
    """
    parts = urlsplit(url or f"sqlite:///{data / 'zhizhi.sqlite3'}")
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": parts.path[1:] if parts.path.startswith("//") else parts.path,
            # A file: threads of one test cannot share a database in memory.
            "TEST": {"NAME": str(data / "test.sqlite3")},
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
                    "PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456;"
                ),
            },
        }
    if parts.scheme in {"postgresql", "postgres"}:
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(query.get("host", parts.hostname or "")),
            "PORT": str(parts.port or query.get("port", "")),
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"options": "-c synchronous_commit=on"},
        }
    message = f"ZHIZHI_DATABASE must start with sqlite:// or postgresql://, not {parts.scheme!r}"
    raise SettingInvalid(message)
