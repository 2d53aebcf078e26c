"""A reporter who agreed to be called, in an installation of its own.

Run in that installation's environment: python -m tests.expiry_world file|look|work
"""

from __future__ import annotations

import sys

from zhizhi.config.boot import boot

boot()

from django.utils import timezone  # noqa: E402 - Django must be set up first

from zhizhi.directory import people  # noqa: E402
from zhizhi.directory.people import PersonalData  # noqa: E402
from zhizhi.engine import rating, reporting  # noqa: E402
from zhizhi.engine.granting import CaseInHand  # noqa: E402
from zhizhi.engine.models import Report  # noqa: E402
from zhizhi.trust import vault  # noqa: E402
from zhizhi.trust.access import AccessRefused  # noqa: E402

NAME = "Canary Wagtail 0001"


def file() -> str:
    """Report something, with a name and the agreement to be called."""
    now = timezone.now()
    new = reporting.NewReport(
        external_id="a" * 32, kind="residents.other", telling="a lamp", lon=107.3, lat=29.6,
        place_by="map", occurred_at=now, contact=PersonalData(name=NAME), consent="contact@2",
    )  # fmt: skip
    return reporting.file_report(new, now=now).report.number


def look() -> str:
    """Return the reporter's name as an operator reads it, or why it is not given."""
    row = Report.everything.select_related("case", "person__key").get()
    assert row.person is not None
    try:
        read = people.open_person(
            row.person, ("name",), actor="account:1", purpose="ask-reporter",
            case=CaseInHand.of(row.case), now=timezone.now(),
        )  # fmt: skip
    except AccessRefused as refused:
        return refused.code
    except vault.Erased:
        return "erased"
    return read["name"]


def work() -> str:
    """Do what the worker does once a minute."""
    return str(rating.sweep(timezone.now()))


if __name__ == "__main__":
    sys.stdout.write({"file": file, "look": look, "work": work}[sys.argv[1]]() + "\n")
