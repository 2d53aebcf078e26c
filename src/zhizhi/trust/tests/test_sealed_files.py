"""Files sealed piece by piece."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.trust import keys, sealed_files
from zhizhi.trust.ciphers import SealBroken
from zhizhi.trust.keys import KeysMissing
from zhizhi.trust.sealed_files import OpeningFile, SealingFile

PIECE = 100


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sealed_files, "PIECE", PIECE)
    with override_settings(DATA=tmp_path):
        keys.ring()
        yield tmp_path / "keys"


def sealed(content: bytes, *, name: str = "a", portion: int = 37) -> bytes:
    file = io.BytesIO()
    sink = SealingFile(file, key=keys.ring().current("backup"), name=name)
    for start in range(0, len(content), portion):
        sink.write(content[start : start + portion])
    sink.finish()
    return file.getvalue()


def opened(blob: bytes, *, name: str = "a") -> bytes:
    return OpeningFile(io.BytesIO(blob), name=name).read()


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 7])
def test_what_was_sealed_opens_again(length: int) -> None:
    content = os.urandom(length)

    blob = sealed(content)

    assert opened(blob) == content
    assert length < 20 or content not in blob


def test_it_is_read_in_any_portions() -> None:
    content = os.urandom(3 * PIECE + 5)
    spring = OpeningFile(io.BytesIO(sealed(content)), name="a")

    assert b"".join(iter(lambda: spring.read(33), b"")) == content
    assert spring.read(1) == spring.read() == b""


def test_the_digest_and_size_are_those_of_the_sealed_bytes() -> None:
    file = io.BytesIO()
    sink = SealingFile(file, key=keys.ring().current("backup"), name="a")
    sink.write(b"x" * 250)

    digest = sink.finish()

    assert digest == hashlib.sha256(file.getvalue()).hexdigest()
    assert sink.size == len(file.getvalue())


def test_every_flipped_byte_is_found() -> None:
    blob = sealed(os.urandom(2 * PIECE + 9))
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 1

        with pytest.raises((SealBroken, KeysMissing)):
            opened(bytes(changed))


def test_a_file_that_was_cut_off_anywhere_does_not_open() -> None:
    blob = sealed(os.urandom(2 * PIECE + 9))
    for length in range(len(blob)):
        with pytest.raises((SealBroken, KeysMissing)):
            opened(blob[:length])


def test_pieces_do_not_open_in_another_order_or_without_the_last() -> None:
    blob = sealed(os.urandom(3 * PIECE))
    whole = PIECE + 16 + 4
    head, first, second, third = (
        blob[: -3 * whole],
        *(blob[len(blob) - n * whole : len(blob) - (n - 1) * whole] for n in (3, 2, 1)),
    )
    assert opened(head + first + second + third)

    for order in ((second, first, third), (first, second), (first, third), (first, first, third)):
        with pytest.raises(SealBroken):
            opened(head + b"".join(order))


def test_what_follows_the_last_piece_is_refused() -> None:
    with pytest.raises(SealBroken):
        opened(sealed(b"content") + b"\0")


def test_a_file_does_not_open_under_another_name() -> None:
    with pytest.raises(SealBroken):
        opened(sealed(b"content", name="a"), name="b")


def test_what_was_not_finished_does_not_open() -> None:
    file = io.BytesIO()
    SealingFile(file, key=keys.ring().current("backup"), name="a").write(b"x" * 250)

    with pytest.raises(SealBroken):
        opened(file.getvalue())


def test_the_same_content_is_never_sealed_alike() -> None:
    assert sealed(b"content") != sealed(b"content")


def test_without_its_key_it_does_not_open_and_the_key_is_named(folder: Path) -> None:
    blob = sealed(b"content")
    lost = keys.ring().current("backup").id

    next(folder.glob("backup-*.key")).unlink()

    with pytest.raises(KeysMissing, match=f"backup-{lost}"):
        opened(blob)


@override_settings(CIPHER_SUITE="national")
def test_the_national_suite_seals_as_well() -> None:
    blob = sealed(b"x" * 250)

    with override_settings(CIPHER_SUITE="international"):
        assert opened(blob) == b"x" * 250
