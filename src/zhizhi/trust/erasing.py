"""Receipts of erasure: signed, chained into the audit log, and provable from a published root."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zhizhi.kernel.merkle import NotInTree
from zhizhi.trust import audit, canonical, ciphers, keys, tree, walking
from zhizhi.trust.audit import Break, Leaf
from zhizhi.trust.evidence import ERASED, append_now
from zhizhi.trust.models import AuditEntry, Erasure

TABLE = "trust_erasure"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why something of a person may not be destroyed yet: what it is, and the reason as a code."""

    ref: str  # "evidence:9"
    reason: str  # "open-case"


def receipt(
    subject: str,
    destroyed: Sequence[str],
    held: Sequence[Hold],
    *,
    by: str,
    now: datetime,
    leave: Callable[[Leaf], object] = append_now,
) -> Erasure:
    """Write, sign and chain the receipt of what was destroyed of ``subject`` ("report:12").

    Belongs to the transaction that destroys. Ids only: it outlives the person's data.
    """
    row = Erasure(
        subject=subject, at=now, by=by, destroyed=sorted(destroyed),
        held=sorted([one.ref, one.reason] for one in held),
    )  # fmt: skip
    row.digest = ciphers.suite().digest(canonical.encode(_content(row)))
    row.key_id, row.signature = keys.ring().sign(_signed(row.digest))
    row.save(force_insert=True)
    detail = {"erasure": row.pk, "receipt": row.digest, "destroyed": row.destroyed}
    leave(Leaf(by, ERASED, subject, now, detail=detail))
    return row


def receipts_of(subject: str) -> list[Erasure]:
    """Return the receipts of ``subject``, the oldest first."""
    return list(Erasure.objects.filter(subject=subject))


def told(row: Erasure) -> dict[str, Any]:
    """Return a receipt for its owner: signed content, audit entry, and proof under the newest root.

    The proof is missing until the entry is in the tree, a minute at most. ``verify_audit.py proof``
    checks it; the entry's digest is the hash of ``entry`` as canonical JSON, which holds the
    receipt's digest, which is the hash of ``receipt`` as canonical JSON.
    """
    entry = _entry(row)
    return {
        "receipt": _content(row) | {"at": canonical.moment(row.at)},
        "digest": row.digest,
        "signature": row.signature,
        "key": row.key_id,
        "public_key": keys.ring().public_key(),
        "entry": _columns(entry) if entry else None,
        "proof": _proof(entry) if entry else None,
    }


def verify() -> Iterator[Break]:
    """Yield each receipt that was changed, removed, added or is not signed by this installation."""
    rows: dict[int, Erasure | None] = {}
    for (pk,), row in walking.each(Erasure.objects.order_by("pk")):
        rows[pk] = row
    for leaf in audit.leaves(ERASED):
        pk = leaf["detail"].get("erasure")
        if pk not in rows:
            yield Break(TABLE, str(pk), "missing")
        elif reason := _doubt(rows.pop(pk), leaf["detail"]):
            yield Break(TABLE, str(pk), reason)
    for pk in rows:
        yield Break(TABLE, str(pk), "is not in the audit chain")


def _doubt(row: Erasure | None, detail: Mapping[str, Any]) -> str:
    if row is None:
        return "cannot be read"
    if not walking.fits(_content(row), row.digest) or detail.get("receipt") != row.digest:
        return "changed"
    signed = _signed(row.digest)
    if not keys.ring().is_signed(signed, key_id=row.key_id, signature=row.signature):
        return "the signature is not this installation's"
    return ""


def _content(row: Erasure) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "at": row.at,
        "by": row.by,
        "destroyed": row.destroyed,
        "held": row.held,
    }


def _signed(digest: str) -> bytes:
    return f"zhizhi-erasure|{digest}".encode()


def _entry(row: Erasure) -> AuditEntry | None:
    found = AuditEntry.objects.filter(verb=ERASED, subject=row.subject)
    return next((one for one in found if one.detail.get("erasure") == row.pk), None)


def _columns(entry: AuditEntry) -> dict[str, Any]:
    names = ("seq", "actor", "verb", "subject", "area_path", "detail", "previous", "digest")
    return {name: getattr(entry, name) for name in names} | {"at": canonical.moment(entry.at)}


def _proof(entry: AuditEntry) -> dict[str, Any] | None:
    root = tree.newest()
    if root is None:
        return None
    try:
        return tree.inclusion(entry.seq, root)
    except NotInTree:
        return None
