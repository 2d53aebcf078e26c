"""Sealed evidence: the original as it came, hashed twice, signed, chained and never rewritten.

The original lies below DATA/sealed under its own hash and is on the disk before its row commits;
when the transaction fails, the file stays behind unreferenced, which does no harm. A row's digest
is the suite's hash of ``canonical.encode`` of its header, the signature is Ed25519 over the same
bytes.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from zhizhi.trust import audit, canonical, ciphers, keys, pictures, recordings, vault, walking
from zhizhi.trust.audit import Break, Leaf
from zhizhi.trust.grounds import by_law, reading
from zhizhi.trust.models import ChainHead, Evidence, SubjectKey

TABLE = "trust_evidence"
CHAIN = "evidence"
DOCUMENT = "application/pdf"
VOICE = "voice"
ERASED = "data.erase"  # the verb of receipts


class EvidenceDamaged(RuntimeError):
    """The sealed original is missing or is no longer what was sealed."""


class EvidenceErased(EvidenceDamaged):
    """The picture was destroyed on purpose; its row, hashes and receipt are all that is left."""


def append_now(leaf: Leaf) -> None:
    """Append ``leaf`` at once: for a transaction that locks nothing after it."""
    audit.append([leaf])


@transaction.atomic
def seal(  # noqa: PLR0913 - the facts of one upload, each of them named by the caller
    content: bytes,
    *,
    case: int,
    kind: str,
    media_type: str,
    by: str,
    now: datetime,
    taken_at: datetime | None = None,
    device_now: datetime | None = None,
    lon: float | None = None,
    lat: float | None = None,
    area_path: str = "",
    leave: Callable[[Leaf], object] = append_now,
    under: SubjectKey | None = None,
) -> Evidence:
    """Keep ``content`` as evidence of ``case``; raises PictureRefused with a message for people.

    With the data key ``under`` it lies encrypted on the disk, and ends when that key is destroyed.

    Inside a transaction that goes on to lock other rows, hand over ``leave`` (the timeline's): it
    appends the leaf at the very end, since whoever holds the chain's head must not wait for rows.
    The media type is read from the content; ``media_type`` must agree unless it says nothing.
    """
    found = _agreed(pictures.media_type_of(content), media_type)
    _check_position(lon, lat)
    row = Evidence(
        case=case,
        kind=kind,
        media_type=found,
        original=_write(_closed(content, under, "original"), pictures.SUFFIXES[found]),
        taken_at=taken_at,
        received_at=now,
        clock_offset=device_now - now if device_now else None,
        lon=lon,
        lat=lat,
        uploaded_by=by,
        subject_key=under,
    )
    return _sealed_row(row, content, area_path, leave)


@transaction.atomic
def seal_document(  # noqa: PLR0913 - the facts of one file, each of them named by the caller
    content: bytes,
    *,
    case: int,
    kind: str,
    by: str,
    now: datetime,
    area_path: str = "",
    leave: Callable[[Leaf], object] = append_now,
) -> Evidence:
    """Keep a PDF that this house wrote itself as evidence of ``case``; see ``seal``.

    Raises ValueError for anything else: what people send is taken as photographs only.
    """
    if not content.startswith(b"%PDF-"):
        message = "only PDF files of our own are sealed as documents"
        raise ValueError(message)
    row = Evidence(
        case=case,
        kind=kind,
        media_type=DOCUMENT,
        original=_write(content, ".pdf"),
        received_at=now,
        uploaded_by=by,
    )
    return _sealed_row(row, content, area_path, leave)


@transaction.atomic
def seal_recording(  # noqa: PLR0913 - the facts of one upload, each of them named by the caller
    content: bytes,
    *,
    case: int,
    by: str,
    now: datetime,
    taken_at: datetime | None = None,
    device_now: datetime | None = None,
    area_path: str = "",
    leave: Callable[[Leaf], object] = append_now,
) -> Evidence:
    """Keep a voice note as evidence of ``case``; see ``seal``. Raises RecordingRefused.

    What is sealed is the sound under a fresh header, nothing else of the file that came.
    """
    sound = recordings.rewritten(content)
    row = Evidence(
        case=case,
        kind=VOICE,
        media_type=recordings.MEDIA_TYPE,
        original=_write(sound, recordings.SUFFIX),
        taken_at=taken_at,
        received_at=now,
        clock_offset=device_now - now if device_now else None,
        uploaded_by=by,
    )
    return _sealed_row(row, sound, area_path, leave)


def _sealed_row(
    row: Evidence, content: bytes, area_path: str, leave: Callable[[Leaf], object]
) -> Evidence:
    """Hash, chain, sign and insert ``row``, and leave its trace."""
    head = audit.hold(CHAIN)
    row.size_bytes = len(content)
    row.sha256, row.sm3 = ciphers.sha256(content), ciphers.sm3(content)
    row.previous, row.key_id = head.digest, keys.ring().current("signing").id
    header = _header(row)
    row.key_id, row.signature = keys.ring().sign(header)
    row.digest = ciphers.suite().digest(header)
    row.save(force_insert=True)
    audit.release(head, seq=head.seq + 1, digest=row.digest)
    detail = {"evidence": row.pk, "kind": row.kind, "sealed": row.digest}
    subject = f"case:{row.case}"
    leave(Leaf(row.uploaded_by, "evidence.seal", subject, row.received_at, area_path, detail))
    return row


def original(evidence: Evidence) -> bytes:
    """Return the sealed original; raises EvidenceDamaged when it is not what was sealed.

    Raises EvidenceErased when its key was destroyed.
    """
    path = _sealed(evidence.original)
    try:
        content = _opened(evidence, path, "original")
    except OSError as error:
        message = f"{TABLE} {evidence.pk}: {evidence.original} cannot be read"
        raise EvidenceDamaged(message) from error
    if ciphers.sha256(content) != evidence.sha256 or ciphers.sm3(content) != evidence.sm3:
        message = f"{TABLE} {evidence.pk}: {evidence.original} was changed"
        raise EvidenceDamaged(message)
    return content


def set_working_copy(evidence: Evidence, content: bytes) -> None:
    """Make ``content``, redrawn without metadata, the picture that pages show."""
    bare = _closed(pictures.redraw(content), evidence.subject_key, "working_copy")
    path = _folder("working") / f"{evidence.pk}-{ciphers.sha256(bare)[:16]}.jpg"
    _place(path, bare)
    Evidence.objects.filter(pk=evidence.pk).update(working_copy=path.name)
    evidence.working_copy = path.name


def working_copy(evidence: Evidence) -> bytes:
    """Return the picture that pages show; EvidenceDamaged when there is none."""
    try:
        path = _folder("working") / Path(evidence.working_copy).name
        return _opened(evidence, path, "working_copy")
    except OSError as error:
        message = f"{TABLE} {evidence.pk} has no working copy"
        raise EvidenceDamaged(message) from error


def name_of(evidence: Evidence) -> str:
    """Return how logs and receipts name it: "evidence:9"."""
    return f"evidence:{evidence.pk}"


def erase(evidence: Evidence, *, now: datetime) -> bool:
    """Destroy a picture and leave its row; says whether there was something to destroy.

    The caller writes the receipt (``zhizhi.trust.erasing``), without which ``verify_evidence``
    reports damage. Where an old row has no key of its own, its files go, unless another row has
    the very same picture.
    """
    key = evidence.subject_key
    if key is not None and not vault.destroy(key, now=now):
        return False
    names = [_folder("working") / Path(evidence.working_copy).name] if evidence.working_copy else []
    same = Evidence.objects.filter(original=evidence.original).exclude(pk=evidence.pk)
    if not {name_of(row) for row in same} - (_erased() if same else set()):
        names.append(_sealed(evidence.original))
    there = [path for path in names if path.exists()]
    Evidence.objects.filter(pk=evidence.pk).update(working_copy="")
    evidence.working_copy = ""
    for path in there:
        transaction.on_commit(partial(path.unlink, missing_ok=True))
    return key is not None or bool(there)


def verify_evidence(*, progress: Callable[[int], None] = lambda rows: None) -> Iterator[Break]:
    """Check every row and its file; yields breaks that name the row and the file.

    A row counts only if the audit chain has its digest, so a table that was set back together with
    its own old head shows as well; verify that chain first.
    """
    end = ChainHead.objects.filter(name=CHAIN).first() or ChainHead(name=CHAIN)
    previous, count, is_headed = audit.GENESIS, 0, end.seq == 0
    erased = _erased()
    found: dict[int, str] = {}
    for (pk,), row in walking.each(Evidence.objects.order_by("id"), chunk=500):
        count += 1
        reason = "cannot be read" if row is None else _doubt(row, previous, erased)
        if reason:
            yield Break(TABLE, str(pk), reason)
        found[pk] = previous = row.digest if row else ""
        is_headed = is_headed or previous in {"", end.digest}
        progress(1)
    if count < end.seq:
        yield Break(TABLE, f"{count} of {end.seq}", "rows are missing")
    elif not is_headed:
        yield Break(TABLE, str(end.seq), "the row that the chain's head names is missing")
    yield from _differences(found)
    yield from audit.unsigned(end)


def _differences(found: dict[int, str]) -> Iterator[Break]:
    """Compare the rows with the leaves that their sealing left in the audit chain."""
    for leaf in audit.leaves("evidence.seal"):
        pk, sealed = leaf["detail"].get("evidence"), leaf["detail"].get("sealed")
        digest = found.pop(pk, None)
        if digest is None and not Evidence.objects.filter(pk=pk).exists():
            yield Break(TABLE, str(pk), "missing, though the audit chain has it")
        elif digest and digest != sealed:
            yield Break(TABLE, str(pk), "differs from the audit chain")
    for pk in found:
        yield Break(TABLE, str(pk), "is not in the audit chain")


def _erased() -> set[str]:
    """Return what the receipts in the audit chain say was destroyed: "evidence:9"."""
    found: set[str] = set()
    for leaf in audit.leaves(ERASED):
        found.update(leaf["detail"].get("destroyed", ()))
    return found


def _doubt(row: Evidence, previous: str, erased: set[str]) -> str:
    """Return what is wrong with one row or its file, or nothing."""
    try:
        header = _header(row)
    except walking.DAMAGE:
        return "changed"
    if not ciphers.digest_fits(header, row.digest):
        return f"changed (file {row.original})"
    if not keys.ring().is_signed(header, key_id=row.key_id, signature=row.signature):
        return f"the signature does not fit (file {row.original})"
    if previous and row.previous != previous:
        return f"does not follow the row before it (file {row.original})"
    try:
        original(row)
    except EvidenceDamaged as damage:
        return "" if name_of(row) in erased else str(damage).partition(": ")[2]
    return ""


def _header(row: Evidence) -> bytes:
    """Return the bytes that are signed: every column that is fixed when evidence is sealed."""
    offset = row.clock_offset
    columns: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "case", "kind", "media_type", "size_bytes", "original", "sha256", "sm3", "key_id",
            "previous", "taken_at", "received_at", "lon", "lat", "uploaded_by",
        )
    }  # fmt: skip
    columns["clock_offset_us"] = None if offset is None else round(offset.total_seconds() * 1e6)
    return canonical.encode(columns)


def _agreed(found: str, said: str) -> str:
    if said not in {"", "application/octet-stream", found}:
        message = _("The file is %(found)s, but was sent as %(said)s.") % {
            "found": found,
            "said": said,
        }
        raise pictures.PictureRefused("other-type", message)
    return found


def _check_position(lon: float | None, lat: float | None) -> None:
    if (lon is None) != (lat is None):
        raise pictures.PictureRefused("half-position", _("Send longitude and latitude together."))
    if lon is None or lat is None:
        return
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise pictures.PictureRefused(
            "position", _("The position of the photo is not on the globe.")
        )


def _closed(content: bytes, key: SubjectKey | None, column: str) -> bytes:
    """Return what is written to the disk: encrypted under ``key``, or as it is without one."""
    if key is None:
        return content
    opened, place = vault.unwrap(key), vault.Place(TABLE, column, key.pk)
    return vault.seal_bytes(content, key=opened, key_id=str(key.pk), place=place)


def _opened(evidence: Evidence, path: Path, column: str) -> bytes:
    """Return what was closed into ``path``; raises OSError and EvidenceDamaged."""
    key = evidence.subject_key
    if key is None:
        return path.read_bytes()
    try:
        opened, place = vault.unwrap(key), vault.Place(TABLE, column, key.pk)
        with reading(by_law("handle-case")):
            return vault.unseal_bytes(path.read_bytes(), key=opened, place=place)
    except vault.Erased as erased:
        message = f"{TABLE} {evidence.pk}: it was destroyed"
        raise EvidenceErased(message) from erased
    except ciphers.SealBroken as broken:
        message = f"{TABLE} {evidence.pk}: {path.name} was changed"
        raise EvidenceDamaged(message) from broken


def _folder(name: str) -> Path:
    return Path(settings.DATA) / name


def _sealed(relative: str) -> Path:
    """Return the path of an original; a name that leads elsewhere counts as damage."""
    root = _folder("sealed")
    path = root / relative
    if ".." in path.parts or not path.is_relative_to(root):
        message = f"{TABLE}: {relative} lies outside the sealed folder"
        raise EvidenceDamaged(message)
    return path


def _write(content: bytes, suffix: str) -> str:
    """Put an original on the disk under its hash and return its path below the sealed folder."""
    digest = ciphers.sha256(content)
    relative = f"{digest[:2]}/{digest}{suffix}"
    path = _sealed(relative)
    if not path.exists() or ciphers.sha256(path.read_bytes()) != digest:
        _place(path, content)
    return relative


def _place(path: Path, content: bytes) -> None:
    """Write a file so that after a power cut it is whole or absent."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    for folder in (path.parent, path.parent.parent):
        listing = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(listing)
        finally:
            os.close(listing)
