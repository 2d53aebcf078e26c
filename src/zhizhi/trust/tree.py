"""The audit log as a tree of hashes: whoever keeps one root can check the whole log against it.

Once a minute the worker takes the new entries in, signs the root and writes it to
``DATA/published/roots.ndjson``, from where it belongs on other machines: a database that is set
back, cut off or written anew as a whole then shows, and a single entry can be proved to others
without giving away the rest. ``scripts/verify_audit.py`` checks all of it without this product.
The tree is that of RFC 6962; its entries are the digests (32 bytes) of the audit chain.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from zhizhi.kernel import merkle
from zhizhi.kernel.merkle import Node
from zhizhi.trust import canonical, ciphers, keys, walking
from zhizhi.trust.audit import Break
from zhizhi.trust.models import AuditEntry, TreeNode, TreeRoot

MOST = 5000  # entries taken in at once
PUBLISHED = ("published", "roots.ndjson")
TABLE = "trust_treeroot"


def grow(now: datetime) -> int:
    """Take new entries into the tree and publish its root; returns how many came.

    Of two who do it at once one finds that the other has, and fails; nothing is half done.
    """
    with transaction.atomic():
        last = TreeRoot.objects.select_for_update().order_by("-size").first()
        size, suite = (last.size, last.suite) if last else (0, ciphers.suite().number)
        hash_ = partial(ciphers.raw_digest, suite)
        leaves = list(_following(size, hash_))
        if not leaves:
            return 0
        kept = _nodes(merkle.peaks(size), hash_)
        made = merkle.grown(hash_, size, leaves, kept)
        _keep(made)
        size += len(leaves)
        root = merkle.root(hash_, size, kept | made).hex()
        key_id, signature = keys.ring().sign(signed(size, root, now))
        row = TreeRoot.objects.create(
            size=size, root=root, at=now, suite=suite, signature=signature, key_id=key_id
        )
        transaction.on_commit(lambda: publish(row))
    return len(leaves)


def catch_up(now: datetime) -> int:
    """Take everything in that is not in the tree yet, part by part; returns how much came."""
    total, count = 0, MOST
    while count == MOST:
        count = grow(now)
        total += count
    return total


def _following(size: int, hash_: merkle.Hash) -> Iterator[bytes]:
    """Yield the leaves of the entries after ``size``, up to the first that is missing."""
    rows = AuditEntry.objects.filter(seq__gt=size, seq__lte=size + MOST).order_by("seq")
    for place, (seq, digest) in enumerate(rows.values_list("seq", "digest"), size + 1):
        if seq != place:  # ``zhizhi verify-log`` tells of it; the tree holds no gaps
            return
        yield merkle.leaf_hash(hash_, bytes.fromhex(digest))


def _keep(made: dict[Node, bytes]) -> None:
    rows = [
        TreeNode(key=_key(node), digest=digest.hex()) for node, digest in made.items() if node[0]
    ]
    TreeNode.objects.bulk_create(rows, batch_size=1000)


def _key(node: Node) -> int:
    level, place = node
    return (level << TreeNode.PLACES) + place


def _nodes(wanted: Iterable[Node], hash_: merkle.Hash) -> dict[Node, bytes]:
    """Return complete nodes: the kept ones, and leaves from their entries."""
    nodes = set(wanted)
    return _kept(nodes) | _leaves(_digests(nodes), hash_)


def _kept(nodes: Iterable[Node]) -> dict[Node, bytes]:
    by_key = {_key(node): node for node in nodes if node[0]}
    kept = TreeNode.objects.filter(key__in=by_key).values_list("key", "digest")
    return {by_key[key]: bytes.fromhex(digest) for key, digest in kept}


def _leaves(digests: Mapping[int, str], hash_: merkle.Hash) -> dict[Node, bytes]:
    return {
        (0, seq - 1): merkle.leaf_hash(hash_, bytes.fromhex(digest))
        for seq, digest in digests.items()
    }


def _digests(nodes: Iterable[Node]) -> dict[int, str]:
    """Return the digests of the entries that are leaves among ``nodes``, by their number."""
    seqs = [place + 1 for level, place in nodes if not level]
    if not seqs:
        return {}
    return dict(AuditEntry.objects.filter(seq__in=seqs).values_list("seq", "digest"))


def signed(size: int, root: str, at: datetime) -> bytes:
    """Return what the signature of a root is made over."""
    return f"zhizhi-root|{size}|{root}|{canonical.moment(at)}".encode()


def told(row: TreeRoot) -> dict[str, Any]:
    """Return a root as it is published."""
    return {
        "size": row.size,
        "root": row.root,
        "at": canonical.moment(row.at),
        "hash": "sha256" if row.suite == ciphers.INTERNATIONAL.number else "sm3",
        "key": row.key_id,
        "signature": row.signature,
    }


def publish(row: TreeRoot) -> None:
    """Append a root to the file of published ones; the public key lies beside it."""
    file = published_in()
    file.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(told(row)).encode() + b"\n"
    with file.open("a+b") as out:
        if out.tell() and _last_byte(out) != b"\n":  # a power cut has left half a line
            line = b"\n" + line
        out.write(line)
        out.flush()
        os.fsync(out.fileno())
    public = file.with_name(f"signing-{row.key_id}.pem")
    if not public.exists():
        public.write_text(keys.ring().public_key(), encoding="ascii")


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


def published_in() -> Path:
    return Path(settings.DATA).joinpath(*PUBLISHED)


def newest() -> TreeRoot | None:
    """Return the newest root; None before the first."""
    return TreeRoot.objects.order_by("-size").first()


def inclusion(seq: int, at: TreeRoot) -> dict[str, Any]:
    """Return the proof that entry ``seq`` is in the log of a root; raises merkle.NotInTree."""
    hash_ = partial(ciphers.raw_digest, at.suite)
    parts = merkle.inclusion(seq - 1, at.size)
    wanted = {node for part in parts for node in part}
    digests = _digests({(0, seq - 1), *wanted})
    nodes = _kept(wanted) | _leaves(digests, hash_)
    return {
        "proof": "inclusion",
        "seq": seq,
        "digest": digests[seq],
        "hashes": [one.hex() for one in merkle.written(hash_, parts, nodes)],
        "root": told(at),
    }


def consistency(old: TreeRoot, new: TreeRoot) -> dict[str, Any]:
    """Return the proof that the log of ``new`` only added to that of ``old``."""
    hash_ = partial(ciphers.raw_digest, new.suite)
    parts = merkle.consistency(old.size, new.size)
    nodes = _nodes([node for part in parts for node in part], hash_)
    return {
        "proof": "consistency",
        "hashes": [one.hex() for one in merkle.written(hash_, parts, nodes)],
        "old": told(old),
        "root": told(new),
    }


def verify() -> Iterator[Break]:
    """Make every root anew from the entries; yield each that differs, is unsigned or is gone."""
    roots = list(TreeRoot.objects.order_by("size"))
    yield from _gone(roots)
    for row in roots:
        content = signed(row.size, row.root, row.at)
        if not keys.ring().is_signed(content, key_id=row.key_id, signature=row.signature):
            yield Break(TABLE, str(row.size), "the signature is not this installation's")
    size, edge = 0, dict[Node, bytes]()
    for row in roots:
        hash_ = partial(ciphers.raw_digest, row.suite)
        rows = AuditEntry.objects.filter(seq__gt=size, seq__lte=row.size).order_by("seq")
        try:
            digests = [bytes.fromhex(one) for one in rows.values_list("digest", flat=True)]
            leaves = [merkle.leaf_hash(hash_, digest) for digest in digests]
        except walking.DAMAGE:
            yield Break(TABLE, str(row.size), "its entries cannot be read")
            return
        if size + len(leaves) != row.size:
            yield Break(TABLE, str(row.size), "its entries are not all there")
            return
        nodes = edge | merkle.grown(hash_, size, leaves, edge)
        if merkle.root(hash_, row.size, nodes).hex() != row.root:
            yield Break(TABLE, str(row.size), "its entries are not those that were published")
        size, edge = row.size, {node: nodes[node] for node in merkle.peaks(row.size)}


def _gone(roots: Sequence[TreeRoot]) -> Iterator[Break]:
    """Yield the roots that were published from here and that the database does not know."""
    known = {row.size: row.root for row in roots}
    for line in published():
        if known.get(line["size"]) != line["root"]:
            yield Break(TABLE, str(line["size"]), "was published and is not there")


def published() -> Iterator[dict[str, Any]]:
    """Yield the roots in the file; a line that a power cut left half is none."""
    file = published_in()
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            told_ = json.loads(line)
            yield {"size": int(told_["size"]), "root": str(told_["root"])}
        except (ValueError, KeyError, TypeError):
            continue
