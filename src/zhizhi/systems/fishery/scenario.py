"""Who was on the river, and what the rule should say about it: one source for demo and tests.

``play`` puts people, boats and camera tracks on a synthetic district and returns what their devices
would have sent, with the truth beside it. The same arguments give the same scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import shapely
import shapely.ops
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon

from zhizhi.kernel import seasons
from zhizhi.kernel.columns import hash_token
from zhizhi.kernel.district import District
from zhizhi.kernel.district.plane import to_degrees, to_metres
from zhizhi.kernel.district.randomness import layer

VESSELS, SHORE, CAMERAS = "vessel_positions.v1", "shore_positions.v1", "zone_occupancy.v1"
MINUTE = 60_000_000
LIMIT_MINUTES = 30
_SECOND = 1_000_000
_NOISE_M = 7.0
_LONGEST_DELAY_S = 50.0  # well below the lateness that the rule allows

Numbers = NDArray[np.float64]
Moments = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Truth:
    """One visit as it was: where, from when to when, and whether the rule must speak.

    ``token`` is the number in the position streams; a camera track has ``track`` instead, for its
    token exists only at intake. ``began_us`` is the first fix of the stay, ``due_us`` the moment
    at which it exceeds the limit (0 when nothing is due).
    """

    kind: str
    stream: str
    zone: str
    began_us: int
    ended_us: int
    should_alert: bool
    token: int = 0
    track: str = ""

    @property
    def due_us(self) -> int:
        return self.began_us + LIMIT_MINUTES * MINUTE if self.should_alert else 0

    def entity(self, token_key: bytes = b"") -> int:
        """Return the token under which a finding names this visit."""
        return hash_token(token_key, CAMERAS, self.track) if self.track else self.token


@dataclass(frozen=True, slots=True)
class Scenario:
    """What was sent, by stream, in the order of arrival (``arrival_us``), and the truth."""

    sent: Mapping[str, pa.Table]
    truths: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A no-fishing reach in metres: where people stand, and the bank just outside."""

    key: str
    spots: LineString  # a line inside, well away from the edge
    bank: LineString  # a line outside, within reach of the noise of positions
    away: LineString  # a line well outside
    lane: LineString  # the fairway with a run-up on both sides
    cameras: tuple[str, ...]
    is_open: NDArray[np.bool_]  # by day of the year

    def forbids_at(self, time_us: int) -> bool:
        return bool(self.is_open[seasons.local_days(np.array([time_us]))[0]])


@dataclass(slots=True)
class _Stage:
    """The rows being written, and the random numbers they come from."""

    random: np.random.Generator
    rows: dict[str, list[pa.Table]] = field(
        default_factory=lambda: {VESSELS: [], SHORE: [], CAMERAS: []}
    )
    truths: list[Truth] = field(default_factory=list)

    def token(self) -> int:
        return int(self.random.integers(2**40, 2**52))

    def note(self, truth: Truth) -> None:
        self.truths.append(truth)

    def send(self, stream: str, time_us: Moments, columns: Mapping[str, object]) -> None:
        """Add rows; the network delivers each 1 to 50 seconds after it was measured."""
        delay = np.minimum(1.0 + self.random.exponential(9.0, len(time_us)), _LONGEST_DELAY_S)
        arrival = time_us + (delay * _SECOND).astype(np.int64)
        self.rows[stream].append(pa.table({"time_us": time_us, **columns, "arrival_us": arrival}))

    def ticks(self, start_us: int, minutes: float, every_s: float = 60.0) -> Moments:
        """Return irregular moments from exactly the start to exactly the end."""
        steps = max(2, int(minutes * 60 / every_s) + 1)
        inner = np.linspace(0, minutes * MINUTE, steps)
        inner[1:-1] += self.random.uniform(-0.2, 0.2, steps - 2) * every_s * _SECOND
        return start_us + inner.astype(np.int64)


def places(district: District) -> tuple[Place, ...]:
    """Return the district's no-fishing reaches as a stage."""
    return tuple(_places(district))


def _places(district: District) -> Iterator[Place]:
    lines = [_line(district.river), _line(district.tributary)]
    for reach in district.reaches:
        shape = Polygon(to_metres(shapely.get_coordinates(reach.geometry.exterior)))
        line = max(lines, key=lambda one: float(one.intersection(shape).length))
        along = [line.project(shapely.Point(p)) for p in shape.exterior.coords]
        first, last = max(0.0, min(along) - 2_500.0), max(along) + 2_500.0
        yield Place(
            key=reach.key,
            spots=_ring(shape.buffer(-55.0)),
            bank=_ring(shape.buffer(62.0)),
            away=_ring(shape.buffer(400.0)),
            lane=_line_between(line, first, last),
            cameras=tuple(c.code for c in district.cameras if c.reach == reach.key),
            is_open=seasons.open_days(reach.seasons),
        )


def play(
    district: District,
    *,
    start_us: int,
    end_us: int,
    seed: int = 7,
    visits_per_hour: float = 8.0,
    stays_at: Sequence[int] = (),
) -> Scenario:
    """Return what happens between ``start_us`` and ``end_us``.

    All kinds of visit take turns; ``stays_at`` adds a long stay that begins at each given moment.
    """
    stage = _Stage(layer(seed, "fishery scenario"))
    grounds = places(district)
    count = int((end_us - start_us) / (60 * MINUTE) * visits_per_hour)
    begins = np.sort(stage.random.uniform(start_us, end_us, count)).astype(np.int64)
    for number, began_us in enumerate(begins.tolist()):
        kind = VISITS[number % len(VISITS)]
        ground = grounds[int(stage.random.integers(len(grounds)))]
        kind(stage, ground, began_us)
    for number, began_us in enumerate(stays_at):
        kind = LONG_STAYS[number % len(LONG_STAYS)]
        open_grounds = [ground for ground in grounds if ground.forbids_at(began_us)]
        kind(stage, open_grounds[number % len(open_grounds)], began_us)
    return Scenario(
        {stream: _in_order(tables) for stream, tables in stage.rows.items()}, tuple(stage.truths)
    )


def arrived(scenario: Scenario, after_us: int, until_us: int) -> dict[str, pa.Table]:
    """Return the rows that arrive later than ``after_us`` and not later than ``until_us``."""
    cut = {}
    for stream, table in scenario.sent.items():
        arrival = np.asarray(table["arrival_us"].to_numpy())
        first, last = np.searchsorted(arrival, [after_us, until_us], side="right")
        cut[stream] = table.slice(first, last - first)
    return cut


# --- the visits -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Manner:
    """How somebody stays; ``silence`` is (from, to) in minutes without any position."""

    kind: str = "angler"
    stream: str = SHORE
    silence: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Track:
    """Where one token truly was (metres), before its device measures it."""

    token: int
    time_us: Moments
    points: Numbers
    speed_kn: float | None = None
    noise_m: float = _NOISE_M


_ANGLER = _Manner()


def stay(
    stage: _Stage, ground: Place, began_us: int, minutes: float, manner: _Manner = _ANGLER
) -> None:
    """Somebody is at one spot, perhaps silent for a while.

    A silence over ten minutes ends a stay, so both halves count for themselves.
    """
    token = stage.token()
    time_us = stage.ticks(began_us, minutes)
    after = (time_us - began_us) / MINUTE
    quiet_from, quiet_to = manner.silence
    heard = time_us[(after <= quiet_from) | (after >= quiet_to)]
    points = np.repeat(_spot(stage, ground)[None], len(heard), axis=0)
    speed_kn = 0.2 if manner.stream == VESSELS else None
    _measure(stage, manner.stream, _Track(token, heard, points, speed_kn))
    longest = max(quiet_from, minutes - quiet_to) if quiet_to - quiet_from > 10 else minutes
    is_due = longest > LIMIT_MINUTES and ground.forbids_at(began_us)
    ended = began_us + int(minutes * MINUTE)
    stage.note(Truth(manner.kind, manner.stream, ground.key, began_us, ended, is_due, token))


def angler_45(stage: _Stage, ground: Place, began_us: int) -> None:
    stay(stage, ground, began_us, 45)


def angler_31(stage: _Stage, ground: Place, began_us: int) -> None:
    stay(stage, ground, began_us, 31)


def angler_25(stage: _Stage, ground: Place, began_us: int) -> None:
    stay(stage, ground, began_us, 25)


def angler_with_short_silence(stage: _Stage, ground: Place, began_us: int) -> None:
    """Six to nine minutes without a position: still one stay."""
    stay(stage, ground, began_us, 42, _Manner("short-silence", SHORE, (12.0, 18.0)))


def angler_with_long_silence(stage: _Stage, ground: Place, began_us: int) -> None:
    """Fifteen minutes without a position: two visits of 20 minutes, nobody saw 55."""
    stay(stage, ground, began_us, 55, _Manner("long-silence", SHORE, (20.0, 35.0)))


def moored_boat(stage: _Stage, ground: Place, began_us: int) -> None:
    stay(stage, ground, began_us, 50, _Manner("boat", VESSELS))


def angler_with_rotated_token(stage: _Stage, ground: Place, began_us: int) -> None:
    """The operator changes the token in mid-stay: two tokens of 20 minutes each, none is due."""
    for half in range(2):
        begin = began_us + half * 20 * MINUTE
        stay(stage, ground, begin, 20, _Manner("rotated-token"))


def passing_boat(stage: _Stage, ground: Place, began_us: int) -> None:
    """A boat runs down the fairway at 9 to 14 knots."""
    knots = stage.random.uniform(9.0, 14.0)
    metres_a_second = knots * 0.514444
    length = float(shapely.length(ground.lane))
    time_us = stage.ticks(began_us, length / metres_a_second / 60, every_s=30.0)
    along = (time_us - began_us) / _SECOND * metres_a_second
    points = shapely.get_coordinates(shapely.line_interpolate_point(ground.lane, along))
    token = stage.token()
    _measure(stage, VESSELS, _Track(token, time_us, points, knots))
    ended = int(time_us[-1])
    stage.note(Truth("passing", VESSELS, ground.key, began_us, ended, False, token))


def bank_walker(stage: _Stage, ground: Place, began_us: int) -> None:
    """Somebody strolls along the bank for 50 minutes, just outside of the reach."""
    token, time_us = stage.token(), stage.ticks(began_us, 50)
    begin = stage.random.uniform(0.1, 0.8) * shapely.length(ground.bank)
    along = begin + np.cumsum(stage.random.uniform(-40, 70, len(time_us)))
    points = shapely.get_coordinates(shapely.line_interpolate_point(ground.bank, along))
    _measure(stage, SHORE, _Track(token, time_us, points, noise_m=12.0))
    ended = int(time_us[-1])
    stage.note(Truth("walker", SHORE, ground.key, began_us, ended, False, token))


def coming_and_going(stage: _Stage, ground: Place, began_us: int) -> None:
    """Twelve minutes at the water, eight minutes away, twelve minutes again: two short visits."""
    token = stage.token()
    spot = _spot(stage, ground)
    away = _point(ground.away, float(ground.away.project(shapely.Point(spot))))
    for start, minutes, point in ((0, 12, spot), (13, 6, away), (20, 12, spot)):
        time_us = stage.ticks(began_us + start * MINUTE, minutes)
        points = np.repeat(point[None], len(time_us), axis=0)
        _measure(stage, SHORE, _Track(token, time_us, points))
    ended = began_us + 32 * MINUTE
    stage.note(Truth("coming-and-going", SHORE, ground.key, began_us, ended, False, token))


def camera_track(stage: _Stage, ground: Place, began_us: int, *, minutes: float = 38.0) -> None:
    """A bank camera sees somebody in the zone; it sends no identity and no place."""
    number = int(stage.random.integers(len(ground.cameras)))
    camera, track = ground.cameras[number], f"t{stage.token():x}"
    time_us = stage.ticks(began_us, minutes, every_s=30.0)
    names = {"camera": camera, "track": track, "zone": ground.key}
    columns = {name: [value] * len(time_us) for name, value in names.items()}
    stage.send(CAMERAS, time_us, columns)
    is_due = minutes > LIMIT_MINUTES and ground.forbids_at(began_us)
    ended = int(time_us[-1])
    stage.note(
        Truth("camera", CAMERAS, ground.key, began_us, ended, is_due, track=f"{camera}\x1f{track}")
    )


def short_camera_track(stage: _Stage, ground: Place, began_us: int) -> None:
    camera_track(stage, ground, began_us, minutes=18.0)


Visit = Callable[[_Stage, Place, int], None]
VISITS: tuple[Visit, ...] = (
    passing_boat, angler_25, bank_walker, angler_45, passing_boat, short_camera_track,
    coming_and_going, angler_with_long_silence, passing_boat, angler_31, bank_walker, camera_track,
    angler_with_rotated_token, moored_boat, passing_boat, angler_with_short_silence,
)  # fmt: skip
LONG_STAYS: tuple[Visit, ...] = (angler_45, moored_boat, angler_with_short_silence, camera_track)


def _spot(stage: _Stage, ground: Place) -> Numbers:
    where = stage.random.uniform(0, float(shapely.length(ground.spots)))
    return _point(ground.spots, where)


def _point(line: LineString, along: float) -> Numbers:
    return np.asarray(shapely.get_coordinates(line.interpolate(along))[0])


def _measure(stage: _Stage, stream: str, track: _Track) -> None:
    """Send what a device measures on ``track``."""
    shape, size = track.points.shape, len(track.time_us)
    measured = to_degrees(track.points + stage.random.normal(0, track.noise_m, shape))
    columns = {
        "entity": np.full(size, track.token),
        "lon": measured[:, 0],
        "lat": measured[:, 1],
        "accuracy_m": stage.random.uniform(8.0, 22.0, size),
        "speed_kn": pa.array([track.speed_kn] * size, pa.float64()),
    }
    stage.send(stream, track.time_us, columns)


def _line(line: LineString) -> LineString:
    return LineString(to_metres(shapely.get_coordinates(line)))


def _line_between(line: LineString, first: float, last: float) -> LineString:
    return LineString(shapely.get_coordinates(shapely.ops.substring(line, first, last)))


def _ring(shape: shapely.Geometry) -> LineString:
    """Return the outer edge of the largest part of ``shape``."""
    parts = shapely.get_parts(shape)
    largest = parts[int(np.argmax(shapely.area(parts)))]
    return LineString(shapely.get_coordinates(shapely.get_exterior_ring(largest)))


def _in_order(tables: list[pa.Table]) -> pa.Table:
    if not tables:
        return pa.table(
            {"time_us": pa.array([], pa.int64()), "arrival_us": pa.array([], pa.int64())}
        )
    return pa.concat_tables(tables).sort_by([("arrival_us", "ascending"), ("time_us", "ascending")])
