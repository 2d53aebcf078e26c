"""The installation that every world starts from: a database with district, zones and boats."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import shapely
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from tests.simulation.clockwork import START
from tests.simulation.plan import LATENESS_S, SIDE, SOUTH, STREAM, WEST, ZONES
from tests.simulation.striking import swapped
from zhizhi.directory.models import Agency, Area, Unit
from zhizhi.engine import settings_in_force, zoning
from zhizhi.engine.models import Source
from zhizhi.systems.fishery import seeding
from zhizhi.trust import keys

NAME = "template.sqlite3"
BOATS = ("boat-deaf", "boat-back", "boat-works-1", "boat-works-2", "boat-works-3", "boat-works-4")
SETTINGS = {
    "fishery.lateness_seconds": LATENESS_S,
    "fishery.reminder_hold_seconds": 1,
    "fishery.second_stage_minutes": 7,
    "fishery.acknowledge_minutes": 1,
    "fishery.dispatches_itself": True,
    "engine.accept_minutes": 1,
    "engine.offers_before_alarm": 2,
    "engine.hold_seconds": 1,
}


def found() -> None:
    """Write what every world has; the tables are there and empty."""
    keys.make()
    seeding.seed(START, "worker")
    for name, value in SETTINGS.items():
        settings_in_force.change(name, value, by="worker", now=START)
    Agency.objects.create(code="fishery", name="fishery")
    half, lon, lat = 1.0, WEST + SIDE / 2, SOUTH + SIDE / 2
    area = Area.objects.create(
        kind="district", code="990100000000000", name="district", path="/990100000000000/",
        boundary=shapely.to_wkb(shapely.box(lon - half, lat - half, lon + half, lat + half)),
        min_lon=lon - half, min_lat=lat - half, max_lon=lon + half, max_lat=lat + half,
        lon=lon, lat=lat, valid_from=START,
    )  # fmt: skip
    for number, code in enumerate(BOATS):
        Unit.objects.create(
            code=code, name=code, kind="river_patrol", capabilities=["water", "dissuasion"],
            area=area, lon=lon + 0.01 * number, lat=lat, position_at=START,
        )  # fmt: skip
    _found_zones(area.path)
    Source.objects.create(code="shore", name="shore", kind="http_push", streams=[STREAM])


def _found_zones(area_path: str) -> None:
    parameters = {"limit_minutes": 0.5, "grace_seconds": 30}
    drafts = []
    for number, key in enumerate(ZONES):
        west = WEST + 0.2 * number
        box = shapely.to_wkb(shapely.box(west, SOUTH, west + SIDE, SOUTH + SIDE))
        drafts.append(
            zoning.ZoneDraft(
                key=key, kind="no_fishing", name=key, boundary=box, area_path=area_path,
                parameters=parameters,
            )
        )  # fmt: skip
    zoning.save(drafts, by="worker", now=START)


def make(home: Path) -> None:
    """Copy the tables of the database at hand to ``home`` and write there what every world has."""
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(home / NAME)) as copy:
        connection.connection.backup(copy)
    with swapped(settings, "DATA", str(home)), database(home / NAME):
        call_command("migrate", verbosity=0)  # nothing to do, unless the tables are still to come
        found()
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=DELETE")  # so that one file holds everything


@contextmanager
def database(path: Path) -> Iterator[None]:
    """Point the connection of this thread to ``path``, which does not wait for the disk."""
    before = connections["default"]
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000;"
    options = {**before.settings_dict["OPTIONS"], "init_command": pragmas, "timeout": 1}
    mine = {**before.settings_dict, "NAME": str(path), "OPTIONS": options}
    made = DatabaseWrapper(mine, "default")
    connections["default"] = made
    try:
        yield
    finally:
        made.close()
        connections["default"] = before
