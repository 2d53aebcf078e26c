"""Whatever bytes come from outside, each reader takes them or refuses them in its own words.

Every reader is given what it takes, the same damaged, and things that are small and grow.
``ANY_BYTES=5000 python -m pytest tests/test_any_bytes.py`` tries more of them.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import socket
import struct
import tempfile
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from django.test import RequestFactory, override_settings
from hypothesis import HealthCheck, given, settings
from openpyxl import Workbook
from PIL import Image

from tests.damaging import BOMBS, DEEP, about
from tests.district_world import photo, voice
from zhizhi.channels import signing
from zhizhi.channels.carrier_sms import gateway
from zhizhi.channels.carrier_sms.ledger import Ledger
from zhizhi.channels.webhook.addresses import AddressRefused, AddressUnknown, public_address
from zhizhi.config import rule_files
from zhizhi.config.backing_up import manifest
from zhizhi.config.backing_up.manifest import BackupRefused
from zhizhi.directory import drafting as areas
from zhizhi.engine.reading import Reader
from zhizhi.kernel import crs, shapes
from zhizhi.kernel.rules.fraud_events import FRAUD_EVENTS
from zhizhi.kernel.rules.tests.rule_texts import rule_text
from zhizhi.kernel.streams import STREAMS, stream_named
from zhizhi.sources import bodies
from zhizhi.sources.ais.nmea import Decoder
from zhizhi.sources.ais.tests.test_nmea import checksum, in_two_parts, sentences
from zhizhi.sources.files import reading as files
from zhizhi.sources.mqtt.listening import Broker, BrokerInvalid
from zhizhi.systems.grid import drafting as packs
from zhizhi.systems.grid.tests.packs import row, written
from zhizhi.trust import keys, pictures, recordings, sealed_files
from zhizhi.trust.ciphers import SealBroken
from zhizhi.web import corner_text
from zhizhi.web.outward import asking
from zhizhi.web.outward.problems import Unanswerable
from zhizhi.web.replay import moments
from zhizhi.web.spans import Span

EACH = int(os.environ.get("ANY_BYTES", "40"))  # documents for a reader
MOST_HELD = 64 << 20  # bytes, for any of the small ones
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VESSELS = "vessel_positions.v1"
ROWS = [
    {"entity": "a", "observed_at": "2026-03-01T11:59:00Z", "lon": 107.4, "lat": 29.7},
    {"entity": 7, "time_us": 1_772_366_340_000_000, "lon": 107.4, "lat": 29.7, "speed_kn": 1},
]
SQUARE = [[[107.0, 29.0], [107.1, 29.0], [107.1, 29.1], [107.0, 29.1], [107.0, 29.0]]]
AREA = {
    "type": "FeatureCollection",
    "crs": {"properties": {"name": "WGS84"}},
    "features": [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": SQUARE},
         "properties": {"kind": "district", "code": "990001000000000", "name": "甲",
                        "population": 3}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [107.05, 29.05]},
         "properties": {"kind": "building", "code": "9900010010010010001", "name": "乙"}},
    ],
}  # fmt: skip


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


def arrow(*, compression: Any = None) -> bytes:
    sink = pa.BufferOutputStream()
    given, options = table(ROWS[:1]), pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_stream(sink, given.schema, options=options) as writer:
        writer.write_table(given)
    return sink.getvalue().to_pybytes()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table(rows), sink)
    return sink.getvalue().to_pybytes()


def csv(rows: list[dict[str, Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table(rows), sink)
    return sink.getvalue().to_pybytes()


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def workbook(outline: str = "") -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet: Any = book.active
    sheet.append(["kind", "code", "name", "population", "geometry"])
    ring = ", ".join(f"{lon} {lat}" for lon, lat in SQUARE[0])
    sheet.append(["district", "990001000000000", "甲", 3, outline or f"POLYGON(({ring}))"])
    book.save(out)
    return out.getvalue()


def tagged(*words: str) -> list[bytes]:
    """Return a position report behind a tag block with each of ``words``."""
    report = sentences()[0].decode()
    return [f"\\{word}*{checksum(word):02X}\\{report}".encode() for word in words]


def in_file(suffix: str, read: Callable[[Path], Any]) -> Callable[[bytes], Any]:
    """Return a reader of bytes that finds them in a file whose name ends so."""

    def reader(content: bytes) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"handed{suffix}")
            path.write_bytes(content)
            return read(path)

    return reader


def observations(path: Path) -> int:
    content = files.read_file(path)
    read = Reader(b"key").read(stream_named(VESSELS), content.table, arrival_at=NOW)
    return content.numbered(read).table.num_rows


def body(kind: str, encoding: str = "") -> Callable[[bytes], Any]:
    def read(content: bytes) -> int:
        plain = bodies.unpacked(content, encoding, 1 << 20)
        found = [
            bodies.reading_of(Reader(b"key"), stream, kind, plain, arrival_at=NOW, most=1 << 20)
            for stream in STREAMS.values()
        ]
        return max(one.table.num_rows for one in found)

    return read


def sentences_of(content: bytes) -> int:
    rows, _defects = Decoder().feed(content.splitlines(), received_at=NOW)
    read = Reader(b"key").read(stream_named(VESSELS), rows, arrival_at=NOW)
    return len(rows) and read.table.num_rows + read.refused


def rules(path: Path) -> int:
    return len(rule_files.read_files([path], FRAUD_EVENTS).rules)


def zones(content: bytes) -> int:
    return sum(bool(one.boundary) for one in shapes.parse_geojson(content))


def text_of(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """Return a reader of text as one of bytes; what is no text stands for odd letters."""
    return lambda content: read(content.decode("utf-8", "surrogateescape"))


def operator(content: bytes) -> Any:
    """Send a signed message to the gateway of the operator."""
    made = gateway.Gateway(Ledger(Path(":memory:")), "secret", clock=lambda: 1000.0)
    head = signing.sign("secret", content, at=1000)
    headers = {name.lower(): value for name, value in head.items()}
    return made.answer(gateway.Request("POST", "/messages", headers, content))[0] < 300


def spoken(content: bytes) -> Any:
    async def read() -> Any:
        reader = asyncio.StreamReader()
        reader.feed_data(content)
        reader.feed_eof()
        return await gateway.read_request(reader)

    return asyncio.run(read())


def features(content: bytes) -> Any:
    request = RequestFactory().get("/")
    request.META["QUERY_STRING"] = content.decode("latin-1")
    return asking.asked(request)


def sealed() -> bytes:
    file = io.BytesIO()
    sink = sealed_files.SealingFile(file, key=keys.ring().current("backup"), name="a")
    sink.write(b"content")
    sink.finish()
    return file.getvalue()


def backup() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        manifest.Manifest(
            NOW, "sqlite", {"trust": "0001_initial"}, 3, "00",
            {name: manifest.Sealed(1, "00") for name in manifest.FILES},
        ).save(Path(folder))  # fmt: skip
        return Path(folder, manifest.NAME).read_bytes()


def of_backup(content: bytes) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, manifest.NAME).write_bytes(content)
        return manifest.Manifest.of(Path(folder))


@dataclass(frozen=True, slots=True)
class Outside:
    """A reader of what comes from outside: what it takes, and how it refuses."""

    read: Callable[[bytes], Any]
    sound: Callable[[], list[bytes]]
    refusals: tuple[type[Exception], ...] = ()


UNREAD = (areas.FileUnreadable,)
READERS: dict[str, Outside] = {
    "AIS sentences": Outside(
        sentences_of,
        lambda: [
            b"\n".join(sentences()),
            b"\n".join(in_two_parts()),
            *tagged("s:r1,c:1772366400", "c:1772366400000", "g:1-2-3,c:1", "c:" + "9" * 30, "c:²"),
        ],
    ),
    "JSON observations": Outside(
        body(bodies.JSON), lambda: [json.dumps(ROWS).encode()], (bodies.BodyRefused,)
    ),
    "lines of observations": Outside(
        body(bodies.NDJSON), lambda: [lines(ROWS)], (bodies.BodyRefused,)
    ),
    "Arrow observations": Outside(
        body(bodies.ARROW),
        lambda: [arrow(), arrow(compression="zstd"), arrow(compression="lz4")],
        (bodies.BodyRefused,),
    ),
    "packed observations": Outside(
        body(bodies.JSON, "gzip"),
        lambda: [gzip.compress(json.dumps(ROWS).encode(), mtime=0)],
        (bodies.BodyRefused,),
    ),
    "CSV of observations": Outside(
        in_file(".csv", observations), lambda: [csv(ROWS[:1])], (files.FileUnreadable,)
    ),
    "file of lines": Outside(
        in_file(".ndjson", observations), lambda: [lines(ROWS[:1])], (files.FileUnreadable,)
    ),
    "packed file": Outside(
        in_file(".ndjson.gz", observations),
        lambda: [gzip.compress(lines(ROWS[:1]), mtime=0)],
        (files.FileUnreadable,),
    ),
    "Parquet of observations": Outside(
        in_file(".parquet", observations), lambda: [parquet(ROWS[:1])], (files.FileUnreadable,)
    ),
    "rules": Outside(
        in_file(".yaml", rules), lambda: [rule_text().encode()], (rule_files.FileUnreadable,)
    ),
    "areas as GeoJSON": Outside(
        lambda content: areas.read(content, crs="WGS84").drafts,
        lambda: [json.dumps(AREA).encode()],
        UNREAD,
    ),
    "areas in GCJ-02": Outside(
        lambda content: areas.read(content, crs="GCJ-02", allow_inverse=True).drafts,
        lambda: [json.dumps({**AREA, "crs": None}).encode()],
        UNREAD,
    ),
    "areas as a workbook": Outside(
        lambda content: areas.read(content, crs="WGS84").drafts, lambda: [workbook()], UNREAD
    ),
    "categories": Outside(
        lambda content: packs.read(content, pack="city").drafts,
        lambda: [written(row("lamp", "light"), row("light", radius_m="30", look_minutes="60"))],
        (packs.PackUnreadable,),
    ),
    "zones": Outside(
        zones,
        lambda: [json.dumps(AREA).encode()],
        (shapes.UnreadableShapes, crs.UnknownCrs, crs.InverseNotAllowed),
    ),
    "corners": Outside(
        text_of(corner_text.read),
        lambda: [
            "107.0, 29.0\n107.1，29.0\n107.1 29.1\n孔\n107, 29\n107.1, 29\n107.1, 29.1".encode()
        ],
        (corner_text.CornersUnreadable,),
    ),
    "photographs": Outside(
        lambda content: pictures.media_type_of(content) and pictures.redraw(content),
        lambda: [photo()],
        (pictures.PictureRefused,),
    ),
    "recordings": Outside(
        recordings.rewritten, lambda: [voice(0.01)], (recordings.RecordingRefused,)
    ),
    "messages to the operator": Outside(
        operator, lambda: [b'{"key": "k", "token": "-7", "text": "t"}']
    ),
    "requests to the operator": Outside(
        spoken,
        lambda: [b"POST /messages HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"],
        (gateway.Unreadable,),
    ),
    "addresses of subscribers": Outside(
        text_of(lambda url: public_address(url, allowed=["10.0.0.0/8", "hooks.example"])),
        lambda: [
            b"https://hooks.example:8443/a?b",
            b"http://[2606:4700::1111]/",
            b"http://10.1.2.3/",
        ],
        (AddressRefused, AddressUnknown),
    ),
    "address of the broker": Outside(
        text_of(Broker.at),
        lambda: [b"mqtts://us%40er@host:8883", b"mqtt://[::1]:1883"],
        (BrokerInvalid,),
    ),
    "queries of features": Outside(
        features,
        lambda: [b"bbox=107,29,108,30&datetime=2026-03-01T00:00:00Z/..&limit=7&after=x&f=json"],
        (Unanswerable,),
    ),
    "spans of pages": Outside(
        text_of(lambda text: (span := Span.parse(text)) and (span.start, span.end)),
        lambda: [b"2026-03-01", b"2026-03-01T13", b"2026-03-01..2026-03-07"],
    ),
    "moments of the replay": Outside(
        text_of(moments.read), lambda: [b"2026-03-01T10:03", b"2026-03-01T10:03:09+08:00"]
    ),
    "sealed files": Outside(
        lambda content: sealed_files.OpeningFile(io.BytesIO(content), name="a").read(),
        lambda: [sealed()],
        (SealBroken, keys.KeysMissing),
    ),
    "manifests of backups": Outside(of_backup, lambda: [backup()], (BackupRefused,)),
}


@pytest.fixture(autouse=True, scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep keys of its own, and ask nobody in the network for a name."""

    def resolved(host: str, port: int, **_more: Any) -> list[Any]:
        host.encode("idna")
        address = host if host.replace(".", "").isdigit() or ":" in host else "93.184.215.14"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(DATA=tmp_path_factory.mktemp("bytes")),
    ):
        patch.setattr(socket, "getaddrinfo", resolved)
        keys.ring()
        yield


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_what_is_sound(name: str) -> None:
    outside = READERS[name]

    for content in outside.sound():
        assert outside.read(content), content


def polygon(corner: str) -> bytes:
    return b'{"type": "Polygon", "coordinates": [[[%s, 1], [2, 2], [3, 3]]]}' % corner.encode()


def turned_by_nonsense() -> bytes:
    """Return a photograph whose camera says what nobody can read."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    end = out.getvalue().rindex(b"IEND") - 4
    said = b"eXIfII"
    chunk = struct.pack(">I", 2) + said + struct.pack(">I", zlib.crc32(said))
    return out.getvalue()[:end] + chunk + out.getvalue()[end:]


# what each reader once broke at
BROKE: list[tuple[str, bytes]] = [
    ("AIS sentences", tagged("c:" + "9" * 30)[0]),
    ("JSON observations", b'[{"entity": ' + b"[" * 1000 + b"]" * 1000 + b"}]"),
    ("JSON observations", b'[{"entity": "\\ud800", "lon": NaN}]'),
    ("file of lines", b'{"lon": 9223372036854775808}'),
    ("file of lines", b'{"lon": 1.5}\n{"lon": 9007199254740993}'),
    ("file of lines", b'{"lon": ' + b"[" * 900 + b"]" * 900 + b"}"),
    ("areas as GeoJSON", b'{"type": []}'),
    ("areas as GeoJSON", b'{"type": "Feature", "features": 5}'),
    ("areas as GeoJSON", b'{"type": "Feature", "geometry": {"type": {}, "coordinates": [1]}}'),
    ("areas as GeoJSON", polygon("1" + "0" * 400)),
    ("areas as a workbook", workbook("CIRCULARSTRING(0 0, 1 1, 1 0)")),
    ("zones", polygon("1" + "0" * 400)),
    ("photographs", turned_by_nonsense()),
    ("messages to the operator", b"[" * DEEP),
    ("messages to the operator", b'{"key": "k", "token": "1", "text": "\\ud800"}'),
    ("requests to the operator", "POST / HTTP/1.1\r\nContent-Length: ²\r\n\r\n".encode("latin-1")),
    ("manifests of backups", b"[" * DEEP),
]


@pytest.mark.parametrize(("name", "content"), BROKE, ids=range(len(BROKE)))
def test_what_once_broke_a_reader_does_so_no_more(name: str, content: bytes) -> None:
    with suppress(*READERS[name].refusals):
        READERS[name].read(content)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", READERS)
def test_any_bytes_are_taken_or_refused(name: str) -> None:
    outside = READERS[name]

    @settings(
        max_examples=EACH,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(about(outside.sound()))
    def read(content: bytes) -> None:
        with suppress(*outside.refusals):
            outside.read(content)

    read()


@pytest.mark.parametrize("name", READERS)
def test_what_is_small_takes_little_memory(name: str) -> None:
    outside = READERS[name]
    tracemalloc.start()
    try:
        for content in BOMBS:
            with suppress(*outside.refusals):
                outside.read(content)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < MOST_HELD
