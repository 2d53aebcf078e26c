"""A database for the tests of each mutant: migrated once, copied for everybody."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any


def make(home: Path) -> Path:
    """Migrate a database in a process of its own, so that this one still knows nothing of us."""
    path = home / "template.sqlite3"
    child = os.fork()
    if not child:
        try:
            _migrate(path)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if status:
        message = "the database for the tests could not be made"
        raise RuntimeError(message)
    return path


def _migrate(path: Path) -> None:
    import django
    from django.db import connection
    from django.test.utils import setup_databases

    django.setup()
    setup_databases(verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])


def hand_out(template: Path) -> None:
    """Give pytest-django a copy of ``template`` instead of a database that it migrates."""
    import django.test.utils

    def set_up(*_: Any, **__: Any) -> list[Any]:
        from django.conf import settings
        from django.db import connection

        connection.close()
        own = template.parent / "own.sqlite3"
        for old in template.parent.glob("own.sqlite3*"):
            old.unlink()
        shutil.copyfile(template, own)
        settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = str(own)
        return []

    django.test.utils.setup_databases = set_up
    django.test.utils.teardown_databases = lambda *_, **__: None
