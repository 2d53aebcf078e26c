"""Make a fresh installation for a chaos run: ``python -m tests.chaos.installing [LEAST_S]``.

Prints the lateness that it allows: rows may wait for a web process that was killed and starts
again, which takes longer on a busy machine, so it is measured by how long this very start took.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time

import psutil
import shapely
from django.core.management import call_command

from tests.chaos.plan import (
    BROKER_SOURCE,
    LIMIT_MINUTES,
    SIDE,
    SOUTH,
    STREAM,
    TOKEN,
    WEST,
    ZONES,
    plan,
)
from zhizhi.config.boot import boot

SHORTEST_S, LONGEST_S = 20, 240
STARTS = 4  # this start is about two of a web process; it may be killed while it starts


def lateness_s(migrating_s: float) -> int:
    """Return how long rows may take, from the time that this process has needed until now.

    The migrations are left out: no process that is killed has to go through them again.
    """
    least = max(SHORTEST_S, *map(int, sys.argv[1:]), 0)
    needed_s = time.time() - psutil.Process().create_time() - migrating_s
    return int(min(LONGEST_S, max(least, STARTS * needed_s)))


def main() -> int:
    """Migrate, then write zones, settings, words and the source."""
    boot()
    begun = time.monotonic()
    call_command("migrate", verbosity=0)
    migrating_s = time.monotonic() - begun

    from django.utils import timezone

    from zhizhi.engine import settings_in_force, zoning
    from zhizhi.engine.models import Source
    from zhizhi.systems.fishery import seeding
    from zhizhi.trust import keys

    keys.make()
    now = timezone.now()
    seeding.seed(now, "worker")
    lateness = lateness_s(migrating_s)
    for name, value in (
        ("fishery.lateness_seconds", lateness),
        ("fishery.reminder_hold_seconds", 1),
        ("fishery.gap_seconds", 7200),  # silence ends no stay: that would spare its reminder
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
    Source.objects.create(code=BROKER_SOURCE, name=BROKER_SOURCE, kind="mqtt", streams=[STREAM])
    compile_kernel()
    print(lateness)
    return 0


def compile_kernel() -> None:
    """Judge one stay, so that no worker has to compile first: killed meanwhile, it begins anew."""
    from django.utils import timezone

    from tests.chaos.playing import bodies
    from zhizhi.engine import detecting, journal, zoning
    from zhizhi.engine.reading import Reader
    from zhizhi.kernel.observations import to_batch
    from zhizhi.kernel.stepping import Stepper
    from zhizhi.kernel.streams import stream_named

    now = timezone.now()
    compiled = {"zones": zoning.reference(zoning.current())}
    for detector in [one for one in detecting._installed() if STREAM in one.reads]:
        made = detector.compile(compiled)
        stepper = Stepper(detector, made)
        for offset, (_key, body) in enumerate(bodies(0, plan(waves=1, seed=1).waves[0], now), 1):
            rows = json.loads(body)
            table = Reader(b"key").read(stream_named(STREAM), rows, arrival_at=now).table
            batch = to_batch(STREAM, table, offset=offset, arrival_us=journal.to_us(now))
            stepper.push(batch)
        stepper = Stepper.restore(detector, made, buffer=stepper.dump_buffer(), shards={})
        step = stepper.advance(journal.to_us(now + 2 * detector.lateness))
        shards = {n: stepper.dump_shard(n) for n in step.changed_shards}
        Stepper.restore(detector, made, buffer=stepper.dump_buffer(), shards=shards)


if __name__ == "__main__":
    sys.exit(main())
