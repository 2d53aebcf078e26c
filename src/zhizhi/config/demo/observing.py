"""What the demonstration observes: the scenario of the river, and the carried vessel record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from zhizhi.engine import journal
from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import Source
from zhizhi.kernel.district import District
from zhizhi.kernel.observations import read_table
from zhizhi.sources.ais import carrying, marinecadastre
from zhizhi.systems.fishery import scenario
from zhizhi.trust import keys

SECOND_US = 1_000_000
PAST = timedelta(hours=24)
AHEAD = timedelta(hours=2)  # how much of the future is prepared at once
AIS_PAST = timedelta(minutes=72)
VISITS_PER_HOUR = 3.0
QUICK = (30, timedelta(seconds=30))  # so many stays ripen one after the other at first...
SLOW = timedelta(minutes=3)  # ...and then more slowly
RIPENS = timedelta(minutes=scenario.LIMIT_MINUTES)
LATENESS = timedelta(seconds=120)
_MARGIN_DEG = 0.03


@dataclass(frozen=True, slots=True)
class Feed:
    """Everything one source will send in one stream, in the order of arrival."""

    source: str
    stream: str
    rows: pa.Table  # with the column arrival_us

    def between(self, after_us: int, until_us: int) -> pa.Table:
        """Return the rows that arrive later than ``after_us`` and not later than ``until_us``."""
        arrival = np.asarray(self.rows["arrival_us"].to_numpy())
        first, last = np.searchsorted(arrival, [after_us, until_us], side="right")
        return self.rows.slice(first, last - first).drop_columns(["arrival_us"])


def to_us(moment: datetime) -> int:
    """Return a moment as UTC microseconds."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def from_us(time_us: int) -> datetime:
    """Return UTC microseconds as a moment."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


@dataclass(frozen=True, slots=True)
class Plan:
    """From when to when a day is played; written down, so that a restart goes on with it."""

    since: datetime
    now: datetime

    @property
    def ends(self) -> datetime:
        return self.now + AHEAD

    def save(self, path: Path) -> None:
        path.write_text(f"{self.since.isoformat()}\n{self.now.isoformat()}\n", encoding="ascii")

    @classmethod
    def load(cls, path: Path) -> Plan | None:
        """Return the plan written down, or None when there is none."""
        try:
            since, now = path.read_text(encoding="ascii").split()
            return cls(datetime.fromisoformat(since), datetime.fromisoformat(now))
        except (OSError, ValueError):
            return None


def plan(path: Path, *, last: datetime | None, now: datetime) -> Plan:
    """Return the plan to go on with, or a new one from the last arrival (a day back at most)."""
    known = Plan.load(path)
    if known and last and last < known.ends and now < known.ends - AHEAD / 8:
        return known
    made = Plan(max(now - PAST, last) if last else now - PAST, now)
    made.save(path)
    return made


def opening(district: District, planned: Plan) -> list[Feed]:
    """Return the feeds from ``since`` until some time after ``now`` of the plan.

    Stays are begun so that, once ``now`` is reached, one passes its 30 minutes every half minute.
    """
    since, now = planned.since, planned.now
    count, every = QUICK
    first = now - RIPENS - LATENESS
    begins = [to_us(first + every * k) for k in range(1, count + 1)]
    slow_from = first + every * (count + 1)
    begins += [to_us(slow_from + SLOW * k) for k in range((AHEAD + RIPENS) // SLOW)]
    begins = [begin for begin in begins if begin > to_us(since)]
    played = scenario.play(
        district,
        start_us=to_us(since),
        end_us=to_us(now + AHEAD),
        seed=to_us(since) // SECOND_US,
        visits_per_hour=VISITS_PER_HOUR,
        stays_at=begins,
    )
    ais_from = max(since, now - AIS_PAST)
    return [*_scenario_feeds(played), vessels(district, since=ais_from, until=now + AHEAD)]


def sequel(district: District, *, since: datetime) -> list[Feed]:
    """Return the feeds of the next two hours."""
    begins = [to_us(since + SLOW * k) for k in range(AHEAD // SLOW)]
    played = scenario.play(
        district,
        start_us=to_us(since),
        end_us=to_us(since + AHEAD),
        seed=to_us(since) // SECOND_US,
        visits_per_hour=VISITS_PER_HOUR,
        stays_at=begins,
    )
    return [*_scenario_feeds(played), vessels(district, since=since, until=since + AHEAD)]


def _scenario_feeds(played: scenario.Scenario) -> Iterator[Feed]:
    sources = {
        scenario.VESSELS: "boat-trackers",
        scenario.SHORE: "carrier-positions",
        scenario.CAMERAS: "bank-cameras",
    }
    return (Feed(sources[stream], stream, rows) for stream, rows in played.sent.items())


def vessels(district: District, *, since: datetime, until: datetime) -> Feed:
    """Return the public AIS record on the demo river, played forth and back for that long."""
    reading = read_table(
        marinecadastre.STREAM, carrying.carry(marinecadastre.sample()), stale_after=None
    )
    near = reading.table.filter(pa.array(_is_near(district, reading.table)))
    times = np.asarray(near["time_us"].to_numpy())
    span = int(times.max() - times.min()) + 60 * SECOND_US
    laps = int((to_us(until) - to_us(since)) // span) + 1
    moved = carrying.shift_time(near, to_us(since) - int(times.min()))
    rows = carrying.chained(moved, laps)
    time_us = np.asarray(rows["time_us"].to_numpy())
    delay = 2 * SECOND_US + (np.asarray(rows["entity"].to_numpy()) % 11) * SECOND_US
    rows = rows.append_column("arrival_us", pa.array(time_us + delay)).drop_columns(["flags"])
    rows = rows.sort_by([("arrival_us", "ascending"), ("entity", "ascending")])
    return Feed("ais-river", marinecadastre.STREAM, rows)


def _is_near(district: District, table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    west, south, east, north = district.water.bounds
    lon, lat = (np.asarray(table[name].to_numpy()) for name in ("lon", "lat"))
    near: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (lon > west - _MARGIN_DEG)
        & (lon < east + _MARGIN_DEG)
        & (lat > south - _MARGIN_DEG)
        & (lat < north + _MARGIN_DEG)
    )
    return near


def envelopes(
    feeds: Sequence[Feed], sources: Mapping[str, Source], *, after_us: int, until_us: int
) -> list[Envelope]:
    """Return what arrives in this span, one envelope for each feed that has something."""
    secret = keys.ring().current("token").secret
    made = []
    for feed in feeds:
        rows = feed.between(after_us, until_us)
        if not rows.num_rows:
            continue
        reading = read_table(feed.stream, rows, token_key=secret, arrival_us=until_us)
        key = f"demo:{feed.stream}:{until_us}"
        made.append(
            Envelope(
                source=sources[feed.source],
                stream=feed.stream,
                reading=reading,
                key=key,
                body_digest=hashlib.sha256(journal.encode(reading.table)).hexdigest(),
                arrival_at=from_us(until_us),
            )
        )
    return made
