"""Sealed evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from PIL import Image

from zhizhi.trust import append_only, audit, ciphers, erasing, evidence, keys, vault
from zhizhi.trust.evidence import EvidenceDamaged
from zhizhi.trust.models import AuditEntry, ChainHead, Evidence
from zhizhi.trust.pictures import PictureRefused
from zhizhi.trust.tests.damage import damage

pytestmark = pytest.mark.django_db
AT = datetime(2023, 2, 24, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA=tmp_path):
        yield tmp_path


def photo(shade: int = 90) -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), (shade, 120, 60)).save(out, "JPEG")
    return out.getvalue()


def sealed(content: bytes | None = None, **changed: Any) -> Evidence:
    given: dict[str, Any] = {
        "case": 41, "kind": "photo", "media_type": "image/jpeg", "by": "unit:3", "now": AT,
        "taken_at": AT - timedelta(minutes=2), "device_now": AT + timedelta(seconds=90),
        "lon": 100.25, "lat": 31.0,
    }  # fmt: skip
    return evidence.seal(photo() if content is None else content, **{**given, **changed})


def breaks() -> list[str]:
    return [str(found) for found in evidence.verify_evidence()]


def tamper(statement: str, *values: Any) -> None:
    with append_only.lifted(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_the_original_is_kept_byte_for_byte_under_its_hash(data: Path) -> None:
    row = sealed()

    assert evidence.original(row) == photo()
    assert row.original == f"{row.sha256[:2]}/{row.sha256}.jpg"
    assert (data / "sealed" / row.original).stat().st_mode & 0o777 == 0o400
    assert (row.sha256, row.sm3) == (ciphers.sha256(photo()), ciphers.sm3(photo()))
    assert row.clock_offset == timedelta(seconds=90)
    assert breaks() == []


def test_sealing_is_on_record() -> None:
    row = sealed(area_path="/990101000000000/")

    leaf = AuditEntry.objects.get()
    assert (leaf.verb, leaf.subject, leaf.actor) == ("evidence.seal", "case:41", "unit:3")
    assert leaf.area_path == "/990101000000000/"
    assert leaf.detail == {"evidence": row.pk, "kind": "photo", "sealed": row.digest}


def test_a_longer_transaction_takes_the_leaf_and_the_audit_chain_is_left_alone() -> None:
    leaves: list[audit.Leaf] = []

    row = sealed(leave=leaves.append)

    assert [leaf.detail["evidence"] for leaf in leaves] == [row.pk]
    assert not AuditEntry.objects.exists()
    assert not ChainHead.objects.filter(name="audit").exists()


def test_rows_are_chained_and_signed() -> None:
    first, second = sealed(), sealed(photo(140))

    assert second.previous == first.digest
    assert keys.ring().is_signed(
        evidence._header(second), key_id=second.key_id, signature=second.signature
    )


def test_the_same_photo_twice_is_two_rows_and_one_file(data: Path) -> None:
    sealed()
    sealed()

    assert Evidence.objects.count() == 2
    assert len(list((data / "sealed").rglob("*.jpg"))) == 1
    assert breaks() == []


def test_one_flipped_byte_in_a_sealed_photo_names_row_and_file(data: Path) -> None:
    sealed()
    row = sealed(photo(140))
    path = data / "sealed" / row.original
    content = bytearray(path.read_bytes())
    content[100] ^= 1

    path.chmod(0o600)
    path.write_bytes(content)

    assert breaks() == [f"trust_evidence {row.pk}: {row.original} was changed"]
    with pytest.raises(EvidenceDamaged, match="was changed"):
        evidence.original(row)


@pytest.mark.parametrize("column", ["sha256", "sm3"])
def test_an_original_must_fit_both_hashes(column: str) -> None:
    row = sealed()

    setattr(row, column, "0" * 64)

    with pytest.raises(EvidenceDamaged, match="was changed"):
        evidence.original(row)


def test_a_lost_photo_is_named(data: Path) -> None:
    row = sealed()

    (data / "sealed" / row.original).unlink()

    assert breaks() == [f"trust_evidence {row.pk}: {row.original} cannot be read"]


def test_sealing_again_mends_a_damaged_file(data: Path) -> None:
    path = data / "sealed" / sealed().original
    path.chmod(0o600)
    path.write_bytes(b"damaged")

    sealed()

    assert breaks() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("case", 42),
        ("kind", "video"),
        ("media_type", "image/png"),
        ("size_bytes", 1),
        ("original", "aa/other.jpg"),
        ("sha256", "0" * 64),
        ("sm3", "0" * 64),
        ("key_id", "0001-00000000"),
        ("previous", "1" * 64),
        ("digest", "1" * 64),
        ("taken_at", AT),
        ("received_at", AT + timedelta(seconds=1)),
        ("lon", 100.26),
        ("lat", None),
        ("uploaded_by", "unit:4"),
    ],
)
def test_a_changed_column_names_its_row(column: str, value: Any) -> None:
    row = sealed()

    tamper(f'UPDATE trust_evidence SET "{column}" = %s', value)  # noqa: S608 - our own names

    assert breaks()[0].startswith(f"trust_evidence {row.pk}: changed (file ")


def test_a_changed_clock_offset_names_its_row() -> None:
    row = sealed()

    with append_only.lifted():
        Evidence.objects.update(clock_offset=timedelta(0))

    assert breaks()[0].startswith(f"trust_evidence {row.pk}: changed")


def test_a_row_forged_with_a_fitting_digest_lacks_our_signature() -> None:
    row = sealed()
    row.case = 42
    digest = ciphers.sha256(evidence._header(row))

    tamper('UPDATE trust_evidence SET "case" = 42, digest = %s', digest)

    assert breaks()[0] == (
        f"trust_evidence {row.pk}: the signature does not fit (file {row.original})"
    )


@pytest.mark.parametrize(
    ("removed", "reported"),
    [
        (0, "does not follow the row before it"),
        (1, "does not follow the row before it"),
        (2, "rows are missing"),
    ],
)
def test_a_removed_row_shows(removed: int, reported: str) -> None:
    rows = [sealed(photo(shade)) for shade in (90, 140, 190)]

    tamper("DELETE FROM trust_evidence WHERE id = %s", rows[removed].pk)

    assert reported in breaks()[0]
    assert breaks()[-2:] == [
        "trust_evidence 2 of 3: rows are missing",
        f"trust_evidence {rows[removed].pk}: missing, though the audit chain has it",
    ]


def test_a_row_cut_off_together_with_the_count_of_the_head_shows() -> None:
    sealed()
    row = sealed(photo(140))

    tamper("DELETE FROM trust_evidence WHERE id = %s", row.pk)
    ChainHead.objects.filter(name="evidence").update(seq=1)

    assert "the row that the chain's head names is missing" in breaks()[0]


def test_a_row_that_cannot_be_read_is_named_and_the_walk_goes_on() -> None:
    rows = [sealed(photo(shade)) for shade in (90, 140, 190)]

    damage("trust_evidence", "received_at", f"id = {rows[1].pk}")

    assert breaks() == [f"trust_evidence {rows[1].pk}: cannot be read"]


def test_a_table_set_back_with_its_old_signed_head_shows_by_the_audit_chain() -> None:
    sealed()
    old = ChainHead.objects.filter(name="evidence").values().get()
    row = sealed(photo(140))

    tamper("DELETE FROM trust_evidence WHERE id = %s", row.pk)
    ChainHead.objects.filter(name="evidence").update(**old)

    assert breaks() == [f"trust_evidence {row.pk}: missing, though the audit chain has it"]


def test_a_row_that_was_sealed_behind_the_audit_chain_is_named() -> None:
    row = sealed(leave=lambda leaf: None)

    assert breaks() == [f"trust_evidence {row.pk}: is not in the audit chain"]


def test_a_row_sealed_anew_in_place_of_another_differs_from_the_audit_chain() -> None:
    first = sealed()
    tamper("DELETE FROM trust_evidence")
    ChainHead.objects.filter(name="evidence").update(seq=0, digest=audit.GENESIS)
    other = sealed(photo(140), leave=lambda leaf: None)
    tamper("UPDATE trust_evidence SET id = %s WHERE id = %s", first.pk, other.pk)

    assert breaks() == [f"trust_evidence {first.pk}: differs from the audit chain"]


def test_the_database_lets_only_the_working_copy_change() -> None:
    row = sealed()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Evidence.objects.update(uploaded_by="unit:4")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Evidence.objects.all()._raw_delete("default")

    evidence.set_working_copy(row, photo())

    row.refresh_from_db()
    assert row.uploaded_by == "unit:3"
    assert row.working_copy.endswith(".jpg")
    assert breaks() == []


def test_a_working_copy_is_redrawn_and_leaves_the_original_alone() -> None:
    row = sealed()

    evidence.set_working_copy(row, photo(10))

    with Image.open(BytesIO(evidence.working_copy(row))) as shown:
        assert shown.size == (40, 30)
    assert evidence.original(row) == photo()


def test_evidence_without_a_working_copy_says_so() -> None:
    with pytest.raises(EvidenceDamaged, match="no working copy"):
        evidence.working_copy(sealed())


@pytest.mark.parametrize("said", ["", "application/octet-stream", "image/jpeg"])
def test_a_sender_may_leave_the_type_open(said: str) -> None:
    assert sealed(media_type=said).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"media_type": "image/png"}, "other-type"),
        ({"content": b"MZ" + bytes(60)}, "not-a-picture"),
        ({"lon": None}, "half-position"),
        ({"lon": float("nan")}, "position"),
        ({"lon": 180.5}, "position"),
        ({"lat": -90.5}, "position"),
    ],
)
def test_bad_evidence_is_refused_and_leaves_nothing(
    data: Path, changed: dict[str, Any], code: str
) -> None:
    with pytest.raises(PictureRefused) as refused:
        sealed(**changed)

    assert refused.value.code == code
    assert not Evidence.objects.exists()
    assert not (data / "sealed").exists()


def test_evidence_may_lack_time_clock_and_position() -> None:
    row = sealed(taken_at=None, device_now=None, lon=None, lat=None)

    assert (row.taken_at, row.clock_offset, row.lon) == (None, None, None)
    assert breaks() == []


def test_a_rolled_back_sealing_leaves_only_a_harmless_file(data: Path) -> None:
    with transaction.atomic():
        sealed()
        transaction.set_rollback(True)

    assert len(list((data / "sealed").rglob("*.jpg"))) == 1
    assert breaks() == []
    assert list(audit.verify()) == []


def test_a_name_that_leads_out_of_the_sealed_folder_is_damage() -> None:
    row = sealed()
    row.original = "../keys/vault-0001-00000000.key"

    with pytest.raises(EvidenceDamaged, match="outside"):
        evidence.original(row)


def under_key() -> Evidence:
    """A photo whose bytes lie encrypted on the disk, with the copy that pages show."""
    [(key, _opened)] = vault.make_keys(1, now=AT)
    row = evidence.seal(
        photo(), case=1, kind="photo", media_type="image/jpeg", by="resident", now=AT, under=key
    )
    evidence.set_working_copy(row, photo())
    return row


def files_of(row: Evidence) -> list[Path]:
    data = Path(settings.DATA)
    return [data / "sealed" / row.original, data / "working" / row.working_copy]


def test_under_a_key_nothing_on_the_disk_is_a_picture_and_pages_show_it_all_the_same() -> None:
    row = under_key()

    for path in files_of(row):
        assert path.read_bytes()[:2] != b"\xff\xd8"
        assert photo()[20:60] not in path.read_bytes()
    assert evidence.original(row) == photo()
    assert evidence.working_copy(row).startswith(b"\xff\xd8")
    assert row.sha256 == ciphers.sha256(photo())
    assert breaks() == []


def test_a_sealed_picture_that_was_changed_or_moved_is_damage() -> None:
    row = under_key()
    path = files_of(row)[0]
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    with pytest.raises(EvidenceDamaged):
        evidence.original(row)
    assert len(breaks()) == 1


@pytest.mark.django_db(transaction=True)
def test_an_erased_picture_is_gone_and_only_a_receipt_makes_that_whole() -> None:
    row = under_key()
    files = files_of(row)

    with transaction.atomic():
        assert evidence.erase(row, now=AT)

    assert [path.exists() for path in files] == [False, False]
    for read in (evidence.original, evidence.working_copy):
        with pytest.raises(EvidenceDamaged):
            read(Evidence.objects.get(pk=row.pk))
    assert breaks() == [f"trust_evidence {row.pk}: it was destroyed"]
    with transaction.atomic():
        erasing.receipt("report:1", [evidence.name_of(row)], [], by="resident", now=AT)
    assert breaks() == []
    with transaction.atomic():
        assert not evidence.erase(Evidence.objects.get(pk=row.pk), now=AT)


@pytest.mark.django_db(transaction=True)
def test_an_old_picture_without_a_key_goes_unless_another_row_has_the_same() -> None:
    first, second = sealed(), sealed()
    path = files_of(first)[0]

    for row, is_there in ((first, True), (second, False)):
        with transaction.atomic():
            evidence.erase(row, now=AT)
            erasing.receipt("report:1", [evidence.name_of(row)], [], by="resident", now=AT)
        assert path.exists() is is_there
    assert breaks() == []


def test_the_key_of_a_picture_cannot_be_taken_from_its_row() -> None:
    row = under_key()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Evidence.objects.filter(pk=row.pk).update(subject_key=None)
