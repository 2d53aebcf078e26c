"""A log as a tree of hashes: one root stands for every entry, and short proofs show what is in it.

The tree of RFC 6962 (and 9162): the hash of a leaf is H(0x00 ‖ entry), of a node H(0x01 ‖ left ‖
right); the left child of n entries holds the largest power of two below n. Whoever keeps a root
can check later that an entry was in the log then (inclusion) and that a larger log only added to it
(consistency), with about log2(n) hashes.

Nodes are named by level and place: (0, i) is leaf i, (l, i) covers the leaves i·2^l to (i+1)·2^l−1.
Only nodes whose leaves are all there are kept; they never change. ``get`` returns such a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

Hash: TypeAlias = Callable[[bytes], bytes]
Node: TypeAlias = tuple[int, int]
Nodes: TypeAlias = Mapping[Node, bytes]


class NotInTree(ValueError):
    """The tree has no such entry, or was never that small."""


def leaf_hash(hash_: Hash, entry: bytes) -> bytes:
    return hash_(b"\x00" + entry)


def node_hash(hash_: Hash, left: bytes, right: bytes) -> bytes:
    return hash_(b"\x01" + left + right)


def grown(hash_: Hash, size: int, leaves: Sequence[bytes], nodes: Nodes) -> dict[Node, bytes]:
    """Return the nodes that come with ``leaves`` (hashes) behind the first ``size`` ones.

    ``nodes`` holds at least those of ``peaks(size)``.
    """
    made: dict[Node, bytes] = {}
    for place, leaf in enumerate(leaves, size):
        level, here = 0, leaf
        made[0, place] = here
        while place >> level & 1:
            left = (level, (place >> level) - 1)
            here = node_hash(hash_, made[left] if left in made else nodes[left], here)
            level += 1
            made[level, place >> level] = here
    return made


def peaks(size: int, first: int = 0) -> list[Node]:
    """Return the complete nodes that hold the leaves from ``first`` on, the left ones first.

    ``first`` is 0 or the beginning of a subtree of the tree of ``size``.
    """
    found, at = [], first
    while at < size:
        level = (size - at).bit_length() - 1
        found.append((level, at >> level))
        at += 1 << level
    return found


def root(hash_: Hash, size: int, nodes: Nodes) -> bytes:
    """Return the root of the first ``size`` leaves; of none it is the hash of nothing."""
    return _joined(hash_, peaks(size), nodes) if size else hash_(b"")


def _joined(hash_: Hash, parts: Sequence[Node], nodes: Nodes) -> bytes:
    """Return the hash of neighbouring complete nodes, each smaller than the one before."""
    *before, here = (nodes[part] for part in parts)
    for left in reversed(before):
        here = node_hash(hash_, left, here)
    return here


def inclusion(place: int, size: int) -> list[list[Node]]:
    """Return of which nodes each hash of the proof is joined that leaf ``place`` is in the tree.

    From the leaf upwards; raises NotInTree. ``written`` makes the proof of it.
    """
    if not 0 <= place < size:
        message = f"entry {place} is not among the first {size}"
        raise NotInTree(message)
    return [peaks(end, first) for first, end in reversed(list(_beside(place, 0, size)))]


def _beside(place: int, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the subtrees beside the way from the root down to leaf ``place``."""
    while end - first > 1:
        middle = first + _left(end - first)
        if place < middle:
            yield middle, end
            end = middle
        else:
            yield first, middle
            first = middle


def _left(size: int) -> int:
    """Return how many of ``size`` leaves the left child has."""
    return 1 << (size - 1).bit_length() - 1


def consistency(old: int, size: int) -> list[list[Node]]:
    """Return of which nodes each hash of the proof is joined that ``old`` leaves became ``size``.

    Raises NotInTree. ``written`` makes the proof of it.
    """
    if not 0 <= old <= size:
        message = f"a tree of {size} was never one of {old}"
        raise NotInTree(message)
    if old in {0, size}:
        return []
    first, end, is_known, found = 0, size, True, list[list[Node]]()
    while end != old:
        middle = first + _left(end - first)
        if old <= middle:
            found.append(peaks(end, middle))
            end = middle
        else:
            found.append(peaks(middle, first))
            first, is_known = middle, False
    return [*([] if is_known else [peaks(end, first)]), *reversed(found)]


def written(hash_: Hash, proof: Sequence[Sequence[Node]], nodes: Nodes) -> list[bytes]:
    """Return the hashes of a proof."""
    return [_joined(hash_, parts, nodes) for parts in proof]


def is_included(
    hash_: Hash, leaf: bytes, place: int, size: int, proof: Sequence[bytes], root_: bytes
) -> bool:
    """Say whether the proof shows that ``leaf`` (a hash) is entry ``place`` below the root."""
    if not 0 <= place < size:
        return False
    sides = _sides(place, size - 1)
    if len(sides) != len(proof):
        return False
    here = leaf
    for is_left, beside in zip(sides, proof, strict=True):
        here = node_hash(hash_, beside, here) if is_left else node_hash(hash_, here, beside)
    return here == root_


def is_consistent(
    hash_: Hash, old: int, size: int, old_root: bytes, root_: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether the proof shows that the tree of ``old`` leaves is the beginning of the other."""
    if not 0 <= old <= size:
        return False
    if old in {0, size}:
        return not proof and old_root == (root_ if old == size else hash_(b""))
    hashes = [old_root, *proof] if old & old - 1 == 0 else list(proof)
    shift = (~(old - 1) & old).bit_length() - 1  # how high the largest part common to both stands
    sides = _sides((old - 1) >> shift, (size - 1) >> shift)
    if len(hashes) != len(sides) + 1:
        return False
    was = here = hashes[0]
    for is_left, beside in zip(sides, hashes[1:], strict=True):
        was = node_hash(hash_, beside, was) if is_left else was
        here = node_hash(hash_, beside, here) if is_left else node_hash(hash_, here, beside)
    return was == old_root and here == root_


def _sides(at: int, last: int) -> list[bool]:
    """Return for each hash of a proof, upwards from a node, whether it stands on the left side."""
    sides = []
    while last:
        is_left = bool(at & 1) or at == last
        while is_left and at and not at & 1:  # up to where it is joined with anything
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
        sides.append(is_left)
    return sides
