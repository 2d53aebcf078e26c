"""Waking up: data folder, keys, Django. Every command and the ASGI application start here."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable
from pathlib import Path

import django

from zhizhi.config import environment

SECRET_NAME = "secret_key"  # noqa: S105 - the name of a file, not a secret


class DataFolderUnusable(RuntimeError):
    """The data folder cannot be made or written; says where and how to mend it."""


def boot() -> None:
    """Make the data folder and the secret where they are missing, then set Django up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhizhi.config.settings")
    data = Path(environment.text("ZHIZHI_DATA", "data")).resolve()
    prepare(data)
    if not environment.text("ZHIZHI_SECRET_KEY"):
        os.environ["ZHIZHI_SECRET_KEY"] = secret(data / "keys")
    django.setup()


def told_to_end() -> Callable[[], bool]:
    """Return what says whether SIGTERM or SIGINT has come since this call."""
    told: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: told.append(number))
    return lambda: bool(told)


def prepare(data: Path) -> None:
    """Make ``data`` and its ``keys`` folder, the latter for this user alone."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        (data / "keys").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        message = (
            f"The data folder {data} cannot be made ({error.strerror}). "
            "Make it by hand and own it, or set ZHIZHI_DATA to a folder that you may write."
        )
        raise DataFolderUnusable(message) from error


def secret(folder: Path) -> str:
    """Return the installation's secret, made once; when two processes race, one secret wins."""
    path = folder / SECRET_NAME
    if not path.exists():
        draft = folder / f".{SECRET_NAME}.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50), encoding="utf-8")
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return environment.kept(path)
