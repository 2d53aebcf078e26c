"""Fill an audit log, take it into the tree and ask for proofs; for bench.proofs.

Prints medians in milliseconds, after every proof has led to the published root.
Run with: ZHIZHI_DATA=FOLDER python -m bench.proof_questions ENTRIES
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from functools import partial
from typing import Any

from bench.measuring import spent

from zhizhi.config.boot import boot

boot()

from django.db import connection  # noqa: E402 - Django must be set up first
from django.utils import timezone  # noqa: E402

from zhizhi.kernel import merkle  # noqa: E402
from zhizhi.trust import ciphers, tree  # noqa: E402
from zhizhi.trust.models import AuditEntry, TreeRoot  # noqa: E402

ASKED = 200
CHUNK = 20_000


def fill(entries: int) -> None:
    """Append entries up to this number; their digests only look like digests."""
    first = AuditEntry.objects.count() + 1
    with connection.cursor() as cursor:
        for start in range(first, entries + 1, CHUNK):
            rows = [
                (seq, "2026-01-01 00:00:00", hashlib.sha256(str(seq).encode()).hexdigest())
                for seq in range(start, min(start + CHUNK, entries + 1))
            ]
            cursor.executemany(
                "INSERT INTO trust_auditentry (seq, at, actor, verb, subject, area_path, detail, "
                "previous, digest) VALUES (%s, %s, 'worker', 'bench', 'bench:1', '', '{}', '', %s)",
                rows,
            )


def main() -> None:
    """Fill, take in, prove, and print what each took."""
    fill(int(sys.argv[1]))
    before = TreeRoot.objects.order_by("-size").values_list("size", flat=True).first() or 0
    begin = time.perf_counter()
    count = tree.catch_up(timezone.now())
    taken = 1e6 * (time.perf_counter() - begin) / max(1, count)
    newest = tree.newest()
    assert newest is not None
    assert newest.size == before + count
    chance, hash_ = random.Random(7), partial(ciphers.raw_digest, newest.suite)
    root = bytes.fromhex(newest.root)
    seqs = [chance.randint(1, newest.size) for _ in range(ASKED)]
    olds = chance.choices(list(TreeRoot.objects.all()), k=ASKED)
    proofs, inclusion_ms = spent(lambda seq: tree.inclusion(seq, newest), seqs)
    grown, consistency_ms = spent(lambda old: tree.consistency(old, newest), olds)

    def is_proved(proof: dict[str, Any]) -> bool:
        leaf = merkle.leaf_hash(hash_, bytes.fromhex(proof["digest"]))
        hashes = [bytes.fromhex(one) for one in proof["hashes"]]
        return merkle.is_included(hash_, leaf, proof["seq"] - 1, newest.size, hashes, root)

    said, check_ms = spent(is_proved, proofs)
    assert all(said), "a proof does not lead to the root"
    for old, proof in zip(olds, grown, strict=True):
        hashes = [bytes.fromhex(one) for one in proof["hashes"]]
        ends = (bytes.fromhex(old.root), root)
        assert merkle.is_consistent(hash_, old.size, newest.size, *ends, hashes)
    anew, anew_ms = spent(lambda _none: made_anew(hash_), [None])
    assert anew == [root], "the tree made anew has another root"
    print(json.dumps({"inclusion": inclusion_ms, "consistency": consistency_ms,
                      "check": check_ms, "anew": anew_ms, "taken": taken}))  # fmt: skip


def made_anew(hash_: merkle.Hash) -> bytes:
    """Return the root from all digests, level by level."""
    digests = AuditEntry.objects.order_by("seq").values_list("digest", flat=True)
    level = [merkle.leaf_hash(hash_, bytes.fromhex(one)) for one in digests.iterator(CHUNK)]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = level[-1:] if len(level) & 1 else []
        level = [merkle.node_hash(hash_, left, right) for left, right in pairs] + odd
    return level[0]


if __name__ == "__main__":
    main()
