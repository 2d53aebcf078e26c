"""Backups: what is in them, what is not, and what is found when they are checked."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings

from zhizhi.config.backing_up import folders, latest, restoring, taking
from zhizhi.config.backing_up.manifest import DATABASE, MEDIA, NAME, BackupRefused
from zhizhi.directory import people
from zhizhi.directory.people import PersonalData
from zhizhi.trust import audit, evidence, keys, people_keys
from zhizhi.trust.audit import Leaf
from zhizhi.trust.keys import KeysMissing
from zhizhi.trust.models import AuditEntry
from zhizhi.trust.sealed_files import OpeningFile
from zhizhi.trust.tests.test_evidence import photo

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 2, 24, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path / "data"):
        (tmp_path / "data").mkdir()
        yield tmp_path / "data"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    with transaction.atomic():
        audit.append([Leaf("worker", "case.open", "case:1", AT)])
    people.add_person(PersonalData(name="Canary Wagtail"), by="cli", now=AT)
    evidence.seal(photo(), case=1, kind="photo", media_type="", by="unit:3", now=AT)
    taking.take(tmp_path / "backup", now=AT)
    return tmp_path / "backup"


def opened(folder: Path, name: str) -> bytes:
    with (folder / name).open("rb") as file:
        return OpeningFile(file, name=name).read()


def test_a_backup_can_be_checked_and_tells_what_it_is(backup: Path) -> None:
    found = restoring.verify(backup)

    assert (found.made_at, found.people) == (AT, 1)
    assert found.head.partition(":")[0] == "3"
    assert sorted(path.name for path in backup.iterdir()) == sorted([*found.files, NAME])


def test_no_data_key_and_no_key_of_the_ring_is_in_it(backup: Path) -> None:
    [kept] = people_keys.kept()
    inside = b"".join(opened(backup, name) for name in restoring.verify(backup).files)

    assert b"case.open" in inside
    for secret in (kept.wrapped, kept.wrapped.hex().encode()):
        assert secret not in inside
    for path in keys.folder().glob("*.key"):
        assert path.read_bytes() not in inside


def test_nothing_can_be_read_in_its_files(backup: Path) -> None:
    for path in backup.iterdir():
        if path.name != NAME:
            assert b"case.open" not in path.read_bytes()
            assert b"JFIF" not in path.read_bytes()


def test_originals_are_in_it_and_drafts_are_not(backup: Path, data: Path, tmp_path: Path) -> None:
    [original] = (data / "sealed").rglob("*.jpg")
    original.with_name(".draft.jpg.1234").write_bytes(b"half a photo")

    taking.take(tmp_path / "second", now=AT)

    media = opened(tmp_path / "second", MEDIA)
    assert original.read_bytes() in media
    assert b"half a photo" not in media


def test_it_is_in_the_audit_log_and_its_moment_is_remembered(backup: Path) -> None:
    entry = AuditEntry.objects.get(verb="installation.backup")
    newest = latest.newest()

    assert entry.detail["people"] == 1
    assert newest is not None
    assert (newest.at, newest.bytes) == (AT, entry.detail["bytes"])


def damage(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def doing(backup: Path) -> None:
        (backup / name).write_bytes(change((backup / name).read_bytes()))

    return doing


def without_manifest(backup: Path) -> None:
    (backup / NAME).unlink()


def without_media(backup: Path) -> None:
    (backup / MEDIA).unlink()


def swapped(backup: Path) -> None:
    database, media = (backup / name for name in (DATABASE, MEDIA))
    contents = database.read_bytes(), media.read_bytes()
    media.write_bytes(contents[0])
    database.write_bytes(contents[1])


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (without_manifest, "holds no whole backup"),
        (damage(NAME, lambda text: text[:-20]), "was changed or cut off"),
        (damage(NAME, lambda text: b"[]"), "was changed or cut off"),
        (damage(NAME, lambda text: text.replace(b'"people": 1', b'"people": 0')), "signature"),
        (damage(NAME, lambda text: text.replace(b'"format": 1', b'"format": 2')), "later version"),
        (without_media, "is missing"),
        (damage(DATABASE, lambda blob: blob[:-1]), "was cut off"),
        (damage(DATABASE, lambda blob: blob[:-1] + bytes([blob[-1] ^ 1])), "was changed"),
        (damage(MEDIA, lambda blob: bytes([blob[0] ^ 1]) + blob[1:]), "was changed"),
        (swapped, "was cut off"),
    ],
)
def test_whatever_was_done_to_a_backup_is_found(
    backup: Path, harm: Callable[[Path], None], told: str
) -> None:
    harm(backup)

    with pytest.raises(BackupRefused, match=told):
        restoring.verify(backup)


def test_parts_of_another_backup_do_not_fit(backup: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    taking.take(other, now=AT)

    shutil.copy(other / DATABASE, backup / DATABASE)

    with pytest.raises(BackupRefused):
        restoring.verify(backup)


def test_the_keys_of_another_installation_do_not_open_it(backup: Path, tmp_path: Path) -> None:
    with (
        override_settings(DATA=tmp_path / "strange"),
        pytest.raises(BackupRefused, match="does not belong to this backup"),
    ):
        restoring.verify(backup)


def test_a_ring_without_the_backup_key_says_which_is_missing(backup: Path) -> None:
    next(keys.folder().glob("backup-*.key")).unlink()

    with pytest.raises(KeysMissing, match="backup-"):
        restoring.verify(backup)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("kept", encoding="utf-8")

    with pytest.raises(BackupRefused, match="is not empty"):
        taking.take(tmp_path / "full", now=AT)

    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter"]


def test_a_backup_never_lies_beside_its_keys(data: Path) -> None:
    keys.ring()

    with pytest.raises(BackupRefused, match="keep them apart"):
        taking.take(keys.folder() / "backup", now=AT)


def test_a_backup_that_fails_leaves_nothing_behind(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.ring()

    def full(*_words: object, **_options: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "add", full)
    (data / "sealed").mkdir()
    (data / "sealed" / "photo.jpg").write_bytes(b"photo")

    with pytest.raises(OSError, match="No space left"):
        taking.take(tmp_path / "backup", now=AT)

    assert not (tmp_path / "backup").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert not [path for path in data.iterdir() if path.is_dir() and path.name[0] == "."]


def test_what_a_killed_backup_left_is_removed_by_the_next(tmp_path: Path, data: Path) -> None:
    keys.ring()
    for left in (data / f"{taking.ROOM}1234", tmp_path / ".backup.part"):
        left.mkdir()
        (left / "copy.sqlite3").write_bytes(b"rest")

    taking.take(tmp_path / "backup", now=AT)

    assert not list(data.glob(f"{taking.ROOM}*/"))
    assert not (tmp_path / ".backup.part").exists()


@pytest.mark.parametrize(
    "name", ["../escaped", "/escaped", "keys/vault-0001.key", "sealed/../../x"]
)
def test_a_path_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    stream = io.BytesIO()
    with tarfile.open(mode="w", fileobj=stream) as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    stream.seek(0)

    with pytest.raises(BackupRefused, match="does not belong there"):
        folders.unpack(stream, ("sealed",), tmp_path)


def test_keys_older_than_the_backup_are_no_keys_for_it(backup: Path) -> None:
    found = restoring.verify(backup)
    people_keys.keep(now=AT - timedelta(microseconds=1))

    with pytest.raises(BackupRefused, match="is older than the backup"):
        restoring._check_people_keys(found, is_older_fine=False)
    restoring._check_people_keys(found, is_older_fine=True)
    people_keys.keep(now=AT)
    restoring._check_people_keys(found, is_older_fine=False)


def test_the_manifest_is_plain_to_read(backup: Path) -> None:
    told = json.loads((backup / NAME).read_text(encoding="utf-8"))

    assert told["made_at"] == "2026-02-24T08:00:00.000000Z"
    assert told["migrations"]["trust"]
