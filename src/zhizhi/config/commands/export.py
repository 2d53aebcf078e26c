"""Export zones, areas or findings as GeoJSON or CSV; every export is written into the log."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import shapely

from zhizhi.config.boot import boot

HELP = "write zones, areas or findings as GeoJSON or CSV"
Row = tuple[dict[str, Any], shapely.Geometry | None]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("what", choices=["zones", "areas", "findings"])
    parser.add_argument("--format", choices=["geojson", "csv"], default="geojson")
    parser.add_argument("--kind", default="", help="only areas of this kind")
    parser.add_argument(
        "--since", type=_moment, help="only findings after this moment, with its UTC offset"
    )
    parser.add_argument("--out", type=Path, help="file to write; without it, standard output")


def run(arguments: argparse.Namespace) -> int:
    """Write what was asked for."""
    boot()
    from django.db import transaction  # noqa: PLC0415 - settings load in boot()
    from django.utils import timezone  # noqa: PLC0415 - settings load in boot()

    from zhizhi.trust import audit  # noqa: PLC0415 - models load after boot()

    write = _write_geojson if arguments.format == "geojson" else _write_csv
    rows = _SOURCES[arguments.what](arguments)
    if arguments.out is None:
        count = write(rows, sys.stdout)
    else:
        with arguments.out.open("w", encoding="utf-8", newline="") as file:
            count = write(rows, file)
        print(f"{count} {arguments.what} written to {arguments.out}", file=sys.stderr)
    with transaction.atomic():
        detail = {"format": arguments.format, "rows": count}
        audit.append([audit.Leaf("cli", "export", arguments.what, timezone.now(), detail=detail)])
    return 0


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = "add the UTC offset, for example 2026-03-01T08:00:00+08:00"
        raise argparse.ArgumentTypeError(message)
    return moment.astimezone(UTC)


def _zones(arguments: argparse.Namespace) -> Iterator[Row]:
    from zhizhi.engine import zoning  # noqa: PLC0415 - models load after boot()

    for zone in zoning.current():
        facts = {
            "key": zone.key,
            "kind": zone.kind,
            "name": zone.name,
            "version": zone.version,
            "seasons": zone.seasons,
            "parameters": zone.parameters,
        }
        yield facts, shapely.from_wkb(bytes(zone.boundary))


def _areas(arguments: argparse.Namespace) -> Iterator[Row]:
    from zhizhi.directory.models import Area  # noqa: PLC0415 - models load after boot()

    rows = Area.objects.in_force().order_by("path", "kind", "code")
    if arguments.kind:
        rows = rows.filter(kind=arguments.kind)
    for area in rows.iterator(chunk_size=500):
        facts = {
            "kind": area.kind,
            "code": area.code,
            "name": area.name,
            "population": area.population,
            "version": area.version,
        }
        outline = bytes(area.boundary) if area.boundary else b""
        yield facts, shapely.from_wkb(outline) if outline else shapely.Point(area.lon, area.lat)


def _findings(arguments: argparse.Namespace) -> Iterator[Row]:
    from zhizhi.engine.models import Alert  # noqa: PLC0415 - models load after boot()

    rows = Alert.everything.order_by("raised_at", "pk")
    if arguments.since:
        rows = rows.filter(raised_at__gt=arguments.since)
    for alert in rows.iterator(chunk_size=500):
        facts = {
            "id": alert.pk,
            "detector": alert.detector,
            "subject": str(alert.subject),  # 64 bits do not fit a number of JSON
            "zone": alert.zone,
            "started_at": alert.started_at.isoformat(),
            "found_at": alert.found_at.isoformat(),
            "raised_at": alert.raised_at.isoformat(),
            "cleared_at": alert.cleared_at.isoformat() if alert.cleared_at else "",
            "case": alert.case_id,
        }
        yield facts, shapely.Point(alert.lon, alert.lat)


_SOURCES = {"zones": _zones, "areas": _areas, "findings": _findings}


def _write_geojson(rows: Iterator[Row], file: TextIO) -> int:
    """Write features one by one, so that a province fits into the memory."""
    count = 0
    file.write('{"type": "FeatureCollection", "features": [')
    for facts, shape in rows:
        geometry = None
        if shape is not None:
            geometry = json.loads(shapely.to_geojson(shape))
        feature = {"type": "Feature", "properties": facts, "geometry": geometry}
        file.write(",\n" if count else "\n")
        file.write(json.dumps(feature, ensure_ascii=False))
        count += 1
    file.write("\n]}\n")
    return count


def _write_csv(rows: Iterator[Row], file: TextIO) -> int:
    """Write one line a row, with the geometry as WKT; no cell can become a formula."""
    from zhizhi.web.exporting.spreadsheets import safe  # noqa: PLC0415 - loads after boot()

    writer = csv.writer(file)
    count = 0
    for facts, shape in rows:
        if not count:
            writer.writerow([*facts, "geometry"])
        wkt = shapely.to_wkt(shape, rounding_precision=-1) if shape is not None else ""
        writer.writerow([*(safe(_cell(value)) for value in facts.values()), wkt])
        count += 1
    return count


def _cell(value: Any) -> Any:
    """Return a value as one cell."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
