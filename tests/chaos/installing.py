"""Make a fresh installation for a chaos run: ``python -m tests.chaos.installing``.

Prints the lateness that it allows: rows may wait for a web process that was killed and starts
again, which takes longer on a busy machine, so it is measured by how long this very start took.
"""

from __future__ import annotations

import hashlib
import sys
import time

import psutil
import shapely
from django.core.management import call_command

from tests.chaos.plan import (
    LIMIT_MINUTES,
    SIDE,
    SOUTH,
    STREAM,
    TOKEN,
    WEST,
    ZONES,
)
from zhizhi.config.boot import boot

SHORTEST_S, LONGEST_S = 20, 240
STARTS = 4  # this start is about two of a web process; it may be killed while it starts


def lateness_s() -> int:
    """Return how long rows may take, from the time that this process has needed until now."""
    began = psutil.Process().create_time()
    return int(min(LONGEST_S, max(SHORTEST_S, STARTS * (time.time() - began))))


def main() -> int:
    """Migrate, then write zones, settings, words and the source."""
    boot()
    call_command("migrate", verbosity=0)

    from django.utils import timezone

    from zhizhi.engine import settings_in_force, zoning
    from zhizhi.engine.models import Source
    from zhizhi.systems.fishery import seeding
    from zhizhi.trust import keys

    keys.make()
    now = timezone.now()
    seeding.seed(now, "worker")
    lateness = lateness_s()
    for name, value in (
        ("fishery.lateness_seconds", lateness),
        ("fishery.reminder_hold_seconds", 1),
        ("fishery.gap_seconds", 7200),  # silence ends no stay meanwhile: a reminder is then unneeded
    ):
        settings_in_force.change(name, value, by="worker", now=now)
    drafts = []
    for number, key in enumerate(ZONES):
        west = WEST + 0.2 * number
        box = shapely.box(west, SOUTH, west + SIDE, SOUTH + SIDE)
        drafts.append(
            zoning.ZoneDraft(
                key=key, kind="no_fishing", name=key, boundary=shapely.to_wkb(box),
                parameters={"limit_minutes": LIMIT_MINUTES},
            )
        )  # fmt: skip
    zoning.save(drafts, by="worker", now=now)
    Source.objects.create(
        code="chaos", name="chaos", kind="http_push", streams=[STREAM],
        token_digest=hashlib.sha256(TOKEN.encode()).hexdigest(),
    )  # fmt: skip
    print(lateness)
    return 0


if __name__ == "__main__":
    sys.exit(main())
