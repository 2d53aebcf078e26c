"""Keeping the demonstration and real work apart."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from zhizhi.config import environment

MARK = "demo.txt"
_MARK_TEXT = "This folder belongs to `zhizhi demo`; `zhizhi demo --fresh` deletes what is in it.\n"


class DemoRefused(RuntimeError):
    """The demonstration would touch an installation that is not its own."""


def enter_demo_mode(*, gateway_port: int) -> Path:
    """Set this process and its children to demo mode; returns the data folder.

    Raises DemoRefused when the environment says that this is another kind of installation.
    """
    mode = environment.text("ZHIZHI_MODE", "demo")
    if mode != "demo":
        message = (
            f"ZHIZHI_MODE is {mode}: the demonstration fills a database with invented people. "
            "Unset ZHIZHI_MODE, and name a database of its own if ZHIZHI_DATABASE is set."
        )
        raise DemoRefused(message)
    data = data_folder()
    os.environ["ZHIZHI_MODE"] = "demo"
    os.environ["ZHIZHI_DATA"] = str(data)
    os.environ["ZHIZHI_CARRIER_URL"] = f"http://127.0.0.1:{gateway_port}"
    os.environ.setdefault("ZHIZHI_LOG_LEVEL", "WARNING")
    return data


def data_folder() -> Path:
    """Return where the installation keeps its files."""
    return Path(environment.text("ZHIZHI_DATA", "data")).resolve()


def claim_folder(data: Path, *, is_fresh: bool) -> None:
    """Mark ``data`` as the demonstration's own, emptied first if ``is_fresh``.

    Raises DemoRefused for a folder with somebody else's database in it.
    """
    mark = data / MARK
    is_foreign = not mark.exists() and any(data.glob("*.sqlite3*"))
    if is_foreign:
        message = (
            f"{data} holds a database that the demonstration has not made. "
            "Set ZHIZHI_DATA to another folder."
        )
        raise DemoRefused(message)
    if is_fresh and mark.exists():
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    (data / "static").mkdir(exist_ok=True)
    mark.write_text(_MARK_TEXT, encoding="utf-8")


def check_database(*, is_fresh: bool) -> None:
    """Refuse a database in which real people work; wants Django set up and the tables made."""
    from zhizhi.directory.models import Account, Area  # noqa: PLC0415 - models load after boot()

    if Account.objects.filter(is_demo=False).exists():
        message = "this database has accounts of real people; the demonstration needs its own"
        raise DemoRefused(message)
    is_used = Area.objects.exists()
    if is_used and not Account.objects.filter(is_demo=True).exists():
        message = "this database has areas of a real place; the demonstration needs its own"
        raise DemoRefused(message)
    if is_used and is_fresh:
        message = "--fresh empties the data folder only; give a new ZHIZHI_DATABASE instead"
        raise DemoRefused(message)
