"""What to tell a sender about each kind of defect: constant sentences, so they translate."""

from __future__ import annotations

from collections.abc import Mapping


def gettext_noop(text: str) -> str:
    """Mark ``text`` for the translators; whoever shows it looks the translation up."""
    return text


_ANY: Mapping[str, str] = {
    "missing": gettext_noop("Send a value for this field in every row."),
    "not-a-number": gettext_noop("Send a finite number, without unit or thousands separator."),
    "out-of-range": gettext_noop("Send a value inside the range that this field allows."),
    "swapped": gettext_noop(
        "Longitude and latitude look exchanged: send the longitude as lon and the latitude as lat."
    ),
    "no-zone": gettext_noop(
        "Add the UTC offset to the time, for example 2026-03-01T08:00:00+08:00."
    ),
    "bad-time": gettext_noop(
        "Send the time as RFC 3339 with its UTC offset, for example 2026-03-01T08:00:00+08:00."
    ),
    "future": gettext_noop(
        "The time lies after the arrival of the row: set the clock of the device."
    ),
    "stale": gettext_noop(
        "The time is too old: set the clock of the device, and send time_us in microseconds."
    ),
    "bad-entity": gettext_noop("Send the entity as a whole number (a token) or as text."),
    "too-long": gettext_noop("Send a shorter name, of at most 64 characters."),
    "unknown-field": gettext_noop(
        "Leave this field out: the stream does not declare it and it was not stored."
    ),
    "not-an-object": gettext_noop("Send each row as an object with the fields of the stream."),
}
_FIELD: Mapping[tuple[str, str], str] = {
    ("out-of-range", "lon"): gettext_noop(
        "Send the longitude in degrees between -180 and 180 (WGS84)."
    ),
    ("out-of-range", "lat"): gettext_noop(
        "Send the latitude in degrees between -90 and 90 (WGS84)."
    ),
    ("out-of-range", "entity"): gettext_noop(
        "Send the entity as a whole number of at most 64 bits, or as text."
    ),
    ("out-of-range", "accuracy_m"): gettext_noop(
        "Send the accuracy in metres between 0 and 100000, or leave it out when it is unknown."
    ),
    ("out-of-range", "speed_kn"): gettext_noop(
        "Send the speed in knots between 0 and 1000, or leave it out when it is unknown."
    ),
    ("out-of-range", "course_deg"): gettext_noop(
        "Send the course in degrees between 0 and 360, or leave it out when it is unknown."
    ),
    ("bad-time", "time_us"): gettext_noop(
        "Send time_us as a whole number of microseconds since 1970-01-01T00:00:00Z."
    ),
}


def remedy(reason: str, field: str) -> str:
    """Return the sentence that tells how to mend ``field``."""
    return _FIELD.get((reason, field), _ANY[reason])
