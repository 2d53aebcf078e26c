"""The audit chain: who did what to which record, each row sealed by the hash of the row before.

A row's digest is the suite's hash of ``canonical.encode`` of its columns without ``digest``. The
head of the chain is signed with a key that is not in the database: rewriting every row needs that
key as well. Publish ``head()`` now and then; ``verify(published=...)`` then also finds a database
that was set back as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from zhizhi.trust import canonical, ciphers, keys, walking
from zhizhi.trust.models import AuditEntry, ChainHead

GENESIS = "0" * 64
TABLE = "trust_auditentry"
CHAIN = "audit"
_COLUMNS = ("seq", "at", "actor", "verb", "subject", "area_path", "detail", "previous", "digest")
_CHUNK = 4000


class OutsideTransaction(RuntimeError):
    """A chained row was appended outside the transaction of the change that it records."""


class ChainContended(RuntimeError):
    """Two writers held the chain's head at once: the database does not lock as it must."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing done, before it is chained; ids and verbs only, never personal data."""

    actor: str
    verb: str
    subject: str
    at: datetime
    area_path: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Break:
    """One place where a log was tampered with or damaged."""

    table: str
    row: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Published:
    """The head of the chain as it was published: "seq:digest"."""

    seq: int
    digest: str

    @classmethod
    def parse(cls, text: str) -> Published:
        """Read "412:9f3c..."; raises ValueError."""
        seq, _, digest = text.partition(":")
        if len(digest) != len(GENESIS):
            message = "a published head is SEQ:DIGEST with 64 hex digits"
            raise ValueError(message)
        return cls(int(seq), digest.lower())

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest}"


def append(entries: Sequence[Leaf]) -> list[AuditEntry]:
    """Chain ``entries`` in this order inside the caller's transaction.

    Holds the head until commit, so call it last. Raises OutsideTransaction and NotCanonical.
    """
    if not connection.in_atomic_block:
        message = "append belongs to the transaction of the change that it records"
        raise OutsideTransaction(message)
    if not entries:
        return []
    head = hold(CHAIN)
    seq, previous, suite = head.seq, head.digest, ciphers.suite()
    rows = []
    for leaf in entries:
        seq += 1
        columns = _record(seq, leaf, previous)
        previous = suite.digest(canonical.encode(columns))
        rows.append(AuditEntry(**columns, digest=previous))
    AuditEntry.objects.bulk_create(rows, batch_size=500)
    release(head, seq=seq, digest=previous)
    return rows


def hold(name: str) -> ChainHead:
    """Lock the head of chain ``name`` until the transaction ends; makes it on first use."""
    held = ChainHead.objects.select_for_update().filter(name=name).first()
    if held is None:
        ChainHead.objects.get_or_create(name=name)
        held = ChainHead.objects.select_for_update().get(name=name)
    return held


def release(head: ChainHead, *, seq: int, digest: str) -> None:
    """Move a held head to its new end and sign it; the lock stays until commit."""
    key_id, signature = keys.ring().sign(_signed(head.name, seq, digest))
    moved = ChainHead.objects.filter(name=head.name, seq=head.seq, digest=head.digest).update(
        seq=seq, digest=digest, signature=signature, key_id=key_id
    )
    if not moved:
        message = f"chain {head.name} moved from {head.seq} while it was held"
        raise ChainContended(message)


def head() -> Published:
    """Return the newest link, for publication."""
    found = ChainHead.objects.filter(name=CHAIN).first()
    return Published(found.seq, found.digest) if found else Published(0, GENESIS)


def verify(
    *, published: Published | None = None, progress: Callable[[int], None] = lambda rows: None
) -> Iterator[Break]:
    """Walk the whole chain and yield each row that was changed, removed, moved or cut off.

    Appending may go on meanwhile. ``progress`` is told the number of rows of each chunk.
    """
    end = ChainHead.objects.filter(name=CHAIN).first() or ChainHead(name=CHAIN)
    walk = _Walk(published)
    rows = AuditEntry.objects.order_by("seq").values("pk", *_COLUMNS)
    for count, ((seq,), row) in enumerate(walking.each(rows), 1):
        yield from walk.step(seq, row, end)
        if count % _CHUNK == 0:
            progress(_CHUNK)
    yield from walk.finish(end)


class _Walk:
    """Where a verification stands: the link that the next row must continue."""

    def __init__(self, published: Published | None) -> None:
        self.seq = 0
        self.digest: str | None = GENESIS  # None: that of a row which cannot be read
        self.published = published

    def step(self, seq: int, row: dict[str, Any] | None, end: ChainHead) -> Iterator[Break]:
        if seq > self.seq + 1:
            yield Break(TABLE, _range(self.seq + 1, seq - 1), "missing")
        if row is None:
            yield Break(TABLE, str(seq), "cannot be read")
            self.seq, self.digest = seq, None
            return
        digest = row["digest"]
        columns = {name: row[name] for name in _COLUMNS if name != "digest"}
        reason = self._doubt(columns, digest, end)
        if reason:
            yield Break(TABLE, str(seq), reason)
        self.seq, self.digest = seq, digest

    def _doubt(self, row: dict[str, Any], digest: str, end: ChainHead) -> str:
        """Return what is wrong with one row, or nothing."""
        if not walking.fits(row, digest):
            return "changed"
        if row["seq"] == self.seq + 1 and self.digest not in {None, row["previous"]}:
            return "does not follow the row before it"
        if row["seq"] == end.seq and digest != end.digest:
            return "is not the row that the chain's head names"
        if self.published and row["seq"] == self.published.seq and digest != self.published.digest:
            return "is not the row that was published"
        return ""

    def finish(self, end: ChainHead) -> Iterator[Break]:
        if self.seq < end.seq:
            yield Break(TABLE, _range(self.seq + 1, end.seq), "missing: the chain was cut off")
        if self.published and self.seq < self.published.seq:
            yield Break(
                TABLE, _range(self.seq + 1, self.published.seq), "missing, though published"
            )
        yield from self.beyond()
        yield from unsigned(end)

    def beyond(self) -> Iterator[Break]:
        newest = head().seq  # appended to since the walk began
        if self.seq > newest:
            yield Break(TABLE, _range(newest + 1, self.seq), "beyond the chain's head")


def leaves(
    *verbs: str, subjects: str = "", columns: Sequence[str] = ("subject", "detail")
) -> Iterator[dict[str, Any]]:
    """Yield subject and detail of the links with ``verbs`` (all without) that can be read."""
    rows = AuditEntry.objects.filter(subject__startswith=subjects).order_by("seq")
    if verbs:
        rows = rows.filter(verb__in=verbs)
    for _key, row in walking.each(rows.values("pk", *columns)):
        if row is not None and isinstance(row["detail"], dict):
            yield row


def unsigned(end: ChainHead) -> Iterator[Break]:
    """Yield a break when a chain's head does not carry this installation's signature."""
    if end.seq == 0 and end.digest == GENESIS:
        return
    content = _signed(end.name, end.seq, end.digest)
    if not keys.ring().is_signed(content, key_id=end.key_id, signature=end.signature):
        yield Break("trust_chainhead", end.name, "the signature is not this installation's")


def _record(seq: int, leaf: Leaf, previous: str) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": leaf.at,
        "actor": leaf.actor,
        "verb": leaf.verb,
        "subject": leaf.subject,
        "area_path": leaf.area_path,
        "detail": canonical.plain(leaf.detail),
        "previous": previous,
    }


def _signed(name: str, seq: int, digest: str) -> bytes:
    return f"zhizhi-head|{name}|{seq}|{digest}".encode()


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
