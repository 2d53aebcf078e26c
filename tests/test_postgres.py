import os

from django.db import connection


def test_the_suite_runs_on_the_database_it_was_told_to_use(db: None) -> None:
    wanted = (
        "postgresql" if os.environ.get("ZHIZHI_DATABASE", "").startswith("postgres") else "sqlite"
    )

    assert connection.vendor == wanted
