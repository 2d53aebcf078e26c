"""Raise many cases at once: ``python -m tests.browser.flooding 5000``; prints their first number.

They come in one transaction, each with its line in the history and in the audit chain, as a batch
of findings would bring them.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from zhizhi.config.boot import boot


def main(count: int) -> int:
    """Open ``count`` cases beside the first unit's home."""
    boot()

    from django.utils import timezone

    from zhizhi.directory.models import Unit
    from zhizhi.engine import timeline
    from zhizhi.engine.models import Case

    home = Unit.objects.select_related("area").get(code="RB001")
    now = timezone.now()
    rows = [
        Case(
            key=f"flood-{number}", kind="illegal-fishing", system="fishery", severity="normal",
            subject=number, zone="loop", area=home.area, area_path=home.area.path,
            lon=home.lon + number % 100 / 5000, lat=home.lat + number // 100 / 5000,
            opened_at=now - timedelta(milliseconds=number), changed_at=now,
            capabilities=["water"], task_kind="dissuade",
        )
        for number in range(count)
    ]  # fmt: skip
    with timeline.writing():
        made = Case.everything.bulk_create(rows, batch_size=500)
        for case in made:
            timeline.record(case, verb="case.open", actor="worker", at=now)
    print(min(case.pk for case in made))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
