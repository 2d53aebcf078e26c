"""The tree of RFC 6962: its published roots, and proofs against a tree that is made anew."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhizhi.kernel import merkle


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


# Certificate Transparency's reference entries and the roots of their first 1, 2, 3… (RFC 6962).
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                  "606162636465666768696a6b6c6d6e6f")
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(count: int) -> list[bytes]:
    return [merkle.leaf_hash(sha256, f"entry {number}".encode()) for number in range(count)]


def nodes_of(leaves: list[bytes], *sizes: int) -> dict[merkle.Node, bytes]:
    """Return the nodes of a tree that has grown by steps to each of ``sizes`` and to its end."""
    nodes: dict[merkle.Node, bytes] = {}
    for first, end in pairwise(sorted({0, *sizes, len(leaves)})):
        kept = {node: nodes[node] for node in merkle.peaks(first)}
        nodes |= merkle.grown(sha256, first, leaves[first:end], kept)
    return nodes


def anew(leaves: list[bytes]) -> bytes:
    """Return the root as the standard defines it, from the leaves alone."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"")
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + anew(leaves[:half]) + anew(leaves[half:]))


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_published_roots_come_out(size: int) -> None:
    leaves = [merkle.leaf_hash(sha256, entry) for entry in ENTRIES]
    nodes = nodes_of(leaves)

    assert merkle.root(sha256, size, nodes).hex() == ROOTS[size]


@given(st.integers(0, 140), st.data())
def test_a_tree_that_grew_by_steps_is_the_tree_made_anew(count: int, data: st.DataObject) -> None:
    leaves = leaves_of(count)
    steps = data.draw(st.lists(st.integers(0, count), max_size=5))

    nodes = nodes_of(leaves, *steps)

    assert nodes == nodes_of(leaves)
    for size in {0, count // 3, count}:
        assert merkle.root(sha256, size, nodes) == anew(leaves[:size])


@given(st.integers(1, 140), st.data())
def test_an_entry_is_shown_to_be_in_the_tree(size: int, data: st.DataObject) -> None:
    leaves, place = leaves_of(size), data.draw(st.integers(0, size - 1))
    nodes, root = nodes_of(leaves), anew(leaves)

    proof = merkle.written(sha256, merkle.inclusion(place, size), nodes)

    assert len(proof) <= (size - 1).bit_length()
    assert merkle.is_included(sha256, leaves[place], place, size, proof, root)


@given(st.integers(2, 140), st.data())
def test_no_other_entry_place_size_proof_or_root_is_shown_to_be_in_it(
    size: int, data: st.DataObject
) -> None:
    leaves, place = leaves_of(size), data.draw(st.integers(0, size - 1))
    nodes, root = nodes_of(leaves), anew(leaves)
    proof = merkle.written(sha256, merkle.inclusion(place, size), nodes)
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != place))
    cut = data.draw(st.integers(0, len(proof) - 1))
    changed = [*proof[:cut], bytes(32), *proof[cut + 1 :]]

    said = [
        (leaves[other], place, size, proof, root),
        (leaves[place], other, size, proof, root),
        (leaves[place], place, size, proof[:-1], root),
        (leaves[place], place, size, [*proof, bytes(32)], root),
        (leaves[place], place, size, changed, root),
        (leaves[place], place, size, proof, bytes(32)),
        (leaves[place], size, size, proof, root),
        (leaves[place], -1, size, proof, root),
    ]

    for leaf, at, many, hashes, end in said:
        assert not merkle.is_included(sha256, leaf, at, many, hashes, end)


@given(st.integers(0, 140), st.data())
def test_a_larger_tree_is_shown_to_begin_with_the_smaller_one(
    size: int, data: st.DataObject
) -> None:
    leaves, old = leaves_of(size), data.draw(st.integers(0, size))
    nodes = nodes_of(leaves)

    proof = merkle.written(sha256, merkle.consistency(old, size), nodes)

    assert len(proof) <= size.bit_length() + 1
    assert merkle.is_consistent(sha256, old, size, anew(leaves[:old]), anew(leaves), proof)


@given(st.integers(2, 140), st.data())
def test_a_tree_whose_beginning_was_changed_is_not_shown_to_be_consistent(
    size: int, data: st.DataObject
) -> None:
    leaves, old = leaves_of(size), data.draw(st.integers(1, size - 1))
    other = [*leaves]
    other[data.draw(st.integers(0, old - 1))] = bytes(32)
    nodes = nodes_of(other)
    proof = merkle.written(sha256, merkle.consistency(old, size), nodes)
    kept, now = anew(leaves[:old]), anew(other)

    assert not merkle.is_consistent(sha256, old, size, kept, now, proof)
    assert not merkle.is_consistent(sha256, old, size, kept, now, [*proof, bytes(32)])
    assert not merkle.is_consistent(sha256, old, size, kept, now, [])


@pytest.mark.parametrize(("old", "size"), [(1, 0), (-1, 3), (4, 3)])
def test_a_tree_was_never_larger_than_it_is(old: int, size: int) -> None:
    with pytest.raises(merkle.NotInTree):
        merkle.consistency(old, size)
    assert not merkle.is_consistent(sha256, old, size, bytes(32), bytes(32), [])


@pytest.mark.parametrize("place", [-1, 3, 4])
def test_an_entry_beyond_the_end_has_no_proof(place: int) -> None:
    with pytest.raises(merkle.NotInTree):
        merkle.inclusion(place, 3)


@pytest.mark.parametrize(("old", "is_so"), [(0, True), (3, True)])
def test_nothing_and_everything_need_no_proof(old: int, is_so: bool) -> None:
    leaves = leaves_of(3)

    assert merkle.consistency(old, 3) == []
    assert merkle.is_consistent(sha256, old, 3, anew(leaves[:old]), anew(leaves), []) is is_so
    assert not merkle.is_consistent(sha256, old, 3, bytes(32), anew(leaves), [])
