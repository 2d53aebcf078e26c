"""Make a small installation: ``python -m tests.browser.installing``; prints one line of JSON.

The invented district, the last hours of its past with everything that followed, and for each test a
place of its own beside the first river boat where a stay of three seconds is too long.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import timedelta

import shapely
from django.core.management import call_command

from zhizhi.config.boot import boot

TOKEN = "browser-source-token"
PLACES = ("first-place", "second-place", "third-place", "fourth-place")
SIDE = 0.004
LIMIT_MINUTES = 0.05
PAST = timedelta(minutes=100)
LATENESS_S = 5  # of a stay that is posted when it is over


def main() -> int:
    """Migrate, settle, play the past, and mark the places."""
    boot()
    call_command("migrate", verbosity=0)

    from django.utils import timezone

    from zhizhi.config.demo import history, observing, settling
    from zhizhi.directory.models import Unit
    from zhizhi.engine import settings_in_force, zoning
    from zhizhi.engine.models import Case, Source
    from zhizhi.kernel.district import build
    from zhizhi.systems.fishery.models import Violation

    now = timezone.now()
    district = build()
    settling.settle(district, now=now - PAST)
    feeds = observing.opening(district, observing.Plan(now - PAST, now))
    history.replay(feeds, since=now - PAST, until=now, tell=lambda _done: None)
    settings_in_force.change("fishery.lateness_seconds", LATENESS_S, by="worker", now=now)
    boat = Unit.objects.get(code="RB001")
    drafts, places = [], {}
    for number, key in enumerate(PLACES):
        west, south = boat.lon + SIDE * 2 * number, boat.lat
        box = shapely.box(west, south, west + SIDE, south + SIDE)
        places[key] = [west + SIDE / 2, south + SIDE / 2]
        drafts.append(
            zoning.ZoneDraft(
                key=key, kind="no_fishing", name=key, boundary=shapely.to_wkb(box),
                area_path=f"/{district.of('district')[0].code}/",
                parameters={"limit_minutes": LIMIT_MINUTES},
            )
        )  # fmt: skip
    zoning.save(drafts, by="worker", now=now)
    Source.objects.create(
        code="browser", name="browser", kind="http_push", streams=["shore_positions.v1"],
        token_digest=hashlib.sha256(TOKEN.encode()).hexdigest(),
    )  # fmt: skip
    found = {
        "places": places,
        "boat": str(boat),
        "case": Case.everything.latest("pk").pk,
        "violation": Violation.everything.latest("pk").pk,
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
