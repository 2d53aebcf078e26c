"""The declared kinds of observation, each with the version of its columns in its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Stream:
    """A declared, versioned kind of observation.

    ``schema`` is what the journal stores; ``required`` and ``ranges`` are what a sender writes:
    ``ranges`` gives the lowest and the highest value of each optional measured column, ``names``
    the columns of short words. ``is_pushed`` says whether machines send it: what people tell comes
    through the door that also makes a case of it. Where it ``is_matched``, a sender writes what a
    device has read, and the system that reads the stream keeps only what belongs to somebody it
    knows: nothing else reaches the journal.
    """

    name: str
    meaning: str
    schema: pa.Schema
    required: tuple[str, ...]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    is_pushed: bool = True
    is_matched: bool = False

    @property
    def has_position(self) -> bool:
        return "lon" in self.required

    @property
    def accepts(self) -> tuple[str, ...]:
        """The columns that a sender may write; ``time_us`` may stand in for ``observed_at``."""
        return (*self.required, "time_us", *self.ranges)


class UnknownStream(LookupError):
    """No stream of that name and version is declared."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.known = tuple(sorted(STREAMS))
        family = name.rpartition(".")[0]
        versions = [known for known in self.known if family and known.startswith(f"{family}.")]
        hint = f"this version is not known, send {versions[-1]}" if versions else "check the name"
        super().__init__(f"Unknown stream {name!r}: {hint}. Known: {', '.join(self.known)}.")


def stream_named(name: str | Stream) -> Stream:
    """Return the declared stream; raises UnknownStream, which lists the known ones."""
    if isinstance(name, Stream):
        return name
    if name not in STREAMS:
        raise UnknownStream(name)
    return STREAMS[name]


def _schema(*columns: tuple[str, pa.DataType]) -> pa.Schema:
    fields: list[pa.Field[Any]] = [pa.field(name, kind, nullable=False) for name, kind in columns]
    return pa.schema(fields)


_POSITION = _schema(
    ("entity", pa.int64()),
    ("time_us", pa.int64()),
    ("lon", pa.float64()),
    ("lat", pa.float64()),
    ("accuracy_m", pa.float32()),  # NaN: unknown; the same for speed and course
    ("speed_kn", pa.float32()),
    ("course_deg", pa.float32()),
    ("flags", pa.uint8()),
)
_OCCUPANCY = _schema(
    ("entity", pa.int64()),
    ("time_us", pa.int64()),
    ("zone", pa.string()),
    ("camera", pa.string()),
    ("flags", pa.uint8()),
)
_REPORT = _schema(
    ("entity", pa.int64()),
    ("time_us", pa.int64()),
    ("lon", pa.float64()),
    ("lat", pa.float64()),
    ("accuracy_m", pa.float32()),
    ("kind", pa.string()),
    ("flags", pa.uint8()),
)
_TAG = _schema(
    ("entity", pa.int64()),
    ("time_us", pa.int64()),
    ("lon", pa.float64()),  # of the reader; NaN where nobody says a place
    ("lat", pa.float64()),
    ("accuracy_m", pa.float32()),
    ("zone", pa.string()),  # what was told and by which reader: "ward@R-12"
    ("flags", pa.uint8()),
)
_POSITION_COLUMNS = ("entity", "observed_at", "lon", "lat")
_MEASURED = {
    "accuracy_m": (0.0, 100_000.0),
    "speed_kn": (0.0, 1_000.0),
    "course_deg": (0.0, 360.0),
}

STREAMS: Mapping[str, Stream] = {
    stream.name: stream
    for stream in (
        Stream(
            "vessel_positions.v1",
            "Positions of vessels, as AIS or a tracker reports them.",
            _POSITION,
            _POSITION_COLUMNS,
            _MEASURED,
        ),
        Stream(
            "shore_positions.v1",
            "Positions held by a phone operator, under a pseudonymous token that it rotates.",
            _POSITION,
            _POSITION_COLUMNS,
            _MEASURED,
        ),
        Stream(
            "zone_occupancy.v1",
            "A camera's track of somebody inside a zone: no identity and no coordinates.",
            _OCCUPANCY,
            ("camera", "track", "zone", "observed_at"),
        ),
        Stream(
            "reports.v1",
            "What somebody told: its kind, place and time; no words of theirs and no identity.",
            _REPORT,
            (*_POSITION_COLUMNS, "kind"),
            {"accuracy_m": _MEASURED["accuracy_m"]},
            names=("kind",),
            is_pushed=False,
        ),
        Stream(
            "tag_sightings.v1",
            "A reader has read a tag; of tags that nobody enrolled nothing is kept.",
            _TAG,
            ("tag", "reader", "observed_at"),
            is_matched=True,
        ),
    )
}
