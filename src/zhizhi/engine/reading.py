"""Reading what a sender wrote with what this installation knows: its token key and its district."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any

import pyarrow as pa

from zhizhi.directory.models import Area
from zhizhi.engine.journal import to_us
from zhizhi.kernel.checking import FUTURE_AFTER, STALE_AFTER, WHOLE_TABLE
from zhizhi.kernel.grouping import read_together
from zhizhi.kernel.observations import Bounds, Defect, Reading, Stream, read_rows, read_table
from zhizhi.trust import keys

ROWS_QUARANTINED = 10_000  # of one envelope; beyond, only their number is kept
MARGIN_DEG = 0.5  # around the district: a neighbour's boat is not a mistake
REMEMBER_S = 5.0

# A device whose clock is up to a day fast is let in: the stepping core learns its error and
# corrects it, and sets aside what it cannot correct. Only beyond that is a row refused at the door.
LARGEST_SKEW = timedelta(days=1)
_AHEAD = LARGEST_SKEW - FUTURE_AFTER


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns rows or a table of one envelope into good rows and named defects."""

    token_key: bytes
    bounds: Bounds | None = None

    def read(
        self,
        stream: Stream,
        sent: pa.Table | Sequence[Mapping[str, object]],
        *,
        arrival_at: datetime,
    ) -> Reading:
        """Check every row against the stream's declaration and the clock of arrival."""
        arrival_us, stale_after = to_us(arrival_at + _AHEAD), STALE_AFTER + _AHEAD
        if isinstance(sent, pa.Table):
            return read_table(
                stream,
                sent,
                token_key=self.token_key,
                arrival_us=arrival_us,
                bounds=self.bounds,
                stale_after=stale_after,
            )
        return read_rows(
            stream,
            sent,
            token_key=self.token_key,
            arrival_us=arrival_us,
            bounds=self.bounds,
            stale_after=stale_after,
        )

    def read_together(
        self, stream: Stream, envelopes: Sequence[Sequence[Any]], *, arrival_at: datetime
    ) -> list[Reading]:
        """Return what ``read`` returns for the rows of each envelope, in few passes."""
        return read_together(envelopes, partial(self.read, stream, arrival_at=arrival_at))


def joined(stream: Stream, parts: Iterable[Reading]) -> Reading:
    """Return ``parts`` of one envelope as one reading; rows count through, defects are capped."""
    tables, refused, before = [stream.schema.empty_table()], 0, 0
    defects: dict[tuple[int, str], Defect] = {}  # a whole column's defect is named once
    for part in parts:
        for defect in part.defects[: ROWS_QUARANTINED - len(defects)]:
            row = defect.row if defect.row == WHOLE_TABLE else defect.row + before
            defects.setdefault((row, defect.field), replace(defect, row=row))
        refused += part.refused
        before += part.table.num_rows + part.refused
        tables.append(part.table)
    table = pa.concat_tables(tables).combine_chunks()
    return Reading(table, sorted(defects.values(), key=lambda d: d.row), refused)


_lock = Lock()
_known: tuple[float, Reader] | None = None


def reader() -> Reader:
    """Return the reader of this installation, asked for anew every few seconds."""
    global _known  # noqa: PLW0603 - one small cache for the whole process
    with _lock:  # whoever waited here finds what the first one has asked for
        known = remembered()
        if known is None:
            known = Reader(keys.ring().current("token").secret, _district())
            _known = (time.monotonic(), known)
    return known


def remembered() -> Reader | None:
    """Return the reader if asking for it would not touch the database."""
    known = _known
    return known[1] if known and time.monotonic() - known[0] < REMEMBER_S else None


def forget() -> None:
    """Ask for key and district again at the next reading."""
    global _known  # noqa: PLW0603 - see ``reader``
    _known = None


def _district() -> Bounds | None:
    """Return the box around the district, or None while no area was imported."""
    root = Area.objects.in_force().filter(kind=Area.Kind.DISTRICT).first()
    if root is None:
        return None
    return (
        root.min_lon - MARGIN_DEG,
        root.min_lat - MARGIN_DEG,
        root.max_lon + MARGIN_DEG,
        root.max_lat + MARGIN_DEG,
    )
