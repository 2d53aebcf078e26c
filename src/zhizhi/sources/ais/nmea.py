"""AIS sentences (AIVDM, IEC 61162-1) become rows of ``vessel_positions.v1``.

A sentence carries no date, only the second of the minute: the row's time is the moment of reception
(from the tag block where there is one) moved back to that second. The identity that a vessel sends
leaves this module as text and is hashed to a token by the reading of observations.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pyais.exceptions import AISBaseException
from pyais.messages import AISSentence, NMEASentenceFactory

from zhizhi.kernel.observations import Defect
from zhizhi.kernel.remedies import gettext_noop

STREAM = "vessel_positions.v1"
_POSITIONS = frozenset({1, 2, 3, 18, 19, 27})
_LONGEST_LINE = 1024
_WAITING_PARTS = 64  # sentences of several parts that may be open at once
_NO_LON, _NO_LAT, _NO_SPEED, _NO_COURSE, _NO_SECOND = 181.0, 91.0, 102.3, 360.0, 60
_STAMP = re.compile(r"[0-9]{1,14}")  # a longer one is of no year that there is
_ACCURACY_M = {True: 10.0, False: 100.0}  # ITU-R M.1371: high is better than 10 m

_REMEDIES = {
    "not-nmea": gettext_noop("Send lines that begin with !AIVDM, one sentence a line."),
    "bad-checksum": gettext_noop(
        "The checksum is wrong: the line was damaged on its way; check the receiver."
    ),
    "undecodable": gettext_noop(
        "The sentence is no AIS message that the standard describes; leave it out."
    ),
    "incomplete": gettext_noop(
        "Parts of a message are missing; send all parts, one after the other."
    ),
    "out-of-range": gettext_noop("The position is outside of the globe; check the transponder."),
}


@dataclass(slots=True)
class Decoder:
    """Turns lines into rows; remembers the parts of messages that are not complete yet."""

    count: int = 0
    _parts: OrderedDict[tuple[Any, Any], list[AISSentence]] = field(default_factory=OrderedDict)

    def feed(
        self, lines: Iterable[bytes], *, received_at: datetime
    ) -> tuple[list[dict[str, Any]], list[Defect]]:
        """Return the rows of ``lines`` and what was wrong with the others.

        Sentences that are no position reports (names, base stations) give neither.
        """
        rows: list[dict[str, Any]] = []
        defects: list[Defect] = []
        for line in lines:
            text = line.strip()
            if not text or text.startswith(b"#"):
                continue
            number, self.count = self.count, self.count + 1
            outcome = self._read(text, received_at)
            if isinstance(outcome, str):
                raw = text[:80].decode("ascii", "replace")
                defects.append(Defect(number, "sentence", outcome, _REMEDIES[outcome], raw))
            elif outcome is not None:
                rows.append(outcome)
        return rows, defects

    def _read(self, text: bytes, received_at: datetime) -> dict[str, Any] | str | None:
        """Return a row, the reason for refusing the line, or nothing."""
        if len(text) > _LONGEST_LINE:
            return "not-nmea"
        try:
            sentence = NMEASentenceFactory.produce(text)
        except (AISBaseException, ValueError, IndexError):
            return "not-nmea"
        if not isinstance(sentence, AISSentence):
            return None
        if not sentence.is_valid:
            return "bad-checksum"
        whole = sentence if sentence.is_single else self._join(sentence)
        if whole is None or isinstance(whole, str):
            return whole
        return _row(whole, _reception(sentence, received_at))

    def _join(self, sentence: AISSentence) -> AISSentence | str | None:
        """Return the whole message once its last part has come."""
        slot = (sentence.seq_id, sentence.channel)
        parts = self._parts.setdefault(slot, [])
        if parts and (
            parts[0].fragment_count != sentence.fragment_count
            or sentence.frag_num in {part.frag_num for part in parts}
        ):
            self._parts[slot] = [sentence]
            return "incomplete"
        parts.append(sentence)
        if len(parts) == sentence.fragment_count:
            del self._parts[slot]
            return AISSentence.assemble_from_iterable(sorted(parts, key=lambda p: p.frag_num))
        if len(self._parts) > _WAITING_PARTS:
            self._parts.popitem(last=False)
            return "incomplete"
        return None


def _row(sentence: AISSentence, received_at: datetime) -> dict[str, Any] | str | None:
    try:
        facts: dict[str, Any] = dict(sentence.decode().asdict())
    except (AISBaseException, ValueError, IndexError, TypeError):
        return "undecodable"
    if facts.get("msg_type") not in _POSITIONS:
        return None
    lon, lat = facts.get("lon"), facts.get("lat")
    if not isinstance(lon, float) or not isinstance(lat, float):
        return "undecodable"
    if lon == _NO_LON or lat == _NO_LAT:
        return None  # the transponder has no fix
    if abs(lon) > 180 or abs(lat) > 90:
        return "out-of-range"
    return {
        "entity": f"mmsi:{facts['mmsi']}",
        "observed_at": _moment(received_at, facts.get("second")).isoformat(),
        "lon": lon,
        "lat": lat,
        "accuracy_m": _ACCURACY_M[bool(facts.get("accuracy"))],
        "speed_kn": _known(facts.get("speed"), _NO_SPEED),
        "course_deg": _known(facts.get("course"), _NO_COURSE),
    }


def _known(value: Any, unknown: float) -> float | None:
    return None if value is None or value >= unknown else float(value)


def _reception(sentence: AISSentence, otherwise: datetime) -> datetime:
    """Return when the receiver heard the sentence, from its tag block if it has one."""
    block = sentence.tag_block
    if block is None:
        return otherwise
    block.init()
    stamp = str(block.receiver_timestamp or "")
    if not _STAMP.fullmatch(stamp):
        return otherwise
    seconds = int(stamp)
    if seconds > 100_000_000_000:  # some receivers write milliseconds
        seconds //= 1000
    return datetime.fromtimestamp(seconds, UTC)


def _moment(received_at: datetime, second: Any) -> datetime:
    """Return the moment with this second next before reception (or up to 5 s after it)."""
    if not isinstance(second, int) or not 0 <= second < _NO_SECOND:
        return received_at
    back = (received_at.second - second) % 60
    ahead = 60 - back
    whole = received_at.replace(microsecond=0)
    return whole + timedelta(seconds=ahead) if ahead <= 5 else whole - timedelta(seconds=back)
