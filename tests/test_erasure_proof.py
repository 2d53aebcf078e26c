"""Planted canaries are found nowhere on the disk once they were erased, and no key to them is left.

Everything that residents tell is planted: names, numbers, words, demands, pictures. They are read,
copied, exported and refused as on any day. Then they are erased, and every byte that the
installation has written is searched: database, its log, sealed and working pictures, key ring,
published roots, logs, and a backup that was made before.
"""

from __future__ import annotations

import base64
import json
import logging
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client, override_settings
from PIL import Image

from tests.district_world import LAT, LON, build
from zhizhi.directory.people import PersonalData
from zhizhi.engine import claiming, closing, erasing, rating, reading, reporting, unfinished
from zhizhi.engine.models import Case, Claim, Report
from zhizhi.engine.reporting import NewReport
from zhizhi.trust import audit, evidence, keys, rotating, tree, vault
from zhizhi.trust import erasing as receipts
from zhizhi.trust.models import AccessRecord, Evidence, SubjectKey

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
REPORTS = 5
BACKUP = "backup.sqlite3"


@dataclass
class Planted:
    """What was told, as bytes to look for, and the reports it was told in."""

    needles: dict[bytes, str] = field(default_factory=dict)
    reports: list[int] = field(default_factory=list)

    def add(self, text: str) -> str:
        """Look for ``text`` in every spelling in which it might be written."""
        escaped = json.dumps(text)[1:-1]
        spellings = (
            text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be"), escaped.encode(),
            base64.b64encode(text.encode())[:-4], text.encode().hex().encode(),
        )  # fmt: skip
        self.needles |= dict.fromkeys(spellings, text)
        return text

    def picture(self, content: bytes) -> bytes:
        """Look for a part of a picture that no other has."""
        middle = len(content) // 2
        self.needles[content[middle : middle + 24]] = "picture"
        return content


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """An installation of its own, with a log of everything that is logged."""
    reading.forget()
    log = logging.FileHandler(tmp_path / "everything.log")
    logging.getLogger().addHandler(log)
    with override_settings(DATA=tmp_path):
        yield tmp_path
    logging.getLogger().removeHandler(log)
    log.close()


def noise(chance: random.Random) -> bytes:
    out = BytesIO()
    Image.frombytes("RGB", (48, 48), chance.randbytes(48 * 48 * 3)).save(out, "JPEG", quality=90)
    return out.getvalue()


def plant(planted: Planted, number: int, chance: random.Random) -> Report:
    """File one report in which everything is a canary."""
    mark = f"{chance.randrange(16**10):010x}"
    name = planted.add(f"金丝雀{mark}")
    phone = planted.add(f"120{chance.randrange(10**8):08}")
    told = NewReport(
        external_id=f"canary-{number}", kind="residents.other",
        telling=planted.add(f"我是{name}，请打{phone}，事由{mark}"),
        place=planted.add(f"磨坊后面{mark}"), lon=LON, lat=LAT, place_by="map", occurred_at=NOW,
        photo=planted.picture(noise(chance)), contact=PersonalData(name, phone),
        consent="contact@1",
    )  # fmt: skip
    draft = unfinished.begin(within=timedelta(hours=1), now=NOW)
    draft.answers |= {"telling": {"telling": told.telling}, "contact": {"phone": phone}}
    draft.photo = told.photo
    unfinished.keep(draft, within=timedelta(hours=1), now=NOW)
    report = reporting.file_report(told, now=NOW).report
    planted.reports.append(report.pk)
    return report


def live(planted: Planted, report: Report, desk: Client) -> None:
    """Let a day go by: it is read, copied, objected to, ended and rated."""
    desk.get(f"/cases/{report.case_id}/")
    desk.post(f"/cases/{report.case_id}/reporter/", {"purpose": "ask-reporter"})
    desk.post(f"/cases/{report.case_id}/reporter/", {"purpose": "nosy"})
    resident = Client()
    told = {"number": report.number, "secret": reporting.secret_of(report)}
    resident.post("/home/follow/", told)
    resident.get(f"/home/follow/{report.pk}/")
    resident.post(f"/home/follow/{report.pk}/data/copy/json/")
    look = AccessRecord.objects.filter(person=f"report:{report.pk}").latest("pk")
    reason = planted.add(f"为什么看{report.external_id}号的话")
    resident.post(f"/home/follow/{report.pk}/looks/{look.pk}/object/", {"reason": reason})
    claim = Claim.everything.get(record=look)
    claiming.answer(claim, planted.add(f"答复{report.external_id}号"), is_upheld=False,
                    by="account:5", now=NOW)  # fmt: skip
    closing.dismiss(
        Case.everything.get(pk=report.case_id), reason="nobody", by="account:1", now=NOW
    )
    remark = planted.add(f"没有人来过{report.external_id}号")
    rating.rate(Report.everything.select_related("case", "key").get(pk=report.pk), 3,
                remark=remark, now=NOW)  # fmt: skip


def places(data: Path) -> list[Path]:
    """Return every file that the installation has written, the database included."""
    found = [path for path in data.rglob("*") if path.is_file()]
    if connection.vendor == "sqlite":
        base = Path(connection.settings_dict["NAME"])
        return [*found, *base.parent.glob(f"{base.name}*")]
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        root = Path(cursor.fetchone()[0])
    return [*found, *(path for path in root.rglob("*") if path.is_file())]


def hits(data: Path, needles: dict[bytes, str]) -> list[str]:
    """Return which needles lie where."""
    found = []
    for path in places(data):
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # PostgreSQL makes and drops files of its own meanwhile
            continue
        found += [f"{path.name}: {what}" for needle, what in needles.items() if needle in content]
    return found


def subject_keys(planted: Planted) -> list[SubjectKey]:
    rows = Report.everything.filter(pk__in=planted.reports)
    wanted = [pk for row in rows for pk in (row.key_id, row.person_id)]
    wanted += Claim.everything.filter(report__in=planted.reports).values_list("key", flat=True)
    photos = [pk for row in rows for pk in row.evidence]
    wanted += Evidence.objects.filter(pk__in=photos).values_list("subject_key", flat=True)
    return list(SubjectKey.objects.filter(pk__in=wanted))


def back_up(data: Path) -> None:
    """Make a backup of the database, where that is a file."""
    if connection.vendor == "sqlite":
        with sqlite3.connect(connection.settings_dict["NAME"]) as base:
            base.execute("VACUUM INTO ?", [str(data / BACKUP)])
        base.close()


def a_day(planted: Planted) -> None:
    """Plant canaries in many reports, and let each of them live."""
    chance, world = random.Random(20260301), build()  # noqa: S311 - no secret
    desk = Client()
    desk.force_login(world.here["operator"], backend="django.contrib.auth.backends.ModelBackend")
    for number in range(REPORTS):
        live(planted, plant(planted, number, chance), desk)
    desk.get(f"/desk/?state=all&case={Report.everything.latest('pk').case_id}")
    desk.get("/desk/queue.xlsx?state=all")


def erase_all(planted: Planted) -> None:
    for report in Report.everything.filter(pk__in=planted.reports):
        receipt = erasing.erase(report, by="resident", now=NOW)
        assert receipt is not None
        assert (len(receipt.destroyed), receipt.held) == (4, [])


def test_canaries_are_nowhere_once_they_were_erased_and_no_key_is_left(data: Path) -> None:
    planted = Planted()
    a_day(planted)
    wrapped = subject_keys(planted)
    alive = {bytes(row.wrapped or b""): f"key {row.pk}" for row in wrapped}
    assert len(alive) == REPORTS * 4
    found = {one.partition(": ")[2] for one in hits(data, alive)}
    assert len(found) == REPORTS * 4  # as long as they live they are on the disk

    erase_all(planted)

    if connection.vendor == "sqlite":  # PostgreSQL overwrites nothing: there keys are rotated
        wal = Path(f"{connection.settings_dict['NAME']}-wal")
        assert not wal.exists() or wal.stat().st_size == 0
        assert hits(data, alive) == []
    tree.catch_up(NOW)
    assert hits(data, planted.needles) == []
    for row in SubjectKey.objects.filter(pk__in=[row.pk for row in wrapped]):
        with pytest.raises(vault.Erased):
            vault.unwrap(row)
    assert not list(audit.verify()) + list(receipts.verify()) + list(tree.verify())
    assert list(evidence.verify_evidence()) == []


def test_an_older_copy_tells_nothing_once_the_vault_key_was_changed(data: Path) -> None:
    planted = Planted()
    a_day(planted)
    in_copy = subject_keys(planted)
    back_up(data)
    erase_all(planted)
    assert all(vault.unwrap(row) for row in in_copy)  # whoever has the key ring could still

    now = datetime.now(UTC)
    rotating.rotate(by="cli", now=now)
    rotating.retire_unused(superseded_before=now + timedelta(hours=1), by="cli", now=now)

    assert hits(data, planted.needles) == []
    for row in in_copy:
        with pytest.raises(keys.KeysMissing):
            vault.unwrap(row)


def test_the_search_finds_what_lies_open(data: Path) -> None:
    planted = Planted()
    build()
    plant(planted, 1, random.Random(1))  # noqa: S311 - no secret
    told = "\n".join(sorted(set(planted.needles.values())))

    for encoding in ("utf-8", "utf-16-le"):
        (data / "left.txt").write_text(told, encoding=encoding)
        assert len(hits(data, planted.needles)) >= 4
    (data / "left.txt").write_text(json.dumps({"told": told}), encoding="utf-8")
    assert len(hits(data, planted.needles)) >= 4
    (data / "left.txt").unlink()
    assert hits(data, planted.needles) == []


def test_sqlite_is_told_to_overwrite_what_it_deletes() -> None:
    if connection.vendor != "sqlite":
        assert connection.vendor == "postgresql"  # there keys are rotated instead
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 1
