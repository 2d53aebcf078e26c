"""A scratch installation through which one file is played: intake, journal, detectors, outbox."""

from __future__ import annotations

import csv
import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from rich.progress import Progress as Bar

from zhizhi.channels.carrier_sms.standing_in import stand_in
from zhizhi.config.demo.history import follow_up
from zhizhi.config.demo.settling import settle
from zhizhi.engine import intake, journal, settings_in_force
from zhizhi.engine import reading as engine_reading
from zhizhi.engine.detecting import Runner
from zhizhi.engine.intake import Envelope
from zhizhi.engine.models import Alert, Case, Message, QuarantinedRow, Source
from zhizhi.kernel import district
from zhizhi.kernel.observations import Reading, read_table
from zhizhi.kernel.streams import stream_named
from zhizhi.sources.ais import carrying, marinecadastre
from zhizhi.sources.files.reading import read_file
from zhizhi.web.exporting.spreadsheets import safe

STEP_US = 30_000_000
BY = "replay"
DEFECTS_TOLD = 10


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a file: the counts that scripts read, and what was wrong with it."""

    counts: dict[str, Any]
    told: list[str]  # sentences for the person who typed the command


def replay(
    path: Path,
    *,
    stream: str,
    limit_minutes: int | None,
    speed: float | None,
    findings_to: Path | None,
) -> Replay:
    """Play ``path`` and return the counts.

    Raises FileUnreadable, UnknownStream, ValueError, or OSError when the findings cannot be written
    where they shall go. Rows arrive at their own times, in order; each half minute is one envelope.
    """
    stream_named(stream)
    content = read_file(path)
    if findings_to is not None:
        draft_of(findings_to).touch()  # told now rather than after all the work
        draft_of(findings_to).unlink()
    source = _prepared(limit_minutes)
    reading = content.numbered(_reading(content.table, stream))
    begun, runner = time.monotonic(), Runner(most=1000)
    refused = _refuse(reading, source, stream)
    with (
        stand_in(Path(settings.DATA) / "gateway.sqlite3"),
        Bar(disable=not sys.stderr.isatty(), transient=True) as bar,
    ):
        steps = list(_envelopes(reading.table, source, stream))
        work = bar.add_task(path.name, total=len(steps))
        for envelope in steps:
            intake.append([envelope], now=envelope.arrival_at)
            _pace(envelope.arrival_at, steps[0].arrival_at, begun, speed)
            runner.step(envelope.arrival_at)
            follow_up(envelope.arrival_at)
            bar.advance(work)
        if steps:
            _end(runner, steps[-1].arrival_at)
    if findings_to is not None:
        _write_findings(findings_to)
    counts = {
        "observations": reading.table.num_rows,
        "quarantined": reading.refused + QuarantinedRow.objects.count() - refused,
        "findings": Alert.everything.count(),
        "alerts": Alert.everything.count(),
        "cases": Case.everything.count(),
        "messages": Message.everything.count(),
        "seconds": round(time.monotonic() - begun, 2),
    }
    return Replay(counts, [*told_of(reading), *filter(None, [content.problem])])


def told_of(reading: Reading) -> list[str]:
    """Return what a person should know of the rows that were refused; rows count from 1."""
    told = []
    for one in reading.defects[:DEFECTS_TOLD]:
        place = f"row {one.row + 1}" if one.row >= 0 else "every row"
        field = f", {one.field}" if one.field else ""
        told.append(f"{place}{field}: {one.reason}. {one.remedy}")
    if len(reading.defects) > DEFECTS_TOLD:
        told.append(f"... and {len(reading.defects) - DEFECTS_TOLD:,} more like these.")
    if not reading.table.num_rows:
        told.append("No row of the file could be used.")
    return told


def _prepared(limit_minutes: int | None) -> Source:
    """Make the scratch installation with the demo district; returns the file's source."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    settle(district.build(), now=now)
    if limit_minutes is not None:
        settings_in_force.change("fishery.limit_minutes", limit_minutes, by=BY, now=now)
    streams = ["vessel_positions.v1", "shore_positions.v1", "zone_occupancy.v1"]
    return Source.objects.create(code="file", name="File", kind="files", streams=streams)


def _reading(table: pa.Table, stream: str) -> Reading:
    """Check the rows; those of a raw AIS record are carried onto the demo river."""
    is_raw = marinecadastre.is_raw_record(table.column_names)
    known = engine_reading.reader()
    reading = read_table(
        stream,
        marinecadastre.as_positions(table) if is_raw else table,
        token_key=known.token_key,
        arrival_us=journal.to_us(timezone.now()),
        bounds=None if is_raw else known.bounds,
        stale_after=None,
    )
    if is_raw:
        return Reading(carrying.carry(reading.table), reading.defects, reading.refused)
    return reading


def _refuse(reading: Reading, source: Source, stream: str) -> int:
    """Put the bad rows into quarantine and return how many of them it holds."""
    rows = [one for one in reading.defects if one.reason != intake.NO_ROW_REFUSED]
    rows, now = rows[: engine_reading.ROWS_QUARANTINED], timezone.now()
    QuarantinedRow.objects.bulk_create(
        (intake.quarantined(one, stream, now, source_id=source.pk) for one in rows), batch_size=500
    )
    return len(rows)


def _envelopes(table: pa.Table, source: Source, stream: str) -> Iterator[Envelope]:
    """Yield the rows of each half minute that has any, as they would have arrived."""
    if not table.num_rows:
        return
    rows = table.sort_by([("time_us", "ascending")])
    arrival = -(-np.asarray(rows["time_us"].to_numpy()) // STEP_US) * STEP_US
    starts = np.flatnonzero(np.diff(arrival, prepend=-1))
    ends = [*starts[1:].tolist(), len(arrival)]
    for first, end in zip(starts.tolist(), ends, strict=True):
        part = rows.slice(first, end - first)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(arrival[first]))
        digest = hashlib.sha256(journal.encode(part)).hexdigest()
        yield Envelope(source, stream, Reading(part, []), str(arrival[first]), digest, moment)


def _end(runner: Runner, last: datetime) -> None:
    """Let enough time pass for every waiting row to be judged and every silence to end a stay."""
    for later in (timedelta(minutes=5), timedelta(minutes=30)):
        now = last + later
        intake.heartbeat(now=now, passed=0)
        runner.run_through(now)
        follow_up(now)


def _pace(moment: datetime, first: datetime, begun: float, speed: float | None) -> None:
    if speed:
        due = begun + (moment - first).total_seconds() / speed
        time.sleep(max(0.0, due - time.monotonic()))


def draft_of(path: Path) -> Path:
    """Return where the findings are written until they are whole."""
    return path.with_name(f".{path.name}.draft")


def _write_findings(path: Path) -> None:
    draft = draft_of(path)
    with draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "zone", "started_at", "found_at"])
        for alert in Alert.everything.order_by("found_at", "subject", "zone"):
            moments = (alert.started_at.isoformat(), alert.found_at.isoformat())
            writer.writerow([alert.subject, safe(alert.zone), *moments])
    draft.replace(path)
