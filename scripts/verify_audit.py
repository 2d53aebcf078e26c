#!/usr/bin/env python3
r"""Check an audit log of Zhizhi against a published root, with nothing but Python.

This file needs no part of the product and no package, so whoever watches an installation can read
and run it elsewhere. A root is written SIZE:HASH, from the installation's published roots.

    verify_audit.py database FILE.sqlite3 --root 412:9f3c...
    psql -AXtc "SELECT row_to_json(e) FROM trust_auditentry e ORDER BY seq" \
        | verify_audit.py rows - --root 412:9f3c...
    verify_audit.py proof PROOF.json --root 412:9f3c... [--old 300:77aa...]

Ends with 0 when everything agrees, 1 when something does not, 2 when it cannot be told.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

COLUMNS = ("seq", "at", "actor", "verb", "subject", "area_path", "detail", "previous")
HASHES = ("sha256", "sm3")
Hash = Callable[[bytes], bytes]


def hash_named(name: str) -> Hash:
    return lambda content: hashlib.new(name, content).digest()


def plain(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def moment(text: str) -> str:
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def spelling(row: dict[str, Any]) -> bytes:
    """Return the bytes whose hash is the digest of a row."""
    record = {name: plain(row[name]) for name in COLUMNS}
    record["at"] = moment(row["at"])
    return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def rows_of_database(file: str) -> Iterator[dict[str, Any]]:
    with sqlite3.connect(f"{Path(file).resolve().as_uri()}?mode=ro", uri=True) as base:
        base.row_factory = sqlite3.Row
        for row in base.execute("SELECT * FROM trust_auditentry ORDER BY seq"):
            yield {**dict(row), "detail": json.loads(row["detail"])}


def rows_of_lines(file: str) -> Iterator[dict[str, Any]]:
    lines = sys.stdin if file == "-" else Path(file).read_text("utf-8").splitlines()
    return map(json.loads, lines)


class Tree:
    """The root of a growing log (RFC 6962), from the hashes of its complete parts."""

    def __init__(self, hash_: Hash) -> None:
        self.hash, self.size, self.parts = hash_, 0, list[bytes]()

    def add(self, entry: bytes) -> None:
        self.parts.append(self.hash(b"\x00" + entry))
        place, self.size = self.size, self.size + 1
        while place & 1:
            right, left = self.parts.pop(), self.parts.pop()
            self.parts.append(self.hash(b"\x01" + left + right))
            place >>= 1

    def root(self) -> bytes:
        if not self.parts:
            return self.hash(b"")
        *before, here = self.parts
        for left in reversed(before):
            here = self.hash(b"\x01" + left + here)
        return here


def check_log(rows: Iterator[dict[str, Any]], size: int, root: bytes) -> Iterator[str]:
    """Yield what is wrong with a log whose first ``size`` entries had ``root``."""
    trees = [Tree(hash_named(name)) for name in HASHES if name in hashlib.algorithms_available]
    previous, expected = "0" * 64, 1
    for row in rows:
        if row["seq"] != expected:
            yield f"entry {expected}: missing, {row['seq']} stands in its place"
            return
        yield from check_row(row, previous, trees)
        previous, expected = row["digest"], expected + 1
        for tree in trees if row["seq"] <= size else ():
            tree.add(bytes.fromhex(previous))
    if expected <= size:
        yield f"entry {expected} and those after it: missing, though published"
    elif root not in {tree.root() for tree in trees}:
        yield f"entries 1 to {size}: not those that were published"


def check_row(row: dict[str, Any], previous: str, trees: list[Tree]) -> Iterator[str]:
    if row["digest"] not in {tree.hash(spelling(row)).hex() for tree in trees}:
        yield f"entry {row['seq']}: changed"
    if row["previous"] != previous:
        yield f"entry {row['seq']}: does not follow the entry before it"


def sides(at: int, last: int) -> list[bool]:
    """Return for each hash of a proof, upwards, whether it stands on the left."""
    found = []
    while last:
        is_left = bool(at & 1) or at == last
        while is_left and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
        found.append(is_left)
    return found


def climb(hash_: Hash, here: bytes, ways: list[bool], hashes: list[bytes]) -> bytes:
    """Return the root that a proof leads to; nothing when it has too many or too few hashes."""
    if len(ways) != len(hashes):
        return b""
    for is_left, beside in zip(ways, hashes, strict=True):
        here = hash_(b"\x01" + (beside + here if is_left else here + beside))
    return here


def check_inclusion(proof: dict[str, Any], size: int, root: bytes) -> Iterator[str]:
    hash_, place = hash_named(proof["root"]["hash"]), proof["seq"] - 1
    hashes = [bytes.fromhex(one) for one in proof["hashes"]]
    leaf = hash_(b"\x00" + bytes.fromhex(proof["digest"]))
    if not 0 <= place < size or climb(hash_, leaf, sides(place, size - 1), hashes) != root:
        yield f"entry {proof['seq']}: not shown to be in the log of this root"


def check_growth(
    proof: dict[str, Any], was: int, old: bytes, size: int, root: bytes
) -> Iterator[str]:
    hash_ = hash_named(proof["root"]["hash"])
    hashes = [bytes.fromhex(one) for one in proof["hashes"]]
    if 0 < was < size:
        first, *rest = [old, *hashes] if was & was - 1 == 0 else hashes or [b""]
        shift = (~(was - 1) & was).bit_length() - 1
        ways = sides((was - 1) >> shift, (size - 1) >> shift)
        lefts = [one for is_left, one in zip(ways, rest, strict=False) if is_left]
        before = climb(hash_, first, [True] * len(lefts), lefts)
        fits = (before, climb(hash_, first, ways, rest)) == (old, root)
    else:
        fits = not hashes and old == (root if was == size else hash_(b""))
    if not fits:
        yield f"the log of {size} entries is not shown to begin with that of {was}"


def read_root(text: str) -> tuple[int, bytes]:
    size, _, root = text.partition(":")
    if len(root) != 64:
        raise argparse.ArgumentTypeError("a root is SIZE:HASH with 64 hex digits")
    return int(size), bytes.fromhex(root)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["database", "rows", "proof"])
    parser.add_argument("file", help="what to check; - reads rows from standard input")
    parser.add_argument("--root", type=read_root, required=True, help="SIZE:HASH, as published")
    parser.add_argument("--old", type=read_root, help="the earlier root of a proof of growth")
    given = parser.parse_args()
    size, root = given.root
    try:
        if given.what == "proof":
            proof = json.loads(Path(given.file).read_text("utf-8"))
            if proof["proof"] == "inclusion":
                wrong = list(check_inclusion(proof, size, root))
            elif given.old:
                wrong = list(check_growth(proof, *given.old, size, root))
            else:
                parser.error("a proof of growth needs --old SIZE:HASH")
        else:
            read = rows_of_database if given.what == "database" else rows_of_lines
            wrong = list(check_log(read(given.file), size, root))
    except (OSError, ValueError, KeyError, TypeError, sqlite3.Error) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print("\n".join(wrong) or f"agrees with the root of {size} entries")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
